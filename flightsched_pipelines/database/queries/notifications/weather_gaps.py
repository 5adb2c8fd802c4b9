"""Lessons that could not be assessed because their weather is missing, and the notifications to dispatchers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, true, update

from flightsched_pipelines.database.schema import (
    at_risk_bookings,
    bookings,
    forecasts,
    lesson_verdicts,
    partitions,
    weather_gaps,
)

ASSESSED = "at_risk_bookings"


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A lesson of unknown verdict in an hour: what its forecast lacks at an airport, in words, and first when."""

    hour_utc: datetime
    school_id: int
    booking_id: int
    airport: str
    lacks: str
    lacks_from_utc: datetime


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap of which a school's dispatchers were notified, and that has not ended; no airport: no hour was assessed."""

    gap_id: int
    school_id: int
    airport: str | None
    since_utc: datetime


def decide_alone(connection: Connection) -> None:
    """Make every other transaction that decides about gaps wait until this one ends."""
    connection.execute(text("LOCK TABLE school.weather_gaps IN SHARE ROW EXCLUSIVE MODE"))


def assessed_hours(connection: Connection, since_utc: datetime) -> list[datetime]:
    """Return the hours whose lessons were assessed, the newest first."""
    p = partitions.c
    query = select(p.partition_hour).where(p.name == ASSESSED, p.partition_hour >= since_utc)
    return list(connection.execute(query.order_by(p.partition_hour.desc())).scalars())


def unjudged(
    connection: Connection, hours: Collection[datetime], airports: Collection[str] | None = None
) -> list[Unjudged]:
    """Return the lessons of unknown verdict in some hours, a row for each airport, or these, with something missing."""
    a, b = at_risk_bookings.c, bookings.c
    there = true() if airports is None else a.airport.in_(sorted(airports))
    query = (
        select(a.partition_hour, b.school_id, a.booking_id, a.airport, a.hazard, a.hour_utc)
        .join(bookings, b.id == a.booking_id)
        .where(a.partition_hour.in_(sorted(hours)), a.verdict == "unknown", a.rule == "forecast", there)
        .order_by(b.school_id, a.booking_id, a.airport)
    )
    return [Unjudged(*row) for row in connection.execute(query)]


def forecast_airports(
    connection: Connection, hours: Collection[datetime], airports: Collection[str]
) -> set[tuple[datetime, str]]:
    """Return the hours and airports, of these, for which a source of forecasts gave anything, legible or not."""
    f = forecasts.c
    query = select(f.partition_hour, f.airport).where(
        f.partition_hour.in_(sorted(hours)), f.airport.in_(sorted(airports)), f.source != "METAR"
    )
    return {(row.partition_hour, row.airport) for row in connection.execute(query.distinct())}


def assessed_lessons(connection: Connection, hour: datetime) -> set[int]:
    """Return the lessons that an hour assessed."""
    v = lesson_verdicts.c
    return set(connection.execute(select(v.booking_id).where(v.partition_hour == hour)).scalars())


def schools_of(connection: Connection, booking_ids: Collection[int]) -> Mapping[int, int]:
    """Return the school of each booking."""
    query = select(bookings.c.id, bookings.c.school_id).where(bookings.c.id.in_(sorted(booking_ids)))
    return {row.id: row.school_id for row in connection.execute(query)}


def open_gaps(connection: Connection) -> list[OpenGap]:
    """Return the gaps of which dispatchers were notified and that have not ended, in their order."""
    g = weather_gaps.c
    query = select(g.id, g.school_id, g.airport, g.since_utc).where(g.ended_at.is_(None)).order_by(g.id)
    return [OpenGap(*row) for row in connection.execute(query)]


def record_notified(
    connection: Connection, school_id: int, airport: str | None, since_utc: datetime, lessons: int, now_utc: datetime
) -> int:
    """Record that a school's dispatchers are notified; returns the gap's id."""
    row = {
        "school_id": school_id, "airport": airport, "since_utc": since_utc, "lessons": lessons, "told_at": now_utc,
    }  # fmt: skip
    return connection.execute(insert(weather_gaps).values(row).returning(weather_gaps.c.id)).scalar_one()


def record_over(connection: Connection, gap_ids: Sequence[int], now_utc: datetime) -> None:
    """Record the end of gaps."""
    connection.execute(update(weather_gaps).where(weather_gaps.c.id.in_(gap_ids)).values(ended_at=now_utc))
