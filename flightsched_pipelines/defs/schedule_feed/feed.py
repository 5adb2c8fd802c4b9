"""Take the files that the school's scheduler drops, in order and each once, and write what it is to enter."""

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.clients.schedule_feed.feed import FeedError, open_feed
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.notifications.sensors import was_launched
from flightsched_pipelines.defs.ownership import code_reference, labels
from flightsched_pipelines.defs.runs.refusals import refuse
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.defs.schedule_feed.feed_metadata import feed_metadata
from flightsched_pipelines.services.imports import feed as files
from flightsched_pipelines.settings import Settings


@dg.op
def take_feed_files_op(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Import each new file of the feed, set aside what cannot be imported, and write the changes that wait."""
    feed = open_feed(settings)
    if feed is None:
        context.log.info("SCHEDULE_FEED is not set: there is nothing to take")
        return
    with refuse(FeedError):
        taken = files.take_files(engine, feed, clock.now(), settings)
        wrote = files.write_changes(engine, feed, clock.now())
    context.add_output_metadata(feed_metadata(taken, wrote=wrote))


@dg.job(metadata=code_reference(), tags=bounded("feed", minutes=30))
def take_feed_files() -> None:
    """Take the files of the school's scheduler, and write what it is to enter."""
    take_feed_files_op()


@dg.sensor(
    job=take_feed_files,
    minimum_interval_seconds=20,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Launches the job when the feed has new files, or the platform new changes; off without SCHEDULE_FEED.",
    tags=labels("schedule_feed"),
    metadata=code_reference(),
)
def schedule_feed_sensor(
    context: dg.SensorEvaluationContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.RunRequest | dg.SkipReason:
    """Request a run unless one was launched moments ago: a run takes whatever is due when it begins."""
    feed = open_feed(settings)
    if feed is None:
        return dg.SkipReason("SCHEDULE_FEED is not set")
    now = clock.now()
    due = len(files.files_due(engine, feed, now))
    if not due and files.changes_to_write(engine, feed, now) is None:
        return dg.SkipReason("the feed has no file that is new and whole, and no change is to be written")
    if was_launched(context, take_feed_files.name, now):
        return dg.SkipReason("a run that takes files was launched moments ago")
    return dg.RunRequest(run_key=f"feed-{now:%Y%m%dT%H%M%S}", tags={"flightsched/files": str(due)})
