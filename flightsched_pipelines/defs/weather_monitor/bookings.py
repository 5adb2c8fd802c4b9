"""The schedule at an hour, compared with the forecast: snapshots → ``lesson_verdicts``, ``at_risk_bookings``."""

from datetime import datetime

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.hourly_assets import hourly_asset, hourly_assets
from flightsched_pipelines.defs.partitions import by_hour, several_by_hour
from flightsched_pipelines.defs.runs.retries import retry_transient_faults
from flightsched_pipelines.services.hourly import hourly_steps, snapshots
from flightsched_pipelines.services.hourly.second_opinion import with_uncertainty
from flightsched_pipelines.services.imports import feed
from flightsched_pipelines.settings import Settings


@hourly_asset("weather_monitor", kinds={"postgres"})
def booking_snapshot(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """The bookings at the hour, from a day before it (for duty hours) to the end of the search for other times."""
    now_utc = clock.now()
    with retry_transient_faults(context):
        bookings = by_hour(context, lambda hour: snapshots.snapshot_bookings(engine, hour, now_utc, settings))
    age = feed.schedule_age_minutes(engine, now_utc)
    context.add_output_metadata(asset_metadata.bookings_metadata(bookings, age))
    return bookings


@hourly_asset("weather_monitor", kinds={"postgres"})
def reference_snapshot(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """Airports, runways, minimums and settings at the hour: a digest of each; equal contents are stored once."""
    now_utc = clock.now()
    with retry_transient_faults(context):
        return by_hour(context, lambda hour: snapshots.snapshot_reference(engine, hour, now_utc, settings))


@hourly_asset("weather_monitor", kinds={"postgres"})
def availability_snapshot(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """Availability of each school, student, instructor and aircraft at the hour, on whole UTC days."""
    now_utc = clock.now()
    with retry_transient_faults(context):
        return by_hour(context, lambda hour: snapshots.snapshot_availability(engine, hour, now_utc, settings))


@hourly_assets(
    "weather_monitor",
    lesson_verdicts="The verdict of each lesson of the next 72 hours; a lesson without a row was not assessed.",
    at_risk_bookings="Lessons of the next 72 hours below the school's minimums, one row per lesson and breach.",
    deps=["reference_snapshot", "hazard_areas"],
)
def assessment(
    context: dg.AssetExecutionContext,
    forecasts: DataFrame,
    booking_snapshot: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> tuple[DataFrame, DataFrame]:
    """Compare the lessons ahead with the forecast, the hazard areas and the minimums of their pilots."""

    def assess(hour: datetime, forecasts: DataFrame, bookings: DataFrame) -> tuple[DataFrame, DataFrame]:
        then = hourly_steps.settings_at(engine, hour, settings)
        lessons = hourly_steps.lessons_ahead(bookings, hour, then.lookahead_hours)
        assessed = hourly_steps.assess_lessons(engine, lessons, forecasts, hour, settings)
        verdicts = with_uncertainty(engine, assessed.by_booking, lessons, forecasts, hour, settings)
        return verdicts, assessed.broken

    verdicts, broken = several_by_hour(context, assess, forecasts, booking_snapshot)
    context.add_output_metadata(asset_metadata.of_verdicts(verdicts), "lesson_verdicts")
    context.add_output_metadata(asset_metadata.risk_metadata(verdicts, broken, booking_snapshot), "at_risk_bookings")
    context.log.info(asset_metadata.assessed_sentence(verdicts))
    return verdicts, broken
