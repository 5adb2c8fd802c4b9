"""When an alert speaks: opened once, reminded of at growing intervals, told again when it is worse, and resolved.

A *standing* is how a check (or a job, a sensor, a schedule) stood when it was last looked at. All failing standings of
a cause are one alert, so that a provider that is down is one alert and not forty.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flightsched_pipelines.domain.monitoring.check_definition import Severity

FIRST_REMINDER = timedelta(hours=1)
MAX_PAUSE = timedelta(hours=24)
MAX_DOUBLINGS = 5

NotificationKind = Literal["opened", "worse", "reminder", "resolved"]
"""What is told of an alert."""


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """How one thing stands: ``about_utc`` is the hour it was judged of, ``judged_at`` when; no personal data."""

    name: str
    cause: str
    severity: Severity
    passed: bool
    sentence: str
    todo: str
    section: str
    about_utc: datetime
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that is open."""

    alert_id: int
    key: str
    severity: Severity
    opened_at: datetime
    times_told: int
    next_tell_at: datetime


@dataclass(frozen=True, slots=True)
class AlertTransition:
    """What becomes of the alert of a cause; ``word`` is what ops are told, ``None`` for nothing now."""

    key: str
    state: Literal["open", "resolved"]
    severity: Severity
    word: NotificationKind | None
    failing: Sequence[CheckStatus]
    next_tell_at: datetime | None


def pause_after(times_told: int) -> timedelta:
    """How long an open alert stays silent after it was told so often: 1, 2, 4, 8, 16 hours, then a day."""
    doublings = min(max(times_told - 1, 0), MAX_DOUBLINGS)
    return min(FIRST_REMINDER * 2**doublings, MAX_PAUSE)


def alert_transitions(
    failing: Iterable[CheckStatus], open_alerts: Collection[Alert], silenced: Collection[str], now_utc: datetime
) -> list[AlertTransition]:
    """What becomes of every alert, given how all things stand now.

    Args:
        failing: all standings that have not passed.
        open_alerts: at most one a key.
        silenced: the keys that ops do not want to hear of now; what becomes of them is kept all the same.
        now_utc: now.
    """
    by_cause: dict[str, list[CheckStatus]] = {}
    for standing in failing:
        by_cause.setdefault(standing.cause, []).append(standing)
    before = {alert.key: alert for alert in open_alerts}
    found: list[AlertTransition] = []
    for key in sorted(by_cause.keys() | before.keys()):
        step = _step(key, by_cause.get(key, []), before.get(key), key in silenced, now_utc)
        if step is not None:
            found.append(step)
    return found


def _step(
    key: str, failing: list[CheckStatus], alert: Alert | None, silent: bool, now_utc: datetime
) -> AlertTransition | None:
    if not failing:
        if alert is None:
            return None
        word: NotificationKind | None = "resolved" if alert.times_told and not silent else None
        return AlertTransition(key, "resolved", alert.severity, word, (), None)
    failing.sort(key=lambda standing: (standing.severity != "error", standing.name))
    severity = failing[0].severity
    word = None if silent else _notification_kind(severity, alert, now_utc)
    told = alert.times_told if alert is not None else 0
    if word is not None:
        next_tell_at = now_utc + pause_after(told + 1)
    else:
        next_tell_at = alert.next_tell_at if alert is not None else now_utc
    return AlertTransition(key, "open", severity, word, failing, next_tell_at)


def _notification_kind(severity: Severity, alert: Alert | None, now_utc: datetime) -> NotificationKind | None:
    if alert is None or alert.times_told == 0:
        return "opened"
    if severity == "error" and alert.severity == "warn":
        return "worse"
    return "reminder" if now_utc >= alert.next_tell_at else None
