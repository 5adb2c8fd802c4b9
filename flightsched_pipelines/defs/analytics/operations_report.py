"""What operators look at: ``operations_report``, made of what an hour and its dispatch left behind."""

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.ai_rescheduler.proposals import reschedule_proposals
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring.run_history import attempts_since
from flightsched_pipelines.defs.partitions import HOURLY
from flightsched_pipelines.defs.weather_monitor.bookings import assessment
from flightsched_pipelines.services.monitoring import operations_report as desk
from flightsched_pipelines.settings import Settings


@dg.asset(
    group_name="analytics",
    partitions_def=HOURLY,
    deps=[assessment, reschedule_proposals],
    kinds={"postgres", "html"},
    owners=["team:dispatch"],
)
def operations_report(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """How the platform did in the hour: its metrics as rows of ``pipeline.hourly_metrics``, and a page of pictures."""
    hour, now = context.partition_time_window.start, clock.now()
    since, _ = desk.window_of(hour, now)
    values = desk.measure(engine, attempts_since(context.instance, since), hour, now, settings)
    metrics.insert_metrics(engine, hour, values)
    report = desk.compose_report(engine, hour, now, settings)
    context.add_output_metadata(
        asset_metadata.report_metadata(
            report, values, desk.write_page(report, settings), desk.publish(values, hour, now, settings)
        )
    )
