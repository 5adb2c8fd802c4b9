"""Count, by airport, what schools may learn from: temporary groups, and the outcomes of prevailing forecasts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Text, column, func, select, true

from flightsched_pipelines.database.schema import bookings, forecast_verification, schools

_V = forecast_verification.c
_AIRPORTS = func.unnest(_V.airports).table_valued(column("airport", Text)).render_derived(name="each")
_AIRPORT = _AIRPORTS.c.airport


def temporary_groups(
    engine: Engine, since_utc: datetime, until_utc: datetime, lead_hours: int
) -> Sequence[Mapping[str, Any]]:
    """Return the hours whose prevailing forecast has no event but a temporary group has one, and how many came true.

    A row an airport, source, element, threshold and probability, in that order.
    """
    by = (_AIRPORT, _V.source, _V.element, _V.threshold, _V.probability)
    counts = func.count().label("cases"), func.count().filter(_V.outcome == "miss").label("came_true")
    which = _V.outcome.in_(("miss", "correct_negative")), _V.probability.between(1, 99)
    return _counted(engine, by, counts, [*_within(since_utc, until_utc, lead_hours), *which])


def outcomes_by_airport(
    engine: Engine, since_utc: datetime, until_utc: datetime, lead_hours: int
) -> Sequence[Mapping[str, Any]]:
    """Return the hits, misses and false alarms, a row an airport, source, element and threshold, in that order."""
    by = (_AIRPORT, _V.source, _V.element, _V.threshold)
    counts = [
        func.count().filter(_V.outcome == outcome).label(label)
        for label, outcome in (("hits", "hit"), ("misses", "miss"), ("false_alarms", "false_alarm"))
    ]
    which = _V.outcome.in_(("hit", "miss", "false_alarm"))
    return _counted(engine, by, counts, [*_within(since_utc, until_utc, lead_hours), which])


def schools_with_airports(engine: Engine) -> Sequence[Mapping[str, Any]]:
    """Return each school's name, what a missed move costs it, and the airports from which its lessons depart."""
    query = (
        select(schools.c.name, schools.c.missed_move_cost,
               func.array_agg(bookings.c.departure.distinct()).label("airports"))
        .join(bookings, bookings.c.school_id == schools.c.id)
        .group_by(schools.c.id)
        .order_by(schools.c.name)
    )  # fmt: skip
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _within(since_utc: datetime, until_utc: datetime, lead_hours: int) -> list[ColumnElement[bool]]:
    return [
        _V.hour_utc >= since_utc, _V.hour_utc < until_utc, _V.partition_hour > since_utc, _V.part == "prevailing",
        _V.lead_hours == lead_hours,
    ]  # fmt: skip


def _counted(
    engine: Engine,
    by: Sequence[ColumnElement[Any]],
    counts: Sequence[ColumnElement[int]],
    which: Sequence[ColumnElement[bool]],
) -> Sequence[Mapping[str, Any]]:
    of = forecast_verification.join(_AIRPORTS, true())
    query = select(*by, *counts).select_from(of).where(*which).group_by(*by).order_by(*by)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
