"""The schedule as it stood, and what threatens it: snapshots → ``lesson_verdicts``, ``at_risk_bookings``."""

from datetime import UTC, datetime

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.hourly_assets import columns_of, hourly_asset, hourly_assets
from flightsched_pipelines.defs.partitions import by_hour, several_by_hour
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.settings import Settings


@hourly_asset(group_name="weather_monitor", kinds={"postgres"}, metadata=columns_of("booking_snapshot"))
def booking_snapshot(
    context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> DataFrame:
    """The bookings as they stood at the hour, from a day before it to as far as other times are looked for."""
    now_utc = datetime.now(UTC)
    bookings = by_hour(context, lambda hour: hourly_steps.snapshot_bookings(engine, hour, now_utc, settings))
    context.add_output_metadata(asset_metadata.bookings_metadata(bookings))
    return bookings


@hourly_asset(group_name="weather_monitor", kinds={"postgres"}, metadata=columns_of("reference_snapshot"))
def reference_snapshot(
    context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> DataFrame:
    """Airports, runways, minimums and settings as they stood at the hour: a digest of each, its content stored once."""
    now_utc = datetime.now(UTC)
    return by_hour(context, lambda hour: hourly_steps.snapshot_reference(engine, hour, now_utc, settings))


@hourly_asset(group_name="weather_monitor", kinds={"postgres"}, metadata=columns_of("availability_snapshot"))
def availability_snapshot(
    context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> DataFrame:
    """When each school, student, instructor and aircraft could be used, as it stood at the hour, in UTC periods."""
    now_utc = datetime.now(UTC)
    return by_hour(context, lambda hour: hourly_steps.snapshot_availability(engine, hour, now_utc, settings))


@hourly_assets(
    "weather_monitor",
    lesson_verdicts="The verdict of each lesson of the next 72 hours; a lesson without a row was not assessed.",
    at_risk_bookings="Lessons of the next 72 hours below the school's minimums, one row a lesson and broken rule.",
    deps=["reference_snapshot"],
)
def assessment(
    context: dg.AssetExecutionContext,
    forecasts: DataFrame,
    booking_snapshot: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> tuple[DataFrame, DataFrame]:
    """Compare the lessons ahead with the forecast and the minimums for their pilot."""

    def assess(hour: datetime, forecasts: DataFrame, bookings: DataFrame) -> tuple[DataFrame, DataFrame]:
        then = hourly_steps.settings_at(engine, hour, settings)
        lessons = hourly_steps.lessons_ahead(bookings, hour, then.lookahead_hours)
        assessed = hourly_steps.assess_lessons(engine, lessons, forecasts, hour, settings)
        return assessed.by_booking, assessed.broken

    verdicts, broken = several_by_hour(context, assess, forecasts, booking_snapshot)
    context.add_output_metadata(asset_metadata.of_verdicts(verdicts), "lesson_verdicts")
    context.add_output_metadata(asset_metadata.risk_metadata(verdicts, broken, booking_snapshot), "at_risk_bookings")
    return verdicts, broken
