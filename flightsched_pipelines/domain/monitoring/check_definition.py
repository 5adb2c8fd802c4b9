"""What an alarm is, and the verdict on what was measured for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["warn", "error"]


class Cause(StrEnum):
    """What checks have in common that fail together: one alert speaks for all of a cause."""

    WEATHER = "weather"
    RESCHEDULER = "rescheduler"
    LLM = "llm"
    DELIVERY = "delivery"
    DATABASE = "database"
    HOURS = "hours"
    PLATFORM = "platform"
    SCHOOL = "school"


class Section(StrEnum):
    """The sections of docs/runbook.md that alarms link to, as its anchors; the only place that names them."""

    TIMEOUTS = "1-weather-monitor-timeouts"
    ERRORS = "2-ai-rescheduler-high-error-rate"
    CONNECTIONS = "3-database-connection-pool-exhaustion"
    NOTIFICATIONS = "4-missing-notifications"
    WEATHER = "5-weather-missing-or-not-to-be-believed"
    HOURS = "6-hours-that-do-not-run"
    SCHOOL = "7-rows-that-cannot-be-read-and-loosened-minimums"


@dataclass(frozen=True, slots=True)
class MonitoredCheck:
    """One alarm: it fails where the measured value is above the limit, or nothing was examined.

    ``asset`` names the asset whose check it is, ``None`` for a check that every asset has. ``limit`` is the default;
    the setting ``ALARMS__<NAME>`` replaces it. ``cause`` is the alert that it belongs to, ``idle`` the one where there
    is nothing to examine. ``counterpart`` is the CloudWatch alarm or metric whose place it takes.
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
        """The environment variable with which the limit is set."""
        return f"ALARMS__{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value, how many things were looked at to find it, what those are, and the instances that ops should see.

    ``found`` holds no personal data.
    """

    value: float
    examined: int
    of: str
    found: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CheckEvaluation:
    """Whether an alarm is quiet, and why; ``cause`` is that of the alert it belongs to when it is not."""

    alarm: MonitoredCheck
    passed: bool
    value: float
    limit: float
    examined: int
    cause: Cause
    sentence: str
    found: Sequence[str] = ()


def evaluate(alarm: MonitoredCheck, measured: Measurement, limit: float) -> CheckEvaluation:
    """Hold what was measured against the limit; with nothing examined an alarm never passes."""
    if measured.examined <= 0:
        sentence = f"{alarm.watches}: nothing was examined, as there are no {measured.of}"
        return CheckEvaluation(
            alarm, False, measured.value, limit, 0, alarm.idle or alarm.cause, sentence, measured.found
        )
    passed = measured.value <= limit
    amount = f"{_figure(measured.value)} {alarm.unit}".rstrip()
    sentence = f"{alarm.watches}: {amount}, limit {_figure(limit)}; {measured.examined} {measured.of} examined"
    return CheckEvaluation(
        alarm, passed, measured.value, limit, measured.examined, alarm.cause, sentence, () if passed else measured.found
    )


def _figure(value: float) -> str:
    return f"{value:,.4g}"
