"""The forecast over a lesson's hours beside the minimums: what a person is shown, hour by hour, at one airport."""

import math
from collections import defaultdict
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


@dataclass(frozen=True, slots=True)
class GroupValues:
    """The values of one governing group in one hour, by rule: infinite without a ceiling, ``None`` where one lacks.

    ``at_least``: the visibility is a bound.
    """

    prevails: bool
    values: Mapping[str, float | None]
    at_least: bool


Limits = Mapping[str, float]
HourlyGroups = Mapping[datetime, Sequence[GroupValues]]


def lesson_forecast(
    groups: HourlyGroups, limits: Limits, airport: str, during: tuple[datetime, datetime], known_at_utc: datetime
) -> LessonForecast:
    """Return the forecast of an airport over some hours, beside the limits that apply.

    Args:
        groups: the airport's, of `hourly_groups`.
        limits: the lesson's at the airport, of `strictest_limits`.
        airport: its ident.
        during: the time that counts, its buffer included.
        known_at_utc: the hour whose forecast it is.
    """
    first, last = hour_of(during[0]), during[1]
    hours = [first + number * HOUR for number in range(math.ceil((last - first) / HOUR))]
    found = [groups.get(hour, ()) for hour in hours]
    prevailing = [[one for one in of_hour if one.prevails] for of_hour in found]
    temporary = [[one for one in of_hour if not one.prevails] for of_hour in found]
    quantities = [
        HourlyValues(
            rule,
            limits[rule],
            [_worst(of_hour, rule) for of_hour in prevailing],
            [_worst(of_hour, rule) for of_hour in temporary],
            [rule == "visibility" and _is_bound(of_hour) for of_hour in prevailing],
        )
        for rule in SHOWN_RULES
        if rule in limits
    ]
    return LessonForecast(airport, known_at_utc, hours, quantities)


def hourly_groups(forecasts: pd.DataFrame) -> Mapping[str, HourlyGroups]:
    """Return the groups that govern (``FORECAST_COLUMNS``) by airport and hour."""
    rows = forecasts[forecasts["governs"]]
    elements = {name: _plain(rows[name]) for name in ("visibility_sm", "ceiling_ft", "wind_speed_kt", "wind_gust_kt")}
    hours = pd.DatetimeIndex(rows["hour_utc"]).to_pydatetime()
    found: defaultdict[str, defaultdict[datetime, list[GroupValues]]] = defaultdict(lambda: defaultdict(list))
    for airport, hour, layer, missing, at_least, visibility, ceiling, wind, gust in zip(
        rows["airport"], hours, rows["layer"], rows["missing"], rows["visibility_at_least"], *elements.values(),
        strict=True,
    ):  # fmt: skip
        values = {
            "visibility": visibility,
            "ceiling": None if "ceiling" in missing else math.inf if ceiling is None else ceiling,
            "wind": wind,
            "gust": None if wind is None else max(wind, gust or 0.0),
        }
        found[airport][hour].append(GroupValues(layer == "prevailing", values, bool(at_least)))
    return {airport: dict(of_airport) for airport, of_airport in found.items()}


def strictest_limits(findings: pd.DataFrame) -> Mapping[tuple[int, str], Limits]:
    """Return the limits of each lesson at each airport (`Assessment.limits`): the strictest blocking one of each rule.

    A rule that has none has the strictest of those that warn.
    """
    known = findings[findings["limit_value"].notna()]
    found: defaultdict[tuple[int, str], dict[str, float]] = defaultdict(dict)
    for effect in EFFECTS:
        of_effect = known[known["effect"] == effect]
        each = of_effect.groupby(["booking_id", "airport", "rule"])["limit_value"].agg(["min", "max"])
        for (booking_id, airport, rule), least, most in zip(each.index, each["min"], each["max"], strict=True):
            found[booking_id, airport].setdefault(rule, float(most if rule in AT_LEAST_RULES else least))
    return dict(found)


def _plain(values: "pd.Series[float]") -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _worst(groups: Sequence[GroupValues], rule: str) -> float | None:
    values = [value for one in groups if (value := one.values[rule]) is not None]
    return (min if rule in AT_LEAST_RULES else max)(values, default=None)


def _is_bound(groups: Sequence[GroupValues]) -> bool:
    """Return whether the lowest visibility of an hour is a bound."""
    known = [(value, one.at_least) for one in groups if (value := one.values["visibility"]) is not None]
    return min(known)[1] if known else False
