"""Messages of the evening before, as rows: where people's clocks are, and whose lessons they have not heard of."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Text, and_, cast, exists, literal, or_, select, union

from flightsched_pipelines.database.queries.cases.cases import LiveBooking, schedule
from flightsched_pipelines.database.schema import airports, bookings, contact_preferences, outbox, schools


def key_of(day: date, role: str, person_id: int) -> str:
    """Return the key of the message to a person about a day: one person hears of one day once."""
    return f"{_before(day, role)}{person_id}{_AFTER}"


def zones_of_people(connection: Connection) -> list[str]:
    """Return every time zone that people of the schools have."""
    p = contact_preferences.c
    home = select(airports.c.time_zone).join(schools, schools.c.base_airport == airports.c.ident)
    own = select(p.time_zone).where(p.time_zone.is_not(None))
    return sorted(connection.execute(union(home, own)).scalars())


def lessons_untold(
    connection: Connection, from_utc: datetime, to_utc: datetime, days: Collection[date]
) -> list[LiveBooking]:
    """Return the lessons of a period whose student or instructor has no message about one of these days.

    Of a person without one they are all there.
    """
    b = bookings.c
    people = (("student", b.student_id), ("instructor", b.instructor_id))
    untold = or_(*(_is_untold(day, role, person) for day in days for role, person in people))
    return [one for one in schedule(connection, from_utc, to_utc, untold) if one.status != "held"]


_AFTER = "/email"


def _before(day: date, role: str) -> str:
    return f"evening-{day:%Y%m%d}/{role}-"


def _is_untold(day: date, role: str, person: Column[Any]) -> ColumnElement[bool]:
    key = literal(_before(day, role)).concat(cast(person, Text)).concat(_AFTER)
    return and_(person.is_not(None), ~exists().where(outbox.c.key == key))
