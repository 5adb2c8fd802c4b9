"""Requirements of people and aircraft, from its tables to slots, responses, messages and lists."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.database.queries.schedule.credentials import credentials
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.rescheduling.requirements import Credentials
from flightsched_pipelines.services.credentials import UnknownSchoolError, lapses
from flightsched_pipelines.services.hourly import hourly_steps, proposal_validation, snapshots
from flightsched_pipelines.services.monitoring.data_quality import measure_lessons, measure_proposals
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    NOW,
    SETTINGS,
    cases,
    held,
    offer,
    one,
    place,
    rows,
    run,
    say,
    state,
)

DAY = timedelta(days=1)
AHEAD = SEED_HOUR + 15 * DAY


def require(engine: Engine, name: str, effect: str = "block", school_id: int = 1, **facts: Any) -> None:
    """Have a school require something."""
    values = {"school_id": school_id, "requirement": name, "effect": effect, "reference": "a test", **facts}
    names = ", ".join(values)
    run(
        engine,
        f"INSERT INTO school.requirements ({names}) VALUES ({', '.join(f':{key}' for key in values)})",  # noqa: S608
        **values,
    )


def annuals(engine: Engine, last_day: datetime) -> None:
    """Have the annual inspections of all aircraft due after a day."""
    run(
        engine,
        "INSERT INTO school.inspections (aircraft_id, inspection, due_on) "
        "SELECT id, 'annual', :due FROM school.aircraft",
        due=last_day.date(),
    )


def read(engine: Engine, from_utc: datetime = SEED_HOUR, to_utc: datetime = AHEAD, **which: Any) -> Credentials:
    """Return what is required and met."""
    with engine.connect() as connection:
        return credentials(connection, from_utc, to_utc, **which)


def found(engine: Engine) -> pd.DataFrame:
    """The candidates of the hour, looked for again with what stands now, stored for that hour."""
    taken = snapshots.snapshot_reference(engine, SEED_HOUR, NOW, SETTINGS)
    run(engine, "DELETE FROM pipeline.reference_snapshot")
    for row in taken.to_dict("records"):
        run(
            engine,
            "INSERT INTO pipeline.reference_snapshot VALUES (:hour, :part, :digest, :rows)",
            hour=SEED_HOUR,
            **{str(name): value for name, value in row.items()},
        )
    return candidates_of_the_hour(engine)


def candidates_of_the_hour(engine: Engine) -> pd.DataFrame:
    """Return the candidates that the stored hour has."""
    at_risk, bookings, available, forecasts = (
        read_partition(engine, PIPELINE_TABLES[name], [SEED_HOUR]).drop(columns="partition_hour")
        for name in ("at_risk_bookings", "booking_snapshot", "availability_snapshot", "forecasts")
    )
    return hourly_steps.find_slots(engine, at_risk, bookings, available, forecasts, SEED_HOUR, SETTINGS).candidates


def test_a_school_that_requires_nothing_is_as_before_whatever_is_on_record(ticked_engine: Engine) -> None:
    before = found(ticked_engine)
    annuals(ticked_engine, SEED_HOUR - 30 * DAY)
    assert read(ticked_engine) == Credentials()
    pd.testing.assert_frame_equal(found(ticked_engine), before)


def test_checks_name_lessons_by_their_references(ticked_engine: Engine) -> None:
    references = dict(rows(ticked_engine, "SELECT id, reference FROM school.bookings"))
    require(ticked_engine, "annual", "warn")
    run(ticked_engine, "DELETE FROM pipeline.reference_snapshot")
    run(ticked_engine, "DELETE FROM pipeline.reschedule_proposals WHERE rank = 1")

    lessons = measure_lessons(ticked_engine, [SEED_HOUR], NOW, SETTINGS)["lessons_meet_requirements"]
    proposals, _ = measure_proposals(ticked_engine, [SEED_HOUR], SETTINGS)

    assert len(lessons.found) == lessons.value > 0
    assert set(lessons.found) <= set(references.values())
    planned = rows(ticked_engine, "SELECT booking_id FROM pipeline.reschedule_plan WHERE rank = 1 ORDER BY 1")
    assert sorted(sentence for sentence in proposals.found if "not proposed" in sentence) == sorted(
        f"{references[booking]}: an alternative of the plan is not proposed" for (booking,) in planned
    )


def test_no_slot_needs_an_aircraft_that_is_due_and_the_hour_run_again_gives_the_same(ticked_engine: Engine) -> None:
    require(ticked_engine, "annual")
    due = SEED_HOUR + 2 * DAY
    annuals(ticked_engine, due)
    schools = dict(rows(ticked_engine, "SELECT id, school_id FROM school.bookings"))
    slots = found(ticked_engine)
    here = slots[slots["booking_id"].map(schools) == 1]
    assert len(here)
    assert (here["ends_at_utc"] <= pd.Timestamp(due.date() + 2 * DAY, tz="UTC")).all()
    assert (slots.loc[slots["booking_id"].map(schools) != 1, "ends_at_utc"] > pd.Timestamp(due + 2 * DAY)).any()
    violations = proposal_validation.validate_proposals(ticked_engine, SEED_HOUR, SETTINGS).violations
    assert violations["violation"].str.contains("the aircraft does not meet the school's requirements").any()

    run(ticked_engine, "DELETE FROM school.inspections")
    run(ticked_engine, "DELETE FROM school.requirements")
    again = candidates_of_the_hour(ticked_engine)
    pd.testing.assert_frame_equal(again, slots)


def test_what_lapses_after_an_offer_refuses_its_acceptance(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    school_id = one(told_engine, "SELECT school_id FROM school.bookings WHERE id = :id", id=booking_id)
    require(told_engine, "medical", school_id=school_id)
    refused = say(told_engine, case_id, "accept", number=1)
    assert not refused.applied
    assert "the student does not meet the school's requirements" in refused.sentence
    assert "medical" not in refused.sentence
    assert held(told_engine, booking_id) == 0


def test_what_lapses_between_acceptance_and_confirmation_moves_nothing(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    school_id = one(told_engine, "SELECT school_id FROM school.bookings WHERE id = :id", id=booking_id)
    before = place(told_engine, booking_id)
    assert say(told_engine, case_id, "accept", number=1).applied
    require(told_engine, "instructor_certificate", school_id=school_id)
    say(told_engine, case_id, "confirm")
    assert place(told_engine, booking_id) == before
    assert state(told_engine, case_id) != "rescheduled"


def test_what_is_met_at_the_slot_lets_it_be_taken(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    starts, instructor_id, _ = offer(told_engine, case_id, 1)
    school_id = one(told_engine, "SELECT school_id FROM school.bookings WHERE id = :id", id=booking_id)
    require(told_engine, "instructor_certificate", school_id=school_id)
    run(
        told_engine,
        "INSERT INTO school.credentials (school_id, instructor_id, credential, valid_until) "
        "VALUES (:school, :who, 'instructor_certificate', :until)",
        school=school_id,
        who=instructor_id,
        until=(starts + DAY).date(),
    )
    assert say(told_engine, case_id, "accept", number=1).applied


def test_hours_left_are_those_to_the_inspection_less_what_was_booked_since_the_reading(seeded_engine: Engine) -> None:
    require(seeded_engine, "hundred_hour")
    aircraft_id = one(seeded_engine, "SELECT min(id) FROM school.aircraft WHERE school_id = 1")
    run(
        seeded_engine,
        "INSERT INTO school.inspections (aircraft_id, inspection, due_tach_hours, tach_hours, tach_read_on) "
        "VALUES (:id, 'hundred_hour', 4210, 4200, :day)",
        id=aircraft_id,
        day=SEED_HOUR.date(),
    )
    until = SEED_HOUR + 3 * DAY
    booked = timedelta()
    for starts, ends in rows(
        seeded_engine,
        "SELECT lower(period), upper(period) FROM school.bookings WHERE aircraft_id = :id AND status <> 'cancelled'",
        id=aircraft_id,
    ):
        midnight = SEED_HOUR.replace(hour=8)  # on the clock of the base, in winter
        booked += ends - starts if midnight <= starts < until else timedelta()
    assert booked
    (left,) = [period for period in read(seeded_engine, until, AHEAD).periods if period.resource_id == aircraft_id]
    assert left.minutes_left == (timedelta(hours=10) - booked) // timedelta(minutes=1)
    assert left.counted_from_utc == until
    whole = [period for period in read(seeded_engine).periods if period.resource_id == aircraft_id]
    assert whole[0].minutes_left is not None


@pytest.mark.parametrize(("closed", "free"), [(None, False), (SEED_HOUR - DAY, True)])
def test_a_squawk_that_grounds_takes_the_aircraft_away_without_any_requirement(
    seeded_engine: Engine, closed: datetime | None, free: bool
) -> None:
    run(
        seeded_engine,
        "INSERT INTO school.squawks (aircraft_id, reported_on, description, grounding, closed_on) "
        "VALUES (1, :reported, 'Brakes', true, :closed)",
        reported=(SEED_HOUR - 2 * DAY).date(),
        closed=closed and closed.date(),
    )
    known = availability(seeded_engine, SEED_HOUR, AHEAD, [("aircraft", 1)])
    assert (len(known) > 0) == free


def test_of_a_document_that_counts_beyond_the_hours_ahead_nobody_learns_until_when(seeded_engine: Engine) -> None:
    require(seeded_engine, "medical")
    run(
        seeded_engine,
        "INSERT INTO school.credentials (school_id, student_id, credential, valid_until) "
        "SELECT school_id, id, 'medical', '2031-05-31' FROM school.students",
    )
    snapshots.snapshot_reference(seeded_engine, SEED_HOUR, NOW, SETTINGS)
    kept = one(seeded_engine, "SELECT string_agg(content, '') FROM school.reference_contents")
    assert "medical" in kept
    assert "2031" not in kept
    assert {period.ends_at_utc for period in read(seeded_engine).periods} == {None}
    schools = {row[0] for row in rows(seeded_engine, "SELECT id FROM school.students WHERE school_id = 1")}
    assert {period.resource_id for period in read(seeded_engine).periods} == schools


def test_a_warning_is_in_messages_the_digest_and_the_case_but_not_in_events(ticked_engine: Engine) -> None:
    for school_id in (1, 2):
        require(ticked_engine, "squawk", "warn", school_id)
        require(ticked_engine, "instructor_experience", "warn", school_id)
    run(
        ticked_engine,
        "INSERT INTO school.squawks (aircraft_id, reported_on, description, grounding) "
        "SELECT id, :day, 'Landing light', false FROM school.aircraft",
        day=SEED_HOUR.date(),
    )
    dispatch(ticked_engine, NOW, SETTINGS)
    told = rows(
        ticked_engine,
        "SELECT channel, role, payload::text FROM school.outbox "
        "WHERE payload::text LIKE '%accept_url%' OR channel <> 'email'",
    )
    people = [text for channel, role, text in told if channel == "email" and role == "student"]
    assert people
    assert all("The aircraft has an open squawk" in text for text in people if '"offers": []' not in text)
    assert not any("recent experience" in text for text in people)
    digests = [row[0] for row in rows(ticked_engine, "SELECT payload::text FROM school.outbox WHERE event = 'digest'")]
    assert any("The aircraft has an open squawk" in text for text in digests)
    assert not any("squawk" in text for channel, _, text in told if channel in {"sns", "redis", "sqs"})


def test_lessons_that_lack_something_are_listed_soonest_first(seeded_engine: Engine) -> None:
    assert lapses(seeded_engine, SEED_HOUR, 14) == []
    require(seeded_engine, "annual", "warn")
    annuals(seeded_engine, SEED_HOUR + DAY)
    listed = lapses(seeded_engine, SEED_HOUR, 14)
    assert listed
    assert [one.starts_at_utc for one in listed] == sorted(one.starts_at_utc for one in listed)
    assert {(one.resource, one.requirement, one.effect) for one in listed} == {("aircraft", "annual", "warn")}
    assert min(one.starts_at_utc for one in listed) > SEED_HOUR + DAY
    assert lapses(seeded_engine, SEED_HOUR, 14, listed[0].school.upper()) == listed
    with pytest.raises(UnknownSchoolError, match="there is no school named 'Nowhere'; the schools are: "):
        lapses(seeded_engine, SEED_HOUR, 14, "Nowhere")
