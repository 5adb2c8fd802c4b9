"""Lessons that could not be assessed because their weather is missing, and the notifications to dispatchers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update

from flightsched_pipelines.database.schema import at_risk_bookings, bookings, partitions, weather_gaps

ASSESSED = "at_risk_bookings"


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A lesson of unknown verdict in an hour: what its forecast lacks at an airport, in words."""

    hour_utc: datetime
    school_id: int
    booking_id: int
    airport: str
    lacks: str


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap of which a school's dispatchers were notified, and not yet of its end."""

    gap_id: int
    since_utc: datetime


def decide_alone(connection: Connection) -> None:
    """Make every other transaction that decides about gaps wait until this one ends."""
    connection.execute(text("LOCK TABLE school.weather_gaps IN SHARE ROW EXCLUSIVE MODE"))


def assessed_hours(connection: Connection, since_utc: datetime) -> list[datetime]:
    """Return the hours whose lessons were assessed, the newest first."""
    p = partitions.c
    query = select(p.partition_hour).where(p.name == ASSESSED, p.partition_hour >= since_utc)
    return list(connection.execute(query.order_by(p.partition_hour.desc())).scalars())


def unjudged(connection: Connection, hours: Collection[datetime]) -> list[Unjudged]:
    """Return the lessons of unknown verdict in some hours, a row for each airport with something missing."""
    a, b = at_risk_bookings.c, bookings.c
    query = (
        select(a.partition_hour, b.school_id, a.booking_id, a.airport, a.hazard)
        .join(bookings, b.id == a.booking_id)
        .where(a.partition_hour.in_(sorted(hours)), a.verdict == "unknown", a.rule == "forecast")
        .order_by(b.school_id, a.booking_id, a.airport)
    )
    return [Unjudged(*row) for row in connection.execute(query)]


def schools_of(connection: Connection, booking_ids: Collection[int]) -> Mapping[int, int]:
    """Return the school of each booking."""
    query = select(bookings.c.id, bookings.c.school_id).where(bookings.c.id.in_(sorted(booking_ids)))
    return {row.id: row.school_id for row in connection.execute(query)}


def open_gaps(connection: Connection) -> Mapping[int, OpenGap]:
    """Return by school the gap of which its dispatchers were notified and that is not over."""
    g = weather_gaps.c
    query = select(g.school_id, g.id, g.since_utc).where(g.ended_at.is_(None))
    return {row.school_id: OpenGap(row.id, row.since_utc) for row in connection.execute(query)}


def record_notified(
    connection: Connection, school_id: int, since_utc: datetime, lessons: int, now_utc: datetime
) -> int:
    """Record that a school's dispatchers are notified; returns the gap's id."""
    row = {"school_id": school_id, "since_utc": since_utc, "lessons": lessons, "told_at": now_utc}
    return connection.execute(insert(weather_gaps).values(row).returning(weather_gaps.c.id)).scalar_one()


def record_over(connection: Connection, gap_ids: Sequence[int], now_utc: datetime) -> None:
    """Record that dispatchers are notified of the end of gaps."""
    connection.execute(update(weather_gaps).where(weather_gaps.c.id.in_(gap_ids)).values(ended_at=now_utc))
