"""Read columns within Python's range: some of PostgreSQL's days, times and lists do not exist in Python.

The conditions on the tables (`schema.base.sound`) reject such values; older rows may contain some.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Text,
    case,
    column,
    func,
    literal,
    null,
    select,
    table,
    type_coerce,
)

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date.max
LAST_INSTANT = datetime(9999, 1, 1, tzinfo=UTC)
"""No booking that begins later is read."""


def day(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a day, null if Python cannot represent it: infinity, or after the year 9999."""
    return case((column.between(FIRST_DAY, LAST_DAY), column), else_=null())


def clock(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a time of day; midnight at the day's end, 24:00, is just before it."""
    return case((column > time.max, literal(time.max)), else_=column)


def start_of(period: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the start of a period, of the type of an instant."""
    return type_coerce(func.lower(period), DateTime(timezone=True))


def end_of(period: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the end of a period, of the type of an instant."""
    return type_coerce(func.upper(period), DateTime(timezone=True))


def local_time(zone: ColumnElement[str], instant: ColumnElement[Any] | datetime) -> ColumnElement[datetime]:
    """Return an instant on a zone's clock, on UTC's where PostgreSQL does not know the zone; no row then fails."""
    names = table("pg_timezone_names", column("name", Text), schema="pg_catalog")
    return func.timezone(case((zone.in_(select(names.c.name)), zone), else_="UTC"), instant)


def is_within_reach(period: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether a period ends at a time that Python can represent."""
    return func.upper(period) < LAST_INSTANT


def words(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a plain list of words, without nulls; a nested list is empty."""
    plain = func.coalesce(func.array_ndims(column), 1) == 1
    return case((plain, func.array_remove(column, null())), (column.is_not(None), literal([], ARRAY(Text))))


def form_of(booking: FromClause, its_aircraft: FromClause) -> ColumnElement[str]:
    """Return the form of a booking, one of ``LESSON_FORMS``, by the aircraft that it is joined with, if it has one."""
    return case(
        (booking.c.ground, literal("ground")), (its_aircraft.c.simulator, literal("simulator")), else_=literal("flight")
    )
