"""Responses with hazard areas, as the Aviation Weather Center sends them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flightsched_pipelines.domain.weather.areas.area_columns import HazardArea
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS, AreaProduct
from flightsched_pipelines.domain.weather.areas.reading import read_areas
from flightsched_pipelines.domain.weather.provider_responses import Outcome, ProviderResponse

NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)

SQUARE = ((36.0, -124.0), (39.0, -124.0), (39.0, -120.0), (36.0, -120.0), (36.0, -124.0))
"""Latitude and longitude of the corners of an area around Palo Alto."""


def at(hours: float) -> datetime:
    """A time so many hours from now."""
    return NOW + timedelta(hours=hours)


def points(*places: tuple[float, float]) -> list[dict[str, Any]]:
    """An outline of JSON; latitude first."""
    return [{"lat": latitude, "lon": longitude} for latitude, longitude in places]


def sigmet(**facts: Any) -> dict[str, Any]:
    """A convective SIGMET around Palo Alto for the next two hours."""
    return {
        "icaoId": "KKCI",
        "airSigmetType": "SIGMET",
        "alphaChar": "W",
        "seriesId": "5W",
        "hazard": "CONVECTIVE",
        "severity": 5,
        "validTimeFrom": int(at(0).timestamp()),
        "validTimeTo": int(at(2).timestamp()),
        "altitudeLow1": None,
        "altitudeHi1": 45000,
        "rawAirSigmet": "CONVECTIVE SIGMET 5W VALID UNTIL 1800Z",
        "coords": points(*SQUARE),
    } | facts


def gairmet(hours: int = 3, **facts: Any) -> dict[str, Any]:
    """A snapshot of a G-AIRMET for icing from the freezing level up, so many hours from now."""
    return {
        "tag": "3Z",
        "forecastHour": hours,
        "validTime": at(hours).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "hazard": "ICE",
        "geometryType": "AREA",
        "severity": "MOD",
        "due_to": "MOD BTN FRZLVL AND FL180",
        "top": "180",
        "base": "FZL",
        "fzlbase": "020",
        "fzltop": "060",
        "issueTime": int(at(-1).timestamp()),
        "expireTime": int(at(5).timestamp()),
        "product": "ZULU",
        "coords": [{"lat": str(lat), "lon": str(lon)} for lat, lon in SQUARE],
    } | facts


def cwa(**facts: Any) -> dict[str, Any]:
    """A center weather advisory for severe turbulence for the next two hours."""
    return {
        "cwsu": "ZOA",
        "name": "Oakland",
        "validTimeFrom": int(at(0).timestamp()),
        "validTimeTo": int(at(2).timestamp()),
        "hazard": "TURB",
        "seriesId": 101,
        "qualifier": "SEV",
        "base": 2000,
        "top": 12000,
        "geom": "AREA",
        "coords": points(*SQUARE),
    } | facts


def tcf(*features: Mapping[str, Any]) -> dict[str, Any]:
    """A convective forecast."""
    return {"type": "FeatureCollection", "issueTime": "20260601_1500", "features": list(features)}


def tcf_feature(**facts: Any) -> dict[str, Any]:
    """An area of a convective forecast, four hours from now."""
    return {
        "type": "Feature",
        "properties": {"validTime": f"{at(4):%Y%m%d_%H%M}", "coverage": "medium", "confidence": "high", "tops": 390},
        "geometry": {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in SQUARE]]},
    } | facts


def response(product: AreaProduct, body: object, outcome: Outcome = "ok", error: str | None = None) -> ProviderResponse:
    """A response with a body of JSON; a text is a body as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    return ProviderResponse(
        "aviation_weather_center", product, f"{product}?format=json", (), NOW, 200, outcome, error, None, None, text
    )


def read(bodies: Mapping[AreaProduct, object]) -> list[HazardArea]:
    """Read these bodies, and an empty list of every other product."""
    return read_areas([response(product, bodies.get(product, [])) for product in AREA_PRODUCTS], NOW)


def sentences(areas: Sequence[HazardArea]) -> list[str]:
    """Return what could not be read."""
    return [area.problem for area in areas if area.problem]
