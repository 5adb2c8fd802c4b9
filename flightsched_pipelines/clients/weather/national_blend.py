"""Fetch the text bulletins of the National Blend of Models from NOAA's open-data bucket, or from NOMADS.

A cycle is published each hour, about fifty minutes after its own time, in both places under the same paths
(https://registry.opendata.aws/noaa-nbm/, https://nomads.ncep.noaa.gov/pub/data/nccf/com/blend/prod).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Self

import httpx
from pandas import DataFrame

from flightsched_pipelines.clients.weather.bulletin_stream import BulletinStream
from flightsched_pipelines.clients.weather.http_fetch import RetryingFetcher, RetryPolicy
from flightsched_pipelines.clients.weather.request_specs import NATIONAL_BLEND, RequestSpec
from flightsched_pipelines.clients.weather.response_parsing import ProviderProfile
from flightsched_pipelines.clients.weather.station_places import station_places
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES, GuidanceSource
from flightsched_pipelines.domain.weather.guidance.coverage import is_covered
from flightsched_pipelines.domain.weather.guidance.governing_guidance import DEFAULT_RULES
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.guidance.stations import Neighbourhood, neighbourhood
from flightsched_pipelines.domain.weather.provider_responses import PRODUCT_OF, ProviderResponse
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.settings import Settings

CYCLES_TRIED = 7
"""The running hour's cycle and those before it: an older one is not relied on."""

_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}
"""A bucket that may not be listed answers 403 for an object that does not exist."""

_PROFILE = ProviderProfile(name="The National Blend of Models", json_type=None, refusals={})


class NationalBlend:
    """A client of the bulletins.

    Args:
        base_url: base URL of the bucket or server.
        contact: named in the User-Agent.
        patience: time limits and retries.
        within_nm: the greatest distance of the station of an airport that is none, in nautical miles.
    """

    def __init__(
        self,
        base_url: str,
        contact: str,
        patience: RetryPolicy | None = None,
        *,
        within_nm: float = DEFAULT_RULES.max_distance_nm,
    ) -> None:
        self._base_url = base_url
        self._within_nm = within_nm
        self._user_agent = " ".join(f"flightsched ({contact})".split()).encode("ascii", "replace")
        self._patience = patience or RetryPolicy()

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the client that the settings describe, ``None`` if guidance is off."""
        if settings.guidance_url is None:
            return None
        patience = RetryPolicy(one_attempt=settings.weather_timeout_seconds)
        within_nm = settings.guidance_max_distance_nm
        return cls(settings.guidance_url, settings.weather_contact, patience, within_nm=within_nm)

    def fetch(
        self, airports: DataFrame, hour_utc: datetime, earlier: Sequence[ProviderResponse] = ()
    ) -> list[ProviderResponse]:
        """Fetch the newest complete bulletins, one response each, with the blocks of the airports' stations.

        That of an airport is its own, or the nearest of the bulletin. The response's ``stations`` are those of which
        guidance is due: the ones found, or, if no bulletin could be fetched, those of the earlier response.
        """
        covered = airports[is_covered(airports)]
        if covered.empty:
            return []
        near = neighbourhood(covered, station_places(), self._within_nm)
        with httpx.Client(headers={b"User-Agent": self._user_agent}, timeout=self._patience.one_attempt) as client:
            exchange = RetryingFetcher(client, self._base_url, _PROFILE, self._patience)
            return [_newest(exchange, source, near, hour_utc, earlier) for source in GUIDANCE_SOURCES]


def _newest(
    exchange: RetryingFetcher,
    source: GuidanceSource,
    near: Neighbourhood,
    hour_utc: datetime,
    earlier: Sequence[ProviderResponse],
) -> ProviderResponse:
    """Return the newest complete bulletin: one that has every station that the earlier response had."""
    before = [answer for answer in earlier if answer.product == PRODUCT_OF[source]]
    known = {station for answer in before for station in answer.stations} & near.served.keys()
    answers: list[ProviderResponse] = []
    for cycle_utc in (hour_utc - age * HOUR for age in range(CYCLES_TRIED)):
        answer, seen = _of_cycle(exchange, source, near, cycle_utc, before)
        if not answer.failed and known <= seen:
            return answer
        answers.append(answer)
        if answer.failed and answer.outcome != "damaged" and answer.status_code not in _NOT_THERE:
            break  # the provider is down, for the other cycles too
    complete = next((answer for answer in answers if not answer.failed), None)
    if complete is not None:
        # A station that no cycle has any more is not in the blend; else it is due, and missing.
        gone = known if len(answers) == CYCLES_TRIED else set[str]()
        return replace(complete, stations=tuple(sorted({*complete.stations, *known - gone})))
    return replace(_failure(source, answers), stations=tuple(sorted(known or near.airports)))


def _failure(source: GuidanceSource, answers: Sequence[ProviderResponse]) -> ProviderResponse:
    """Return the response that best explains why there is no bulletin: a damaged one, else the last."""
    telling = next((answer for answer in answers if answer.outcome == "damaged"), answers[-1])
    if telling.status_code in _NOT_THERE:
        sentence = f"{_PROFILE.name} has no bulletin {source} of the last {CYCLES_TRIED} hours; check GUIDANCE_URL"
        return replace(telling, error=sentence)
    return telling


def _of_cycle(
    exchange: RetryingFetcher,
    source: GuidanceSource,
    near: Neighbourhood,
    cycle_utc: datetime,
    before: Sequence[ProviderResponse],
) -> tuple[ProviderResponse, set[str]]:
    """Return the bulletin of a cycle, and the stations in it that may serve an airport."""
    asked = RequestSpec(NATIONAL_BLEND, PRODUCT_OF[source], bulletin_request(source, cycle_utc), near.airports)
    same = next((answer for answer in before if answer.request == asked.request and not answer.failed), None)
    if same is not None and not set(near.airports) <= set(same.stations):
        same = None  # it was read for other airports
    reader = BulletinStream(source, cycle_utc, near)
    answer = exchange.ask(asked, same, reader)
    if answer.failed:
        return answer, set()
    if same is not None and answer.status_code == HTTPStatus.NOT_MODIFIED:
        return replace(answer, stations=same.stations), set(same.stations)
    return replace(answer, stations=tuple(sorted(reader.stations.chosen))), reader.stations.seen
