"""A weather hold that a dispatcher or another system set: nothing that moves the lesson lifts it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.domain.cases.lifecycle import HoldSetter
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.responses.swap import swap
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    SETTINGS,
    cases,
    one,
    place,
    rows,
    run,
    say,
)

MINUTE = timedelta(minutes=1)
STAYS = "stays on weather hold until a dispatcher lifts it"


def hold(engine: Engine, booking_id: int, by: HoldSetter | None) -> None:
    """Let a lesson be on hold by somebody, as if its case had been opened on top of that."""
    change = "UPDATE school.bookings SET status = 'weather_hold', weather_hold_by = :by WHERE id = :id"
    run(engine, change, by=by, id=booking_id)


def confirmed(engine: Engine, by: HoldSetter | None) -> int:
    """Let the instructor confirm."""
    case_id, booking_id = cases(engine)[0]
    hold(engine, booking_id, by)
    assert say(engine, case_id, "accept", number=1).applied
    moved = say(engine, case_id, "confirm", LATER + MINUTE)
    assert (moved.applied, STAYS in moved.sentence) == (True, by != "platform"), moved
    return booking_id


def confirmed_by_a_dispatcher(engine: Engine, by: HoldSetter | None) -> int:
    """Let a dispatcher enter what student and instructor said."""
    case_id, booking_id = cases(engine)[0]
    hold(engine, booking_id, by)
    assert say(engine, case_id, "accept", number=1, on_behalf=True).applied
    assert say(engine, case_id, "confirm", LATER + MINUTE, on_behalf=True).applied
    return booking_id


def confirmed_unasked(engine: Engine, by: HoldSetter | None) -> int:
    """Let the platform confirm for the instructor."""
    run(engine, "UPDATE school.instructors SET auto_confirm = true")
    case_id, booking_id = cases(engine)[0]
    hold(engine, booking_id, by)
    assert say(engine, case_id, "accept", number=1).applied
    at = LATER + timedelta(minutes=SETTINGS.withdraw_minutes + 1)
    assert deadlines.process_deadlines(engine, at, SETTINGS)["confirmed unasked"] == 1
    return booking_id


def swapped(engine: Engine, by: HoldSetter | None) -> int:
    """Let a dispatcher swap two lessons."""
    alike = (
        "SELECT c.id, c.booking_id, d.id, d.booking_id FROM school.reschedule_cases c JOIN school.reschedule_cases d "
        "ON c.id < d.id JOIN school.bookings b ON b.id = c.booking_id JOIN school.bookings e ON e.id = d.booking_id "
        "JOIN school.aircraft f ON f.id = b.aircraft_id JOIN school.aircraft g ON g.id = e.aircraft_id "
        "WHERE f.type = g.type AND b.school_id = e.school_id AND NOT b.solo AND NOT e.solo "
        "AND b.student_id <> e.student_id AND c.starts_at_utc > :soon AND d.starts_at_utc > :soon ORDER BY c.id, d.id"
    )
    first, booking_id, second, other = rows(engine, alike, soon=LATER + 8 * HOUR)[0]
    run(engine, "DELETE FROM pipeline.forecasts")
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id NOT IN (:a, :b)", a=booking_id, b=other)
    run(engine, "DELETE FROM school.availability_exceptions")
    run(engine, "UPDATE school.availability SET starts = '00:00', ends = '23:59'")
    hold(engine, booking_id, by)
    done = swap(engine, "swap-them", (first, second), "terminal", LATER, SETTINGS)
    assert (done.applied, STAYS in done.sentence) == (True, by != "platform"), done
    assert place(engine, other)[0] == "scheduled"
    return booking_id


@pytest.mark.parametrize("by", ["dispatcher", None, "platform"])
@pytest.mark.parametrize("way", [confirmed, confirmed_by_a_dispatcher, confirmed_unasked, swapped])
def test_a_lesson_moves_and_only_the_platforms_own_hold_is_lifted(
    told_engine: Engine, way: Callable[[Engine, HoldSetter | None], int], by: HoldSetter | None
) -> None:
    starts = {
        row.id: row.starts for row in rows(told_engine, "SELECT id, lower(period) AS starts FROM school.bookings")
    }
    booking_id = way(told_engine, by)
    status, now, *_ = place(told_engine, booking_id)
    setter = one(told_engine, "SELECT weather_hold_by FROM school.bookings WHERE id = :id", id=booking_id)
    assert now != starts[booking_id]
    assert (status, setter) == (("scheduled", None) if by == "platform" else ("weather_hold", by))
    told = rows(
        told_engine,
        "SELECT o.payload ->> 'stays_on_hold' AS stays, o.payload ->> 'changes' AS changes FROM school.outbox o "
        "JOIN school.reschedule_cases c ON c.id = o.case_id WHERE c.booking_id = :id AND o.event = 'moved' "
        "AND o.channel = 'email' AND o.role IN ('student', 'instructor')",
        id=booking_id,
    )
    assert told
    assert {(row.stays, STAYS in row.changes) for row in told} == {(str(by != "platform").lower(), by != "platform")}
