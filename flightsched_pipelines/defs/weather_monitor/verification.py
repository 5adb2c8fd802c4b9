"""Earlier hours compared with ``observations``: → ``forecast_verification``, ``verdict_verification``."""

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.defs.hourly_assets import hourly_asset
from flightsched_pipelines.defs.partitions import by_hour
from flightsched_pipelines.defs.verification_metadata import verdict_pairs_metadata, verification_metadata
from flightsched_pipelines.services.hourly.verification import verify_forecasts, verify_verdicts
from flightsched_pipelines.settings import Settings


@hourly_asset("weather_monitor", kinds={"numpy", "postgres"}, deps=["reference_snapshot"])
def forecast_verification(
    context: dg.AssetExecutionContext,
    observations: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """Outcomes of each source's forecasts of the hour before, known 1 to 48 hours ahead, against its METARs."""
    verified = by_hour(context, lambda hour, observed: verify_forecasts(engine, observed, hour, settings), observations)
    context.add_output_metadata(verification_metadata(verified))
    return verified


@hourly_asset("weather_monitor", kinds={"numpy", "postgres"}, deps=["reference_snapshot"])
def verdict_verification(
    context: dg.AssetExecutionContext,
    observations: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """Verdicts given 1 to 48 hours before lessons that have just ended, beside the verdict by their hours' METARs."""
    verified = by_hour(context, lambda hour, observed: verify_verdicts(engine, observed, hour, settings), observations)
    context.add_output_metadata(verdict_pairs_metadata(verified))
    return verified
