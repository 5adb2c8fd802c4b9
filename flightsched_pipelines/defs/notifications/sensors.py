"""What starts the telling: a new proven hour, and messages or deadlines that have come due.

Both decide from the tables, not from events: a tick that was missed loses nothing, and an hour that was backfilled is
not the newest, so it never speaks.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.notifications.notification_jobs import HOUR_FORMAT, deliver_job, dispatch_job
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.defs.responses.response_jobs import apply_queued_responses
from flightsched_pipelines.services import standby
from flightsched_pipelines.services.notifications import channels, dispatch
from flightsched_pipelines.services.responses import deadlines, queued_responses
from flightsched_pipelines.settings import Settings

TRY_AGAIN_SECONDS = 120
"""A dispatch that is not done is launched again after this; its run key has the attempt's number."""

ENOUGH_TIME = timedelta(minutes=2)
"""A run that was launched longer ago does not keep another from being launched: it may be slow, or dead. Two that are
alive share the work, and take no message twice."""


@dg.sensor(
    job=dispatch_job,
    minimum_interval_seconds=20,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the dispatch of the newest hour whose proposals are stored and proven, once.",
)
def dispatch_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run for the newest hour; again, some minutes later, while it still has not been dispatched."""
    now = clock.now()
    hour = dispatch.newest_to_dispatch(engine, now, settings)
    if hour is None:
        yield dg.SkipReason("the newest proven hour was dispatched, or is too old to tell people of")
        return
    key, attempt = key_of(hour), 1
    before = json.loads(context.cursor or "{}")
    if before.get("hour") == key:
        if now.timestamp() - before["asked_at"] < TRY_AGAIN_SECONDS:
            yield dg.SkipReason(f"the dispatch of {key} was launched moments ago")
            return
        attempt = before["attempt"] + 1
    context.update_cursor(json.dumps({"hour": key, "attempt": attempt, "asked_at": now.timestamp()}))
    yield dg.RunRequest(
        run_key=f"dispatch-{key}-{attempt}",
        run_config={"ops": {"dispatch_hour": {"config": {"hour_utc": hour.strftime(HOUR_FORMAT)}}}},
        tags={"flightsched/hour": key},
    )


@dg.sensor(
    job=deliver_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the delivery when a message is due, a deadline has passed, or a slot has come free.",
)
def delivery_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run unless one was launched moments ago: it takes whatever is due when it begins."""
    now = clock.now()
    due = outbox.due(engine, channels.configured_channels(settings), now)
    overdue = deadlines.deadlines_due(engine, now, settings)
    freed = standby.freed_slots_due(engine, now, settings)
    if not due and not overdue and not freed:
        return dg.SkipReason("no message is due, no deadline has passed, and no slot has come free")
    if _was_launched(context, deliver_job.name, now):
        return dg.SkipReason("a delivery was launched moments ago")
    return dg.RunRequest(run_key=f"deliver-{now:%Y%m%dT%H%M%S}", tags={"flightsched/due": str(due)})


@dg.sensor(
    job=apply_queued_responses,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the taking of answers when any wait in the queue of responses; off without AWS_REGION.",
)
def response_queue_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run unless one was launched moments ago: it takes whatever waits when it begins."""
    if settings.aws_region is None:
        return dg.SkipReason("AWS_REGION is not set, so there is no queue of responses")
    queue, _ = queued_responses.queues(settings)
    waiting = queue.depth().waiting
    if not waiting:
        return dg.SkipReason("no answer waits in the queue")
    now = clock.now()
    if _was_launched(context, apply_queued_responses.name, now):
        return dg.SkipReason("a run that takes answers was launched moments ago")
    run_key = f"responses-{now:%Y%m%dT%H%M%S}"
    return dg.RunRequest(run_key=run_key, tags={"flightsched/waiting": str(waiting)})


def _was_launched(context: dg.SensorEvaluationContext, job_name: str, now_utc: datetime) -> bool:
    """Return whether a run of a job waits for its turn, or was launched so lately that it may still begin its work."""
    waiting = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED])
    begun = dg.RunsFilter(
        job_name=job_name,
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
        created_after=now_utc - ENOUGH_TIME,
    )
    return any(context.instance.get_runs_count(runs) for runs in (waiting, begun))
