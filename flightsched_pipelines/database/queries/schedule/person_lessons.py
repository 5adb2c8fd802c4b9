"""The lessons and open cases of one student or instructor, to be shown: nothing is locked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases.cases import CaseLesson, is_given_away
from flightsched_pipelines.database.queries.schedule.assessed_lessons import is_as_assessed
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    booking_snapshot,
    bookings,
    instructors,
    lesson_verdicts,
    reschedule_cases,
)
from flightsched_pipelines.domain.cases.actions import PersonRole
from flightsched_pipelines.domain.cases.lifecycle import Slot

MAX_LESSONS = 100


def lessons_ahead(
    connection: Connection, role: PersonRole, person_id: int, now_utc: datetime, until_utc: datetime
) -> Mapping[int, CaseLesson]:
    """Return a person's next lessons that end after now and begin before a time, by booking, the nearest first."""
    b = bookings.c
    whose = b.student_id if role == "student" else b.instructor_id
    query = (
        select(
            b.id, func.lower(b.period), func.upper(b.period), b.instructor_id, b.aircraft_id, b.status,
            b.weather_hold_by, b.student_id,
        )
        .where(
            whose == person_id, b.status.in_(ACTIVE_STATUSES), func.upper(b.period) > now_utc,
            func.lower(b.period) < until_utc,
        )
        .order_by(func.lower(b.period), b.id)
        .limit(MAX_LESSONS)
    )  # fmt: skip
    return {row[0]: CaseLesson(Slot(*row[1:5]), row[5], row[6], row[7]) for row in connection.execute(query)}


def stored_verdicts(connection: Connection, booking_ids: Collection[int]) -> tuple[datetime | None, Mapping[int, str]]:
    """Return the newest assessed hour, and its verdict on those of these bookings that are still what it is about."""
    hour = newest_written(connection, "lesson_verdicts")
    if hour is None:
        return None, {}
    found = _verdicts(connection, booking_ids, lesson_verdicts.c.partition_hour == hour)
    return hour, {booking_id: verdict for booking_id, _, verdict in found}


def uncertain_verdicts(connection: Connection, hour_utc: datetime, booking_ids: Collection[int]) -> Mapping[int, str]:
    """Return why an hour's verdicts are uncertain, of those of these bookings that are."""
    v = lesson_verdicts.c
    query = select(v.booking_id, v.uncertainty).where(
        v.partition_hour == hour_utc, v.booking_id.in_(sorted(booking_ids)), v.uncertainty.is_not(None)
    )
    return {int(booking_id): str(words) for booking_id, words in connection.execute(query)}


def earlier_verdicts(
    connection: Connection, booking_ids: Collection[int], from_utc: datetime, to_utc: datetime
) -> Sequence[tuple[int, datetime, str]]:
    """Return the verdicts of the hours in ``[from_utc, to_utc)`` on these bookings as they are: booking, hour, it."""
    hour = lesson_verdicts.c.partition_hour
    return _verdicts(connection, booking_ids, and_(hour >= from_utc, hour < to_utc))


def _verdicts(
    connection: Connection, booking_ids: Collection[int], hours: ColumnElement[bool]
) -> Sequence[tuple[int, datetime, str]]:
    v, s = lesson_verdicts.c, booking_snapshot.c
    query = (
        select(v.booking_id, v.partition_hour, v.verdict)
        .join(booking_snapshot, and_(s.partition_hour == v.partition_hour, s.booking_id == v.booking_id))
        .join(bookings, and_(bookings.c.id == v.booking_id, is_as_assessed()))
        .where(hours, v.booking_id.in_(sorted(booking_ids)))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def open_cases_of(connection: Connection, role: PersonRole, person_id: int) -> Sequence[int]:
    """Return the open cases that may concern a person, the nearest deadline first.

    For an instructor those are of own lessons, with a slot held with them, or of a solo flight of the school's that
    waits for its release.
    """
    c, b, held = reschedule_cases.c, bookings.c, bookings.alias()
    if role == "student":
        concerns: ColumnElement[bool] = and_(b.student_id == person_id, ~is_given_away())
    else:
        school = select(instructors.c.school_id).where(instructors.c.id == person_id).scalar_subquery()
        released = and_(b.solo, b.school_id == school, c.state == "student_accepted")
        concerns = or_(c.instructor_id == person_id, held.c.instructor_id == person_id, released)
    query = (
        select(c.id)
        .join(bookings, b.id == c.booking_id)
        .outerjoin(held, held.c.holds_for == b.id)
        .where(c.state.in_(OPEN_STATES), concerns)
        .order_by(c.deadline_utc, c.id)
        .limit(MAX_LESSONS)
    )
    return list(connection.execute(query).scalars())
