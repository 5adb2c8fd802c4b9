"""Checks of an hour's rows, with their assets. Each says how much it examined, and does not pass on nothing."""

from collections.abc import Iterator

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring.check_results import (
    check_description,
    check_metadata,
    check_result,
    check_spec,
)
from flightsched_pipelines.defs.partitions import hours_of_run
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.services.hourly.shards import Shards
from flightsched_pipelines.services.monitoring import data_quality
from flightsched_pipelines.settings import Settings

OF_WEATHER = frozenset({"raw_weather", "forecasts", "hazard_areas"})


def _specs(*, weather: bool) -> list[dg.AssetCheckSpec]:
    return [check_spec(alarm) for alarm in DATA_CHECKS if not alarm.blocking and (alarm.asset in OF_WEATHER) == weather]


@dg.asset_check(
    asset="forecasts",
    blocking=True,
    description=check_description(CHECKS["units_are_plausible"]),
    metadata=check_metadata(CHECKS["units_are_plausible"]),
)
def units_are_plausible(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Stop the hour if values are physically impossible, as after a mistaken unit, before anybody is notified."""
    measured = data_quality.measure_units(engine, hours_of_run(context.run.tags))
    return check_result("units_are_plausible", measured, settings)


@dg.asset_check(
    asset="reschedule_proposals",
    blocking=True,
    description=check_description(CHECKS["proposals_are_valid"]),
    metadata=check_metadata(CHECKS["proposals_are_valid"]),
)
def proposals_are_valid(
    context: dg.AssetCheckExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    shards: dg.ResourceParam[Shards],
) -> dg.AssetCheckResult:
    """Each proposal holds against bookings, availability, duty hours, daylight and forecast, proven independently."""
    measured, checks = data_quality.measure_proposals(engine, hours_of_run(context.run.tags), settings, shards)
    return check_result("proposals_are_valid", measured, settings, checks_made=dg.MetadataValue.text(str(checks)))


@dg.multi_asset_check(specs=_specs(weather=True), can_subset=True)
def weather_is_sound(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> Iterator[dg.AssetCheckResult]:
    """Check that the providers' responses and their contents are plausible."""
    chosen = {key.name for key in context.selected_asset_check_keys}
    for name, measured in data_quality.measure_weather(engine, hours_of_run(context.run.tags)).items():
        if name in chosen:
            yield check_result(name, measured, settings)


# `can_subset` makes every result optional: a check of an LLM that is off is not made.
@dg.multi_asset_check(specs=_specs(weather=False), can_subset=True)
def lessons_are_sound(
    context: dg.AssetCheckExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.AssetCheckResult]:
    """Check that verdicts are known, their shares are usual, and threatened lessons have alternatives."""
    chosen = {key.name for key in context.selected_asset_check_keys}
    hours = hours_of_run(context.run.tags)
    for name, measured in data_quality.measure_lessons(engine, hours, clock.now(), settings).items():
        if name in chosen:
            yield check_result(name, measured, settings)
