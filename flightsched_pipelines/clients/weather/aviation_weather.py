"""Fetch METARs, TAFs and hazard areas of NOAA's Aviation Weather Center (https://aviationweather.gov/data/api/)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

import httpx
from pandas import DataFrame

from flightsched_pipelines.clients.weather.cache_files import CACHE_FILES, CacheReader
from flightsched_pipelines.clients.weather.http_fetch import RetryingFetcher, RetryPolicy
from flightsched_pipelines.clients.weather.limiter import shared_limiter
from flightsched_pipelines.clients.weather.metar_history import (
    LONGEST_HISTORY_HOURS,
    history_parts,
    may_be_cut,
)
from flightsched_pipelines.clients.weather.request_specs import (
    AVIATION_WEATHER_CENTER,
    RequestSpec,
    area_request,
    past_taf_request,
    report_request,
)
from flightsched_pipelines.clients.weather.response_parsing import ProviderProfile
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.issuers import asked
from flightsched_pipelines.domain.weather.provider_responses import Product, ProviderResponse
from flightsched_pipelines.settings import Settings

STATIONS_PER_REQUEST = 400
"""The Center returns no more rows at once."""

REQUESTS_PER_MINUTE = 100
"""The Center's rate limit."""

SECONDS_BETWEEN_POLLS = 60
"""The Center asks not to be polled for METARs, or for TAFs, more often."""

_PROFILE = ProviderProfile(name="The Aviation Weather Center", json_type=list, refusals={})
_PROFILE_OF_AREAS = replace(_PROFILE, json_type=(list, dict))
"""Areas come as a list, or as a collection of GeoJSON."""

_PROFILE_OF_CACHE = ProviderProfile(name="The Aviation Weather Center", json_type=None, refusals={})


