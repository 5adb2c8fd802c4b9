"""Write the simulated weather as METARs and TAFs in the Aviation Weather Center's JSON.

The raw text and the decoded fields of a report agree, as the Center's do.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from zlib import crc32

from flightsched_pipelines.clients.weather.simulation.atmosphere import Air, Passing, SimulatedConditions, conditions_at
from flightsched_pipelines.domain.weather.conditions import flight_category
from flightsched_pipelines.durations import HOUR, hour_of

_OBSERVED_EARLY = timedelta(minutes=7)
_SPECIAL_EARLY = timedelta(minutes=40)
_ISSUED_EARLY = timedelta(minutes=20)
_PROBABILITY = 30
_HPA_PER_INHG = 33.8639
_VISIBILITY_WORDS = {0.25: "1/4SM", 0.5: "1/2SM", 2: "2SM", 3: "3SM"}


@dataclass(frozen=True, slots=True)
class Station:
    """An airport, as a report names it."""

    ident: str
    name: str
    latitude_deg: float
    longitude_deg: float
    elevation_ft: float


def metar(station: Station, hour_utc: datetime) -> dict[str, Any]:
    """Return the routine METAR taken at seven minutes to ``hour_utc``."""
    observed = hour_utc - _OBSERVED_EARLY
    return _observation(station, "METAR", observed, conditions_at(station.ident, station.longitude_deg, observed))


def speci(station: Station, hour_utc: datetime) -> dict[str, Any] | None:
    """Return the SPECI of the hour before ``hour_utc``: temporary weather that came, in every second such hour."""
    observed = hour_utc - _SPECIAL_EARLY
    sky = conditions_at(station.ident, station.longitude_deg, observed)
    if sky.passing is None or crc32(f"{station.ident} {observed:%d%H}".encode()) % 2:
        return None
    return _observation(station, "SPECI", observed, replace(sky, air=sky.passing.air))


def _observation(
    station: Station, kind: Literal["METAR", "SPECI"], observed: datetime, sky: SimulatedConditions
) -> dict[str, Any]:
    air = sky.air
    altimeter_inhg = 29.75 if "TS" in air.weather else 30.02
    reported = {
        "icaoId": station.ident,
        "receiptTime": _iso(observed + timedelta(minutes=3)),
        "obsTime": int(observed.timestamp()),
        "reportTime": _iso(hour_of(observed + HOUR / 2)),
        "temp": sky.temperature_c,
        "dewp": sky.dewpoint_c,
        "wdir": air.wind_direction_deg,
        "wspd": air.wind_speed_kt,
        "wgst": air.wind_gust_kt,
        "visib": "10+" if air.visibility_sm is None else air.visibility_sm,
        "altim": round(altimeter_inhg * _HPA_PER_INHG, 1),
        "qcField": 4,
        "wxString": air.weather or None,
        "vertVis": _hundreds(air.vertical_visibility_ft),
        "metarType": kind,
        "rawOb": _metar_words(kind, station.ident, observed, sky, altimeter_inhg),
        **_place(station),
        "cover": _greatest_cover(air),
        "clouds": [{"cover": cloud["cover"], "base": cloud["base"]} for cloud in _clouds(air)],
        "fltCat": flight_category(_ceiling_ft(air), 10 if air.visibility_sm is None else air.visibility_sm),
    }
    # A METAR omits what was not observed; a TAF has null.
    return {name: value for name, value in reported.items() if value is not None}


def taf(station: Station, hour_utc: datetime) -> dict[str, Any]:
    """Return the TAF in force at ``hour_utc``: issued for 00, 06, 12 or 18Z, for 24 hours or, at some airports, 30."""
    begins = hour_utc.replace(hour=hour_utc.hour // 6 * 6, minute=0, second=0, microsecond=0)
    ends = begins + (30 if crc32(station.ident.encode()) % 3 == 0 else 24) * HOUR
    issued = begins - _ISSUED_EARLY
    words = [f"TAF {station.ident} {issued:%d%H%M}Z {_day_and_hour(begins)}/{_until(ends)}"]
    groups: list[dict[str, Any]] = []
    for starts, stops, air, passing in _spells(station, begins, ends):
        groups.append(_group(starts, stops, "FM" if groups else None, air))
        words.append(f"FM{starts:%d%H%M} {_words(air)}" if starts > begins else _words(air))
        if passing is not None:
            groups.append(_group(starts, stops, passing.change, passing.air))
            change = f"PROB{_PROBABILITY}" if passing.change == "PROB" else passing.change
            words.append(f"{change} {_day_and_hour(starts)}/{_until(stops)} {_words(passing.air)}")
    return {
        "icaoId": station.ident,
        "dbPopTime": _iso(issued + timedelta(seconds=13)),
        "bulletinTime": _iso(issued),
        "issueTime": _iso(issued),
        "validTimeFrom": int(begins.timestamp()),
        "validTimeTo": int(ends.timestamp()),
        "rawTAF": " ".join(words),
        "mostRecent": 1,
        "remarks": "",
        **_place(station),
        "prior": 0,
        "fcsts": groups,
    }


def _spells(station: Station, begins: datetime, ends: datetime) -> list[tuple[datetime, datetime, Air, Passing | None]]:
    """The runs of hours with the same weather, in order."""
    hours = [begins + n * HOUR for n in range((ends - begins) // HOUR)]
    skies = [(hour, conditions_at(station.ident, station.longitude_deg, hour)) for hour in hours]
    spells: list[tuple[datetime, datetime, Air, Passing | None]] = []
    for (air, passing), run in groupby(skies, key=lambda dated: (dated[1].air, dated[1].passing)):
        of_run = [hour for hour, _ in run]
        spells.append((of_run[0], of_run[-1] + HOUR, air, passing))
    return spells


def _group(starts: datetime, stops: datetime, change: str | None, air: Air) -> dict[str, Any]:
    return {
        "timeFrom": int(starts.timestamp()),
        "timeTo": int(stops.timestamp()),
        "timeBec": None,
        "fcstChange": change,
        "probability": _PROBABILITY if change == "PROB" else None,
        "wdir": air.wind_direction_deg,
        "wspd": air.wind_speed_kt,
        "wgst": air.wind_gust_kt,
        "wshearHgt": None,
        "wshearDir": None,
        "wshearSpd": None,
        "visib": "6+" if air.visibility_sm is None else air.visibility_sm,
        "altim": None,
        # A METAR gives vertical visibility in hundreds of feet, and the layer's base; a TAF in feet, without a base.
        "vertVis": air.vertical_visibility_ft,
        "wxString": air.weather or None,
        "notDecoded": None,
        "clouds": [{**cloud, "base": None} if cloud["cover"] == "OVX" else cloud for cloud in _clouds(air)]
        or [{"cover": "SKC", "base": None, "type": None}],
        "icgTurb": [],
        "temp": [],
    }


def _metar_words(kind: str, ident: str, observed: datetime, sky: SimulatedConditions, altimeter_inhg: float) -> str:
    words = _words(sky.air).replace("P6SM", "10SM").replace("SKC", "CLR")
    temperatures = f"{_whole(sky.temperature_c)}/{_whole(sky.dewpoint_c)}"
    tenths = f"T{_tenths(sky.temperature_c)}{_tenths(sky.dewpoint_c)}"
    return f"{kind} {ident} {observed:%d%H%M}Z {words} {temperatures} A{altimeter_inhg * 100:.0f} RMK AO2 {tenths}"


def _words(air: Air) -> str:
    gust = "" if air.wind_gust_kt is None else f"G{air.wind_gust_kt:02d}"
    wind = f"{air.wind_direction_deg:03d}{air.wind_speed_kt:02d}{gust}KT"
    visibility = "P6SM" if air.visibility_sm is None else _VISIBILITY_WORDS[air.visibility_sm]
    clouds = [f"{layer.cover}{layer.base_ft // 100:03d}{layer.type or ''}" for layer in air.layers]
    if air.vertical_visibility_ft is not None:
        clouds = [f"VV{air.vertical_visibility_ft // 100:03d}"]
    return " ".join(word for word in (wind, visibility, air.weather, *(clouds or ["SKC"])) if word)


def _clouds(air: Air) -> list[dict[str, Any]]:
    if air.vertical_visibility_ft is not None:
        return [{"cover": "OVX", "base": air.vertical_visibility_ft, "type": None}]
    return [{"cover": layer.cover, "base": layer.base_ft, "type": layer.type} for layer in air.layers]


def _greatest_cover(air: Air) -> str:
    covers = [cloud["cover"] for cloud in _clouds(air)]
    return max(covers, key=("FEW", "SCT", "BKN", "OVC", "OVX").index, default="CLR")


def _ceiling_ft(air: Air) -> int | None:
    if air.vertical_visibility_ft is not None:
        return air.vertical_visibility_ft
    return min((layer.base_ft for layer in air.layers if layer.cover in {"BKN", "OVC"}), default=None)


def _place(station: Station) -> dict[str, Any]:
    return {
        "lat": station.latitude_deg,
        "lon": station.longitude_deg,
        "elev": round(station.elevation_ft * 0.3048),
        "name": station.name,
    }


def _hundreds(feet: int | None) -> int | None:
    return None if feet is None else feet // 100


def _whole(celsius: int) -> str:
    return f"{'M' if celsius < 0 else ''}{abs(celsius):02d}"


def _tenths(celsius: int) -> str:
    return f"{'1' if celsius < 0 else '0'}{abs(celsius) * 10:03d}"


def _day_and_hour(time: datetime) -> str:
    return f"{time:%d%H}"


def _until(time: datetime) -> str:
    """A period that ends at midnight ends in the 24th hour of the day before."""
    return f"{time - HOUR:%d}24" if time.hour == 0 else _day_and_hour(time)


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.000Z"
