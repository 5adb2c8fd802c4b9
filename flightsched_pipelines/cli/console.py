"""Where words go: results to standard output, progress and complaints to standard error."""

import sys

from rich.console import Console

from flightsched_pipelines.clients.delivery import DeliveryError, DeliverySettingsError
from flightsched_pipelines.clients.weather_source import WeatherSourceError
from flightsched_pipelines.database.embedded import EmbeddedServerError
from flightsched_pipelines.database.engine import DatabaseUnavailable
from flightsched_pipelines.database.frames import FrameError
from flightsched_pipelines.database.migrations import SchemaError
from flightsched_pipelines.database.preferences import PreferencesError
from flightsched_pipelines.database.seed import SeedError
from flightsched_pipelines.desk.alerts import SilenceError
from flightsched_pipelines.desk.dispatch import DispatchRefused
from flightsched_pipelines.desk.hourly import WeatherIsPastError
from flightsched_pipelines.desk.report import NothingStoredError
from flightsched_pipelines.desk.standby import StandbyRefused
from flightsched_pipelines.desk.trial import TrialError
from flightsched_pipelines.risk.bookings import BookingsError
from flightsched_pipelines.weather.answers import WeatherAnswerError

PIPED_WIDTH = 132

console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPED_WIDTH)


class UsageError(ValueError):
    """A command was given something it cannot take; the message says what, and what to do."""


PLAIN_ERRORS = (
    UsageError,
    BookingsError,
    DatabaseUnavailable,
    DeliveryError,
    DeliverySettingsError,
    DispatchRefused,
    EmbeddedServerError,
    FrameError,
    NothingStoredError,
    PreferencesError,
    SchemaError,
    SeedError,
    SilenceError,
    StandbyRefused,
    TrialError,
    WeatherAnswerError,
    WeatherIsPastError,
    WeatherSourceError,
)
"""Errors whose message is one sentence for the person at the terminal."""


def say(words: str) -> None:
    """Tell of progress."""
    errors.print(words, style="dim", markup=False)


def complain(words: str) -> None:
    """Say what was wrong."""
    errors.print(f"flightsched: {words}", style="red", markup=False, soft_wrap=True)
