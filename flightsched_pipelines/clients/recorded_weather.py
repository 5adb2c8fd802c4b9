"""Weather from a folder: providers' answers that somebody kept, given back verbatim."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from math import cos, hypot, radians
from pathlib import Path

from pandas import DataFrame

from flightsched_pipelines.clients.errors import WeatherSourceError
from flightsched_pipelines.clients.requests import AVIATION_WEATHER_CENTER, OPEN_WEATHER_MAP, Asked, answered
from flightsched_pipelines.weather.answers import Answer, one_call_position

_ONE_CALL_PREFIX = "one_call_"


class RecordedWeather:
    """A source that answers every hour with the same files.

    Args:
        folder: holds ``*.json``, each a METAR or TAF array of the Aviation Weather Center or a One Call object of
            OpenWeatherMap. ``one_call_KAPA.json`` speaks for KAPA; under another name, for the nearest airport.

    Raises:
        WeatherSourceError: the folder is missing, or has no such file.
    """

    tells_the_past = True

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise WeatherSourceError(
                f"WEATHER_SOURCE names the folder '{folder}', which does not exist; make it, and put *.json answers in"
            )
        self._files = sorted(folder.glob("*.json"))
        if not self._files:
            raise WeatherSourceError(
                f"WEATHER_SOURCE names the folder '{folder}', which holds no *.json; put recorded answers in"
            )

    def fetch(self, airports: DataFrame, hour_utc: datetime, earlier: Sequence[Answer] = ()) -> list[Answer]:  # noqa: ARG002, nothing is fetched
        """Every file as an answer; see ``WeatherSource.fetch``."""
        return [_answer(file, airports, hour_utc) for file in self._files]


def _answer(file: Path, airports: DataFrame, hour_utc: datetime) -> Answer: ...
