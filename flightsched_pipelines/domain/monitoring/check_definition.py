"""Definition of a check, and the evaluation of its measurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["warn", "error"]


class Cause(StrEnum):
    """The common cause of checks that fail together: all failing checks of a cause are one alert."""

    WEATHER = "weather"
    RESCHEDULER = "rescheduler"
    LLM = "llm"
    DELIVERY = "delivery"
    DATABASE = "database"
    HOURS = "hours"
    PLATFORM = "platform"
    SCHOOL = "school"


class Section(StrEnum):
    """The sections of the runbook that alerts link to, as anchors; defined only here."""

    TIMEOUTS = "1-weather-monitor-timeouts"
    ERRORS = "2-ai-rescheduler-high-error-rate"
    CONNECTIONS = "3-database-connection-pool-exhaustion"
    NOTIFICATIONS = "4-missing-notifications"
    WEATHER = "5-weather-missing-or-implausible"
    HOURS = "6-missing-hourly-runs"
    SCHOOL = "7-unreadable-rows-and-loosened-minimums"
    FEED = "8-a-feed-that-is-late-and-changes-not-entered"
    DISK = "9-a-disk-that-fills"


@dataclass(frozen=True, slots=True)
class MonitoredCheck:
    """One check: it fails if the measured value is above the limit, or if nothing was examined.

    ``asset`` names the asset that the check belongs to, ``None`` for a check that every asset has. ``limit`` is the
    default; the setting ``ALARMS__<NAME>`` replaces it. ``cause`` is the alert that it belongs to, ``idle`` the one if
    there is nothing to examine. ``counterpart`` is the CloudWatch alarm or metric that it replaces.
    """

    name: str
    asset: str | None
    severity: Severity
    watches: str
    window: str
    limit: float
    unit: str
    todo: str
    section: Section
    cause: Cause
    idle: Cause | None = None
    counterpart: str = ""
    blocking: bool = False

    @property
    def setting(self) -> str:
        """Return the environment variable that sets the limit."""
        return f"ALARMS__{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value, the number and kind of things examined to find it, and the instances to show to operators.

    ``found`` contains no personal data.
    """

    value: float
    examined: int
    of: str
    found: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CheckEvaluation:
    """The outcome of a check; ``cause`` is that of its alert if it did not pass."""

    alarm: MonitoredCheck
    passed: bool
    value: float
    limit: float
    examined: int
    cause: Cause
    sentence: str
    found: Sequence[str] = ()


def evaluate(alarm: MonitoredCheck, measured: Measurement, limit: float) -> CheckEvaluation:
    """Compare a measurement with the limit; a check with nothing examined never passes."""
    if measured.examined <= 0:
        sentence = f"{alarm.watches}: nothing was examined, as there are no {measured.of}"
        return CheckEvaluation(
            alarm, False, measured.value, limit, 0, alarm.idle or alarm.cause, sentence, measured.found
        )
    passed = measured.value <= limit
    amount = f"{_figure(measured.value)} {alarm.unit}".rstrip()
    sentence = f"{alarm.watches}: {amount}, limit {_figure(limit)}; {measured.of} examined: {measured.examined:,}"
    return CheckEvaluation(
        alarm, passed, measured.value, limit, measured.examined, alarm.cause, sentence, () if passed else measured.found
    )


def _figure(value: float) -> str:
    return f"{value:,.4g}"
