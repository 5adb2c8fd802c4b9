"""A school's lessons, hours and response times by local day, from the views that analysts use too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Date, Double, and_, cast, column, distinct, func, select, table

from flightsched_pipelines.database.readable_columns import local_time
from flightsched_pipelines.database.schema import aircraft, airports, bookings, schools

DAY = timedelta(days=1)

CASES = table(
    "cases", column("school_id"), column("booking_id"), column("state"), column("is_latest"), column("is_lost"),
    column("lesson_starts_at_utc"), column("lesson_starts_at_local"), column("minutes_to_acceptance"),
    schema="analytics",
)  # fmt: skip
CANCELLATIONS = table(
    "cancellations", column("school_id"), column("cause"), column("lesson_starts_at_local"), schema="analytics"
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Lessons of a day that were threatened, moved and lost."""

    threatened: int = 0
    saved: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of flights that were booked for a day, and of those the school's scheduler has as completed."""

    booked: float = 0.0
    flown: float = 0.0
    completed: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """Students' acceptances, and the median and 90th percentile of minutes from detection to them."""

    count: int = 0
    median_minutes: float | None = None
    p90_minutes: float | None = None


def outcomes(connection: Connection, first: date, last: date) -> Mapping[tuple[int, date], Outcomes]:
    """Return the outcomes of threatened lessons by school and the local day on which they were to start."""
    c = CASES.c
    day = cast(c.lesson_starts_at_local, Date)
    query = (
        select(
            c.school_id, day, func.count(distinct(c.booking_id)),
            func.count().filter(and_(c.is_latest, c.state == "rescheduled")), func.count().filter(c.is_lost),
        )
        .where(*_within(first, last))
        .group_by(c.school_id, day)
    )  # fmt: skip
    return {(row[0], row[1]): Outcomes(*row[2:]) for row in connection.execute(query)}


def hours(connection: Connection, first: date, last: date) -> Mapping[tuple[int, date], Hours]:
    """Return the hours of flights by school and local day; ground and simulator lessons are not flown."""
    b, f, a = bookings.c, airports.c, aircraft.c
    starts = func.lower(b.period)
    day = cast(local_time(f.time_zone, starts), Date)
    length = func.extract("epoch", func.upper(b.period) - starts) / 3600
    flown = b.status == "completed"
    query = (
        select(
            b.school_id, day, cast(func.sum(length), Double),
            cast(func.coalesce(func.sum(length).filter(flown), 0), Double), func.count().filter(flown),
        )
        .join(f.ident.table, f.ident == b.departure)
        .join(a.id.table, a.id == b.aircraft_id)
        .where(
            b.status != "held", ~a.simulator, day.between(first, last),
            starts >= cast(first - DAY, Date), starts < cast(last + 2 * DAY, Date),
        )
        .group_by(b.school_id, day)
    )  # fmt: skip
    return {(row[0], row[1]): Hours(float(row[2]), float(row[3]), row[4]) for row in connection.execute(query)}


def answers(connection: Connection, first: date, last: date) -> Mapping[int, Answers]:
    """Return the times to acceptance by school, of lessons that were to start on these days."""
    c = CASES.c
    waits = c.minutes_to_acceptance
    quantiles = (func.percentile_cont(share).within_group(waits) for share in (0.5, 0.9))
    query = select(c.school_id, func.count(waits), *quantiles).where(*_within(first, last)).group_by(c.school_id)
    return {row[0]: Answers(*row[1:]) for row in connection.execute(query)}


def cancellations(connection: Connection, first: date, last: date) -> Mapping[int, Mapping[str | None, int]]:
    """Return the cancelled lessons by school and cause; ``None`` is an unknown cause."""
    c = CANCELLATIONS.c
    day = cast(c.lesson_starts_at_local, Date)
    query = select(c.school_id, c.cause, func.count()).where(day.between(first, last)).group_by(c.school_id, c.cause)
    found: dict[int, dict[str | None, int]] = {}
    for school_id, cause, count in connection.execute(query):
        found.setdefault(school_id, {})[cause] = count
    return found


def managers(connection: Connection) -> Sequence[tuple[int, str, str | None, str]]:
    """Return number, name, manager's address and time zone of each school."""
    s = schools.c
    query = (
        select(s.id, s.name, s.manager_email, airports.c.time_zone)
        .join(airports, airports.c.ident == s.base_airport)
        .order_by(s.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def _within(first: date, last: date) -> tuple[Any, ...]:
    """The days, with the instants around them, which an index serves."""
    c = CASES.c
    return (
        cast(c.lesson_starts_at_local, Date).between(first, last),
        c.lesson_starts_at_utc >= cast(first - DAY, Date),
        c.lesson_starts_at_utc < cast(last + 2 * DAY, Date),
    )
