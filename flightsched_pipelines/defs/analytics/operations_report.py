"""The asset ``operations_report``: metrics and a page for operators, from what an hour and its dispatch recorded."""

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.ai_rescheduler.proposals import reschedule_proposals
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring.run_history import attempts_since
from flightsched_pipelines.defs.ownership import PLATFORM, labels, team
from flightsched_pipelines.defs.partitions import HOURLY
from flightsched_pipelines.defs.weather_monitor.bookings import assessment
from flightsched_pipelines.services.monitoring import operations_report as desk
from flightsched_pipelines.services.monitoring.report_pages import write_page
from flightsched_pipelines.settings import Settings


@dg.asset(
    group_name="analytics",
    partitions_def=HOURLY,
    deps=[assessment, reschedule_proposals],
    kinds={"postgres", "html"},
    owners=[team(PLATFORM)],
    tags=labels("analytics", PLATFORM),
    metadata={"dagster/table_name": "pipeline.hourly_metrics"},
)
def operations_report(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """The operations report of an hour: metrics as rows of ``pipeline.hourly_metrics``, and a page of pictures."""
    hour, now = context.partition_time_window.start, clock.now()
    since, _ = desk.window_of(hour, now)
    values = desk.measure(engine, attempts_since(context.instance, since), hour, now, settings)
    metrics.insert_metrics(engine, hour, values)
    report = desk.compose_report(engine, hour, now, settings)
    context.add_output_metadata(
        asset_metadata.report_metadata(
            report,
            values,
            write_page(report, settings),
            desk.publish(values, hour, now, settings),
            settings.pages_url,
        )
    )
