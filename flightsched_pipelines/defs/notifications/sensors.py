"""Sensors that launch the dispatch of an hour, the delivery of what is due, and the responses that wait in the queue.

They decide from the tables, not from events: a missed tick loses nothing, and an hour that was backfilled is not the
latest, so nobody is notified of it.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.database.faults import is_lost
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.notifications.notification_jobs import HOUR_FORMAT, deliver_job, dispatch_job
from flightsched_pipelines.defs.ownership import code_reference, labels
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.defs.responses.response_jobs import apply_queued_responses
from flightsched_pipelines.services.notifications import channels, dispatch
from flightsched_pipelines.services.responses import deadlines, queued_responses
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines.settings import Settings

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 120
"""A dispatch that is not done is launched again after this; its run key has the attempt's number."""

ENOUGH_TIME = timedelta(minutes=2)
"""A run that was launched longer ago does not keep another from being launched: it may be slow, or dead. Two that are
alive share the work, and take no message twice."""


@dg.sensor(
    job=dispatch_job,
    minimum_interval_seconds=20,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the dispatch of the latest hour whose proposals are stored and validated, once.",
    tags=labels("notifications"),
    metadata=code_reference(),
)
def dispatch_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request a run for the latest hour; again, minutes later, while it has not been dispatched."""
    now = clock.now()
    hour = dispatch.newest_to_dispatch(engine, now, settings)
    if hour is None:
        yield dg.SkipReason("the latest validated hour was dispatched, or is too old to notify people of")
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
    tags=labels("notifications"),
    metadata=code_reference(),
)
def delivery_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Request a run unless one was launched moments ago: a run takes whatever is due when it begins.

    What cannot be counted counts as due: the run sends the mail, and fails where the fault is.
    """
    now = clock.now()
    due = outbox.due(engine, channels.configured_channels(settings), now)
    if not (
        due
        or _may_be_due(deadlines.deadlines_due, engine, now, settings)
        or _may_be_due(offers.freed_slots_due, engine, now, settings)
    ):
        return dg.SkipReason("no message is due, no deadline has passed, and no slot has come free")
    if was_launched(context, deliver_job.name, now):
        return dg.SkipReason("a delivery was launched moments ago")
    return dg.RunRequest(run_key=f"deliver-{now:%Y%m%dT%H%M%S}", tags={"flightsched/due": str(due)})


def _may_be_due(
    count: Callable[[Engine, datetime, Settings], int], engine: Engine, now_utc: datetime, settings: Settings
) -> bool:
    try:
        return count(engine, now_utc, settings) > 0
    except Exception as error:  # its words may contain a row's values; without its database a run could do nothing
        if is_lost(error):
            raise
        log.warning("what is due could not be counted: %s", type(error).__name__)
        return True


@dg.sensor(
    job=apply_queued_responses,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the job that applies queued responses when any wait; off without AWS_REGION.",
    tags=labels("responses"),
    metadata=code_reference(),
)
def response_queue_sensor(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings], clock: dg.ResourceParam[Clock]
) -> dg.RunRequest | dg.SkipReason:
    """Request a run unless one was launched moments ago: a run takes whatever waits when it begins."""
    if settings.aws_region is None:
        return dg.SkipReason("AWS_REGION is not set, so there is no queue of responses")
    queue, _ = queued_responses.queues(settings)
    waiting = queue.depth().waiting
    if not waiting:
        return dg.SkipReason("no response waits in the queue")
    now = clock.now()
    if was_launched(context, apply_queued_responses.name, now):
        return dg.SkipReason("a run that applies queued responses was launched moments ago")
    run_key = f"responses-{now:%Y%m%dT%H%M%S}"
    return dg.RunRequest(run_key=run_key, tags={"flightsched/waiting": str(waiting)})


def was_launched(context: dg.SensorEvaluationContext, job_name: str, now_utc: datetime) -> bool:
    """Return whether a run of a job waits for its turn, or was launched so lately that it may still begin its work."""
    waiting = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED])
    begun = dg.RunsFilter(
        job_name=job_name,
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
        created_after=now_utc - ENOUGH_TIME,
    )
    return any(context.instance.get_runs_count(runs) for runs in (waiting, begun))
