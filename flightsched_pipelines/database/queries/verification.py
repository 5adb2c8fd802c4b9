"""Count the outcomes of forecasts within a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select

from flightsched_pipelines.database.schema import forecast_verification, verdict_verification

_V = forecast_verification.c
_OCCURRED = _V.outcome.in_(("hit", "miss"))


def outcome_counts(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return the number of each outcome, a row a source, element, threshold, part and lead, in that order."""
    by = (_V.source, _V.element, _V.threshold, _V.part, _V.lead_hours)
    counts = (
        func.count().filter(_V.outcome == outcome).label(label)
        for label, outcome in (
            ("hits", "hit"), ("misses", "miss"), ("false_alarms", "false_alarm"),
            ("correct_negatives", "correct_negative"), ("missing", "missing"),
        )
    )  # fmt: skip
    query = select(*by, *counts).where(*_within(since_utc, until_utc, airport)).group_by(*by).order_by(*by)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def probability_counts(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return the cases of each probability and how many came true, a row a source, element, threshold and lead."""
    by = (_V.source, _V.element, _V.threshold, _V.lead_hours, _V.probability)
    query = (
        select(*by, func.count().label("cases"), func.count().filter(_OCCURRED).label("came_true"))
        .where(
            *_within(since_utc, until_utc, airport),
            _V.part == "prevailing",
            _V.probability.is_not(None),
            _V.outcome != "missing",
        )
        .group_by(*by)
        .order_by(*by)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def verdict_counts(engine: Engine, since_utc: datetime, until_utc: datetime) -> Sequence[Mapping[str, Any]]:
    """Return the number of lessons, a row a level, lead, verdict and observed verdict, in that order."""
    v = verdict_verification.c
    by = (v.training_level, v.lead_hours, v.verdict, v.observed)
    # The hour that was observed is the one before the partition's.
    which = v.partition_hour > since_utc, v.partition_hour <= until_utc
    query = select(*by, func.count().label("lessons")).where(*which).group_by(*by).order_by(*by)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _within(since_utc: datetime, until_utc: datetime, airport: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions on the observed hour, which is the one before its partition's, and on the airport."""
    which = [_V.hour_utc >= since_utc, _V.hour_utc < until_utc, _V.partition_hour > since_utc]
    return which if airport is None else [*which, _V.airport == airport]
