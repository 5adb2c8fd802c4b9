"""Where weather comes from: one small protocol, and the choice that ``WEATHER_SOURCE`` makes."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pandas import DataFrame

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.errors import WeatherSourceError
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather.recorded_weather import RecordedWeather
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.settings import Settings

__all__ = ["LiveWeather", "WeatherSource", "WeatherSourceError", "weather_source"]


class WeatherSource(Protocol):
    """Something that can be asked for weather.

    ``supports_backfill`` says whether an hour long gone can still be asked for.
    """

    supports_backfill: bool

    def fetch(
        self, airports: DataFrame, hour_utc: datetime, earlier: Sequence[ProviderResponse] = ()
    ) -> list[ProviderResponse]:
        """Every provider's answer for an hour: METARs, TAFs and One Call, for the airports that have them.

        A provider that fails gives an answer that says how, never an exception; the other providers' answers stand.

        Args:
            airports: one row an airport (columns as ``database.bookings.airports`` gives them).
            hour_utc: the partition hour, aware.
            earlier: answers stored before, whose ``etag`` and ``last_modified`` make requests conditional.
        """
        ...


class LiveWeather:
    """The providers themselves, over the network: NOAA's Aviation Weather Center and, with a key, OpenWeatherMap."""

    supports_backfill = False

    def __init__(self, aviation_weather: AviationWeatherCenter, open_weather_map: OpenWeatherMap | None) -> None:
        self._aviation_weather = aviation_weather
        self._open_weather_map = open_weather_map

    def fetch(
        self,
        airports: DataFrame,
        hour_utc: datetime,  # noqa: ARG002, providers answer for now
        earlier: Sequence[ProviderResponse] = (),
    ) -> list[ProviderResponse]:
        """Ask each provider in turn; see ``WeatherSource.fetch``."""
        answers = self._aviation_weather.fetch(airports, earlier)
        if self._open_weather_map is not None:
            answers += self._open_weather_map.fetch(airports)
        return answers


def weather_source(settings: Settings) -> WeatherSource:
    """The source that ``WEATHER_SOURCE`` names.

    Raises:
        WeatherSourceError: the folder of recorded answers is missing, or holds none.
    """
    if settings.weather_source == "live":
        return LiveWeather(AviationWeatherCenter.of(settings), OpenWeatherMap.of(settings))
    if settings.weather_source == "simulated":
        return SimulatedWeather()
    return RecordedWeather(Path(settings.weather_source.removeprefix("recorded:")))
