"""Lessons of unknown verdict in stored hours, and how far the forecasts of their airports reached."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.database.schema import at_risk_bookings, forecasts


@dataclass(frozen=True, slots=True)
class UnknownLesson:
    """A lesson that lacks something at an airport: what, from when on, and the last hour that a forecast reached."""

    hour_utc: datetime
    booking_id: int
    lacks: str
    since_utc: datetime
    last_forecast_utc: datetime | None


def unknown_lessons(source: Source, first_utc: datetime, last_utc: datetime) -> list[UnknownLesson]:
    """Return the lessons of unknown verdict in a range of hours, a row for each airport with something missing.

    A METAR is about the running hour, and so reaches no other.
    """
    a, f = at_risk_bookings.c, forecasts.c
    reach = (
        select(f.partition_hour, f.airport, func.max(f.hour_utc).label("last_utc"))
        .where(f.partition_hour.between(first_utc, last_utc), f.layer == "prevailing", f.governs, f.source != "METAR")
        .group_by(f.partition_hour, f.airport)
        .subquery()
    )
    same = and_(reach.c.partition_hour == a.partition_hour, reach.c.airport == a.airport)
    query = (
        select(a.partition_hour, a.booking_id, a.hazard, a.hour_utc, reach.c.last_utc)
        .select_from(at_risk_bookings.outerjoin(reach, same))
        .where(a.partition_hour.between(first_utc, last_utc), a.verdict == "unknown", a.rule == "forecast")
    )
    with reading(source) as connection:
        return [UnknownLesson(*row) for row in connection.execute(query)]
