"""Decide when to notify about an alert: opened, reminded at growing intervals, worse, and resolved.

A check status is the last known status of a check, job, sensor or schedule. All failing statuses of a cause are one
alert, so that a provider that is down is one alert and not forty.
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
"""Kinds of notification about an alert."""


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """The status of one check: ``about_utc`` is the hour checked, ``judged_at`` the check's time; no personal data."""

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
    """The new state of the alert of a cause; ``word`` is the notification to send, ``None`` for none now."""

    key: str
    state: Literal["open", "resolved"]
    severity: Severity
    word: NotificationKind | None
    failing: Sequence[CheckStatus]
    next_tell_at: datetime | None


def pause_after(times_told: int) -> timedelta:
    """Return the pause after a number of notifications about an open alert: 1, 2, 4, 8, 16 hours, then a day."""
    doublings = min(max(times_told - 1, 0), MAX_DOUBLINGS)
    return min(FIRST_REMINDER * 2**doublings, MAX_PAUSE)


def alert_transitions(
    failing: Iterable[CheckStatus], open_alerts: Collection[Alert], silenced: Collection[str], now_utc: datetime
) -> list[AlertTransition]:
    """Return the transition of every alert, given the current check statuses.

    Args:
        failing: all statuses that have not passed.
        open_alerts: at most one a key.
        silenced: the keys that are muted now; their history is still recorded.
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
