"""The assessment as a plain loop over bookings, places, hours, groups and limits.

Look-ups are prepared: groups by airport and hour, with their crosswind and hazards computed once; sun times by airport
and day; limits by profile.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.risk import data
from benchmarks.risk.data import BOOKINGS, FORECASTS
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

Record = dict[str, Any]
Limits = dict[tuple[str, str], float]
"""The strictest limit of a rule and effect; 0 where a rule has none to state."""

OK, WATCH, UNKNOWN, AT_RISK = range(4)
_HOUR = timedelta(hours=1)
_BUFFER = timedelta(minutes=data.BUFFER_MINUTES)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_HAZARDS = frozenset(HAZARDS)
_AT_LEAST = frozenset({"visibility", "ceiling", "daylight"})


@dataclass(frozen=True, slots=True)
class Records:
    """The frames as lists of dicts; null is None."""

    bookings: list[Record]
    forecasts: list[Record]
    minimums: list[Record]
    airports: list[Record]
    runways: list[Record]
    suns: list[Record]


@dataclass(frozen=True, slots=True)
class Group:
    """A forecast group at an airport in an hour; a missing value is None."""

    prevailing: bool
    lacking: bool
    at_least: tuple[tuple[str, float], ...]
    at_most: tuple[tuple[str, float], ...]
    crosswind: float | None
    hazards: frozenset[str]


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that bookings are assessed by, indexed."""

    airports: dict[str, Record]
    groups: dict[tuple[str, datetime], list[Group]]
    suns: dict[tuple[str, date], Record]
    minimums: dict[int | None, list[Record]]
    limits: dict[tuple[Any, ...], Limits] = field(default_factory=dict)


def load(folder: Path) -> Records:
    """The frames as records."""
    world = data.load(folder)
    return Records(
        bookings=_records(world.bookings[list(BOOKINGS)]),
        forecasts=_records(world.forecasts[list(FORECASTS)]),
        minimums=_records(world.minimums),
        airports=_records(world.airports),
        runways=_records(world.runways),
        suns=_records(world.suns),
    )


