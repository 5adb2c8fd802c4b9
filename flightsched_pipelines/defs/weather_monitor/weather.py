"""Provider responses, and what is in them: ``raw_weather`` → ``observations``, ``hazard_areas``, ``forecasts``."""

import dagster as dg
from pandas import DataFrame
from sqlalchemy import Engine

from flightsched_pipelines.clients.weather.weather_source import WeatherSource
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.defs import area_metadata, asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.hourly_assets import hourly_asset
from flightsched_pipelines.defs.partitions import by_hour
from flightsched_pipelines.defs.runs.refusals import refuse
from flightsched_pipelines.defs.runs.retries import retry_transient_faults
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.settings import Settings


@hourly_asset("weather_monitor", kinds={"python", "postgres"}, pool="weather")
def raw_weather(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    weather: dg.ResourceParam[WeatherSource],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> DataFrame:
    """Every provider response for the hour, verbatim, one row per request; a failed request has a row, too."""
    now_utc = clock.now()
    with refuse(hourly_steps.WeatherIsPastError), retry_transient_faults(context):
        responses = by_hour(context, lambda hour: hourly_steps.gather_weather(engine, weather, hour, now_utc))
    context.add_output_metadata(asset_metadata.raw_weather_metadata(responses, settings.weather_source))
    return responses


@hourly_asset("weather_monitor", kinds={"pandas", "postgres"})
def observations(context: dg.AssetExecutionContext, raw_weather: DataFrame) -> DataFrame:
    """METARs, one row per report, at the hour in which each was taken."""
    observed = by_hour(context, lambda _, responses: hourly_steps.observe(responses), raw_weather)
    context.add_output_metadata(asset_metadata.observations_metadata(observed))
    return observed


@hourly_asset("weather_monitor", kinds={"shapely", "postgres"})
def hazard_areas(
    context: dg.AssetExecutionContext, raw_weather: DataFrame, engine: dg.ResourceParam[Engine]
) -> DataFrame:
    """SIGMETs, G-AIRMETs, center weather advisories and convective forecasts, one row per area.

    An area whose hazard or outline cannot be read, and a product that did not come, have rows, too: lessons that they
    may concern are unknown.
    """
    areas = by_hour(context, lambda hour, responses: hourly_steps.hazard_areas(responses, hour), raw_weather)
    context.add_output_metadata(area_metadata.areas_metadata(areas, schedule.airports(engine)))
    return areas


@hourly_asset("weather_monitor", kinds={"pandas", "postgres"}, deps=["reference_snapshot"])
def forecasts(
    context: dg.AssetExecutionContext,
    raw_weather: DataFrame,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
) -> DataFrame:
    """The forecast: one row per airport, hour and forecast group that overlaps it; ``governs`` marks those that count.

    The airport's own TAF governs, else the nearest TAF, else OpenWeatherMap. OpenWeatherMap governs beyond a TAF's end,
    and the METAR governs beside them in the running hour. A report that was due and is missing has an unreadable row.
    """
    blended = by_hour(
        context, lambda hour, responses: hourly_steps.forecast(engine, responses, hour, settings), raw_weather
    )
    context.add_output_metadata(asset_metadata.forecasts_metadata(blended))
    return blended
