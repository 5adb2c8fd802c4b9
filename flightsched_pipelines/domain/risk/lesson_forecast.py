"""The forecast over a lesson's hours beside the minimums: what a person is shown, hour by hour, at one airport."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from flightsched_pipelines.domain.risk.rules import AT_LEAST_RULES, EFFECTS, UNITS
from flightsched_pipelines.durations import HOUR, hour_of

SHOWN_RULES = ("visibility", "ceiling", "wind", "gust")
"""Of these a forecast has a value each hour."""


@dataclass(frozen=True, slots=True)
class HourlyValues:
    """One quantity in each hour, at its worst, and its limit.

    ``prevailing`` and ``temporary`` have a value an hour: infinite if there is no ceiling, ``None`` if there is no such
    group or the forecast lacks the element. ``at_least`` marks the hours whose prevailing value is a bound, as in P6SM.
    ``limit`` is ``None`` if none applies.
    """

    rule: str
    limit: float | None
    prevailing: Sequence[float | None]
    temporary: Sequence[float | None]
    at_least: Sequence[bool]

    @property
    def unit(self) -> str:
        """The unit of the values and of the limit."""
        return UNITS[self.rule]

    @property
    def is_minimum(self) -> bool:
        """Return whether the limit is one to stay above."""
        return self.rule in AT_LEAST_RULES


@dataclass(frozen=True, slots=True)
class LessonForecast:
    """The hours of a lesson at one airport, with the quantities that its minimums limit.

    ``known_at_utc`` is the hour whose forecast it is.
    """

    airport: str
    known_at_utc: datetime
    hours: Sequence[datetime]
    quantities: Sequence[HourlyValues]


def lesson_forecast(
    forecasts: pd.DataFrame,
    findings: pd.DataFrame,
    airport: str,
    during: tuple[datetime, datetime],
    known_at_utc: datetime,
) -> LessonForecast:
    """Return the forecast of an airport over some hours, beside the limits that apply.

    Args:
        forecasts: ``FORECAST_COLUMNS``; the rows that govern count.
        findings: the limits in force for the lesson (`Assessment.limits`).
        airport: its ident.
        during: the time that counts, its buffer included.
        known_at_utc: the hour whose forecast it is.
    """
    first, last = hour_of(during[0]), during[1]
    hours = [first + number * HOUR for number in range(math.ceil((last - first) / HOUR))]
    here = forecasts[forecasts["governs"] & (forecasts["airport"] == airport)]
    limits = _limits(findings[findings["airport"] == airport])
    shown = [rule for rule in SHOWN_RULES if rule in limits]
    values = {
        (rule, layer): _by_hour(here[here["layer"] == layer], rule, hours)
        for rule in shown
        for layer in ("prevailing", "temporary")
    }
    bounds = _bounds(here[here["layer"] == "prevailing"], hours)
    quantities = [
        HourlyValues(
            rule,
            limits[rule],
            values[rule, "prevailing"],
            values[rule, "temporary"],
            bounds if rule == "visibility" else [False] * len(hours),
        )
        for rule in shown
    ]
    return LessonForecast(airport, known_at_utc, hours, quantities)


def _limits(findings: pd.DataFrame) -> Mapping[str, float]:
    """Return the strictest blocking limit of each rule; the warning one of a rule that has no other."""
    limits: dict[str, float] = {}
    for effect in EFFECTS:
        of_effect = findings[(findings["effect"] == effect) & findings["limit_value"].notna()]
        for rule, found in of_effect.groupby("rule")["limit_value"]:
            strictest = found.max() if rule in AT_LEAST_RULES else found.min()
            limits.setdefault(str(rule), float(strictest))
    return limits


def _by_hour(rows: pd.DataFrame, rule: str, hours: Sequence[datetime]) -> list[float | None]:
    values = _values(rows, rule).groupby(rows["hour_utc"])
    worst = values.min() if rule in AT_LEAST_RULES else values.max()
    worst = worst.dropna()
    found = dict(zip(pd.DatetimeIndex(worst.index).to_pydatetime(), worst.tolist(), strict=True))
    return [found.get(hour) for hour in hours]


def _bounds(rows: pd.DataFrame, hours: Sequence[datetime]) -> list[bool]:
    """Return whether the lowest visibility of each hour is a bound."""
    lowest = rows.sort_values(["visibility_sm", "visibility_at_least"]).drop_duplicates("hour_utc")
    bounded = lowest.loc[lowest["visibility_at_least"], "hour_utc"].dt.to_pydatetime()
    return [hour in set(bounded) for hour in hours]


def _values(rows: pd.DataFrame, rule: str) -> "pd.Series[float]":
    """Return a quantity of each row: NaN where the row lacks it, infinite where there is no ceiling."""
    if rule == "visibility":
        return rows["visibility_sm"]
    if rule == "ceiling":
        lacks = pd.Series(["ceiling" in elements for elements in rows["missing"].tolist()], rows.index, dtype=bool)
        return rows["ceiling_ft"].fillna(math.inf).mask(lacks)
    if rule == "wind":
        return rows["wind_speed_kt"]
    return rows[["wind_speed_kt", "wind_gust_kt"]].max(axis=1, skipna=True).mask(rows["wind_speed_kt"].isna())
