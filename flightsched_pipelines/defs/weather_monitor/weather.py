"""Weather as it came, and what it says: ``raw_weather`` → ``observations``, ``forecasts``."""

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.clients.weather.weather_source import WeatherSource
from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.hourly_assets import columns_of, hourly_asset
from flightsched_pipelines.defs.partitions import by_hour
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.settings import Settings


@hourly_asset(group_name="weather_monitor", kinds={"python", "postgres"}, metadata=columns_of("raw_weather"))
def raw_weather(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    weather: dg.ResourceParam[WeatherSource],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """Every weather provider's answer for the hour, verbatim, one row a request, failed ones included."""
    now_utc = clock.now()
    try:
        answers = by_hour(context, lambda hour: hourly_steps.gather_weather(engine, weather, hour, now_utc))
    except hourly_steps.WeatherIsPastError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.add_output_metadata(asset_metadata.raw_weather_metadata(answers, settings.weather_source))
    return answers


@hourly_asset(group_name="weather_monitor", kinds={"pandas", "postgres"}, metadata=columns_of("observations"))
def observations(context: dg.AssetExecutionContext, raw_weather: DataFrame) -> DataFrame:
    """METARs, one row a report, at the hour in which each was taken."""
    observed = by_hour(context, lambda _, answers: hourly_steps.observe(answers), raw_weather)
    context.add_output_metadata(asset_metadata.observations_metadata(observed))
    return observed


@hourly_asset(
    group_name="weather_monitor",
    kinds={"pandas", "postgres"},
    metadata=columns_of("forecasts"),
    deps=["reference_snapshot"],
)
def forecasts(
    context: dg.AssetExecutionContext,
    raw_weather: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """The forecast: one row an airport, hour and group that overlaps the hour; ``governs`` marks those that count.

    The field's TAF speaks, else the nearest TAF, else OpenWeatherMap; beyond a TAF's end OpenWeatherMap; for the
    running hour the METAR beside them. A report that was due and did not come leaves an unreadable row.
    """
    blended = by_hour(
        context, lambda hour, answers: hourly_steps.forecast(engine, answers, hour, settings), raw_weather
    )
    context.add_output_metadata(asset_metadata.forecasts_metadata(blended))
    return blended
