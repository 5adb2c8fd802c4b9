"""Advise of carburettor icing, from temperature and dew point. It is advice: no verdict depends on it.

It is most likely below 70 °F with a relative humidity above 80 percent, and possible up to 100 °F from 50 percent on
(PHAK, FAA-H-8083-25C, chapter 7). Below 20 °F the air is too dry for it (FAA SAIB CE-09-35).
"""

import math
from collections.abc import Collection
from datetime import datetime
from typing import Literal

import pandas as pd

from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_period

Risk = Literal["likely", "possible"]

COLDEST_C, WARMEST_LIKELY_C, WARMEST_C = -7.0, 21.0, 38.0
LIKELY_PERCENT, POSSIBLE_PERCENT = 80.0, 50.0


def relative_humidity_percent(temperature_c: float, dewpoint_c: float) -> float:
    """Return the relative humidity by Magnus' formula (WMO-No. 8, annex 4.B)."""
    return 100 * math.exp(17.62 * dewpoint_c / (243.12 + dewpoint_c) - 17.62 * temperature_c / (243.12 + temperature_c))


def carburettor_icing(temperature_c: float, dewpoint_c: float) -> Risk | None:
    """Return how likely a carburettor ices, ``None`` where it does not or where a value is NaN."""
    if math.isnan(temperature_c) or math.isnan(dewpoint_c) or not COLDEST_C <= temperature_c <= WARMEST_C:
        return None
    humidity = relative_humidity_percent(temperature_c, dewpoint_c)
    if humidity >= LIKELY_PERCENT and temperature_c <= WARMEST_LIKELY_C:
        return "likely"
    return "possible" if humidity >= POSSIBLE_PERCENT else None


def icing_advice(
    forecasts: pd.DataFrame, airports: Collection[str], starts_at_utc: datetime, ends_at_utc: datetime, time_zone: str
) -> str | None:
    """Return a sentence on the hour of a lesson in which its carburettor ices most likely; ``None`` for none.

    Args:
        forecasts: rows that govern (``FORECAST_COLUMNS``).
        airports: those of the lesson.
        starts_at_utc: start of the lesson.
        ends_at_utc: its end.
        time_zone: in which the hour is told.
    """
    during = (forecasts["hour_utc"] > starts_at_utc - HOUR) & (forecasts["hour_utc"] < ends_at_utc)
    rows = forecasts[during & forecasts["airport"].isin(list(airports))].sort_values(["hour_utc", "airport"])
    for risk in ("likely", "possible"):
        for airport, hour, temperature_c, dewpoint_c in zip(
            rows["airport"], rows["hour_utc"], rows["outside_air_temperature_c"], rows["outside_air_dewpoint_c"],
            strict=True,
        ):  # fmt: skip
            if carburettor_icing(temperature_c, dewpoint_c) == risk:
                period = format_period(hour.to_pydatetime(), hour.to_pydatetime() + HOUR, time_zone)
                air = f"{temperature_c:.0f} °C with a dew point of {dewpoint_c:.0f} °C"
                return f"Carburettor icing is {risk}: {air} at {airport}, {period}."
    return None
