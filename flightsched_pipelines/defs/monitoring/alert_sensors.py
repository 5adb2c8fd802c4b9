"""Alert sensors over runs and ticks, the heartbeat, and the job that mutes an alert.

A sensor collects check statuses and leaves the rest to a service. If that fails the cursor stays, and the tick is tried
again; a status that was recorded before is not notified again.
"""

from datetime import datetime, timedelta

import dagster as dg
from pydantic import Field
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.monitoring.alerts import status_of
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.jobs import hourly_tick
from flightsched_pipelines.defs.monitoring import instance_status
from flightsched_pipelines.defs.monitoring.operational_checks import SPECS
from flightsched_pipelines.defs.monitoring.run_history import OPERATIONS
from flightsched_pipelines.defs.notifications.notification_jobs import deliver_job
from flightsched_pipelines.defs.ownership import PLATFORM, code_reference, labels
from flightsched_pipelines.defs.partitions import hours_of_run
from flightsched_pipelines.defs.responses.accepted_reasons import SilenceReason
from flightsched_pipelines.defs.runs.refusals import refuse
from flightsched_pipelines.defs.runs.run_limits import STOPPED_TAG, bounded
from flightsched_pipelines.durations import MINUTE
from flightsched_pipelines.services.monitoring import alerts, heartbeat
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import TextError

SILENT_AFTER = timedelta(minutes=20)
OPERATIONAL = frozenset(f"{spec.asset_key.to_user_string()}:{spec.name}" for spec in SPECS)


def record_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, engine: Engine, settings: Settings, now_utc: datetime
) -> None:
    """Record the statuses of a run's checks and of its job; a rerun of an old hour and a stopped run alert nobody."""
    if run.status == dg.DagsterRunStatus.FAILURE and STOPPED_TAG in run.tags:
        return
    hours = hours_of_run(run.tags)
    if hours and hours[-1] < now_utc - timedelta(hours=settings.dispatch_max_age_hours):
        return
    found = instance_status.run_statuses(instance, run, now_utc)
    evaluated = run.job_name == OPERATIONS and run.status == dg.DagsterRunStatus.SUCCESS
    off = OPERATIONAL - {one.name for one in found} if evaluated else frozenset[str]()
    alerts.record_statuses(engine, found, now_utc, settings, off=off)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records the statuses of a run's checks; alerts are opened, repeated and resolved from them.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
)
def alert_on_run_success_sensor(
    context: dg.RunStatusSensorContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Record the run."""
    record_run(context.instance, context.dagster_run, engine, settings, clock.now())


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records that a run failed, and the statuses of those of its checks that were evaluated.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
)
def alert_on_run_failure_sensor(
    context: dg.RunFailureSensorContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Record the run."""
    record_run(context.instance, context.dagster_run, engine, settings, clock.now())


@dg.sensor(
    job=deliver_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records sensors and schedules that fail, and operational checks that do not run. Launches the "
    "delivery when there is an alert to notify, or a reminder.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
)
def tick_monitor_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Record the status of every last tick; request a delivery where that queued a notification."""
    now = clock.now()
    news = instance_status.tick_statuses(context.instance)
    last = status_of(engine, f"job/{OPERATIONS}")
    if last is not None and now - last.judged_at > SILENT_AFTER:
        news.append(instance_status.operations_job_status((now - last.judged_at) / MINUTE, now))
    steps = alerts.record_statuses(engine, news, now, settings)
    notified = ", ".join(f"{step.key} ({step.word})" for step in steps if step.word)
    if not notified:
        return dg.SkipReason(f"no alert to notify; open alerts: {sum(step.state == 'open' for step in steps)}")
    context.log.info("alerts queued: %s", notified)
    return dg.RunRequest(run_key=f"alerts-{now:%Y%m%dT%H%M%S}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[hourly_tick],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Pings HEARTBEAT_URL after each completed hour; the monitor behind it alerts if the pings stop.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
)
def heartbeat_sensor(
    context: dg.RunStatusSensorContext, settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
) -> dg.SkipReason | None:
    """Ping, unless the hour is an old one that was run again."""
    hours = hours_of_run(context.dagster_run.tags)
    reason = heartbeat.report_hour(hours[-1] if hours else None, clock.now(), settings)
    if reason is not None:
        return dg.SkipReason(reason)
    context.log.info("heartbeat sent")
    return None


class MuteConfig(dg.Config):
    """The alert to mute, for how long, and why."""

    key: str = Field(
        description="The alert's cause, such as job/hourly_tick; `flightsched alerts` lists those that are open."
    )
    hours: float = Field(default=4, description="Hours for which nobody is notified; 0 ends the mute.")
    why: SilenceReason = Field(
        description="The reason, for whoever looks at it next. In your own words: `flightsched alerts silence --why`."
    )


@dg.op
def mute_alert_op(
    context: dg.OpExecutionContext,
    config: MuteConfig,
    engine: dg.ResourceParam[Engine],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Mute the alert, or refuse with one sentence."""
    with refuse(alerts.SilenceError, TextError):
        until = alerts.silence(engine, config.key, config.hours, config.why.value, clock.now())
    context.add_output_metadata({"silenced_until": dg.MetadataValue.timestamp(until)})


@dg.job(
    description="Mute an alert's notifications for some hours; its history is still recorded.",
    config={"ops": {"mute_alert_op": {"config": {"key": "CAUSE", "hours": 4.0, "why": "KNOWN"}}}},
    metadata=code_reference(),
    tags=bounded("by hand", minutes=10, owner=PLATFORM),
)
def mute_alert() -> None:
    """One op."""
    mute_alert_op()
