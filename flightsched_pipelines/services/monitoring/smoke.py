"""Try a deployment after it was changed: what a person would see, an hour's dispatch undone, and one mail to a sink."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine

from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.delivery.test_email import send_test_email
from flightsched_pipelines.services.monitoring.diagnosis import Finding
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings

SUCCESS = 200


def smoke_test(
    portal: httpx.Client, engine: Engine, settings: Settings, sink: str, max_age: timedelta, now_utc: datetime
) -> Iterator[Finding]:
    """Yield a finding for each part; none of them changes anything but the sink."""
    for path in ("/healthz", "/readyz"):
        yield _responds(portal, path)
    yield _last_good_hour(portal, max_age, now_utc)
    yield _dry_dispatch(engine, settings, now_utc)
    yield _mail(settings, sink, now_utc)


def _responds(portal: httpx.Client, path: str) -> Finding:
    tried = f"get {path}"
    try:
        answer = portal.get(path)
    except httpx.HTTPError as error:
        return Finding("portal", "wrong", tried, type(error).__name__, "check the address, and the portal's log")
    if answer.status_code != SUCCESS:
        found = f"HTTP {answer.status_code}: {answer.text.strip()[:200]}"
        return Finding("portal", "wrong", tried, found, "read the portal's log; roll back")
    return Finding("portal", "ok", tried, f"{path} responds")


def _last_good_hour(portal: httpx.Client, max_age: timedelta, now_utc: datetime) -> Finding:
    tried = "read /status.json"
    try:
        status: Any = portal.get("/status.json").json()
        stored = status["last_good_hour_utc"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        return Finding("last good hour", "wrong", tried, f"no status: {type(error).__name__}", "read the portal's log")
    if stored is None:
        return Finding("last good hour", "wrong", tried, "none yet", "run `flightsched tick`, or wait for five past")
    hour = datetime.fromisoformat(stored).astimezone(UTC)
    found = f"{hour:%Y-%m-%d %H}Z"
    if now_utc - hour <= max_age:
        return Finding("last good hour", "ok", tried, found)
    remedy = "see the runbook, missing hourly runs"
    return Finding("last good hour", "wrong", tried, f"{found}, older than {max_age / timedelta(hours=1):g} h", remedy)


def _dry_dispatch(engine: Engine, settings: Settings, now_utc: datetime) -> Finding:
    tried = "dispatch the newest hour, and undo it"
    try:
        result = dispatch(engine, now_utc, settings, is_dry_run=True)
    except PlainError as error:
        return Finding("dispatch", "wrong", tried, str(error), "see the runbook, missing notifications")
    steps, queued = plural(sum(result.steps.values()), "step"), plural(sum(result.queued.values()), "message")
    return Finding("dispatch", "ok", tried, f"{steps} of cases, {queued}; undone")


def _mail(settings: Settings, sink: str, now_utc: datetime) -> Finding:
    tried = f"send a mail to {sink} by {settings.mail_via}"
    try:
        send_test_email(settings, sink, now_utc)
    except PlainError as error:
        return Finding("mail", "wrong", tried, str(error), "see the runbook, missing notifications")
    return Finding("mail", "ok", tried, "taken")
