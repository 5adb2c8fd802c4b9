"""What an alarm is, and the verdict on what was measured for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


OF_HOURS = frozenset({Cause.WEATHER, Cause.RESCHEDULER, Cause.LLM, Cause.HOURS})
"""Causes whose checks look at what hours left behind: with nothing there, it is the hours that do not run."""


class Section(StrEnum):
    """The sections of docs/runbook.md that alarms link to, as its anchors; the only place that names them."""

    TIMEOUTS = "1-weather-monitor-timeouts"
    ERRORS = "2-ai-rescheduler-high-error-rate"
    CONNECTIONS = "3-database-connection-pool-exhaustion"
    NOTIFICATIONS = "4-missing-notifications"
    WEATHER = "5-weather-missing-or-not-to-be-believed"
    HOURS = "6-hours-that-do-not-run"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: it fails where the measured value is above the limit, or nothing was examined.

    ``asset`` names the asset whose check it is, ``None`` for a check that every asset has. ``limit`` is the default;
    the setting ``ALARMS__<NAME>`` replaces it. ``counterpart`` is the CloudWatch alarm or metric whose place it takes.
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
    counterpart: str = ""
    blocking: bool = False

    @property
    def setting(self) -> str:
        """The environment variable with which the limit is set."""
        return f"ALARMS__{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value, how many things were looked at to find it, what those are, and the instances that ops should see.

    ``found`` holds no personal data.
    """

    value: float
    examined: int
    of: str
    found: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an alarm is quiet, and why; ``cause`` is that of the alert it belongs to when it is not."""

    alarm: Alarm
    passed: bool
    value: float
    limit: float
    examined: int
    cause: Cause
    sentence: str
    found: Sequence[str] = ()


def judge(alarm: Alarm, measured: Measured, limit: float) -> Verdict:
    """Hold what was measured against the limit.

    With nothing examined an alarm never passes; where hours should have left something, it speaks of hours that do not
    run.
    """
    if measured.examined <= 0:
        sentence = f"{alarm.watches}: nothing was examined, as there are no {measured.of}"
        cause = Cause.HOURS if alarm.cause in OF_HOURS else alarm.cause
        return Verdict(alarm, False, measured.value, limit, 0, cause, sentence, measured.found)
    passed = measured.value <= limit
    amount = f"{_figure(measured.value)} {alarm.unit}".rstrip()
    sentence = f"{alarm.watches}: {amount}, limit {_figure(limit)}; {measured.examined} {measured.of} examined"
    return Verdict(
        alarm, passed, measured.value, limit, measured.examined, alarm.cause, sentence, () if passed else measured.found
    )


def most_within(instants: Sequence[datetime], window: timedelta) -> int:
    """The largest number of instants that lie in one window, wherever it begins."""
    ordered = sorted(instants)
    most, first = 0, 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most


def share_percent(part: float, whole: float) -> float:
    """A part in percent of a whole; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def _figure(value: float) -> str:
    return f"{value:,.4g}"
