"""The operational checks: one step every five minutes, on recorded facts; never part of an hour's run."""

from collections.abc import Iterator

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring.check_results import check_result, check_spec
from flightsched_pipelines.defs.monitoring.run_history import attempts_since, scheduled_since
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS
from flightsched_pipelines.services.monitoring import platform_health
from flightsched_pipelines.settings import Settings

SPECS = [
    *(check_spec(alarm) for alarm in OPERATIONAL_CHECKS if alarm.asset is not None),
    *(check_spec(CHECKS["is_fresh"], asset) for asset in platform_health.ASSETS),
]


# `can_subset` makes every result optional: a check of something that is off is not made.
@dg.multi_asset_check(specs=SPECS, can_subset=True)
def operational_checks(
    context: dg.AssetCheckExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.AssetCheckResult]:
    """Check errors, durations, queues, dead letters, outbox, cases and freshness as they are now."""
    now = clock.now()
    began = scheduled_since(context.instance)
    attempts = attempts_since(context.instance, now - platform_health.LONG)
    chosen = {(key.name, key.asset_key.path[-1]) for key in context.selected_asset_check_keys}
    for (name, asset), measured in platform_health.measure(engine, attempts, now, settings, began).items():
        if (name, asset or CHECKS[name].asset) in chosen:
            yield check_result(name, measured, settings, asset)
