"""Lessons as they are in the schedule now, to be shown: nothing is locked."""

from collections.abc import Sequence

from sqlalchemy import Connection, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import Range

from flightsched_pipelines.database.queries.cases.cases import CaseLesson
from flightsched_pipelines.database.schema import TAKING_STATUSES, bookings
from flightsched_pipelines.domain.cases.lifecycle import Slot


def current_lesson(connection: Connection, booking_id: int) -> CaseLesson:
    """Return a booking's slot and status."""
    b = bookings.c
    query = select(
        func.lower(b.period),
        func.upper(b.period),
        b.instructor_id,
        b.aircraft_id,
        b.status,
        b.weather_hold_by,
        b.student_id,
    ).where(b.id == booking_id)
    starts, ends, instructor, aircraft, status, hold_by, student = connection.execute(query).one()
    return CaseLesson(Slot(starts, ends, instructor, aircraft), status, hold_by, student)


def taken_by_others(connection: Connection, booking_id: int, student_id: int, slots: Sequence[Slot]) -> set[Slot]:
    """Return the slots whose aircraft, instructor or student is booked or held then, but for this booking itself."""
    if not slots:
        return set()
    b = bookings.c
    others = b.status.in_(TAKING_STATUSES), b.id != booking_id, b.holds_for.is_distinct_from(booking_id)
    taken = [
        exists().where(
            *others,
            b.period.op("&&")(Range(slot.starts_at_utc, slot.ends_at_utc)),
            or_(
                b.student_id == student_id,
                b.aircraft_id == slot.aircraft_id if slot.aircraft_id is not None else false(),
                b.instructor_id == slot.instructor_id if slot.instructor_id is not None else false(),
            ),
        )
        for slot in slots
    ]
    row = connection.execute(select(*taken)).one()
    return {slot for slot, is_taken in zip(slots, row, strict=True) if is_taken}
