"""Cases and lessons of one school: queries that find nothing of another."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, exists, func, select

from flightsched_pipelines.database.schema import airports, bookings, reschedule_cases, standby
from flightsched_pipelines.domain.cases.lifecycle import Slot


@dataclass(frozen=True, slots=True)
class SchoolLesson:
    """A lesson as it is booked now, and since when and until when it is on standby, if it is."""

    booking_id: int
    reference: str
    status: str
    slot: Slot
    time_zone: str
    case_id: int | None
    standby_since: datetime | None
    standby_until: date | None


def is_case_of(connection: Connection, case_id: int, school_id: int) -> bool:
    """Return whether a case is about a lesson of a school."""
    c, b = reschedule_cases.c, bookings.c
    found = exists().where(c.id == case_id, b.id == c.booking_id, b.school_id == school_id)
    return bool(connection.execute(select(found)).scalar())


def lesson_of(connection: Connection, booking_id: int, school_id: int) -> SchoolLesson | None:
    """Return a lesson of a school; slots held for lessons are not lessons."""
    b, c, s = bookings.c, reschedule_cases.c, standby.c
    query = (
        select(
            b.id, b.reference, b.status, func.lower(b.period), func.upper(b.period), b.instructor_id, b.aircraft_id,
            airports.c.time_zone, c.id, s.since, s.until,
        )
        .join(airports, airports.c.ident == b.departure)
        .outerjoin(reschedule_cases, (c.booking_id == b.id) & c.closed_at.is_(None))
        .outerjoin(standby, (s.booking_id == b.id) & s.ended_at.is_(None))
        .where(b.id == booking_id, b.school_id == school_id, b.holds_for.is_(None))
    )  # fmt: skip
    row = connection.execute(query).one_or_none()
    return None if row is None else SchoolLesson(*row[:3], Slot(*row[3:7]), *row[7:])
