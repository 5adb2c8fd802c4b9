"""The verdict of one booking by the book: plain Python, one number at a time, sharing no code with the assessment."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]

ORDER = ("ok", "watch", "unknown", "at_risk")
CONVECTION = {"TS", "VCTS", "CB", "TCU", "SQ", "GR", "FC", "+FC"}
ICE = {"FZRA", "FZDZ", "FZFG", "FZUP", "PL"}
ALTITUDE_FT = {"pattern": 1_000, "local": 3_000, "cross_country": 6_000}
FALLING = ("RA", "SN", "DZ", "PL")


def verdict_of(
    booking: Row,
    forecasts: Sequence[Row],
    minimums: Sequence[Row],
    headings: Mapping[str, Sequence[float]],
    approach: Mapping[str, tuple[float, float]],
    day: Row,
    *,
    first_hour_utc: datetime,
    buffer_minutes: int,
) -> str:
    """The verdict under a sun that is the same every day (``day``: dawn, sunrise, sunset, dusk as times)."""
    found = {"ok"}
    starts, ends = booking["starts_at_utc"], booking["ends_at_utc"]
    places = [booking["departure"], *booking["route"]]
    suns = {name: datetime.combine(starts.date(), at, starts.tzinfo) for name, at in day.items()}
    night = starts < suns["dawn_utc"] or ends > suns["dusk_utc"]
    rules = _rules_for(booking, minimums, night=night)
    if not any(rule["effect"] == "block" for rule in rules):
        found.add("unknown")
    for rule in (rule for rule in rules if rule["rule"] == "daylight"):
        light = (suns["sunset_utc"] - ends) / timedelta(minutes=1)
        if starts < suns["sunrise_utc"]:
            light = (starts - suns["sunrise_utc"]) / timedelta(minutes=1)
        if _breaks(light, rule["comparison"], rule["limit_value"]):
            found.add("at_risk" if rule["effect"] == "block" else "watch")
    for place in places:
        if place not in approach:
            found.add("unknown")
            continue
        for hour in _hours(starts, ends, first_hour_utc, buffer_minutes):
            rows = [
                row
                for row in forecasts
                if row["governs"] and row["airport"] == place and row["hour_utc"] == hour and hour >= first_hour_utc
            ]
            if not any(row["layer"] == "prevailing" for row in rows) or any(map(_lacks_something, rows)):
                found.add("unknown")
            for row in rows:
                found |= {
                    _outcome(rule, row["layer"], booking) for rule in rules if _broken(rule, row, booking, headings)
                }
                if booking["training_level"] == "instrument_rated" and _below_approach(row, *approach[place]):
                    found.add(_outcome({"rule": "ceiling", "effect": "block"}, row["layer"], booking))
    return max(found, key=ORDER.index)


def _hours(starts: datetime, ends: datetime, first_hour: datetime, buffer_minutes: int) -> list[datetime]:
    """Hours that overlap the booking and its buffer, without past ones of the buffer alone."""
    buffer, hours = timedelta(minutes=buffer_minutes), []
    hour = (starts - buffer).replace(minute=0, second=0, microsecond=0)
    while hour < ends + buffer:
        past_buffer_only = hour < first_hour <= starts
        if not past_buffer_only:
            hours.append(hour)
        hour += timedelta(hours=1)
    return hours


def _rules_for(booking: Row, minimums: Sequence[Row], *, night: bool) -> list[Row]:
    facts = {name: booking[name] for name in ("school_id", "training_level", "solo", "lesson_kind")} | {"night": night}
    applying = [
        rule for rule in minimums if all(_null(rule[name]) or rule[name] == fact for name, fact in facts.items())
    ]
    own = {rule["rule"] for rule in applying if rule["authority"] == "school"}
    return [rule for rule in applying if rule["authority"] != "default" or rule["rule"] not in own]


def _lacks_something(row: Row) -> bool:
    return bool(row["missing"]) or _null(row["visibility_sm"]) or _null(row["wind_speed_kt"])


def _outcome(rule: Row, layer: str, booking: Row) -> str:
    grave = layer == "prevailing" or booking["solo"] or rule["rule"] in {"thunderstorm", "icing"}
    return "at_risk" if rule["effect"] == "block" and grave else "watch"


def _broken(rule: Row, row: Row, booking: Row, headings: Mapping[str, Sequence[float]]) -> bool:
    name, hazards = rule["rule"], set(row["hazards"])
    if name == "thunderstorm":
        return bool(hazards & CONVECTION)
    if name == "wind_shear":
        return "LLWS" in hazards
    if name == "icing":
        return bool(hazards & ICE) or _ices(row, ALTITUDE_FT[booking["lesson_kind"]])
    if name == "daylight":
        return False
    limit = booking["aircraft_crosswind_kt"] if name == "aircraft_crosswind" else rule["limit_value"]
    value = _value(name, row, headings)
    return value is not None and not _null(limit) and _breaks(value, rule["comparison"], limit)


def _value(name: str, row: Row, headings: Mapping[str, Sequence[float]]) -> float | None:
    if name == "ceiling":
        return math.inf if _null(row["ceiling_ft"]) else row["ceiling_ft"]
    if name == "visibility":
        return None if _null(row["visibility_sm"]) else row["visibility_sm"]
    if _null(row["wind_speed_kt"]):
        return None
    speed = row["wind_speed_kt"]
    gust = speed if _null(row["wind_gust_kt"]) else max(speed, row["wind_gust_kt"])
    if name == "wind":
        return speed
    if name == "gust":
        return gust
    if name == "gust_spread":
        return gust - speed
    ends = headings.get(row["airport"], ())
    if _null(row["wind_direction_deg"]) or not ends:
        return gust
    best = max(ends, key=lambda heading: math.cos(math.radians(row["wind_direction_deg"] - heading)))
    return gust * abs(math.sin(math.radians(row["wind_direction_deg"] - best)))


def _breaks(value: float, comparison: str, limit: float) -> bool:
    allowed = {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}
    return not allowed[comparison]


def _below_approach(row: Row, ceiling_ft: float, visibility_sm: float) -> bool:
    low = not _null(ceiling_ft) and not _null(row["ceiling_ft"]) and row["ceiling_ft"] < ceiling_ft
    dim = not _null(visibility_sm) and not _null(row["visibility_sm"]) and row["visibility_sm"] < visibility_sm
    return low or dim


def _ices(row: Row, altitude_ft: float) -> bool:
    """Whether any part of the climb through moisture, up to the altitude, lies between 0 and -20 degrees."""
    if _null(row["temperature_c"]):
        return False
    falls = any(kind in code for code in row["weather"].split() for kind in FALLING)
    base_ft = 0.0 if falls else math.inf if _null(row["ceiling_ft"]) else row["ceiling_ft"]
    at_base, at_top = (row["temperature_c"] - 2 * height / 1_000 for height in (base_ft, altitude_ft))
    return base_ft <= altitude_ft and at_top <= 0 and at_base >= -20


def _null(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
