"""Requests to providers, as stored beside their responses: path and query, never a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from flightsched_pipelines.domain.weather.areas.products import AreaProduct
from flightsched_pipelines.domain.weather.provider_responses import Product, ProviderResponse

AVIATION_WEATHER_CENTER = "aviation_weather_center"
NATIONAL_BLEND = "national_blend_of_models"
OPEN_WEATHER_MAP = "open_weather_map"


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """One request to one provider; ``request`` is relative to its base URL."""

    provider: str
    product: Product
    request: str
    stations: tuple[str, ...]


def report_request(product: str, stations: Iterable[str]) -> str:
    """Return the request for METARs or TAFs of the Aviation Weather Center."""
    return f"{product}?ids={','.join(stations)}&format=json"


def history_request(stations: tuple[str, ...], hours: int, until_utc: datetime) -> RequestSpec:
    """Return the request for every METAR taken in the ``hours`` before ``until_utc``.

    An hour more is asked for, as it is undocumented whether both ends of the time count.
    """
    idents = ",".join(quote(ident, safe="") for ident in stations)
    time = f"date={until_utc:%Y%m%d_%H%M}&hours={hours + 1}"
    return RequestSpec(AVIATION_WEATHER_CENTER, "metar_history", f"metar?ids={idents}&{time}&format=json", stations)


def past_taf_request(stations: tuple[str, ...], at_utc: datetime) -> RequestSpec:
    """Return the request for the TAFs of some stations at a past time."""
    idents = ",".join(quote(ident, safe="") for ident in stations)
    return RequestSpec(
        AVIATION_WEATHER_CENTER, "taf", f"taf?ids={idents}&date={at_utc:%Y%m%d_%H%M}&format=json", stations
    )


def area_request(product: AreaProduct) -> str:
    """Return the request for a product with hazard areas of the Aviation Weather Center, all of it."""
    return f"{product}?format={'geojson' if product == 'tcf' else 'json'}"


def one_call_request(latitude_deg: float, longitude_deg: float) -> str:
    """Return the request for a One Call forecast of OpenWeatherMap, without the key that must be added."""
    place = f"lat={latitude_deg:.4f}&lon={longitude_deg:.4f}"
    return f"onecall?{place}&units=standard&exclude=minutely,daily,alerts"


def response_to(
    asked: RequestSpec, at_utc: datetime, body: str, *, etag: str | None = None, last_modified: str | None = None
) -> ProviderResponse:
    """Return the successful response to a request."""
    return ProviderResponse(
        provider=asked.provider,
        product=asked.product,
        request=asked.request,
        stations=asked.stations,
        fetched_at_utc=at_utc,
        status_code=200,
        outcome="ok",
        error=None,
        etag=etag,
        last_modified=last_modified,
        body=body,
    )
