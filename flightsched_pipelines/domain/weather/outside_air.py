"""Fill in the air that density altitude follows from: temperature and altimeter setting of each airport and hour.

A TAF has neither. The temperature of the running hour is the METAR's; of later hours that of NBH, then NBS, then One
Call, and where none of them is due, the METAR's for one hour more. The altimeter setting is the METAR's for every hour:
none of these sources forecasts it, and pilots set the last one reported. An airport that issues no METARs takes the
nearest one's within 100 NM, as 14 CFR 91.121(a) lets pilots do.

A station of guidance that is higher than the airport is colder: its temperature is raised by the standard lapse rate.
One that is lower keeps its own, which is the worse.

The choice rests on which reports are due, not on which came: if the one that is due lacks the value, it is missing. An
older or another source might make a verdict better.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.weather.distances import distances_nm

ALTIMETER_WITHIN_NM = 100.0
"""The greatest distance of a station whose altimeter setting is used (14 CFR 91.121(a)(1)(i))."""

LAPSE_C_PER_FT = 0.00198
"""Decrease of the temperature with height in the standard atmosphere (ICAO Doc 7488): 1.98 °C in 1,000 ft."""

METAR_LASTS = pd.Timedelta(hours=1)
"""The time after its hour in which a METAR's temperature is used where no forecast of it is due."""

_ORDER: Mapping[str, int] = MappingProxyType({"METAR": 0, "NBH": 1, "NBS": 2, "OpenWeatherMap": 3})
_PLACE = ["airport", "hour_utc"]
_AIR = ["outside_air_temperature_c", "outside_air_dewpoint_c"]


def with_outside_air(forecasts: pd.DataFrame, airports: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """Return a forecast with temperature, dew point and altimeter setting of each airport and hour in its rows.

    Args:
        forecasts: ``FORECAST_COLUMNS``; the columns of the outside air contain what each report itself gives.
        airports: ident, position and elevation.
        stations: ident and elevation of the stations of guidance, airports included.
    """
    own = forecasts[(forecasts["layer"] == "prevailing") & forecasts["source"].isin(_ORDER)]
    warmer_c = _above_ft(own, stations).clip(lower=0) * LAPSE_C_PER_FT
    own = own.assign(outside_air_temperature_c=own["outside_air_temperature_c"] + warmer_c)
    observed = own[own["source"] == "METAR"]
    last = observed[observed["hour_utc"] == observed.groupby("airport")["hour_utc"].transform("max")]
    altimeter = forecasts["airport"].map(_altimeters(last, airports))
    keys = pd.MultiIndex.from_frame(forecasts[_PLACE])
    air = _air(own, last).reindex(keys)
    return forecasts.assign(
        **{name: air[name].to_numpy(dtype=np.float64) for name in _AIR},
        altimeter_hpa=altimeter.to_numpy(dtype=np.float64, na_value=np.nan),
    )


def _above_ft(own: pd.DataFrame, stations: pd.DataFrame) -> "pd.Series[float]":
    """Return how far each row's station is above its airport; not a number if that is not known."""
    elevations_ft = dict(zip(stations["airport"].astype(str), stations["elevation_ft"].astype(float), strict=True))
    here, there = own["airport"].astype(str), own["station"].astype(str)
    above_ft = there.map(elevations_ft).astype(np.float64) - here.map(elevations_ft).astype(np.float64)
    return above_ft.where(here != there, 0.0)


def _altimeters(last: pd.DataFrame, airports: pd.DataFrame) -> Mapping[str, float]:
    """Return the lowest altimeter setting of the newest METARs by airport; of those without one the nearest's."""
    # What is missing may be the lowest.
    lowest = last["altimeter_hpa"].fillna(-np.inf).groupby(last["airport"]).min().replace(-np.inf, np.nan)
    of_station = {str(ident): float(hpa) for ident, hpa in lowest.items()}
    issuing = airports[airports["airport"].isin(list(of_station))]
    if issuing.empty:
        return {}
    away = distances_nm(airports, issuing)
    nearest = away.argmin(axis=1)
    return {
        str(ident): of_station.get(str(ident), of_station[str(issuing["airport"].iloc[there])])
        for ident, there, distance in zip(airports["airport"], nearest, away.min(axis=1), strict=True)
        if str(ident) in of_station or distance <= ALTIMETER_WITHIN_NM
    }


def _air(own: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Return temperature and dew point by airport and hour: the highest in the first source that is due."""
    rows = own[[*_PLACE, *_AIR]].assign(order=own["source"].map(dict(_ORDER)).astype("int64"))
    later = last[[*_PLACE, *_AIR]].assign(order=len(_ORDER), hour_utc=last["hour_utc"] + METAR_LASTS)
    rows = pd.concat([rows, later], ignore_index=True)
    rows = rows[rows["order"] == rows.groupby(_PLACE)["order"].transform("min")]
    # What is missing may be the highest.
    highest = rows[_AIR].fillna(np.inf).groupby([rows[name] for name in _PLACE]).max()
    return highest.replace(np.inf, np.nan)
