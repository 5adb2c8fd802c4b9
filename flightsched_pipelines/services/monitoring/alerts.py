"""Store check statuses, and write and queue the alerts that follow, in one transaction.

The outbox delivers an alert to SNS and Slack, so that a failed delivery is tried again and none is lost.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.monitoring import alerts as rows
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.domain.monitoring import alert_lifecycle
from flightsched_pipelines.domain.monitoring.alert_lifecycle import Alert, AlertTransition, CheckStatus
from flightsched_pipelines.domain.monitoring.check_definition import Cause
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages.alert import AlertNotice, FailingCheck
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, MAX_REASON_CHARACTERS, accept

CHANNELS = ("slack", "sns_alerts")
EVENT, ROLE = "alert", "ops"
MAX_SILENCE_HOURS = 24 * 14


class SilenceError(PlainError, ValueError):
    """An alert cannot be muted as requested; the message contains the reason and the remedy."""


def record_statuses(
    engine: Engine, news: Collection[CheckStatus], now_utc: datetime, settings: Settings, *, off: Collection[str] = ()
) -> list[AlertTransition]:
    """Store check statuses, then open, repeat or resolve alerts. Idempotent.

    Args:
        engine: the database.
        news: check statuses; older or unchanged statuses are ignored.
        now_utc: now.
        settings: the channels that are on.
        off: names of checks that no longer run; their statuses are deleted.

    Returns:
        The transition of each alert that is, or was, open.
    """
    with engine.begin() as connection:
        rows.lock_alerts(connection)
        rows.delete_statuses(connection, off)
        rows.save_statuses(connection, news)
        open_alerts = rows.open_alerts(connection)
        steps = alert_lifecycle.alert_transitions(
            rows.failing(connection), open_alerts, rows.silenced(connection, now_utc), now_utc
        )
        before = {alert.key: alert for alert in open_alerts}
        for step in steps:
            _take(connection, step, before.get(step.key), now_utc, settings)
    return steps


def silence(engine: Engine, key: str, hours: float, why: str, now_utc: datetime) -> datetime:
    """Mute an alert's notifications for some hours; 0 ends a mute. Returns its end.

    Raises:
        SilenceError: the alert does not exist, the reason is missing, or the time is out of range.
        TextError: the alert's name or the reason cannot be stored.
    """
    accept(key, "the alert's name", MAX_NAME_CHARACTERS)
    accept(why, "the reason", MAX_REASON_CHARACTERS)
    if not 0 <= hours <= MAX_SILENCE_HOURS:
        raise SilenceError(f"hours must be between 0 and {MAX_SILENCE_HOURS}; got {hours:g}")
    if not why.strip():
        raise SilenceError("the reason is missing; give one for the next operator")
    until = now_utc + timedelta(hours=hours)
    with engine.begin() as connection:
        known = {str(cause) for cause in Cause} | rows.known_keys(connection)
        if key not in known:
            raise SilenceError(f"there is no alert '{key}'; there are {', '.join(sorted(known))}")
        rows.insert_mute(connection, key, until, why.strip(), now_utc)
    return until


def _take(
    connection: Connection, step: AlertTransition, alert: Alert | None, now_utc: datetime, settings: Settings
) -> None:
    alert_id, opened_at, told = rows.write(connection, step, alert, now_utc)
    if step.word is None:
        return
    base = settings.runbook_link
    checks = [
        FailingCheck(
            name=one.name,
            severity=one.severity,
            sentence=one.sentence,
            todo=one.todo,
            runbook=f"{base}#{one.section}" if one.section else "",
        )
        for one in step.failing
    ]
    notice = AlertNotice(
        word=step.word,
        alert=step.key,
        severity=step.severity,
        environment=settings.environment,
        opened_at=opened_at,
        told_at=now_utc,
        checks=checks,
    )
    stamp = "resolved" if step.state == "resolved" else str(told)
    outbox.queue(
        connection,
        [
            outbox.Queued(
                key=f"alert-{alert_id}/{stamp}/{channel}",
                channel=channel,
                case_id=None,
                partition_hour=None,
                event=EVENT,
                role=ROLE,
                person_id=None,
                payload=notice.model_dump(mode="json"),
                next_attempt_at=now_utc,
                expires_at=None,
            )
            for channel in CHANNELS
            if channel in channels.configured_channels(settings)
        ],
        now_utc,
    )