class AviationWeatherCenter:
    """A client of the Center's data API.

    Args:
        base_url: base URL of the API.
        contact: named in the User-Agent, as the Center asks.
        patience: time limits and retries.
        seconds_between_polls: least time between two calls of ``fetch`` at the same address.
        cache_url: base URL of the cache files, taken for more stations than a request may name; ``None`` for never.
    """

    def __init__(
        self,
        base_url: str,
        contact: str,
        patience: RetryPolicy | None = None,
        *,
        seconds_between_polls: float = SECONDS_BETWEEN_POLLS,
        cache_url: str | None = None,
    ) -> None:
        self._base_url = base_url
        self._user_agent = " ".join(f"flightsched ({contact})".split()).encode("ascii", "replace")
        self._patience = patience or RetryPolicy()
        self._seconds_between_polls = seconds_between_polls
        self._cache_url = cache_url

    @classmethod
    def of(cls, settings: Settings) -> "AviationWeatherCenter":
        """Return the client that the settings describe."""
        patience = RetryPolicy(one_attempt=settings.weather_timeout_seconds)
        return cls(
            settings.aviation_weather_url,
            settings.weather_contact,
            patience,
            cache_url=settings.aviation_weather_cache_url,
        )

    def fetch(self, airports: DataFrame, earlier: Sequence[ProviderResponse] = ()) -> list[ProviderResponse]:
        """Fetch the newest METARs and TAFs of the airports that issue them, or may; one response a request."""
        answers: list[ProviderResponse] = []
        questions: list[RequestSpec] = []
        for product, idents in _stations(airports):
            if self._cache_url is not None and len(idents) > STATIONS_PER_REQUEST:
                answers.append(self._from_cache(self._cache_url, product, idents, earlier))
            else:
                questions += _in_batches(product, idents)
        return answers + self._ask(questions, _PROFILE, earlier)

    def _from_cache(
        self, cache_url: str, product: Product, idents: Sequence[str], earlier: Sequence[ProviderResponse]
    ) -> ProviderResponse:
        """Fetch the cache file of a product, and keep the reports of these stations."""
        shared_limiter(f"{cache_url}/{product}", 1, self._seconds_between_polls).wait()
        asked_for = RequestSpec(AVIATION_WEATHER_CENTER, product, CACHE_FILES[product], tuple(idents))
        same = [one for one in earlier if one.request == asked_for.request and tuple(one.stations) == tuple(idents)]
        known = next((one for one in same if one.outcome == "ok" and one.body is not None), None)
        with httpx.Client(headers={b"User-Agent": self._user_agent}, timeout=self._patience.one_attempt) as client:
            exchange = RetryingFetcher(client, cache_url, _PROFILE_OF_CACHE, self._patience)
            return exchange.ask(asked_for, known, CacheReader(product, idents))

    def fetch_areas(self, earlier: Sequence[ProviderResponse] = ()) -> list[ProviderResponse]:
        """Fetch every hazard area in force; one response a product."""
        questions = [RequestSpec(AVIATION_WEATHER_CENTER, area, area_request(area), ()) for area in AREA_PRODUCTS]
        return self._ask(questions, _PROFILE_OF_AREAS, earlier)

    def fetch_metars(self, stations: Sequence[str], hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
        """Yield every METAR of some stations, SPECIs included, taken in the ``hours`` before ``until_utc``.

        The product of the responses is ``metar_history``; the oldest come first. A report may be in two of them. The
        responses are one poll.

        Raises:
            ValueError: the Center does not keep that many hours.
        """
        if not 1 <= hours <= LONGEST_HISTORY_HOURS:
            raise ValueError(f"hours must be between 1 and {LONGEST_HISTORY_HOURS}; got {hours}")
        waiting = list(history_parts(stations, hours, until_utc))
        if waiting:
            self._wait_for_poll("metar_history")
        with httpx.Client(headers=self._headers, timeout=self._patience.one_attempt) as client:
            while waiting:
                part = waiting.pop(0)
                answer = self._fetcher(client, _PROFILE).ask(part.spec)
                halves = part.halves() if answer.outcome == "ok" and may_be_cut(answer.body) else ()
                if halves:
                    waiting[:0] = halves
                else:
                    yield answer

    def fetch_past_tafs(
        self, stations: Sequence[str], times_utc: Iterable[datetime]
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Yield the TAFs of some stations at past times, each time with its responses. All are one poll."""
        if stations:
            self._wait_for_poll("taf")
        batches = [tuple(stations[n : n + STATIONS_PER_REQUEST]) for n in range(0, len(stations), STATIONS_PER_REQUEST)]
        with httpx.Client(headers=self._headers, timeout=self._patience.one_attempt) as client:
            fetcher = self._fetcher(client, _PROFILE)
            for at_utc in times_utc:
                yield at_utc, [fetcher.ask(past_taf_request(batch, at_utc)) for batch in batches]

    def _ask(
        self, questions: Sequence[RequestSpec], profile: ProviderProfile, earlier: Sequence[ProviderResponse]
    ) -> list[ProviderResponse]:
        polled: dict[Product, None] = dict.fromkeys(one.product for one in questions)
        for product in polled:
            self._wait_for_poll(product)
        known = {answer.request: answer for answer in earlier if answer.outcome == "ok" and answer.body is not None}
        with httpx.Client(headers=self._headers, timeout=self._patience.one_attempt) as client:
            exchange = self._fetcher(client, profile)
            return [exchange.ask(one, known.get(one.request)) for one in questions]

    def _wait_for_poll(self, product: Product) -> None:
        shared_limiter(f"{self._base_url}/{product}", 1, self._seconds_between_polls).wait()

    def _fetcher(self, client: httpx.Client, profile: ProviderProfile) -> RetryingFetcher:
        before_each = shared_limiter(self._base_url, REQUESTS_PER_MINUTE, 60).wait
        return RetryingFetcher(client, self._base_url, profile, self._patience, before_each=before_each)

    @property
    def _headers(self) -> dict[bytes, bytes]:
        return {b"User-Agent": self._user_agent, b"Accept": b"application/json", b"Accept-Encoding": b"gzip"}


def _stations(airports: DataFrame) -> Iterator[tuple[Product, list[str]]]:
    yield "metar", airports.loc[asked(airports["issues_metar"]), "airport"].tolist()
    yield "taf", airports.loc[asked(airports["issues_taf"]), "airport"].tolist()


def _in_batches(product: Product, idents: list[str]) -> Iterator[RequestSpec]:
    for first in range(0, len(idents), STATIONS_PER_REQUEST):
        stations = tuple(idents[first : first + STATIONS_PER_REQUEST])
        request = report_request(product, (quote(ident, safe="") for ident in stations))
        yield RequestSpec(AVIATION_WEATHER_CENTER, product, request, stations)
