"""Words for a verdict, for dispatchers and students: what, where, when, by whom, against which minimum."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.breach_text import Breach, breach_of, breach_sentence, limit_of_whom, rule_name
from flightsched_pipelines.domain.risk.breach_text import forecast_value as value_of
from flightsched_pipelines.formatting import format_period

Row = Mapping[Any, Any]

TOLD_BOOKING_COLUMNS = ("training_level", "solo", "time_zone")
"""Columns of a booking that its explanation uses."""

PREFIXES = {"at_risk": "At risk", "watch": "Watch", "unknown": "Unknown"}

PILOTS = {
    "student_pilot": "student pilots",
    "private_pilot": "private pilots",
    "instrument_rated": "instrument-rated pilots",
}

MAX_SENTENCES = 4
"""A person reads the gravest few; the table of breaches has the rest."""


def explain(booking: Row, rows: Sequence[Row], verdict: str) -> str:
    """Return why a booking has its verdict.

    Args:
        booking: one booking, ``TOLD_BOOKING_COLUMNS`` at least.
        rows: its breaches (``BROKEN_COLUMNS``), the gravest first; for ``ok``, how far each limit is
            (`breaches.findings`).
        verdict: the booking's verdict.
    """
    if verdict == "ok":
        return f"Nothing in the forecast is below the school's minimums{_closest(booking, rows)}."
    pilots = f"{PILOTS[booking['training_level']]}{' flying solo' if booking['solo'] else ''}"
    zone = str(booking["time_zone"])
    words = " ".join(
        breach_sentence(breach_of(row), zone, pilots=pilots, source=_source(row)) for row in rows[:MAX_SENTENCES]
    )
    untold = len(rows) - MAX_SENTENCES
    more = f" Besides these, {untold} more." if untold > 0 else ""
    return f"{PREFIXES[verdict]}: {words[:1].lower()}{words[1:]}{more}"


def _closest(booking: Row, rows: Sequence[Row]) -> str:
    measured = [row for row in rows if not pd.isna(row["margin"]) and row["rule"] != "daylight"]
    if not measured:
        return ""
    row = min(measured, key=lambda row: row["relative_margin"])
    breach: Breach = breach_of(row)
    when = format_period(breach.from_utc, breach.to_utc, str(booking["time_zone"]))
    return (
        f"; the closest is {rule_name(breach).lower()} {value_of(breach)} at {breach.airport}, {when} "
        f"({_source(row)}), against {limit_of_whom(breach)}"
    )


def _source(row: Row) -> str:
    if pd.isna(row["station"]):
        return ""
    station, distance = row["station"], row["station_distance_nm"]
    at = f"{station}" if station == row["airport"] or pd.isna(distance) else f"{station}, {distance:.0f} NM away"
    if row["source"] == "TAF":
        percent = "" if pd.isna(row["probability"]) else f" {row['probability']} %"
        return f"{row['change']}{percent} group of the TAF of {at}"
    return f"{row['source']} of {at}"
