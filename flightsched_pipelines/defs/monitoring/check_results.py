"""Checks as Dagster shows them: the spec of a check, and the result of its evaluation."""

from collections.abc import Mapping

import dagster as dg

from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.check_definition import Measurement, MonitoredCheck, evaluate
from flightsched_pipelines.settings import Settings

SEVERITIES: Mapping[str, dg.AssetCheckSeverity] = {
    "warn": dg.AssetCheckSeverity.WARN,
    "error": dg.AssetCheckSeverity.ERROR,
}
RUNBOOK = "docs/how-to/runbook.md"
MAX_FOUND_SHOWN = 20


def check_spec(alarm: MonitoredCheck, asset: str | None = None) -> dg.AssetCheckSpec:
    """Return the spec of a check, on its asset or (where every asset has it) on the one that is named."""
    return dg.AssetCheckSpec(
        alarm.name,
        asset=dg.AssetKey(asset or alarm.asset or ""),
        description=check_description(alarm),
        blocking=alarm.blocking,
        metadata=check_metadata(alarm),
    )


def check_description(alarm: MonitoredCheck) -> str:
    """Describe a check: what it watches, its window, its limit, and what to do."""
    return f"{alarm.watches}. Window: {alarm.window}. Fails above {alarm.limit:g} {alarm.unit}. {alarm.todo}"


def check_metadata(alarm: MonitoredCheck) -> dict[str, str | float]:
    """Return what is known of a check before it is evaluated."""
    return {
        "severity": alarm.severity,
        "window": alarm.window,
        "usual_limit": alarm.limit,
        "unit": alarm.unit,
        "setting": alarm.setting,
        "todo": alarm.todo,
        "runbook": f"{RUNBOOK}#{alarm.section}",
        "cause": str(alarm.cause),
    }


def check_result(
    name: str,
    measured: Measurement,
    settings: Settings,
    asset: str | None = None,
    **more: dg.MetadataValue | int | float,
) -> dg.AssetCheckResult:
    """Evaluate what was measured for a check; the measured value becomes a plot in the UI."""
    alarm = CHECKS[name]
    verdict = evaluate(alarm, measured, settings.limit(name))
    link = f"{settings.runbook_link}#{alarm.section}"
    return dg.AssetCheckResult(
        passed=verdict.passed,
        asset_key=asset or alarm.asset,
        check_name=name,
        severity=SEVERITIES[alarm.severity],
        description=verdict.sentence,
        metadata={
            "value": float(verdict.value),
            # As text: a number becomes a plot in the UI, and these two are flat.
            "limit": f"{verdict.limit:g} {alarm.unit}".rstrip(),
            "examined": str(verdict.examined),
            "found": list(measured.found[:MAX_FOUND_SHOWN]),
            "severity": alarm.severity,
            "cause": str(verdict.cause),
            "todo": alarm.todo,
            "section": str(alarm.section),
            "runbook": dg.MetadataValue.url(link) if "://" in link else link,
            **more,
        },
    )
