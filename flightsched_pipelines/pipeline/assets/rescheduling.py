"""Where threatened lessons can go: ``reschedule_candidates`` → ``reschedule_proposals``."""

from datetime import datetime

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.desk import hourly
from flightsched_pipelines.pipeline import summaries
from flightsched_pipelines.pipeline.assets import columns_of, hourly_asset
from flightsched_pipelines.pipeline.partitions import by_hour
from flightsched_pipelines.settings import Settings


@hourly_asset(group_name="ai_rescheduler", kinds={"numpy", "postgres"}, metadata=columns_of("reschedule_candidates"))
def reschedule_candidates(
    context: dg.AssetExecutionContext,
    at_risk_bookings: DataFrame,
    booking_snapshot: DataFrame,
    availability_snapshot: DataFrame,
    forecasts: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """Slots that work for each threatened lesson: people, aircraft, opening hours, daylight, duty hours, weather."""

    def slots(
        hour: datetime, at_risk: DataFrame, bookings: DataFrame, available: DataFrame, forecasts: DataFrame
    ) -> DataFrame:
        ground = hourly.survey(engine, hour, settings)
        return hourly.find_slots(ground, at_risk, bookings, available, forecasts, hour, settings)

    found = by_hour(context, slots, at_risk_bookings, booking_snapshot, availability_snapshot, forecasts)
    context.add_output_metadata(summaries.of_candidates(found, at_risk_bookings))
    return found


@hourly_asset(group_name="ai_rescheduler", kinds={"pandas", "postgres"}, metadata=columns_of("reschedule_proposals"))
def reschedule_proposals(
    context: dg.AssetExecutionContext,
    reschedule_candidates: DataFrame,
    booking_snapshot: DataFrame,
    at_risk_bookings: DataFrame,
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """Up to three alternatives for each threatened lesson, chosen so that all of them could be held at once."""
    chosen = by_hour(
        context,
        lambda _, candidates, bookings: hourly.propose(candidates, bookings, settings),
        reschedule_candidates,
        booking_snapshot,
    )
    context.add_output_metadata(summaries.of_proposals(chosen, at_risk_bookings, booking_snapshot))
    return chosen
