"""What brings alerts about: sensors over runs and ticks, the sign of life, and the job that silences an alert.

A sensor collects how things stand and leaves the rest to a service. Where that fails the cursor stays, and it is tried
again; what was noted before is not told again.
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
from flightsched_pipelines.defs.partitions import hours_of_run
from flightsched_pipelines.defs.responses.reasons import SilenceReason
from flightsched_pipelines.defs.run_limits import STOPPED_TAG, bounded
from flightsched_pipelines.durations import MINUTE
from flightsched_pipelines.services.monitoring import alerts, heartbeat
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import TextError

SILENT_AFTER = timedelta(minutes=20)
OPERATIONAL = frozenset(f"{spec.asset_key.to_user_string()}:{spec.name}" for spec in SPECS)


def record_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, engine: Engine, settings: Settings, now_utc: datetime
) -> None:
    """Note how a run's checks and its job stand; an old hour, run again, and a run that was stopped alert nobody."""
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
    description="Notes how the checks of a run stand; alerts are opened, repeated and resolved from that.",
)
def alert_on_run_success_sensor(
    context: dg.RunStatusSensorContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Note the run."""
    record_run(context.instance, context.dagster_run, engine, settings, clock.now())


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notes that a run failed, and how those of its checks stand that were made.",
)
def alert_on_run_failure_sensor(
    context: dg.RunFailureSensorContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Note the run."""
    record_run(context.instance, context.dagster_run, engine, settings, clock.now())


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notes sensors and schedules that fail, and that the operational checks do not run; sends reminders.",
)
def tick_monitor_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.SkipReason:
    """Note every last tick."""
    now = clock.now()
    news = instance_status.tick_statuses(context.instance)
    last = status_of(engine, f"job/{OPERATIONS}")
    if last is not None and now - last.judged_at > SILENT_AFTER:
        news.append(instance_status.operations_job_status((now - last.judged_at) / MINUTE, now))
    steps = alerts.record_statuses(engine, news, now, settings)
    told = ", ".join(f"{step.key} ({step.word})" for step in steps if step.word)
    return dg.SkipReason(f"alerts told: {told or 'none'}; open: {sum(step.state == 'open' for step in steps)}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[hourly_tick],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="After each completed hour, asks HEARTBEAT_URL: who is behind it raises the alarm when we are silent.",
)
def heartbeat_sensor(
    context: dg.RunStatusSensorContext, settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
) -> dg.SkipReason:
    """Say that we live; an old hour that was run again is no sign of it."""
    hours = hours_of_run(context.dagster_run.tags)
    return dg.SkipReason(heartbeat.report_hour(hours[-1] if hours else None, clock.now(), settings))


class MuteConfig(dg.Config):
    """Which alert is to be quiet, how long, and why."""

    key: str = Field(description="The alert's cause, as `flightsched alerts` lists it.")
    hours: float = Field(default=4, description="How long nobody is told; 0 ends a silence.")
    why: SilenceReason = Field(
        description="Why, for whoever looks at it next. Words of one's own: `flightsched alerts silence --why`."
    )


@dg.op
def mute_alert_op(
    context: dg.OpExecutionContext,
    config: MuteConfig,
    engine: dg.ResourceParam[Engine],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Keep the silence."""
    try:
        until = alerts.silence(engine, config.key, config.hours, config.why.value, clock.now())
    except (alerts.SilenceError, TextError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    context.add_output_metadata({"silenced_until": dg.MetadataValue.timestamp(until)})


@dg.job(
    description="Have nobody told of an alert for some hours; what becomes of it is kept all the same.",
    executor_def=dg.in_process_executor,
    tags=bounded("by hand", minutes=10),
)
def mute_alert() -> None:
    """One op."""
    mute_alert_op()
