"""Everything Dagster loads, put together by one function so that a test can replace any part."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from flightsched_pipelines.defs.ai_rescheduler import proposals
from flightsched_pipelines.defs.analytics import operations_report, school_figures
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.io_manager import Tables
from flightsched_pipelines.defs.jobs import hourly_tick, operations_job, redrive_dead_letters, report_job
from flightsched_pipelines.defs.monitoring import data_checks as checks
from flightsched_pipelines.defs.monitoring import operational_checks
from flightsched_pipelines.defs.monitoring.alert_sensors import (
    alert_on_run_failure_sensor,
    alert_on_run_success_sensor,
    heartbeat_sensor,
    mute_alert,
    tick_monitor_sensor,
)
from flightsched_pipelines.defs.notifications.notification_jobs import deliver_job, dispatch_job, send_test_job
from flightsched_pipelines.defs.notifications.sensors import delivery_sensor, dispatch_sensor, response_queue_sensor
from flightsched_pipelines.defs.resources import (
    EngineResource,
    RankerResource,
    SettingsResource,
    ShardsResource,
    WeatherSourceResource,
)
from flightsched_pipelines.defs.responses.response_jobs import (
    apply_queued_responses,
    apply_response,
    cancel_case,
    hold_booking,
    release_booking,
)
from flightsched_pipelines.defs.retention.retention_job import retention_job, retention_schedule
from flightsched_pipelines.defs.runs.run_process import accept_beta, run_executor
from flightsched_pipelines.defs.schedule_feed.feed import schedule_feed_sensor, take_feed_files
from flightsched_pipelines.defs.schedules import hourly, operations, report
from flightsched_pipelines.defs.weather_monitor import bookings, verification, weather


def build_definitions(
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
    **resource_overrides: Any,  # noqa: ANN401, a resource may be anything
) -> dg.Definitions:
    """Return all assets, checks, jobs, schedules and sensors; a keyword replaces the resource of that name."""
    settings = resource_overrides.get("settings", SettingsResource())
    engine = resource_overrides.get("engine", EngineResource(settings=settings))
    resources: Mapping[str, object] = {
        "settings": settings,
        "engine": engine,
        "weather": WeatherSourceResource(settings=settings),
        "ranker": RankerResource(settings=settings),
        "shards": ShardsResource(settings=settings),
        "tables": Tables(engine=engine),
        "clock": Clock(),
    }
    with accept_beta():
        assets = dg.with_source_code_references(
            dg.load_assets_from_modules([weather, bookings, verification, proposals, operations_report, school_figures])
        )
    return dg.Definitions(
        assets=assets,
        asset_checks=dg.load_asset_checks_from_modules([checks, operational_checks]),
        jobs=[
            hourly_tick,
            dispatch_job,
            deliver_job,
            send_test_job,
            redrive_dead_letters,
            apply_response,
            cancel_case,
            hold_booking,
            release_booking,
            apply_queued_responses,
            take_feed_files,
            operations_job,
            report_job,
            retention_job,
            school_figures.school_day_job,
            school_figures.school_week_job,
            mute_alert,
        ],
        schedules=[
            hourly,
            operations,
            report,
            retention_schedule,
            school_figures.school_day,
            school_figures.school_week,
        ],
        sensors=[
            dispatch_sensor,
            delivery_sensor,
            response_queue_sensor,
            schedule_feed_sensor,
            alert_on_run_success_sensor,
            alert_on_run_failure_sensor,
            tick_monitor_sensor,
            heartbeat_sensor,
        ],
        executor=run_executor,
        resources={**resources, **resource_overrides},
        loggers=dict(loggers or {}),
    )


defs = build_definitions()
