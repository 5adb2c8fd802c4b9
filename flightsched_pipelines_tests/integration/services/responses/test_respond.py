"""Responses by one function: held, confirmed, moved; each recorded once."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.services.hourly import proposal_validation
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses import deadlines, weather_hold
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    OVERLAPS,
    SETTINGS,
    cases,
    events,
    held,
    offer,
    one,
    place,
    rows,
    run,
    say,
    state,
    told,
)

MINUTE = timedelta(minutes=1)


def next_hour(engine: Engine, **changed: pd.DataFrame) -> None:
    """Store the next hour like the first, with other tables, and dispatch it."""
    hour = SEED_HOUR + HOUR
    names = ("forecasts", "hazard_areas", "booking_snapshot", "lesson_verdicts", "at_risk_bookings",
             "reschedule_candidates", "reschedule_proposals", "unplaceable_bookings")  # fmt: skip
    for name in names:
        frame = changed.get(name, frames.read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR]))
        frame = frame.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
        frames.write_partition(engine, PIPELINE_TABLES[name], frame, [hour])
    proposal_validation.record_validated(engine, hour, 1)
    dispatch(engine, hour + 8 * MINUTE, SETTINGS)


def test_a_student_accepts_an_instructor_confirms_and_the_booking_moves(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    chosen = offer(told_engine, case_id, 2)

    first = say(told_engine, case_id, "accept", number=2)

    assert first.applied, first
    assert held(told_engine, booking_id) == 1
    assert told(told_engine, case_id, "accepted") == ["instructor", "student"]
    sequence = one(told_engine, "SELECT calendar_sequence FROM school.bookings WHERE id = :id", id=booking_id)

    second = say(told_engine, case_id, "confirm", LATER + MINUTE)

    assert second.applied, second
    assert place(told_engine, booking_id) == ("scheduled", *chosen)
    assert held(told_engine, booking_id) == 0
    assert state(told_engine, case_id) == "rescheduled"
    assert events(told_engine, case_id) == ["opened", "accepted", "confirmed", "moved"]
    later = "SELECT calendar_sequence, times_moved FROM school.bookings WHERE id = :id"
    assert rows(told_engine, later, id=booking_id) == [(sequence + 1, 1)]
    payload = (
        "SELECT DISTINCT payload ->> 'sequence', payload -> 'lesson' ->> 'starts_at_utc' FROM school.outbox "
        "WHERE case_id = :id AND event = 'moved' AND channel = 'email' AND role <> 'system'"
    )
    assert rows(told_engine, payload, id=case_id) == [(str(sequence + 1), chosen[0].strftime("%Y-%m-%dT%H:%M:%SZ"))]
    assert one(told_engine, "SELECT count(*) FROM school.responses WHERE outcome = 'applied'") == 2


def test_an_instructor_is_given_a_link_that_confirms(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    say(told_engine, case_id, "accept", number=1)
    links = "SELECT role, payload ->> 'confirm_url' FROM school.outbox WHERE case_id = :id AND event = 'accepted'"
    by_role = dict(rows(told_engine, f"{links} AND channel = 'email'", id=case_id))
    assert by_role["instructor"].startswith("https://flights.example.com/respond/")
    assert by_role["student"] is None


def test_the_same_answer_twice_is_applied_once_and_told_the_same(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    first = say(told_engine, case_id, "accept", number=1, key="once-only")
    again = say(told_engine, case_id, "accept", LATER + MINUTE, number=1, key="once-only")
    assert again.repeated
    assert (again.outcome, again.sentence) == (first.outcome, first.sentence)
    assert held(told_engine, booking_id) == 1
    assert one(told_engine, "SELECT count(*) FROM school.responses") == 1
    assert events(told_engine, case_id).count("accepted") == 1


def test_a_solo_flight_is_released_by_an_instructor_who_may_teach_its_level(told_engine: Engine) -> None:
    run(told_engine, "UPDATE school.instructors SET auto_confirm = true")
    case_id, booking_id = cases(told_engine, solo=True)[0]
    assert say(told_engine, case_id, "accept", number=1).applied
    assert deadlines.process_deadlines(told_engine, LATER + 6 * MINUTE, SETTINGS)["confirmed unasked"] == 0
    stranger = one(
        told_engine,
        "SELECT i.id FROM school.instructors i, school.bookings b WHERE b.id = :id AND i.school_id <> b.school_id",
        id=booking_id,
    )
    assert say(told_engine, case_id, "confirm", LATER + MINUTE, person_id=stranger).outcome == "wrong_person"
    assert say(told_engine, case_id, "confirm", LATER + MINUTE).applied
    assert place(told_engine, booking_id)[0] == "scheduled"


def test_an_instructor_who_need_not_be_asked_confirms_when_the_student_can_withdraw_no_more(
    told_engine: Engine,
) -> None:
    run(told_engine, "UPDATE school.instructors SET auto_confirm = true")
    case_id, booking_id = cases(told_engine)[0]
    chosen = offer(told_engine, case_id, 1)
    assert "without asking" in say(told_engine, case_id, "accept", number=1).sentence
    assert told(told_engine, case_id, "accepted") == ["student"]
    assert deadlines.deadlines_due(told_engine, LATER + 4 * MINUTE, SETTINGS) == 0
    assert deadlines.deadlines_due(told_engine, LATER + 5 * MINUTE, SETTINGS) == 1
    assert deadlines.process_deadlines(told_engine, LATER + 5 * MINUTE, SETTINGS)["confirmed unasked"] == 1
    assert place(told_engine, booking_id) == ("scheduled", *chosen)


def test_a_choice_can_be_withdrawn_for_five_minutes(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    say(told_engine, case_id, "accept", number=1)
    assert say(told_engine, case_id, "withdraw", LATER + 5 * MINUTE).applied
    assert (state(told_engine, case_id), held(told_engine, booking_id)) == ("proposed", 0)
    assert say(told_engine, case_id, "accept", LATER + 6 * MINUTE, number=1).applied
    late = say(told_engine, case_id, "withdraw", LATER + 12 * MINUTE)
    assert (late.outcome, held(told_engine, booking_id)) == ("late", 1)
    assert "can be withdrawn for 5 min;" in late.sentence


def test_a_hold_that_nobody_confirms_ends_after_two_waking_hours_with_one_reminder(told_engine: Engine) -> None:
    western = "b.departure IN (SELECT ident FROM school.airports WHERE time_zone = 'America/Los_Angeles')"
    case_id, booking_id = cases(told_engine, where=western)[0]
    say(told_engine, case_id, "accept", number=1)
    run(told_engine, "UPDATE school.reschedule_cases SET reminded_at = now() WHERE id <> :id", id=case_id)
    until = one(told_engine, "SELECT held_until FROM school.bookings WHERE holds_for = :id", id=booking_id)
    assert until == SEED_HOUR + 3 * HOUR, "it is 06:18 at the school: the two hours begin at seven"
    assert deadlines.process_deadlines(told_engine, until - 61 * MINUTE, SETTINGS)["reminded"] == 0
    assert deadlines.process_deadlines(told_engine, until - 59 * MINUTE, SETTINGS)["reminded"] == 1
    assert told(told_engine, case_id, "reminded") == ["instructor"]
    assert deadlines.process_deadlines(told_engine, until - 58 * MINUTE, SETTINGS)["reminded"] == 0
    assert say(told_engine, case_id, "confirm", until + MINUTE).outcome == "late"
    assert deadlines.process_deadlines(told_engine, until, SETTINGS)["holds released"] == 1
    assert (state(told_engine, case_id), held(told_engine, booking_id)) == ("proposed", 0)
    assert events(told_engine, case_id) == ["opened", "accepted", "reminded", "hold_released"]
    assert place(told_engine, booking_id)[0] == "weather_hold"


def test_an_instructor_who_cannot_gives_the_slot_up_and_the_student_gets_another(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    lost = offer(told_engine, case_id, 1)
    say(told_engine, case_id, "accept", number=1)
    assert say(told_engine, case_id, "decline").applied
    assert (state(told_engine, case_id), held(told_engine, booking_id)) == ("proposed", 0)
    assert lost not in [offer(told_engine, case_id, number) for number in (1, 2)]


def test_none_suits_twice_then_a_dispatcher_has_it(told_engine: Engine) -> None:
    most = (
        "SELECT c.id, c.booking_id FROM school.reschedule_cases c "
        "JOIN pipeline.reschedule_candidates s USING (booking_id) "
        "GROUP BY c.id ORDER BY count(DISTINCT s.starts_at_utc) DESC, c.id LIMIT 1"
    )
    case_id, booking_id = rows(told_engine, most)[0]
    seen = {offer(told_engine, case_id, number)[0] for number in (1, 2, 3)}
    for _ in range(2):
        assert say(told_engine, case_id, "none_suit").applied
        fresh = rows(
            told_engine,
            "SELECT starts_at_utc FROM school.case_offers WHERE case_id = :id AND withdrawn_hour IS NULL",
            id=case_id,
        )
        assert fresh
        assert not {row[0] for row in fresh} & seen
        seen |= {row[0] for row in fresh}
    assert say(told_engine, case_id, "none_suit").applied
    assert (state(told_engine, case_id), place(told_engine, booking_id)[0]) == ("declined", "weather_hold")


def test_new_alternatives_keep_to_what_was_wished(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    say(told_engine, case_id, "none_suit", wishes=RequestedTimes(parts_of_day=frozenset({"afternoon"})))
    zone = (
        "SELECT extract(hour FROM o.starts_at_utc AT TIME ZONE a.time_zone) FROM school.case_offers o "
        "JOIN school.reschedule_cases c ON c.id = o.case_id JOIN school.bookings b ON b.id = c.booking_id "
        "JOIN school.airports a ON a.ident = b.departure WHERE c.id = :id AND o.withdrawn_hour IS NULL"
    )
    hours = [int(row[0]) for row in rows(told_engine, zone, id=case_id)]
    assert all(12 <= hour < 17 for hour in hours)


def test_what_a_student_did_not_want_is_not_offered_by_the_next_hour(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    first = {offer(told_engine, case_id, number) for number in (1, 2, 3)}
    say(told_engine, case_id, "none_suit")
    next_hour(told_engine)
    now = rows(
        told_engine,
        "SELECT starts_at_utc, instructor_id, aircraft_id FROM school.case_offers "
        "WHERE case_id = :id AND withdrawn_hour IS NULL",
        id=case_id,
    )
    assert not first & {tuple(row) for row in now}


def test_an_instructor_keeps_the_lesson_and_the_next_hour_does_not_ask_again(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    before = place(told_engine, booking_id)
    assert say(told_engine, case_id, "keep").outcome == "no_reason"
    assert say(told_engine, case_id, "keep", reason="Pattern work; the fog lifts by nine.").applied
    assert place(told_engine, booking_id) == ("scheduled", *before[1:])
    assert state(told_engine, case_id) == "kept"
    assert one(told_engine, "SELECT reason FROM school.responses WHERE outcome = 'applied'").startswith("Pattern work")
    again = "SELECT count(*) FROM school.reschedule_cases WHERE booking_id = :id"
    next_hour(told_engine)
    assert one(told_engine, again, id=booking_id) == 1


def test_a_forecast_that_gets_much_worse_asks_again_after_an_override(told_engine: Engine) -> None:
    calm = "b.id NOT IN (SELECT booking_id FROM pipeline.at_risk_bookings WHERE rule = 'thunderstorm')"
    case_id, booking_id = cases(told_engine, where=calm)[0]
    say(told_engine, case_id, "keep", reason="Pattern work.")
    broken = frames.read_partition(told_engine, PIPELINE_TABLES["at_risk_bookings"], [SEED_HOUR])
    mine = broken[(broken["booking_id"] == booking_id) & (broken["effect"] != "warn")].head(1)
    next_hour(told_engine, at_risk_bookings=pd.concat([broken, mine.assign(rule="thunderstorm", margin=float("nan"))]))
    assert one(told_engine, "SELECT count(*) FROM school.reschedule_cases WHERE booking_id = :id", id=booking_id) == 2


def test_a_held_slot_that_the_newest_forecast_rules_out_is_given_up_not_moved_to(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    before = place(told_engine, booking_id)
    say(told_engine, case_id, "accept", number=1)
    forecasts = frames.read_partition(told_engine, PIPELINE_TABLES["forecasts"], [SEED_HOUR])
    hazard = forecasts.assign(hazards=pd.Series([["TS"]] * len(forecasts)), weather="TS", governs=True)
    slot = offer(told_engine, case_id, 1)
    stretched = hazard[hazard["layer"] == "prevailing"].drop_duplicates("airport")
    hours = [pd.Timestamp(slot[0]).floor("h") + pd.Timedelta(hours=n) for n in range(-1, 5)]
    storm = pd.concat([stretched.assign(hour_utc=hour.as_unit("us")) for hour in hours])
    rest = forecasts[~forecasts["hour_utc"].isin(hours)]
    frames.write_partition(told_engine, PIPELINE_TABLES["forecasts"], pd.concat([rest, storm]), [SEED_HOUR])
    outcome = say(told_engine, case_id, "confirm", LATER + MINUTE)
    assert outcome.outcome == "no_longer", outcome
    assert (place(told_engine, booking_id), held(told_engine, booking_id)) == (before, 0)
    assert state(told_engine, case_id) in {"proposed", "open"}


def test_a_superseded_alternative_never_moves_anything_and_what_is_left_is_told(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    first = offer(told_engine, case_id, 1)
    proposals = frames.read_partition(told_engine, PIPELINE_TABLES["reschedule_proposals"], [SEED_HOUR])
    candidates = frames.read_partition(told_engine, PIPELINE_TABLES["reschedule_candidates"], [SEED_HOUR])

    def lost(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["booking_id"] != booking_id) | (frame["starts_at_utc"] != pd.Timestamp(first[0]))]

    next_hour(told_engine, reschedule_proposals=lost(proposals), reschedule_candidates=lost(candidates))
    outcome = say(told_engine, case_id, "accept", SEED_HOUR + HOUR + 10 * MINUTE, number=1, round=1)
    assert outcome.outcome == "superseded"
    assert "Still offered: 1:" in outcome.sentence
    assert held(told_engine, booking_id) == 0
    still = say(told_engine, case_id, "accept", SEED_HOUR + HOUR + 11 * MINUTE, number=2, round=1)
    assert still.applied, still


def test_a_move_takes_what_others_were_offered_and_gives_them_new_alternatives(told_engine: Engine) -> None:
    (one_case, _), (other_case, _) = cases(told_engine)[:2]
    run(
        told_engine,
        "UPDATE school.case_offers o SET starts_at_utc = w.starts_at_utc, ends_at_utc = w.ends_at_utc, "
        "aircraft_id = w.aircraft_id FROM school.case_offers w WHERE w.case_id = :one AND w.number = 1 "
        "AND o.case_id = :other AND o.number = 1",
        one=one_case, other=other_case,
    )  # fmt: skip
    slot = offer(told_engine, one_case, 1)
    say(told_engine, one_case, "accept", number=1)
    assert say(told_engine, one_case, "confirm").applied
    assert events(told_engine, other_case) == ["opened", "updated"]
    now = [offer(told_engine, other_case, number) for number in (1, 2)]
    assert slot[0] not in {place_[0] for place_ in now if place_[2] == slot[2]}
    assert "student" in told(told_engine, other_case, "updated") + told(told_engine, other_case, "opened")
    late = say(told_engine, other_case, "accept", number=1, round=1)
    assert (late.outcome, "Still offered: 1:" in late.sentence) == ("superseded", True)


def test_a_held_slot_may_overlap_its_own_lesson_and_nobody_elses(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    run(
        told_engine,
        "UPDATE school.case_offers SET starts_at_utc = c.starts_at_utc + interval '30 min', "
        "ends_at_utc = c.ends_at_utc + interval '30 min', aircraft_id = c.aircraft_id, instructor_id = c.instructor_id "
        "FROM school.reschedule_cases c WHERE c.id = case_id AND case_id = :id AND number = 1",
        id=case_id,
    )
    run(told_engine, "DELETE FROM pipeline.forecasts")
    run(told_engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id <> :id", id=booking_id)
    outcome = say(told_engine, case_id, "accept", number=1)
    assert outcome.applied, outcome
    with pytest.raises(IntegrityError, match="bookings_no_double"):
        run(
            told_engine,
            "INSERT INTO school.bookings (reference, school_id, student_id, aircraft_id, lesson_kind, solo, departure, "
            "period) SELECT 'OTHER-1', school_id, student_id, aircraft_id, 'local', true, departure, "
            "tstzrange(upper(period) - interval '5 min', upper(period) + interval '1 hour') "
            "FROM school.bookings WHERE holds_for = :id",
            id=booking_id,
        )
    assert say(told_engine, case_id, "confirm").applied
    assert one(told_engine, OVERLAPS) == 0


def test_a_dispatcher_holds_and_releases_a_booking_by_hand_and_it_is_on_record(told_engine: Engine) -> None:
    free = "SELECT reference, id FROM school.bookings WHERE status = 'scheduled' ORDER BY id LIMIT 1"
    reference, booking_id = rows(told_engine, free)[0]

    def order(key: str, what: Any, name: str, reason: str = "Air show") -> str:
        return weather_hold.order(told_engine, key, what, name, reason, "job", LATER).outcome

    assert order("a", "hold", reference, "") == "no_reason"
    assert order("b", "hold", "NONE-1") == "unknown_booking"
    assert order("c", "hold", reference) == "applied"
    assert order("c", "hold", reference) == "applied"
    assert place(told_engine, booking_id)[0] == "weather_hold"
    assert order("d", "hold", str(booking_id)) == "already_so"
    assert order("e", "release", reference) == "applied"
    assert place(told_engine, booking_id)[0] == "scheduled"
    case_id, with_case = cases(told_engine)[0]
    assert order("f", "release", str(with_case)) == "case_open"
    assert one(told_engine, "SELECT count(*) FROM school.responses WHERE booking_id = :id", id=booking_id) == 4
    assert case_id
