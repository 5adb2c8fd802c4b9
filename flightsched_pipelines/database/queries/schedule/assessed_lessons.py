"""Lessons as an hour saw them beside the lessons as they are: a verdict counts only for what it is about."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, not_, select

from flightsched_pipelines.database.schema import booking_snapshot, bookings


def is_as_assessed() -> ColumnElement[bool]:
    """Return the condition that a row of `bookings` is still what a row of `booking_snapshot` says, but for its status.

    That is: its time, its people, its aircraft, where it goes, and what kind of flight it is.
    """
    s, b = booking_snapshot.c, bookings.c
    same = [
        (s.starts_at_utc, func.lower(b.period)), (s.ends_at_utc, func.upper(b.period)),
        *((s[name], b[name]) for name in (
            "student_id", "instructor_id", "aircraft_id", "solo", "lesson_kind", "departure", "route",
        )),
    ]  # fmt: skip
    return and_(*(then.is_not_distinct_from(now) for then, now in same))


def changed_since(connection: Connection, hour_utc: datetime) -> set[int]:
    """Return the bookings that are not any more what an hour's verdict is about."""
    s, b = booking_snapshot.c, bookings.c
    query = (
        select(s.booking_id)
        .outerjoin(bookings, b.id == s.booking_id)
        .where(s.partition_hour == hour_utc, not_(func.coalesce(is_as_assessed(), False)))
    )
    return set(connection.execute(query).scalars())
