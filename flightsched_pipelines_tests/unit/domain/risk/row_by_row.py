"""Compute the verdict of one lesson row by row in plain Python, as a reference for the arrays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flightsched_pipelines.domain.risk.rules import AREA_RULES
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, WIND_SHEAR
from flightsched_pipelines_tests.unit.domain.risk.builders import AIRPORTS, NOW, RUNWAYS, SUNS

Row = Mapping[Any, Any]
HOUR = timedelta(hours=1)
ALTITUDE_FT = {"pattern": 1_000, "local": 3_000, "cross_country": 6_000}
SEVERITY = ["ok", "watch", "unknown", "at_risk"]


FIELDS = {row["airport"]: row for row in AIRPORTS.to_dict("records")}
SUN = {(row["airport"], row["solar_date"]): row for row in SUNS.to_dict("records")}
HEADINGS = {ident: RUNWAYS.loc[RUNWAYS["airport"] == ident, "heading_true_deg"].tolist() for ident in FIELDS}


def reference_verdict(
    lesson: Row, hours: Sequence[Row], minimums: Sequence[Row], buffer: timedelta = timedelta(minutes=30)
) -> str:
    """The verdict of a lesson under forecast rows and minimums, all as plain records."""
    rules = list(_rules(lesson, minimums))
    findings = ["ok"]
    if any(rule["rule"] == "daylight" and _minutes_of_light(lesson) < rule["limit_value"] for rule in rules):
        findings.append("at_risk")
    for airport in {lesson["departure"], *lesson["route"]}:
        for hour in _hours(lesson, buffer):
            rows = [
                row
                for row in hours
                if row["airport"] == airport and row["hour_utc"] == hour and row["governs"] and hour >= NOW
            ]
            if not any(row["layer"] == "prevailing" for row in rows) or any(map(_lacks, rows)):
                findings.append("unknown")
            findings += [_finding(lesson, row, rule) for row in rows for rule in rules if _breaks(lesson, row, rule)]
            findings += [_thin_air(row, rule) for row in rows for rule in rules if rule["rule"] == "density_altitude"]
    return max(findings, key=SEVERITY.index)


def _hours(lesson: Row, buffer: timedelta) -> Iterator[datetime]:
    hour = lesson["starts_at_utc"].replace(minute=0, second=0) - 4 * HOUR
    while hour < lesson["ends_at_utc"] + buffer:
        own = hour + HOUR > lesson["starts_at_utc"]
        if hour + HOUR > lesson["starts_at_utc"] - buffer and (own or hour >= NOW):
            yield hour
        hour += HOUR


def _rules(lesson: Row, minimums: Sequence[Row]) -> Iterator[Row]:
    """Every rule in force for a lesson, without choosing the strictest: all of them are checked."""
    wanted = {
        "school_id": lesson["school_id"],
        "student_id": lesson["student_id"],
        "training_level": lesson["training_level"],
        "solo": lesson["solo"],
        "lesson_kind": lesson["lesson_kind"],
        "night": _night(lesson),
    }
    minimums = [row for row in minimums if row["rule"] not in AREA_RULES]  # there are none here
    flown = lesson.get("aircraft_type")
    rows = [row for row in minimums if all(row[name] is None or row[name] == is_ for name, is_ in wanted.items())]
    rows = [row for row in rows if row["aircraft_type"] is None or flown in {None, row["aircraft_type"]}]
    own = {
        row["rule"]
        for row in rows
        if row["authority"] == "school" and row["effect"] == "block" and row["aircraft_type"] in {None, flown}
    }
    yield from (row for row in rows if row["authority"] != "default" or row["rule"] not in own)
    if lesson["training_level"] == "instrument_rated":
        for field in FIELDS.values():
            for rule, column in (("visibility", "approach_visibility_sm"), ("ceiling", "approach_ceiling_ft")):
                if not math.isnan(field[column]):
                    here = {"rule": rule, "comparison": ">=", "limit_value": field[column], "effect": "block"}
                    yield here | {"only_at": field["airport"]}


def _sun(lesson: Row, airport: str) -> Row:
    longitude = FIELDS[airport]["longitude_deg"]
    return SUN[airport, (lesson["starts_at_utc"] + timedelta(minutes=round(4 * longitude))).date()]


def _night(lesson: Row) -> bool:
    if lesson["departure"] not in FIELDS:
        return True
    sun = _sun(lesson, lesson["departure"])
    return lesson["starts_at_utc"] < sun["dawn_utc"] or lesson["ends_at_utc"] > sun["dusk_utc"]


def _minutes_of_light(lesson: Row) -> float:
    places = [lesson["departure"], *lesson["route"]]
    if not {places[0], places[-1]} <= set(FIELDS):
        return math.inf
    sunrise = _sun(lesson, places[0])["sunrise_utc"]
    if lesson["starts_at_utc"] < sunrise:
        return (lesson["starts_at_utc"] - sunrise) / timedelta(minutes=1)
    return (_sun(lesson, places[-1])["sunset_utc"] - lesson["ends_at_utc"]) / timedelta(minutes=1)


def _lacks(row: Row) -> bool:
    return bool(row["missing"]) or _none(row["wind_speed_kt"]) or _none(row["visibility_sm"])


def _none(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _finding(lesson: Row, row: Row, rule: Row) -> str:
    if rule["effect"] == "warn":
        return "watch"
    lasting = row["layer"] == "prevailing" or lesson["solo"] or rule["rule"] in {"thunderstorm", "icing"}
    return "at_risk" if lasting else "watch"


def _thin_air(row: Row, rule: Row) -> str:
    """Return the finding of a density altitude, the highest possible one where a part of it is not known."""
    celsius, hpa = row.get("outside_air_temperature_c"), row.get("altimeter_hpa")
    known = not _none(celsius) and not _none(hpa)
    setting = 950.0 if hpa is None or _none(hpa) else hpa
    pressure = FIELDS[row["airport"]]["elevation_ft"] + 145_366.45 * (1 - (setting / 1_013.25) ** 0.190284)
    standard = 15 - 1.98 * pressure / 1_000
    height = pressure + 120 * ((57.0 if celsius is None or _none(celsius) else celsius) - standard)
    fits = height < rule["limit_value"] if rule["comparison"] == "<" else height <= rule["limit_value"]
    if fits or row["layer"] != "prevailing":
        return "ok"
    return "watch" if rule["effect"] == "warn" else "at_risk" if known else "unknown"


def _breaks(lesson: Row, row: Row, rule: Row) -> bool:
    name = rule["rule"]
    if rule.get("only_at", row["airport"]) != row["airport"] or name in {"daylight", "density_altitude"}:
        return False
    if rule["comparison"] == "none":
        return bool(
            {
                "thunderstorm": CONVECTIVE & set(row["hazards"]),
                "wind_shear": WIND_SHEAR & set(row["hazards"]),
                "icing": FREEZING & set(row["hazards"]) or _freezes(lesson, row),
            }[name]
        )
    limit = lesson.get("aircraft_crosswind_kt") if name == "aircraft_crosswind" else rule["limit_value"]
    value = _value(row, name)
    if value is None or limit is None or math.isnan(limit):
        return False
    return not {
        ">": value > limit,
        ">=": value >= limit,
        "<": value < limit,
        "<=": value <= limit,
    }[rule["comparison"]]


def _value(row: Row, name: str) -> float | None:
    if name in {"visibility", "ceiling"}:
        value = row.get(f"{name}_{'sm' if name == 'visibility' else 'ft'}")
        return None if _none(value) else value
    if _none(row["wind_speed_kt"]):
        return row.get("wind_gust_kt") if name == "gust" else None
    speed = row["wind_speed_kt"]
    gust = speed if _none(row.get("wind_gust_kt")) else max(speed, row["wind_gust_kt"])
    return {"wind": speed, "gust": gust, "gust_spread": gust - speed}.get(name, gust * _across(row))


def _across(row: Row) -> float:
    """The share of the wind that blows across the runway end with the best headwind."""
    ends = HEADINGS[row["airport"]]
    if not ends or _none(row.get("wind_direction_deg")):
        return 1.0
    angles = [math.radians(row["wind_direction_deg"] - heading) for heading in ends]
    best = max(angles, key=math.cos)
    if _none(row.get("wind_varies_from_deg")):
        return abs(math.sin(best))
    runway = math.radians(row["wind_direction_deg"]) - best
    width = int((row["wind_varies_to_deg"] - row["wind_varies_from_deg"]) % 360)
    sector = (math.radians(row["wind_varies_from_deg"] + step) - runway for step in range(width + 1))
    return max(abs(math.sin(best)), *map(abs, map(math.sin, sector)))


def _freezes(lesson: Row, row: Row) -> bool:
    top = ALTITUDE_FT[lesson["lesson_kind"]]
    ceiling: Any = row.get("ceiling_ft")
    cloud_base = math.inf if _none(ceiling) else ceiling
    base = 0.0 if "RA" in row["weather"] or "SN" in row["weather"] else cloud_base
    temperature: Any = row.get("temperature_c")
    if _none(temperature) or base > top:
        return False
    return temperature - top * 0.002 <= 0 and temperature - base * 0.002 >= -20
