"""A lesson below the minimums keeps its slot on the ground or in a simulator: offered, accepted, moved, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services.hourly import hourly_steps, proposal_validation
from flightsched_pipelines.services.hourly.board import lessons_on_board
from flightsched_pipelines.services.hourly.explanation import explain_booking
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.standby import places as standby
from flightsched_pipelines_tests.conftest import SEED_HOUR, keep_awake
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    NOW,
    OVERLAPS,
    SETTINGS,
    events,
    held,
    one,
    place,
    rows,
    run,
    say,
    state,
    told,
)
from flightsched_pipelines_tests.integration.services.responses.test_respond import next_hour

MINUTE = timedelta(minutes=1)
FREE = {
    kind: f"SELECT p.id FROM school.{kind}s p WHERE NOT EXISTS (SELECT 1 FROM school.bookings b, school.bookings o "  # noqa: S608, our tables
    f"WHERE o.id = :id AND b.{kind}_id = p.id AND b.period && o.period) LIMIT 1"
    for kind in ("student", "instructor")
}
"""Queries for somebody who has nothing else at the time of a booking."""


def kept(engine: Engine, form: str) -> tuple[int, int, int]:
    """Return a case that offers its slot in a form: its id, its booking, and the number of the offer."""
    query = (
        "SELECT c.id, c.booking_id, o.number FROM school.reschedule_cases c JOIN school.case_offers o "
        "ON o.case_id = c.id LEFT JOIN school.aircraft a ON a.id = o.aircraft_id WHERE c.state = 'proposed' "
        "AND CASE WHEN o.aircraft_id IS NULL THEN 'ground' WHEN a.simulator THEN 'simulator' ELSE 'flight' END = :form "
        "ORDER BY c.starts_at_utc DESC, c.id LIMIT 1"
    )
    return tuple(rows(engine, query, form=form)[0])


@pytest.mark.parametrize("form", ["ground", "simulator"])
def test_a_lesson_keeps_its_slot_without_flying(told_engine: Engine, form: str) -> None:
    case_id, booking_id, number = kept(told_engine, form)
    _, starts, instructor, aircraft = place(told_engine, booking_id)

    taken = say(told_engine, case_id, "accept", number=number)

    assert taken.applied, taken
    assert held(told_engine, booking_id) == 1
    again = say(told_engine, case_id, "accept", number=number)
    assert (again.outcome, held(told_engine, booking_id)) == ("already_answered", 1)

    confirmed = say(told_engine, case_id, "confirm", LATER + MINUTE)

    assert confirmed.applied, confirmed
    assert confirmed.sentence.startswith(f"The lesson keeps its time, as a {form} lesson, ")
    status, now_starts, now_instructor, now_aircraft = place(told_engine, booking_id)
    assert (status, now_starts, now_instructor) == ("scheduled", starts, instructor)
    assert (now_aircraft is None, now_aircraft == aircraft) == (form == "ground", False)
    assert (held(told_engine, booking_id), state(told_engine, case_id)) == (0, "rescheduled")
    assert events(told_engine, case_id) == ["opened", "accepted", "confirmed", "moved"]
    assert told(told_engine, case_id, "moved") == ["instructor", "student"]
    assert one(told_engine, OVERLAPS) == 0
    change = "SELECT kind, from_aircraft_id, to_aircraft_id FROM school.schedule_changes WHERE booking_id = :id"
    assert rows(told_engine, change, id=booking_id) == [("ground", aircraft, now_aircraft)]
    freed = "SELECT aircraft_id, instructor_id FROM school.freed_slots WHERE booking_id = :id"
    assert rows(told_engine, freed, id=booking_id) == [(aircraft, None)]


def stored(engine: Engine, table: str) -> pd.DataFrame:
    """Return a table of the first hour."""
    return frames.read_partition(engine, PIPELINE_TABLES[table], [SEED_HOUR])


def on_the_ground(engine: Engine) -> int:
    """Let a lesson keep its slot on the ground, and return its booking."""
    case_id, booking_id, number = kept(engine, "ground")
    assert say(engine, case_id, "accept", number=number).applied
    assert say(engine, case_id, "confirm", LATER + MINUTE).applied
    return booking_id


def test_a_ground_lesson_is_never_compared_with_the_minimums_and_says_so(told_engine: Engine) -> None:
    booking_id = on_the_ground(told_engine)
    (reference,) = rows(told_engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id)[0]

    hour = SEED_HOUR + HOUR
    snapshot = schedule.bookings(told_engine, hour, hour + 72 * HOUR, hour)
    (form,) = snapshot.loc[snapshot["booking_id"] == booking_id, "form"]
    ahead = hourly_steps.lessons_ahead(snapshot, hour, 72)["booking_id"].tolist()
    (shown,) = [one for one in lessons_on_board(told_engine, SEED_HOUR, 4, None) if one.booking_id == booking_id]
    assert (form, booking_id in ahead, len(ahead) > 100) == ("ground", False, True)
    assert (shown.form, shown.aircraft, shown.verdict) == ("ground", None, None)

    before = stored(told_engine, "booking_snapshot")
    grounded = before.assign(form=before["form"].astype("object").where(before["booking_id"] != booking_id, "ground"))
    next_hour(told_engine, booking_snapshot=grounded)
    found = explain_booking(told_engine, reference, hour, SETTINGS)
    assert found.verdict is None
    assert "is a ground lesson: it does not depend on the weather" in found.words
    with pytest.raises(standby.StandbyRefusedError, match="is no flight"):
        standby.join(told_engine, reference, None, LATER)


def test_nobody_else_gets_the_people_of_a_ground_lesson(told_engine: Engine) -> None:
    booking_id = on_the_ground(told_engine)
    again = (
        "INSERT INTO school.bookings (reference, school_id, student_id, instructor_id, ground, solo, lesson_kind,"
        " departure, period) SELECT 'X-1', school_id, coalesce(:student, student_id), coalesce(:instructor,"
        " instructor_id), true, false, lesson_kind, departure, period FROM school.bookings WHERE id = :id"
    )
    with pytest.raises(IntegrityError, match="bookings_no_double_instructor"):
        run(
            told_engine, again, id=booking_id, student=one(told_engine, FREE["student"], id=booking_id), instructor=None
        )
    with pytest.raises(IntegrityError, match="bookings_no_double_student"):
        run(
            told_engine,
            again,
            id=booking_id,
            student=None,
            instructor=one(told_engine, FREE["instructor"], id=booking_id),
        )


def test_of_many_confirmations_one_moves_the_lesson(told_engine: Engine) -> None:
    case_id, booking_id, number = kept(told_engine, "simulator")
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: say(told_engine, case_id, "accept", number=number), range(8)))
        assert sorted(answer.applied for answer in taken) == [False] * 7 + [True]
        done = list(pool.map(lambda _: say(told_engine, case_id, "confirm", LATER + MINUTE), range(8)))
    assert sorted(answer.applied for answer in done) == [False] * 7 + [True]
    assert one(told_engine, "SELECT times_moved FROM school.bookings WHERE id = :id", id=booking_id) == 1
    assert one(told_engine, OVERLAPS) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE school.schools SET slot_kept_as = 'ground'", "the school does not offer a simulator lesson"),
        (
            "INSERT INTO school.downtime SELECT -1, id, tstzrange(:now, NULL), 'repair' FROM school.aircraft WHERE simulator",  # noqa: E501
            "the simulator is not available",
        ),
        ("UPDATE school.aircraft SET simulator = false WHERE simulator", "the time the lesson has now"),
    ],
)
def test_a_simulator_that_cannot_be_had_any_more_is_refused(told_engine: Engine, change: str, reason: str) -> None:
    case_id, booking_id, number = kept(told_engine, "simulator")
    before = place(told_engine, booking_id)
    run(told_engine, change, **({"now": NOW} if ":now" in change else {}))
    refused = say(told_engine, case_id, "accept", number=number)
    assert refused.outcome == "taken"
    assert reason in refused.sentence
    assert (place(told_engine, booking_id), held(told_engine, booking_id)) == (before, 0)


def test_a_ground_lesson_needs_no_forecast(told_engine: Engine) -> None:
    case_id, booking_id, number = kept(told_engine, "ground")
    run(told_engine, "DELETE FROM pipeline.partitions WHERE name = 'forecasts'")
    run(told_engine, "TRUNCATE pipeline.forecasts")
    assert say(told_engine, case_id, "accept", number=1).outcome == "no_forecast"
    assert say(told_engine, case_id, "accept", number=number).applied
    assert say(told_engine, case_id, "confirm", LATER + MINUTE).applied
    assert place(told_engine, booking_id)[3] is None


def test_what_was_offered_stays_on_offer_after_the_time_of_notice_and_comes_last(told_engine: Engine) -> None:
    case_id, booking_id, _ = kept(told_engine, "ground")
    proposals = stored(told_engine, "reschedule_proposals")
    flown = proposals["verdict"] != "not_flown"

    next_hour(told_engine, reschedule_proposals=proposals[flown])
    assert events(told_engine, case_id) == ["opened"], "nothing was lost"

    first = (proposals["booking_id"] == booking_id) & (proposals["rank"] == 1)
    candidates = stored(told_engine, "reschedule_candidates")
    lost = candidates["starts_at_utc"].isin(proposals.loc[first, "starts_at_utc"])
    next_hour_after(told_engine, proposals[flown & ~first], candidates[~lost])
    assert events(told_engine, case_id) == ["opened", "updated"]
    query = (
        "SELECT aircraft_id IS NULL FROM school.case_offers WHERE case_id = :id AND withdrawn_hour IS NULL "
        "ORDER BY number"
    )
    held_out = [row[0] for row in rows(told_engine, query, id=case_id)]
    assert held_out[-1] is True
    assert held_out.count(True) == 1


def next_hour_after(engine: Engine, proposals: pd.DataFrame, candidates: pd.DataFrame) -> None:
    """Store the second next hour with other proposals and candidates, and dispatch it."""
    hour = SEED_HOUR + 2 * HOUR
    names = ("forecasts", "booking_snapshot", "lesson_verdicts", "at_risk_bookings", "unplaceable_bookings")
    given = {name: stored(engine, name) for name in names}
    for name, frame in (given | {"reschedule_proposals": proposals, "reschedule_candidates": candidates}).items():
        frames.write_partition(
            engine, PIPELINE_TABLES[name], frame.assign(partition_hour=pd.Timestamp(hour).as_unit("us")), [hour]
        )
    proposal_validation.record_validated(engine, hour, 1)
    dispatch(engine, hour + 8 * MINUTE, SETTINGS)


def test_a_case_with_nothing_but_its_own_slot_still_offers_it(ticked_engine: Engine) -> None:
    keep_awake(ticked_engine)
    run(ticked_engine, "DELETE FROM pipeline.reschedule_proposals WHERE verdict <> 'not_flown'")
    run(ticked_engine, "UPDATE pipeline.partitions SET at = now() WHERE name = 'proposals_are_valid'")
    dispatch(ticked_engine, NOW, SETTINGS)
    case_id, _, number = kept(ticked_engine, "ground")
    assert state(ticked_engine, case_id) == "proposed"
    payload = one(
        ticked_engine,
        "SELECT payload FROM school.outbox WHERE case_id = :id AND channel = 'email' AND role = 'student'",
        id=case_id,
    )
    assert [offer["form"] for offer in payload["offers"]][-1] == "ground"
    assert payload["no_offer_because"] == "no slot left"
    assert say(ticked_engine, case_id, "accept", number=number).applied
