"""Slots held for lessons: rows among the bookings, so that one set of constraints protects them.

A hold is not a lesson: it has the status ``held``, points to its lesson, and is deleted when it ends. Its history is in
the case's audit trail.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, BindParameter, Connection, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database.schema import bookings
from flightsched_pipelines.domain.cases.lifecycle import Slot


def hold(connection: Connection, booking_id: int, slot: Slot, until_utc: datetime) -> None:
    """Hold a slot for a lesson.

    Raises:
        sqlalchemy.exc.IntegrityError: the student, the instructor or the aircraft is taken then.
    """
    b = bookings.c
    columns = ["reference", "school_id", "student_id", "instructor_id", "aircraft_id", "ground", "lesson_kind", "solo",
               "departure", "route", "period", "status", "holds_for", "held_until"]  # fmt: skip
    held = select(
        b.reference + " (held)", b.school_id, b.student_id, literal(slot.instructor_id, BigInteger),
        literal(slot.aircraft_id, BigInteger), literal(slot.aircraft_id is None), b.lesson_kind, b.solo, b.departure,
        b.route, period_of(slot), literal("held"), b.id, literal(until_utc),
    ).where(b.id == booking_id)  # fmt: skip
    connection.execute(insert(bookings).from_select(columns, held))


def prolong(connection: Connection, booking_id: int, until_utc: datetime) -> None:
    """Prolong the hold of a lesson."""
    connection.execute(update(bookings).where(bookings.c.holds_for == booking_id).values(held_until=until_utc))


def release_holds(connection: Connection, booking_ids: Collection[int]) -> None:
    """Release the holds of these lessons."""
    connection.execute(delete(bookings).where(bookings.c.holds_for.in_(sorted(booking_ids))))


def period_of(slot: Slot) -> BindParameter[Range[datetime]]:
    """Return a slot's time as a value of the column ``period``."""
    return literal(Range(slot.starts_at_utc, slot.ends_at_utc), TSTZRANGE)
