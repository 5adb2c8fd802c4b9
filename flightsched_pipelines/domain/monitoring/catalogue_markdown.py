"""Render the catalogue of checks as Markdown: docs/alerts.md is exactly this text, as a test verifies."""

from collections.abc import Iterator

from flightsched_pipelines.domain.monitoring.check_definition import Cause, MonitoredCheck
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS

HEAD = """# Alerts

Made by `flightsched alerts --markdown` from flightsched_pipelines/domain/monitoring; do not edit.

Every check is an asset check. It fails if its value is above the limit, or if there was nothing to examine. All
failing checks of a cause are one alert, and so are failed runs, sensors and schedules: a provider that is down is one
alert, not forty. A notification is sent when an alert opens, when it gets worse (from warn to error), after 1, 2, 4, 8,
16 and then every 24 hours while it is open, and when it is resolved; by SNS
(`flight-rescheduler-alerts-<ENVIRONMENT>`) and Slack, through the outbox, so that a failed delivery is tried again.
through the outbox, so that one which cannot be delivered is tried again.

`flightsched alerts` lists the open alerts. `flightsched alerts silence CAUSE --hours 4 --why "..."`, or the job
`mute_alert`, mutes an alert for a time; its history is still recorded in `school.alerts`.

If the whole platform stops, no check runs: `HEARTBEAT_URL` is pinged after each successful hour, and the
dead-man's-switch service behind it (healthchecks.io, for example) alerts if pings stop.

A limit is set by the environment: `ALARMS__<NAME>`, such as `ALARMS__WEATHER_MONITOR_ERRORS=5`.
"""
COLUMNS = "| check | severity | what it watches | window | fails above | alert | takes the place of | runbook |"


def markdown() -> str:
    """Return the whole page."""
    return "\n".join(
        [
            HEAD,
            "## On an hour's data",
            "",
            "With their asset, every hour. Blocking checks stop the hour; no messages are sent.",
            "",
            *_table(DATA_CHECKS),
            "",
            "## On operations",
            "",
            "Every five minutes, in one run, from recorded facts. Checks of a disabled feature (no LLM, no AWS) are",
            "left out. If missing hours leave nothing to examine, the alert is `hours`.",
            "",
            *_table(OPERATIONAL_CHECKS),
            "",
            "## What to do",
            "",
            *(f"- `{alarm.name}`: {alarm.todo}" for alarm in (*DATA_CHECKS, *OPERATIONAL_CHECKS)),
            "",
            "## Causes",
            "",
            f"Alerts are named by cause: {', '.join(f'`{cause}`' for cause in Cause)}. `hours` also covers failed",
            "hourly runs, `delivery` of failed dispatches and deliveries, `platform` of every other job, sensor or",
            "schedule that failed.",
            "",
        ]
    )


def _table(alarms: tuple[MonitoredCheck, ...]) -> Iterator[str]:
    yield COLUMNS
    yield "|---|---|---|---|---:|---|---|---|"
    for alarm in alarms:
        blocks = ", blocks" if alarm.blocking else ""
        cells = [
            f"`{alarm.asset or 'every asset'}:{alarm.name}`",
            f"{alarm.severity}{blocks}",
            alarm.watches,
            alarm.window,
            f"{alarm.limit:g} {alarm.unit}",
            f"`{alarm.cause}`",
            alarm.counterpart,
            f"[section](runbook.md#{alarm.section})",
        ]
        yield f"| {' | '.join(cells)} |"
