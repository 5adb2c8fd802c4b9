"""Compute sunrise, sunset and civil twilight, by solar day.

A solar day is ``floor((utc + longitude * 4 min) / 1 day)``: noon is in its middle at every longitude, so neither time
zones nor daylight saving time matter.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any

import pandas as pd
from astral import Observer
from astral.sun import dawn, dusk, elevation, sunrise, sunset

from flightsched_pipelines.durations import DAY

SUN_COLUMNS = ("airport", "solar_date", "dawn_utc", "sunrise_utc", "sunset_utc", "dusk_utc")

SUNRISE_DEG = -0.833
"""Elevation of the sun's centre when its upper edge touches the horizon, refraction included."""

TWILIGHT_DEG = -6.0
"""End of civil twilight, and so the beginning of night (14 CFR 1.1)."""


def sun_table(airports: pd.DataFrame, first_day: date, days: int) -> pd.DataFrame:
    """Return the sun times of each airport for ``days`` solar days from ``first_day``, one row an airport and day.

    ``dawn_utc`` and ``dusk_utc`` bound civil twilight. If the sun does not cross the horizon that day, they span the
    whole solar day when it stays above and are NaT when it stays below. An airport without a position has no rows.
    """
    known = airports.dropna(subset=["latitude_deg", "longitude_deg"])
    places = zip(known["airport"], known["latitude_deg"], known["longitude_deg"], strict=True)
    rows = [row for place in places for row in suns_over(*place, first_day, days)]
    table = pd.DataFrame(rows, columns=list(SUN_COLUMNS)).astype({"airport": "str"})
    for column in SUN_COLUMNS[2:]:
        table[column] = pd.to_datetime(table[column], utc=True).astype("datetime64[us, UTC]")
    return table


def suns_over(
    airport: str, latitude_deg: float, longitude_deg: float, first_day: date, days: int
) -> Iterator[tuple[Any, ...]]:
    """Yield the sun times of one airport: rows of `sun_table`, ``None`` for NaT."""
    for day in (first_day + timedelta(days=n) for n in range(days)):
        yield str(airport), day, *_crossings(float(latitude_deg), float(longitude_deg), day)


@lru_cache(maxsize=100_000)  # the steps of a run ask for the same days
def _crossings(latitude_deg: float, longitude_deg: float, day: date) -> tuple[datetime | None, ...]:
    observer = Observer(latitude_deg, longitude_deg)
    solar = timezone(timedelta(minutes=round(4 * longitude_deg)))
    midnight = datetime.combine(day, time(), solar)

    def crossing(event: Callable[..., datetime], horizon_deg: float, if_always_above: datetime) -> datetime | None:
        try:
            return event(observer, day, tzinfo=solar)
        except ValueError:  # astral raises this when the sun does not cross this horizon on this day
            above = elevation(observer, midnight + timedelta(hours=12)) > horizon_deg
            return if_always_above if above else None

    next_midnight = midnight + DAY
    return (
        crossing(dawn, TWILIGHT_DEG, midnight),
        crossing(sunrise, SUNRISE_DEG, midnight),
        crossing(sunset, SUNRISE_DEG, next_midnight),
        crossing(dusk, TWILIGHT_DEG, next_midnight),
    )