def _records(frame: pd.DataFrame) -> list[Record]:
    columns = {name: _values(frame[name]) for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.to_pydatetime().tolist()
    return [value if isinstance(value, list) or not pd.isna(value) else None for value in column.tolist()]


def assess(records: Records) -> NDArray[np.uint8]:
    """The verdict of each booking as its number, in the order of the bookings."""
    index = index_of(records)
    return np.array([verdict(booking, index) for booking in records.bookings], dtype=np.uint8)


def index_of(records: Records) -> Index:
    """Return the index, which does not depend on the bookings."""
    airports = {airport["airport"]: airport for airport in records.airports}
    headings: defaultdict[str, list[float]] = defaultdict(list)
    for end in records.runways:
        if not end["closed"]:
            headings[end["airport"]].append(end["heading_true_deg"])
    groups: defaultdict[tuple[str, datetime], list[Group]] = defaultdict(list)
    for row in records.forecasts:
        if row["governs"] and row["hour_utc"] >= data.FIRST_HOUR_UTC and row["airport"] in airports:
            groups[row["airport"], row["hour_utc"]].append(_group(row, headings.get(row["airport"], [])))
    suns = {(sun["airport"], sun["solar_date"]): sun for sun in records.suns}
    minimums: defaultdict[int | None, list[Record]] = defaultdict(list)
    for row in records.minimums:
        minimums[row["school_id"]].append(row)
    return Index(airports, dict(groups), suns, dict(minimums))


def _group(row: Record, headings: list[float]) -> Group:
    speed, codes = row["wind_speed_kt"], set(row["hazards"])
    gust = max((value for value in (row["wind_gust_kt"], speed) if value is not None), default=None)
    crosswind = None if speed is None else gust * _share_across(row["wind_direction_deg"], headings)
    hazards = {"thunderstorm"} if codes & CONVECTIVE else set()
    if codes & WIND_SHEAR:
        hazards.add("wind_shear")
    hazards |= {kind for kind in ALTITUDES_FT if codes & FREEZING or _in_icing(row, ALTITUDES_FT[kind])}
    at_most = {
        "wind": speed,
        "gust": gust,
        "gust_spread": None if speed is None else gust - speed,
        "crosswind": crosswind,
    }
    at_least = {"visibility": row["visibility_sm"], "ceiling": row["ceiling_ft"]}
    lacking = bool(row["missing"]) or not codes <= _KNOWN_HAZARDS or speed is None or row["visibility_sm"] is None
    return Group(
        prevailing=row["layer"] == "prevailing",
        lacking=lacking,
        at_least=tuple((rule, value) for rule, value in at_least.items() if value is not None),
        at_most=tuple((rule, value) for rule, value in at_most.items() if value is not None),
        crosswind=crosswind,
        hazards=frozenset(hazards),
    )


def _share_across(direction: float | None, headings: list[float]) -> float:
    """The share of the wind across the runway end with the best headwind."""
    if direction is None or not headings:
        return 1.0
    best = max(headings, key=lambda heading: math.cos(math.radians(direction - heading)))
    return abs(math.sin(math.radians(direction - best)))


def _in_icing(row: Record, altitude_ft: float) -> bool:
    """Return whether a climb meets moisture between 0 and -20 °C."""
    temperature = row["temperature_c"]
    if temperature is None:
        return False
    weather = read_weather(row["weather"])
    base = 0.0 if weather.precipitation or not weather.legible else row["ceiling_ft"]
    if base is None or base > altitude_ft:
        return False
    return temperature - 0.002 * altitude_ft <= 0 and temperature - 0.002 * base >= -20


def verdict(booking: Record, index: Index) -> int:
    """The worst of the light, the hours and the groups of a booking."""
    light, night = _light(booking, index)
    limits = _limits_of(booking, night, index)
    worst = OK
    if light is None or not any(effect == "block" for _, effect in limits):
        worst = UNKNOWN
    if light is not None:
        if light < limits.get(("daylight", "block"), -math.inf):
            return AT_RISK
        if light < limits.get(("daylight", "warn"), -math.inf):
            worst = max(worst, WATCH)
    hours = _hours(booking)
    for airport in dict.fromkeys([booking["departure"], *booking["route"]]):
        of_airport = _with_approach(limits, booking, index.airports.get(airport))
        for hour in hours:
            groups = index.groups.get((airport, hour), ())
            if any(group.lacking for group in groups) or not any(group.prevailing for group in groups):
                worst = max(worst, UNKNOWN)
            for group in groups:
                worst = max(worst, _severity(group, booking, of_airport))
                if worst == AT_RISK:
                    return AT_RISK
    return worst


def _hours(booking: Record) -> list[datetime]:
    """The hours that the booking and its buffer overlap; of past ones, only those of the booking itself."""
    starts, ends = booking["starts_at_utc"], booking["ends_at_utc"]
    hour = (starts - _BUFFER).replace(minute=0, second=0, microsecond=0)
    if starts < data.FIRST_HOUR_UTC or ends <= starts:
        hours = [data.FIRST_HOUR_UTC - _HOUR]
        hour = data.FIRST_HOUR_UTC
    else:
        hours = []
        hour = max(hour, data.FIRST_HOUR_UTC)
    while hour < ends + _BUFFER:
        hours.append(hour)
        hour += _HOUR
    return hours


def _light(booking: Record, index: Index) -> tuple[float | None, bool]:
    """Minutes of light left, None if the sun times are unknown, and whether it is night at the departure."""
    starts, ends = booking["starts_at_utc"], booking["ends_at_utc"]
    here = _sun(booking["departure"], starts, index)
    there = _sun(booking["route"][-1], starts, index) if booking["route"] else here
    night = here is None or starts < here["dawn_utc"] or ends > here["dusk_utc"]
    if here is None or there is None:
        return None, night
    if starts < here["sunrise_utc"]:
        return (starts - here["sunrise_utc"]).total_seconds() / 60, night
    return (there["sunset_utc"] - ends).total_seconds() / 60, night


def _sun(ident: str, time: datetime, index: Index) -> Record | None:
    airport = index.airports.get(ident)
    if airport is None:
        return None
    solar = time + timedelta(minutes=round(4 * (airport["longitude_deg"] or 0.0)))
    return index.suns.get((ident, solar.date()))


def _limits_of(booking: Record, night: bool, index: Index) -> Limits:
    profile = (booking["school_id"], booking["training_level"], booking["solo"], booking["lesson_kind"], night)
    limits = index.limits.get(profile)
    if limits is None:
        limits = index.limits[profile] = _resolved(profile, index.minimums)
    return limits


def _resolved(profile: tuple[Any, ...], minimums: dict[int | None, list[Record]]) -> Limits:
    """The strictest limits; a school's own blocking rows replace the defaults for a rule."""
    names = ("school_id", "training_level", "solo", "lesson_kind", "night")
    applying = [
        row
        for school in {None, profile[0]}
        for row in minimums.get(school, ())
        if all(row[name] is None or row[name] == value for name, value in zip(names, profile, strict=True))
    ]
    own = {row["rule"] for row in applying if row["authority"] == "school" and row["effect"] == "block"}
    limits: Limits = {}
    for row in applying:
        rule, limit = row["rule"], row["limit_value"] or 0.0
        if row["authority"] == "default" and rule in own:
            continue
        if row["comparison"] in {">", "<"}:
            limit = math.nextafter(limit, math.inf if row["comparison"] == ">" else -math.inf)
        key, stricter = (rule, row["effect"]), max if rule in _AT_LEAST else min
        limits[key] = stricter(limits.get(key, limit), limit)
    return limits


def _with_approach(limits: Limits, booking: Record, airport: Record | None) -> Limits:
    """The limits of the instrument-rated at an airport: not below its approach minima."""
    if booking["training_level"] != "instrument_rated" or airport is None:
        return limits
    raised = dict(limits)
    for rule, name in (("visibility", "approach_visibility_sm"), ("ceiling", "approach_ceiling_ft")):
        if airport[name] is not None:
            raised[rule, "block"] = max(airport[name], limits.get((rule, "block"), -math.inf))
    return raised


def _severity(group: Group, booking: Record, limits: Limits) -> int:
    """The severity of a group for a booking."""
    lasting = AT_RISK if group.prevailing or booking["solo"] else WATCH
    worst = OK
    for rule, value in group.at_least:
        if value < limits.get((rule, "block"), -math.inf):
            worst = max(worst, lasting)
        elif value < limits.get((rule, "warn"), -math.inf):
            worst = max(worst, WATCH)
    for rule, value in group.at_most:
        if value > limits.get((rule, "block"), math.inf):
            worst = max(worst, lasting)
        elif value > limits.get((rule, "warn"), math.inf):
            worst = max(worst, WATCH)
    if group.hazards or group.crosswind is not None:
        worst = max(worst, _hazard_severity(group, booking, limits, lasting))
    return worst


def _hazard_severity(group: Group, booking: Record, limits: Limits, lasting: int) -> int:
    """The severity of a group by its hazards, and by the aircraft's demonstrated crosswind."""
    worst, own = OK, booking["aircraft_crosswind_kt"]
    if own is not None and group.crosswind is not None and group.crosswind > own:
        worst = _of_rule("aircraft_crosswind", limits, lasting)
    if "thunderstorm" in group.hazards:
        worst = max(worst, _of_rule("thunderstorm", limits, AT_RISK))
    if booking["lesson_kind"] in group.hazards:
        worst = max(worst, _of_rule("icing", limits, AT_RISK))
    if "wind_shear" in group.hazards:
        worst = max(worst, _of_rule("wind_shear", limits, lasting))
    return worst


def _of_rule(rule: str, limits: Limits, blocked: int) -> int:
    if (rule, "block") in limits:
        return blocked
    return WATCH if (rule, "warn") in limits else OK
