"""The protocol of weather sources, and the choice by ``WEATHER_SOURCE``."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pandas import DataFrame

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.errors import WeatherSourceError
from flightsched_pipelines.clients.weather.national_blend import NationalBlend
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather.recorded_weather import RecordedWeather
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.domain.weather.issuers import asked
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.settings import Settings

__all__ = ["LiveWeather", "WeatherSource", "WeatherSourceError", "weather_source"]


class WeatherSource(Protocol):
    """A source of weather.

    ``supports_backfill`` is true if past hours can still be requested.
    """

    supports_backfill: bool

    def fetch(
        self, airports: DataFrame, hour_utc: datetime, earlier: Sequence[ProviderResponse] = ()
    ) -> list[ProviderResponse]:
        """Return every provider's response for an hour, for the airports that have its reports or forecasts.

        The products are METARs, every METAR of the hour before, TAFs, hazard areas, NBH, NBS and One Call. A provider
        that fails gives a response with an error, never an exception; the other providers' responses are kept.

        Args:
            airports: one row an airport (columns as of ``database.queries.schedule.bookings.airports``).
            hour_utc: the partition hour, aware.
            earlier: stored responses, whose ``etag`` and ``last_modified`` make requests conditional.
        """
        ...

    def fetch_metars(self, airports: DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
        """Yield every METAR, SPECIs included, of the airports that issue them, or may.

        A report may be in two responses. A request that fails is a response with an error.

        Args:
            airports: one row an airport, as for ``fetch``.
            hours: those before ``until_utc``, 1 to 359. They and one more begin at most 15 days ago: no provider keeps
                more.
            until_utc: the end of the time in which they were taken, aware.
        """
        ...

    def fetch_past_tafs(
        self, airports: DataFrame, times_utc: Iterable[datetime]
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Yield the TAFs at past times of the airports that issue them, or may: each time with its responses.

        A TAF issued after the time may be among them. A request that fails is a response with an error.

        Args:
            airports: one row an airport, as for ``fetch``.
            times_utc: times within the last 15 days, aware: no provider keeps more.
        """
        ...


class LiveWeather:
    """The providers themselves, over the network.

    They are NOAA's Aviation Weather Center, its National Blend of Models and, with a key, OpenWeatherMap.
    """

    supports_backfill = False

    def __init__(
        self,
        aviation_weather: AviationWeatherCenter,
        open_weather_map: OpenWeatherMap | None,
        national_blend: NationalBlend | None = None,
    ) -> None:
        self._aviation_weather = aviation_weather
        self._open_weather_map = open_weather_map
        self._national_blend = national_blend

    def fetch(
        self,
        airports: DataFrame,
        hour_utc: datetime,
        earlier: Sequence[ProviderResponse] = (),
    ) -> list[ProviderResponse]:
        """Request each provider in turn; see ``WeatherSource.fetch``."""
        answers = self._aviation_weather.fetch(airports, earlier)
        answers += self.fetch_metars(airports, 1, hour_utc)
        if len(airports):
            answers += self._aviation_weather.fetch_areas(earlier)
        if self._national_blend is not None:
            answers += self._national_blend.fetch(airports, hour_utc, earlier)
        if self._open_weather_map is not None:
            answers += self._open_weather_map.fetch(airports)
        return answers

    def fetch_metars(self, airports: DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
        """Request them of the Aviation Weather Center; see ``WeatherSource.fetch_metars``."""
        stations = airports.loc[asked(airports["issues_metar"]), "airport"].tolist()
        return self._aviation_weather.fetch_metars(stations, hours, until_utc)

    def fetch_past_tafs(
        self, airports: DataFrame, times_utc: Iterable[datetime]
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Request them of the Aviation Weather Center; see ``WeatherSource.fetch_past_tafs``."""
        stations = airports.loc[asked(airports["issues_taf"]), "airport"].tolist()
        return self._aviation_weather.fetch_past_tafs(stations, times_utc)


def weather_source(settings: Settings) -> WeatherSource:
    """Return the source that ``WEATHER_SOURCE`` names.

    Raises:
        WeatherSourceError: the folder of recorded responses is missing, or contains none.
    """
    if settings.weather_source == "live":
        return LiveWeather(AviationWeatherCenter.of(settings), OpenWeatherMap.of(settings), NationalBlend.of(settings))
    if settings.weather_source == "simulated":
        return SimulatedWeather()
    folder = Path(settings.weather_source.removeprefix("recorded:"))
    return RecordedWeather(folder, settings.guidance_max_distance_nm)
