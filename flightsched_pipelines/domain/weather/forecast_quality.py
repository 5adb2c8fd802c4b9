"""Check a forecast frame: plausible values and changes, covered airports, agreement of sources."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.domain.weather.conditions import ELEMENTS
from flightsched_pipelines.domain.weather.guidance.governing_guidance import stands_beside
from flightsched_pipelines.formatting import format_utc

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
    """Return a sentence for every value outside its plausible range, and every gust below its wind."""
    sentences: list[str] = []
    for column, (least, most) in PLAUSIBLE.items():
        values = forecasts[column]
        for _, row in forecasts[values.notna() & ~values.between(least, most)].iterrows():
            sentences.append(f"{column} is {row[column]:g} at {row['airport']}, {format_utc(row['hour_utc'])}")
    below = forecasts[forecasts["wind_gust_kt"] < forecasts["wind_speed_kt"]]
    for _, row in below.iterrows():
        sentences.append(f"wind_gust_kt is below wind_speed_kt at {row['airport']}, {format_utc(row['hour_utc'])}")
    return sentences


REQUIRED_COLUMNS = (
    "airport", "hour_utc", "layer", "change", "governs", "missing", "source", "age_minutes", "temperature_c",
    "dewpoint_c", "wind_speed_kt", "flight_category", "station", "unread",
)  # fmt: skip
"""The columns of a forecast that the functions below need."""


def uncovered(forecasts: pd.DataFrame, airports: Iterable[str], hour_utc: datetime, hours: int = 24) -> list[str]:
    """Return the airports that lack a readable governing forecast for any of the next ``hours`` hours, sorted."""
    last = hour_utc + timedelta(hours=hours)
    due = forecasts[forecasts["governs"] & (forecasts["hour_utc"] >= hour_utc) & (forecasts["hour_utc"] < last)]
    unreadable = set(due.loc[due["missing"].str.len() > 0, "airport"])
    prevailing = due[due["layer"] == "prevailing"]
    hours_known = prevailing.groupby("airport")["hour_utc"].nunique()
    return sorted(ident for ident in airports if ident in unreadable or int(hours_known.get(ident, 0)) < hours)


def unread_words(*frames: pd.DataFrame) -> tuple[list[str], int, int]:
    """Return the words of reports that were not understood.

    Args:
        frames: forecasts and observations, with their ``station`` and ``unread``.

    Returns:
        A sentence for each station that has any, the number of words, and the number of stations examined.
    """
    rows = pd.concat([frame[["station", "unread"]] for frame in frames], ignore_index=True)
    words = rows.explode("unread").dropna().drop_duplicates().sort_values(["station", "unread"])
    by_station = words.groupby("station")["unread"]
    sentences = [f"{station}: {len(found)} ({'; '.join(found)})" for station, found in by_station]
    return sentences, len(words), int(rows["station"].nunique())


JUMPS: Mapping[str, float] = MappingProxyType({"temperature_c": 15, "dewpoint_c": 20, "wind_speed_kt": 40})
"""Larger changes from one hour to the next are rarer in weather than a changed unit or station, in the unit."""

FAR_APART_KT = 20
FAR_APART_CATEGORIES = 2
CATEGORIES: Mapping[str, int] = MappingProxyType({"VFR": 0, "MVFR": 1, "IFR": 2, "LIFR": 3})


def oldest_taf_hours(forecasts: pd.DataFrame) -> tuple[float, int]:
    """Return the age in hours of the oldest TAF that governs at the partition's hour, and its number of airports."""
    readable = _readable(forecasts)
    tafs = readable[readable["governs"] & (readable["source"] == "TAF") & readable["age_minutes"].notna()]
    return (float(tafs["age_minutes"].max()) / 60 if len(tafs) else 0.0), int(tafs["airport"].nunique())


def jumps(forecasts: pd.DataFrame, observed: pd.DataFrame, observed_before: pd.DataFrame) -> tuple[list[str], int]:
    """Return implausible changes: between hours of one source's forecast, and between successive METARs.

    Returns:
        A sentence for each, and the number of pairs of hours compared.
    """
    prevailing = _readable(forecasts[forecasts["governs"] & (forecasts["layer"] == "prevailing")])
    spoken = pd.concat([prevailing, observed, observed_before], ignore_index=True)
    spoken = spoken.drop_duplicates(["airport", "source", "hour_utc"]).sort_values(["airport", "source", "hour_utc"])
    before = spoken.groupby(["airport", "source"])[["hour_utc", *JUMPS]].shift()
    next_hour = spoken["hour_utc"] - before["hour_utc"] == pd.Timedelta(hours=1)
    found: list[str] = []
    for column, most in JUMPS.items():
        by = (spoken[column] - before[column]).abs()
        for row in spoken.assign(by=by)[next_hour & (by > most)].to_dict("records"):
            place = f"{row['airport']}, {format_utc(row['hour_utc'])} ({row['source']})"
            found.append(f"{column} changes by {row['by']:g} in an hour at {place}")
    return found, int(next_hour.sum())


def contradictions(forecasts: pd.DataFrame) -> tuple[list[str], int]:
    """Return airport-hours at which two sources contradict each other: 20 kt of wind, or two flight categories, apart.

    Returns:
        A sentence for each, and the number of pairs of sources compared.
    """
    prevailing = _readable(forecasts[(forecasts["layer"] == "prevailing") & ~stands_beside(forecasts)])
    prevailing = prevailing.drop_duplicates(["airport", "hour_utc", "source"])
    said = prevailing[["airport", "hour_utc", "source", "wind_speed_kt"]].assign(
        category=prevailing["flight_category"].map(CATEGORIES).astype("float64")  # of no rows it would be text
    )
    pairs = said.merge(said, on=["airport", "hour_utc"], suffixes=("", "_other"))
    pairs = pairs[pairs["source"] < pairs["source_other"]]
    wind = (pairs["wind_speed_kt"] - pairs["wind_speed_kt_other"]).abs() > FAR_APART_KT
    category = (pairs["category"] - pairs["category_other"]).abs() >= FAR_APART_CATEGORIES
    return [
        f"{row['source']} and {row['source_other']} at {row['airport']}, {format_utc(row['hour_utc'])}"
        for row in pairs[wind | category].to_dict("records")
    ], len(pairs)


def _readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without those of reports that did not come or cannot be read."""
    return rows[rows["missing"].str.len() < len(ELEMENTS)]
