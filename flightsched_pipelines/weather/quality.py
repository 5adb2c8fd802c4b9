"""Whether a forecast frame can be believed: values within the atmosphere's range, and every airport covered."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import pandas as pd

PLAUSIBLE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "wind_direction_deg": (0, 360),
        "wind_speed_kt": (0, 150),
        "wind_gust_kt": (0, 220),
        "visibility_sm": (0, 100),
        "ceiling_ft": (0, 60_000),
        "temperature_c": (-90, 60),
        "dewpoint_c": (-100, 40),
        "station_distance_nm": (0, 200),
        "lead_minutes": (-24 * 60, 10 * 24 * 60),
    }
)
"""Ranges outside which a value was read in a wrong unit; 220 kt is the WMO's record of a surface gust (1996)."""


def implausible(forecasts: pd.DataFrame) -> list[str]:
    """A sentence for every value outside its plausible range, and every gust below its wind."""
    sentences: list[str] = []
    for column, (least, most) in PLAUSIBLE.items():
        values = forecasts[column]
        for _, row in forecasts[values.notna() & ~values.between(least, most)].iterrows():
            sentences.append(f"{column} is {row[column]:g} at {row['airport']}, {row['hour_utc']:%d %b %H}Z")
    below = forecasts[forecasts["wind_gust_kt"] < forecasts["wind_speed_kt"]]
    for _, row in below.iterrows():
        sentences.append(f"wind_gust_kt is below wind_speed_kt at {row['airport']}, {row['hour_utc']:%d %b %H}Z")
    return sentences


def uncovered(forecasts: pd.DataFrame, airports: Iterable[str], hour_utc: datetime, hours: int = 24) -> list[str]:
    """The airports that lack a readable governing forecast for any of the next ``hours`` hours, sorted."""
    last = hour_utc + timedelta(hours=hours)
    due = forecasts[forecasts["governs"] & (forecasts["hour_utc"] >= hour_utc) & (forecasts["hour_utc"] < last)]
    unreadable = set(due.loc[due["missing"].str.len() > 0, "airport"])
    prevailing = due[due["layer"] == "prevailing"]
    hours_known = prevailing.groupby("airport")["hour_utc"].nunique()
    return sorted(ident for ident in airports if ident in unreadable or int(hours_known.get(ident, 0)) < hours)
