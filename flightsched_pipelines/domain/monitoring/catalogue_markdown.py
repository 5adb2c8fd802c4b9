"""The catalogue as a page for people: docs/alerts.md holds exactly this, and a test sees to it."""

from collections.abc import Iterator

from flightsched_pipelines.domain.monitoring.check_definition import Cause, MonitoredCheck
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS

HEAD = """# Alerts

Made by `flightsched alerts --markdown` from flightsched_pipelines/domain/monitoring; do not edit.

Every alarm is an asset check. It fails where its value is above the limit, or where there was nothing to examine. All
failing checks of a cause are one alert, and so are failed runs, sensors and schedules: a provider that is down is one
alert, not forty. An alert is told when it opens, when it gets worse (from warn to error), after 1, 2, 4, 8, 16 and then
every 24 hours while it is open, and when it is resolved; by SNS (`flight-rescheduler-alerts-<ENVIRONMENT>`) and Slack,
through the outbox, so that one which cannot be delivered is tried again.

`flightsched alerts` lists what is open. `flightsched alerts silence CAUSE --hours 4 --why "..."`, or the job
`mute_alert`, quiets an alert for a time; what becomes of it is kept. `school.alerts` is the history.

When no hour completes nothing here may be running: after each completed hour `HEARTBEAT_URL` is asked, and whoever is
behind it (healthchecks.io, for one) raises the alarm when we are silent.

A limit is set by the environment: `ALARMS__<NAME>`, such as `ALARMS__WEATHER_MONITOR_ERRORS=5`.
"""
COLUMNS = "| check | severity | what it watches | window | fails above | alert | takes the place of | runbook |"


def markdown() -> str:
    """The whole page."""
    return "\n".join(
        [
            HEAD,
            "## On an hour's data",
            "",
            "With their asset, every hour. The two that block stop the hour: nobody is told anything of it.",
            "",
            *_table(DATA_CHECKS),
            "",
            "## On operations",
            "",
            "Every five minutes, in one run, from recorded facts. A check of something that is off (no LLM, no AWS) is",
            "not made. Where hours left nothing to examine, the alert is `hours`.",
            "",
            *_table(OPERATIONAL_CHECKS),
            "",
            "## What to do",
            "",
            *(f"- `{alarm.name}`: {alarm.todo}" for alarm in (*DATA_CHECKS, *OPERATIONAL_CHECKS)),
            "",
            "## Causes",
            "",
            f"Alerts are named by cause: {', '.join(f'`{cause}`' for cause in Cause)}. `hours` also speaks of failed",
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
