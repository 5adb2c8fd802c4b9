"""Words for a verdict, for dispatchers and students: what, where, when, by whom, against which minimum.

The wording is "below the school's minimums"; whether to fly is the pilot in command's decision.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.time_zones import zone_of
from flightsched_pipelines.durations import HOUR

Row = Mapping[Any, Any]

TOLD_BOOKING_COLUMNS = ("training_level", "solo", "starts_at_utc", "ends_at_utc", "time_zone", "aircraft_type")
"""Columns of a booking that its explanation uses."""

PREFIXES = {"at_risk": "At risk", "watch": "Watch", "unknown": "Unknown"}

NAMES = {
    "visibility": "visibility",
    "ceiling": "ceiling",
    "wind": "wind",
    "gust": "wind with gusts",
    "gust_spread": "gust spread",
    "crosswind": "crosswind",
    "aircraft_crosswind": "crosswind",
    "thunderstorm": "convection",
    "icing": "icing",
    "wind_shear": "low-level wind shear",
}
ELEMENT_NAMES = {"weather": "present weather", "thunderstorm": "thunderstorms"}
PILOTS = {
    "student_pilot": "student pilots",
    "private_pilot": "private pilots",
    "instrument_rated": "instrument-rated pilots",
}
AT_LEAST = ("visibility", "ceiling")

MAX_SENTENCES = 4
"""A person reads the gravest few; the table of broken rules has the rest."""


def explain(booking: Row, rows: Sequence[Row], verdict: str) -> str:
    """Return the reason for a booking's verdict, in one sentence.

    Args:
        booking: one booking, ``TOLD_BOOKING_COLUMNS`` at least.
        rows: its broken rules, the gravest first; for ``ok``, how far each limit is (`breaches.findings`).
        verdict: the booking's verdict.
    """
    if verdict == "ok":
        return f"Nothing in the forecast is below the school's minimums{_closest(booking, rows)}."
    sentences = [_SENTENCES.get(str(row["rule"]), _measured)(row, booking) for row in rows[:MAX_SENTENCES]]
    untold = len(rows) - len(sentences)
    if untold:
        sentences.append(f"Besides these, {untold} more.")
    return f"{PREFIXES[verdict]}: " + " ".join([*sentences[:1], *map(_capitalised, sentences[1:])])


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


def _closest(booking: Row, rows: Sequence[Row]) -> str:
    measured = [row for row in rows if not pd.isna(row["margin"]) and row["rule"] != "daylight"]
    if not measured:
        return ""
    row = min(measured, key=lambda row: row["relative_margin"])
    return (
        f"; the closest is {_value(row)} at {row['airport']}, {_hour(row, booking)} ({_source(row)}), "
        f"against {_whose(row, booking)} of {_amount(row['limit_value'], row['unit'])}"
    )


def _measured(row: Row, booking: Row) -> str:
    below = row["rule"] in AT_LEAST
    begins = f"{_value(row)} at {row['airport']}, {_hour(row, booking)} ({_source(row)}), is "
    often = "" if row["layer"] == "prevailing" else "at times "
    limit = f"{_whose(row, booking)} of {_amount(row['limit_value'], row['unit'])}{_for_whom(row, booking)}"
    short = abs(float(row["margin"]))
    if not short:
        return f"{begins}{often}only {limit}, and must be {'more' if below else 'less'}."
    return f"{begins}{often}{'below' if below else 'above'} {limit} by {_amount(short, row['unit'])}."


def _hazard(row: Row, booking: Row) -> str:
    often = "" if row["layer"] == "prevailing" else "at times "
    return (
        f"{often}{NAMES[row['rule']]} ({row['hazard']}) at {row['airport']}, {_hour(row, booking)} ({_source(row)}); "
        f"{_whose(row, booking, plural=True)} allow none."
    )


def _daylight(row: Row, booking: Row) -> str:
    minutes = f"{abs(float(row['value'])):.0f} min"
    whom = _for_whom(row, booking)
    if row["hazard"] == "before sunrise":
        return (
            f"departure from {row['airport']}, {_clock(booking['starts_at_utc'], booking)}, is {minutes} before "
            f"sunrise; {_whose(row, booking, plural=True)}{whom} allow daylight only."
        )
    side = "before" if row["value"] >= 0 else "after"
    limit = f"{float(row['limit_value']):.0f} min before sunset"
    return (
        f"landing at {row['airport']}, {_clock(booking['ends_at_utc'], booking)}, is {minutes} {side} sunset; "
        f"{_whose(row, booking)}{whom} is {limit}."
    )


def _forecast(row: Row, booking: Row) -> str:
    if not pd.isna(row["reference"]):
        return f"a row that it depends on cannot be read, and must be mended: {row['reference']}."
    lack = [ELEMENT_NAMES.get(name, name) for name in str(row["hazard"]).split(", ")]
    since = _clock(row["hour_utc"], booking)
    if "minimums" in lack:
        return "no minimums are on record for this lesson."
    if "no forecast" in lack:
        return f"no forecast reaches {row['airport']} for {since}."
    if "sunset" in lack:
        return f"sunrise and sunset at {row['airport']} are not known for {since}."
    return f"the forecast for {row['airport']} does not say, from {since}: {', '.join(lack)}."


_SENTENCES: Mapping[str, Callable[[Row, Row], str]] = {
    "thunderstorm": _hazard,
    "icing": _hazard,
    "wind_shear": _hazard,
    "daylight": _daylight,
    "forecast": _forecast,
}


def _value(row: Row) -> str:
    why = "" if pd.isna(row["hazard"]) else f" ({row['hazard']}, so the full wind counts)"
    return f"{NAMES[row['rule']]} {_amount(row['value'], row['unit'])}{why}"


def _amount(value: float, unit: str) -> str:
    if unit in {"ft", "min"}:
        return f"{value:,.0f} {unit}"
    return f"{round(float(value), 1 if unit == 'kt' else 2):g} {unit}"


def _whose(row: Row, booking: Row, *, plural: bool = False) -> str:
    """Name the source of the limit, as far as the row gives it."""
    word = "maximum" if row["unit"] == "kt" else "minimum"
    if row["rule"] == "aircraft_crosswind":
        return f"the demonstrated crosswind of the {booking['aircraft_type']}"
    if row.get("authority") == "field":
        return f"the {row['reference']}"
    if row.get("authority") == "regulation":
        return f"the {word} of {row['reference']}"
    return f"the school's {'minimums' if plural else word}"


def _for_whom(row: Row, booking: Row) -> str:
    if row["rule"] == "aircraft_crosswind":
        return ""
    return f" for {PILOTS[booking['training_level']]}{' flying solo' if booking['solo'] else ''}"


def _source(row: Row) -> str:
    station, distance = row["station"], row.get("station_distance_nm")
    at = f"{station}" if station == row["airport"] or pd.isna(distance) else f"{station}, {distance:.0f} NM away"
    if row["source"] == "TAF":
        probability = row.get("probability")
        percent = "" if pd.isna(probability) else f" {probability} %"
        return f"{row['change']}{percent} group of the TAF of {at}"
    return f"{row['source']} of {at}"


def _hour(row: Row, booking: Row) -> str:
    return _hour_from(row["hour_utc"], str(booking["time_zone"]))


def _clock(time: datetime, booking: Row) -> str:
    return _clock_at(time, str(booking["time_zone"]))


@lru_cache(maxsize=10_000)
def _hour_from(hour: datetime, time_zone: str) -> str:
    starts, ends = (time.astimezone(zone_of(time_zone)) for time in (hour, hour + HOUR))
    first_zone = f" {_zone(starts)}" if _zone(starts) != _zone(ends) else ""
    return f"{_day(starts)} {starts:%H:%M}{first_zone}-{ends:%H:%M} {_zone(ends)}"


@lru_cache(maxsize=10_000)
def _clock_at(time: datetime, time_zone: str) -> str:
    local = time.astimezone(zone_of(time_zone))
    return f"{_day(local)} {local:%H:%M} {_zone(local)}"


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b}"


def _zone(local: datetime) -> str:
    """The zone's own name, or its offset where it has none."""
    name = f"{local:%Z}"
    return name if name.isalpha() else f"UTC{name}"
