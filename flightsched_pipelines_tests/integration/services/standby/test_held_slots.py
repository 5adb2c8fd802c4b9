"""A freed slot that is held for a lesson: nobody reads that the lesson is on as booked, and none moves in flight."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.services.standby.offers import offer_freed_slots
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    NOW,
    SETTINGS,
    all_ok,
    one,
    run,
    say,
    tell,
)
from flightsched_pipelines_tests.integration.services.standby.helpers import MINUTE, cancel, offered, wait, waiters

AFTER_ITS_CASE = """
INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc,
    instructor_id, aircraft_id, deadline_utc, round, opened_at, closed_at, student_id)
SELECT id, 'expired', :hour, :hour, lower(period), upper(period), instructor_id, aircraft_id, :now, 0, :hour, :now,
    student_id
FROM school.bookings WHERE id = :id
"""
ON_HOLD = "UPDATE school.bookings SET status = 'weather_hold', weather_hold_by = 'platform' WHERE id = :id"
CLEARED = (
    "SELECT count(*) FROM school.outbox WHERE event = 'cleared' AND (payload -> 'lesson' ->> 'booking_id')::int = :id"
)
STATUS = "SELECT status FROM school.bookings WHERE id = :id"


@pytest.fixture
def lesson(quiet: Engine) -> int:
    """A lesson that stayed on weather hold after its case, and waits for a slot."""
    [waiter, *_] = waiters(quiet)
    run(quiet, ON_HOLD, id=waiter)
    run(quiet, AFTER_ITS_CASE, id=waiter, hour=NOW - HOUR, now=NOW - MINUTE)
    wait(quiet, waiter)
    return waiter


def take_the_slot(engine: Engine) -> int:
    """Return the case in which the student has taken a freed slot, which the instructor is to confirm."""
    run(engine, "UPDATE school.instructors SET auto_confirm = false")
    cancel(engine)
    offer_freed_slots(engine, NOW, SETTINGS)
    [(case_id, _, _)] = offered(engine)
    assert say(engine, case_id, "accept", number=1).applied
    return case_id


def test_a_better_forecast_lifts_no_hold_while_a_slot_is_held(quiet: Engine, lesson: int) -> None:
    case_id = take_the_slot(quiet)
    tell(quiet, 1, **all_ok(quiet, lesson))

    assert one(quiet, STATUS, id=lesson) == "weather_hold"
    assert one(quiet, CLEARED, id=lesson) == 0
    assert say(quiet, case_id, "confirm", NOW + HOUR + MINUTE).applied
    assert one(quiet, STATUS, id=lesson) == "scheduled"


def test_a_better_forecast_lifts_the_hold_once_the_slot_is_released(quiet: Engine, lesson: int) -> None:
    case_id = take_the_slot(quiet)
    assert say(quiet, case_id, "decline", LATER + MINUTE).applied
    tell(quiet, 1, **all_ok(quiet, lesson))

    assert one(quiet, STATUS, id=lesson) == "scheduled"
    assert one(quiet, CLEARED, id=lesson) > 0


def test_a_lesson_that_is_being_flown_does_not_move(quiet: Engine, lesson: int) -> None:
    case_id = take_the_slot(quiet)
    run(quiet, "UPDATE school.bookings SET status = 'scheduled', weather_hold_by = NULL WHERE id = :id", id=lesson)
    others = "UPDATE school.bookings SET status = 'cancelled' WHERE id <> :id AND status <> 'held' AND period && "
    run(quiet, f"{others} tstzrange(:at, :at + interval '1 hour')", id=lesson, at=LATER)
    begun = "period = tstzrange(:at, :at + interval '1 hour')"
    run(quiet, f"UPDATE school.bookings SET {begun} WHERE id = :id", id=lesson, at=LATER)  # noqa: S608, our own
    run(quiet, "UPDATE school.reschedule_cases SET starts_at_utc = :at, ends_at_utc = :ends WHERE id = :id",
        id=case_id, at=LATER, ends=LATER + HOUR)  # fmt: skip

    refused = say(quiet, case_id, "confirm", LATER + MINUTE)

    assert refused.outcome == "late"
    assert refused.sentence == "the lesson's present time has come; it cannot move any more."
    assert one(quiet, "SELECT lower(period) FROM school.bookings WHERE id = :id", id=lesson) == LATER
