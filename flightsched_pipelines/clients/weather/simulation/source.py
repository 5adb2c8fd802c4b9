"""A weather source without a provider: simulated responses in the providers' own JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pandas import DataFrame

from flightsched_pipelines.clients.weather.request_specs import (
    AVIATION_WEATHER_CENTER,
    NATIONAL_BLEND,
    OPEN_WEATHER_MAP,
    RequestSpec,
    history_request,
    one_call_request,
    report_request,
    response_to,
)
from flightsched_pipelines.clients.weather.simulation.areas import areas
from flightsched_pipelines.clients.weather.simulation.guidance import bulletin
from flightsched_pipelines.clients.weather.simulation.one_call import one_call
from flightsched_pipelines.clients.weather.simulation.reports import Station, metar, speci, taf
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES, GuidanceSource
from flightsched_pipelines.domain.weather.guidance.coverage import is_covered
from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.issuers import asked, stated
from flightsched_pipelines.domain.weather.provider_responses import PRODUCT_OF, Product, ProviderResponse
from flightsched_pipelines.durations import HOUR


class SimulatedWeather:
    """A source of simulated responses, the same whenever an hour is requested again."""

    supports_backfill = True

    def fetch(
        self,
        airports: DataFrame,
        hour_utc: datetime,
        earlier: Sequence[ProviderResponse] = (),  # noqa: ARG002, nothing is fetched
    ) -> list[ProviderResponse]:
        """Return reports, bulletins, hazard areas and One Call responses as of ``hour_utc``; see ``WeatherSource``."""
        observing = _stations(airports[stated(airports["issues_metar"])])
        forecasting = _stations(airports[stated(airports["issues_taf"])])
        of_metars = _stations(airports[asked(airports["issues_metar"])])
        of_tafs = _stations(airports[asked(airports["issues_taf"])])
        answers = [
            _reports("metar", of_metars, [metar(station, hour_utc) for station in observing], hour_utc),
            _reports("taf", of_tafs, [taf(station, hour_utc) for station in forecasting], hour_utc),
        ]
        guided = _stations(airports[is_covered(airports)])
        answers += [_bulletin(source, guided, hour_utc) for source in GUIDANCE_SOURCES]
        everywhere = _stations(airports)
        return [
            *(answer for answer in answers if answer.stations),
            *self.fetch_metars(airports, 1, hour_utc),
            *(areas(everywhere, hour_utc) if everywhere else ()),
            *(_one_call(station, hour_utc) for station in everywhere),
        ]

    def fetch_metars(self, airports: DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
        """Yield every simulated METAR of some hours, a response for all; see ``WeatherSource``."""
        stations = _stations(airports[asked(airports["issues_metar"])])
        if stations:
            ends = [until_utc - n * HOUR for n in range(hours)]
            observing = _stations(airports[stated(airports["issues_metar"])])
            both = [(metar(one, end), speci(one, end)) for one in observing for end in ends]
            body = json.dumps([report for pair in both for report in pair if report is not None])
            idents = tuple(station.ident for station in stations)
            yield response_to(history_request(idents, hours, until_utc), until_utc, body)

    def fetch_past_tafs(
        self, airports: DataFrame, times_utc: Iterable[datetime]
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Yield the simulated TAFs at each time; see ``WeatherSource``."""
        stations = _stations(airports[asked(airports["issues_taf"])])
        forecasting = _stations(airports[stated(airports["issues_taf"])])
        for at_utc in times_utc if stations else ():
            yield at_utc, [_reports("taf", stations, [taf(one, at_utc) for one in forecasting], at_utc)]


def _reports(
    product: Product, stations: Sequence[Station], reports: list[dict[str, Any]], hour_utc: datetime
) -> ProviderResponse:
    idents = tuple(station.ident for station in stations)
    body = json.dumps(reports)
    return response_to(
        RequestSpec(AVIATION_WEATHER_CENTER, product, report_request(product, idents), idents), hour_utc, body
    )


def _bulletin(source: GuidanceSource, stations: Sequence[Station], hour_utc: datetime) -> ProviderResponse:
    """The bulletin of the cycle before the hour: one appears about fifty minutes after its own."""
    cycle = hour_utc - HOUR
    idents = tuple(station.ident for station in stations)
    asked = RequestSpec(NATIONAL_BLEND, PRODUCT_OF[source], bulletin_request(source, cycle), idents)
    return response_to(asked, hour_utc, bulletin(source, stations, cycle))


def _one_call(station: Station, hour_utc: datetime) -> ProviderResponse:
    request = one_call_request(station.latitude_deg, station.longitude_deg)
    body = json.dumps(one_call(station, hour_utc))
    return response_to(RequestSpec(OPEN_WEATHER_MAP, "one_call", request, (station.ident,)), hour_utc, body)


def _stations(airports: DataFrame) -> list[Station]:
    columns = ["airport", "name", "latitude_deg", "longitude_deg", "elevation_ft"]
    known = airports[columns].fillna({"elevation_ft": 0})
    return [
        Station(str(ident), str(name), float(latitude), float(longitude), float(elevation))
        for ident, name, latitude, longitude, elevation in known.itertuples(index=False, name=None)
    ]
