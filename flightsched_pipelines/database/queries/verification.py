"""Count the outcomes of forecasts within a time."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, any_, case, cast, func, literal, select, true

from flightsched_pipelines.database.frames import add_to_partition, take_turns
from flightsched_pipelines.database.schema import forecast_verification, schools, verdict_verification
from flightsched_pipelines.domain.verification.events import CEILINGS_FT
from flightsched_pipelines.domain.verification.track_record import UNOBSERVED_RULES, Likeness

_V = forecast_verification.c
_P = verdict_verification.c
_OBSERVED = case((_P.cause.in_(sorted(UNOBSERVED_RULES)), "unknown"), else_=_P.observed).label("observed")
"""A verdict whose gravest breach no METAR can show is no pair, whatever the METARs gave."""
_OCCURRED = _V.outcome.in_(("hit", "miss"))
_OUTCOMES = {
    "hits": "hit", "misses": "miss", "false_alarms": "false_alarm", "correct_negatives": "correct_negative",
    "missing": "missing",
}  # fmt: skip


def outcome_counts(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None, *, by_month: bool = False
) -> Sequence[Mapping[str, Any]]:
    """Return the number of each outcome, a row a source, element, threshold, part and lead, in that order.

    With ``by_month`` each month of observed hours, UTC, has rows of its own, first of all.
    """
    by = (*_months(by_month=by_month), _V.source, _V.element, _V.threshold, _V.part, _V.lead_hours)
    counts = (_cases(airport, _V.outcome == outcome).label(label) for label, outcome in _OUTCOMES.items())
    query = select(*by, *counts).where(*_within(since_utc, until_utc, airport)).group_by(*by).order_by(*by)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def probability_counts(
    engine: Engine, since_utc: datetime, until_utc: datetime, airport: str | None, *, by_month: bool = False
) -> Sequence[Mapping[str, Any]]:
    """Return the cases of each probability and how many came true, a row a source, element, threshold and lead.

    With ``by_month`` as `outcome_counts`.
    """
    by = (*_months(by_month=by_month), _V.source, _V.element, _V.threshold, _V.lead_hours, _V.probability)
    query = (
        select(*by, _cases(airport, true()).label("cases"), _cases(airport, _OCCURRED).label("came_true"))
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
    """Return the number of lessons and what a missed move costs, a row a school, level, lead and verdicts."""
    by = (schools.c.name.label("school"), schools.c.missed_move_cost, _P.training_level, _P.lead_hours, _P.verdict,
          _OBSERVED)  # fmt: skip
    # The hour that was observed is the one before the partition's.
    which = _P.partition_hour > since_utc, _P.partition_hour <= until_utc
    of = verdict_verification.outerjoin(schools, schools.c.id == _P.school_id)
    query = select(*by, func.count().label("lessons")).select_from(of).where(*which).group_by(*by).order_by(*by)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def verdicts_come_true(
    connection: Connection, school_ids: Collection[int], since_utc: datetime
) -> dict[Likeness, tuple[int, int]]:
    """Return how many verdicts below the minimums came true, and how many were observed, of schools since a time."""
    by = (_P.school_id, _P.cause, _P.cause_airport, _P.lead_hours)
    came_true = func.count().filter(_P.observed == "at_risk")
    query = (
        select(*by, came_true, func.count())
        .where(
            _P.school_id.in_(school_ids),
            _P.partition_hour > since_utc,
            _P.verdict == "at_risk",
            _P.observed != "unknown",
            _P.cause.is_not(None),
        )
        .group_by(*by)
    )
    return {Likeness(*row[:4]): (row[4], row[5]) for row in connection.execute(query)}


def airports_with_outcomes(connection: Connection, first_utc: datetime, last_utc: datetime) -> dict[datetime, set[str]]:
    """Return the airports that have outcomes of forecasts, by hour, in the hours from a first to a last."""
    # Every forecast has an outcome of each event, so one event tells of all of them.
    one_event = _V.element == "ceiling", _V.threshold == CEILINGS_FT[0], _V.part == "prevailing"
    query = (
        select(_V.partition_hour, func.unnest(_V.airports).label("airport"))
        .where(_V.partition_hour.between(first_utc, last_utc), *one_event)
        .distinct()
    )
    found: defaultdict[datetime, set[str]] = defaultdict(set)
    for hour, airport in connection.execute(query):
        found[hour].add(airport)
    return dict(found)


def add_outcomes(engine: Engine, outcomes: pd.DataFrame, hour_utc: datetime) -> int:
    """Add outcomes of an hour, of airports that have none there, and return the number of their pairs.

    Several processes may do so at once: each airport's are added once.
    """
    with engine.begin() as connection:
        take_turns(connection, forecast_verification)
        already = airports_with_outcomes(connection, hour_utc, hour_utc).get(hour_utc, set())
        lists = [[airport for airport in of if airport not in already] for of in outcomes["airports"]]
        new = outcomes.assign(airports=pd.Series(lists, outcomes.index, dtype=object), cases=[len(of) for of in lists])
        new = new[new["cases"] > 0].assign(partition_hour=pd.Timestamp(hour_utc))
        add_to_partition(connection, forecast_verification, new, hour_utc)
    return int(new.loc[new["outcome"] != "missing", "cases"].sum())


def _months(*, by_month: bool) -> tuple[ColumnElement[str], ...]:
    """Return the month of the observed hour, such as 2026-11, if it is asked for."""
    month = func.to_char(func.timezone("UTC", _V.hour_utc), "YYYY-MM").label("month")
    return (month,) if by_month else ()


def _cases(airport: str | None, which: ColumnElement[bool]) -> ColumnElement[int]:
    """Return the number of airports and hours of these rows; of one airport, the number of its hours."""
    number = _V.cases if airport is None else literal(1)
    return cast(func.coalesce(func.sum(number).filter(which), 0), BigInteger)


def _within(since_utc: datetime, until_utc: datetime, airport: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions on the observed hour, which is the one before its partition's, and on the airport."""
    which = [_V.hour_utc >= since_utc, _V.hour_utc < until_utc, _V.partition_hour > since_utc]
    return which if airport is None else [*which, literal(airport) == any_(_V.airports)]
