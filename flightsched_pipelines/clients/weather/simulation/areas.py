"""Simulated hazard areas: a squall line under a convective SIGMET, and what follows it under G-AIRMETs."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from flightsched_pipelines.clients.weather.request_specs import (
    AVIATION_WEATHER_CENTER,
    RequestSpec,
    area_request,
    response_to,
)
from flightsched_pipelines.clients.weather.simulation.atmosphere import REGION_WIDTH_DEG, days_of_front
from flightsched_pipelines.clients.weather.simulation.reports import Station
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.durations import DAY, HOUR

SIGMET_HOURS = 2
SQUALL_BEGINS, SQUALL_ENDS = 12.0, 15.0
"""Solar hours of the day of the front."""

_OF_G_AIRMETS: tuple[tuple[int, float, float, dict[str, str]], ...] = (
    (
        0, 15.0, 24.0,
        {
            "product": "ZULU", "tag": "1Z", "hazard": "ICE", "severity": "MOD", "due_to": "MOD BTN FRZLVL AND FL180",
            "base": "FZL", "top": "180", "fzlbase": "100", "fzltop": "120",
        },
    ),
    (
        1, 10.0, 17.0,
        {
            "product": "TANGO", "tag": "1T", "hazard": "TURB-LO", "severity": "MOD", "due_to": "MOD BLW 080",
            "base": "SFC", "top": "080",
        },
    ),
    (
        2, 5.0, 10.0,
        {"product": "SIERRA", "tag": "1S", "hazard": "IFR", "severity": "", "due_to": "CIG BLW 010/VIS BLW 3SM BR/FG"},
    ),
)  # fmt: skip
"""Days after that of the front, solar hours, and the advisory: icing in the cloud behind the front, turbulence in the
wind of the day after, and fog."""

FORECAST_HOURS = (4, 6, 8)
"""Hours ahead of the convective forecast."""

DEGREES_PER_HOUR = 15.0
FARTHEST_DEG = 87
"""No area reaches a pole, about which an outline in degrees means nothing."""

AROUND_DEG = 1.0


def areas(stations: Sequence[Station], hour_utc: datetime) -> list[ProviderResponse]:
    """Return the responses of every product with hazard areas, as of ``hour_utc``."""
    of_product: dict[str, Any] = {
        "airsigmet": list(_sigmets(stations, hour_utc)),
        "gairmet": list(_gairmets(stations, hour_utc)),
        "tcf": {"type": "FeatureCollection", "features": list(_forecasts(stations, hour_utc))},
    }
    return [
        response_to(
            RequestSpec(AVIATION_WEATHER_CENTER, one, area_request(one), ()),
            hour_utc,
            json.dumps(of_product.get(one, [])),
        )
        for one in AREA_PRODUCTS
    ]


def _sigmets(stations: Sequence[Station], hour_utc: datetime) -> Iterator[dict[str, Any]]:
    """The squall line of each region on its way, for the next two hours."""
    for number, (region, box) in enumerate(_regions(stations), start=1):
        outline = _band(region, box, hour_utc, SIGMET_HOURS, SQUALL_BEGINS, SQUALL_ENDS)
        if outline is None:
            continue
        until = hour_utc + SIGMET_HOURS * HOUR
        yield {
            "icaoId": "KKCI",
            "airSigmetType": "SIGMET",
            "alphaChar": "W",
            "seriesId": f"{number}W",
            "hazard": "CONVECTIVE",
            "severity": 5,
            "validTimeFrom": int(hour_utc.timestamp()),
            "validTimeTo": int(until.timestamp()),
            "altitudeLow1": None,
            "altitudeHi1": 45_000,
            "rawAirSigmet": f"CONVECTIVE SIGMET {number}W VALID UNTIL {until:%H%M}Z LINE TS TOPS TO FL450",
            "coords": outline,
        }


def _gairmets(stations: Sequence[Station], hour_utc: datetime) -> Iterator[dict[str, Any]]:
    """The advisories of each region, in snapshots of every third hour."""
    issued = hour_utc.replace(hour=hour_utc.hour // 6 * 6)
    for region, box in _regions(stations):
        for hours, (days, begins, ends, facts) in product((0, 3, 6, 9, 12), _OF_G_AIRMETS):
            valid = issued + timedelta(hours=hours)
            outline = _band(region, box, valid - days * DAY, 0, begins, ends)
            if outline is not None:
                yield {
                    **facts,
                    "forecastHour": hours,
                    "validTime": f"{valid:%Y-%m-%dT%H:%M:%S}.000Z",
                    "geometryType": "AREA",
                    "issueTime": int(issued.timestamp()),
                    "expireTime": int((issued + 6 * HOUR).timestamp()),
                    "coords": [{name: str(value) for name, value in point.items()} for point in outline],
                }


def _forecasts(stations: Sequence[Station], hour_utc: datetime) -> Iterator[dict[str, Any]]:
    """The squall line of each region, some hours ahead."""
    for (region, box), hours in product(_regions(stations), FORECAST_HOURS):
        valid = hour_utc + hours * HOUR
        outline = _band(region, box, valid, 0, SQUALL_BEGINS, SQUALL_ENDS)
        if outline is not None:
            yield {
                "type": "Feature",
                "properties": {
                    "validTime": f"{valid:%Y%m%d_%H%M}",
                    "issueTime": f"{hour_utc:%Y%m%d_%H%M}",
                    "coverage": "medium",
                    "confidence": "high",
                    "tops": 390,
                },
                "geometry": {"type": "Polygon", "coordinates": [[[point["lon"], point["lat"]] for point in outline]]},
            }


def _regions(stations: Sequence[Station]) -> Iterator[tuple[int, tuple[float, float]]]:
    """Each region with stations, and the latitudes of its areas."""
    latitudes: dict[int, list[float]] = {}
    for station in stations:
        region = int((station.longitude_deg + 180) % 360 // REGION_WIDTH_DEG)
        latitudes.setdefault(region, []).append(min(max(station.latitude_deg, -FARTHEST_DEG), FARTHEST_DEG))
    for region, of_region in sorted(latitudes.items()):
        yield region, (min(of_region) - AROUND_DEG, max(of_region) + AROUND_DEG)


def _band(
    region: int, box: tuple[float, float], at_utc: datetime, hours: int, begins: float, ends: float
) -> list[dict[str, float]] | None:
    """The part of a region in which it is between two solar hours of the day of the front, within some hours."""
    west_of_region = region * REGION_WIDTH_DEG - 180.0
    for midnight in days_of_front(region, at_utc):
        # Where the sun's midnight of that day was so long ago.
        since = (at_utc - midnight) / HOUR
        west = max(west_of_region, (begins - since - hours) * DEGREES_PER_HOUR)
        east = min(west_of_region + REGION_WIDTH_DEG, (ends - since) * DEGREES_PER_HOUR)
        if west < east:
            south, north = box
            corners = ((south, west), (north, west), (north, east), (south, east), (south, west))
            return [{"lat": round(latitude, 2), "lon": round(longitude, 2)} for latitude, longitude in corners]
    return None
