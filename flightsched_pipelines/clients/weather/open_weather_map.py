"""Fetch hourly forecasts of OpenWeatherMap's One Call 3.0 (https://openweathermap.org/api/one-call-3)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx
from pandas import DataFrame

from flightsched_pipelines.clients.weather.http_fetch import RetryingFetcher, RetryPolicy
from flightsched_pipelines.clients.weather.limiter import shared_limiter
from flightsched_pipelines.clients.weather.request_specs import OPEN_WEATHER_MAP, RequestSpec, one_call_request
from flightsched_pipelines.clients.weather.response_parsing import ProviderProfile
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.settings import Settings

REQUESTS_PER_MINUTE = 60
"""Every plan of OpenWeatherMap allows this many."""

_AT_ONCE = 4
_HIDDEN = "[key]"
_PROFILE = ProviderProfile(
    name="OpenWeatherMap",
    json_type=dict,
    refusals={401: "OpenWeatherMap refused the key in OPENWEATHERMAP_API_KEY (401); set a valid key"},
)


class OpenWeatherMap:
    """A client of One Call. The key is only on the wire: no response, error or log contains it.

    Args:
        base_url: base URL of the API.
        key: the subscription's key.
        patience: time limits and retries.
    """

    def __init__(self, base_url: str, key: str, patience: RetryPolicy | None = None) -> None:
        self._base_url = base_url
        self._key = key
        self._patience = patience or RetryPolicy()

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the client that the settings describe, ``None`` without a key."""
        secret = settings.openweathermap_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not key:
            return None
        return cls(settings.open_weather_map_url, key, RetryPolicy(one_attempt=settings.weather_timeout_seconds))

    def fetch(self, airports: DataFrame) -> list[ProviderResponse]:
        """Fetch the forecast at each airport, one response an airport."""
        questions = [
            RequestSpec(
                OPEN_WEATHER_MAP, "one_call", one_call_request(float(latitude), float(longitude)), (str(ident),)
            )
            for ident, latitude, longitude in airports[["airport", "latitude_deg", "longitude_deg"]].itertuples(
                index=False, name=None
            )
        ]
        with httpx.Client(
            transport=_WithKey(self._key, _proxy_for(self._base_url)),
            headers={"Accept": "application/json"},
            timeout=self._patience.one_attempt,
        ) as client:
            before_each = shared_limiter(self._base_url, REQUESTS_PER_MINUTE, 60).wait
            exchange = RetryingFetcher(client, self._base_url, _PROFILE, self._patience, before_each=before_each)
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="one_call") as threads:
                return [self._without_key(answer) for answer in threads.map(exchange.ask, questions)]

    def _without_key(self, answer: ProviderResponse) -> ProviderResponse:
        """Remove the key: a provider or proxy may quote the request, and with it the key."""
        if self._key not in f"{answer.body}{answer.error}":
            return answer
        hidden = [None if text is None else text.replace(self._key, _HIDDEN) for text in (answer.body, answer.error)]
        return replace(answer, body=hidden[0], error=hidden[1])


class _WithKey(httpx.HTTPTransport):
    """Adds the key below the client, which logs the address of every request (at INFO) and names it in errors."""

    def __init__(self, key: str, proxy: str | None) -> None:
        super().__init__(proxy=proxy)
        self._key = key

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_merge_params({"appid": self._key})
        return super().handle_request(
            httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )


def _proxy_for(address: str) -> str | None:
    """The environment's proxy (``HTTPS_PROXY``), which a client with its own transport does not look up."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return None  # the request itself will fail with an error
    return None if proxy_bypass(url.host) else getproxies().get(url.scheme)
