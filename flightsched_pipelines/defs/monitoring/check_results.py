"""Alarms as Dagster shows them: the spec of a check, and the result of judging it."""

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
    """The check of an alarm, on its asset or (where every asset has it) on the one that is named."""
    return dg.AssetCheckSpec(
        alarm.name,
        asset=dg.AssetKey(asset or alarm.asset or ""),
        description=check_description(alarm),
        blocking=alarm.blocking,
        metadata=check_metadata(alarm),
    )


def check_description(alarm: MonitoredCheck) -> str:
    """An alarm in words: what, over which time, the limit, and what to do."""
    return f"{alarm.watches}. Window: {alarm.window}. Fails above {alarm.limit:g} {alarm.unit}. {alarm.todo}"


def check_metadata(alarm: MonitoredCheck) -> dict[str, str | float]:
    """What is known of an alarm before it is judged."""
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
    """Judge what was measured for an alarm; its numbers become plots in the UI."""
    alarm = CHECKS[name]
    verdict = evaluate(alarm, measured, settings.limit(name))
    link = f"{settings.runbook_url}#{alarm.section}"
    return dg.AssetCheckResult(
        passed=verdict.passed,
        asset_key=asset or alarm.asset,
        check_name=name,
        severity=SEVERITIES[alarm.severity],
        description=verdict.sentence,
        metadata={
            "value": float(verdict.value),
            "limit": float(verdict.limit),
            "unit": alarm.unit,
            "examined": verdict.examined,
            "found": list(measured.found[:MAX_FOUND_SHOWN]),
            "severity": alarm.severity,
            "cause": str(verdict.cause),
            "todo": alarm.todo,
            "section": str(alarm.section),
            "runbook": dg.MetadataValue.url(link) if "://" in link else link,
            **more,
        },
    )
