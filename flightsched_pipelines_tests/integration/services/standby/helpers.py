"""Lessons that wait, a slot that is freed, and what is offered."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from flightsched_pipelines.services.responses import weather_hold
from flightsched_pipelines.services.standby import places as standby
from flightsched_pipelines_tests.integration.services.helpers import NOW, one, rows, run

MINUTE = timedelta(minutes=1)


LEAVING = 68
"""A dual lesson of school 2, 90 minutes in a C172S with instructor 8, tomorrow in weather above the minimums."""


STARTS = datetime(2026, 11, 11, 21, tzinfo=UTC)


WAITERS = (
    "SELECT DISTINCT ON (b.student_id) b.id FROM school.bookings b JOIN school.aircraft a ON a.id = b.aircraft_id "
    "JOIN school.students s ON s.id = b.student_id JOIN school.bookings l ON l.id = :leaving "
    "WHERE b.school_id = 2 AND a.type = :type AND b.status = 'scheduled' AND NOT b.solo AND b.lesson_kind <> "
    "'cross_country' AND upper(b.period) - lower(b.period) <= interval '90 min' AND lower(b.period) > "
    "'2026-11-13 12:00+0' AND s.training_level <> 'instrument_rated' AND b.student_id <> l.student_id AND NOT EXISTS "
    "(SELECT FROM school.bookings o WHERE o.student_id = b.student_id AND o.period && tstzrange(lower(l.period) - "
    "interval '1 hour', upper(l.period) + interval '1 hour')) ORDER BY b.student_id, b.id"
)


def waiters(engine: Engine, type_: str = "C172S") -> list[int]:
    """Later lessons of different students who could fly in the slot."""
    found = [row.id for row in rows(engine, WAITERS, leaving=LEAVING, type=type_)]
    assert len(found) >= 3
    return found


def wait(engine: Engine, booking_id: int, since: datetime = NOW) -> None:
    standby.join(
        engine, one(engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id), None, since
    )


def cancel(engine: Engine, booking_id: int = LEAVING) -> None:
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", id=booking_id)


def rule(engine: Engine, rule: str) -> None:
    run(engine, "UPDATE school.schools SET standby_rule = :rule", rule=rule)


def offered(engine: Engine) -> list[Any]:
    """The cases that offer a freed slot: id, booking and state, in their order."""
    return rows(
        engine,
        "SELECT id, booking_id, state FROM school.reschedule_cases WHERE freed_slot_id IS NOT NULL ORDER BY id",
    )


def hold_by_hand(engine: Engine, booking_id: int, at: datetime) -> None:
    key = f"hold-{booking_id}"
    assert weather_hold.order(engine, key, "hold", str(booking_id), "Air show", "job", at).applied


def waiting(engine: Engine) -> set[int]:
    return {row.booking_id for row in rows(engine, "SELECT booking_id FROM school.standby WHERE ended_at IS NULL")}


def held_by_hand(engine: Engine) -> list[int]:
    held = "SELECT id FROM school.bookings WHERE status = 'weather_hold' AND weather_hold_by = 'dispatcher' ORDER BY id"
    return [row.id for row in rows(engine, held)]
