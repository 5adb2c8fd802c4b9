"""Checks of one hour's rows. Each says how much it examined, and does not pass on nothing."""

import dagster as dg
import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database import bookings as schedule
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.desk import hourly as desk
from flightsched_pipelines.pipeline.partitions import hours_of_run
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.weather.quality import implausible, uncovered

MOST_UNKNOWN = 0.1
"""Share of the next day's lessons that may stand as ``unknown`` before ops are warned."""

SHOWN = 20


@dg.asset_check(asset="forecasts", blocking=True)
def units_are_plausible(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine]
) -> dg.AssetCheckResult:
    """Every wind, visibility, ceiling and temperature lies where the atmosphere's do: a wrong unit does not."""
    rows = _rows(context, engine, "forecasts")
    found = implausible(rows)
    return dg.AssetCheckResult(
        passed=not rows.empty and not found,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(found)} of {len(rows)} forecast rows are outside what the atmosphere does",
        metadata={"examined": len(rows), "implausible": found[:SHOWN]},
    )


@dg.asset_check(asset="forecasts")
def airports_are_covered(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine]
) -> dg.AssetCheckResult:
    """Every airport has a forecast that can be read for each of the next 24 hours."""
    gaps: list[str] = []
    examined = 0
    for hour in hours_of_run(context.run.tags):
        airports = schedule.airports(engine)["airport"]
        rows = read_partition(engine, PIPELINE_TABLES["forecasts"], [hour])
        examined += len(airports)
        gaps += [f"{airport} at {hour:%Y-%m-%d %H}Z" for airport in uncovered(rows, airports, hour)]
    return dg.AssetCheckResult(
        passed=examined > 0 and not gaps,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(gaps)} of {examined} airports have an hour without a readable forecast",
        metadata={"examined": examined, "uncovered": gaps[:SHOWN]},
    )


@dg.asset_check(asset="at_risk_bookings")
def unknown_share_is_low(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine]
) -> dg.AssetCheckResult:
    """Few lessons of the next 24 hours stand as ``unknown``; later ones may lie beyond every forecast.

    A day without lessons passes; an hour without any booking at all does not, for its bookings were not read.
    """
    bookings, lessons, unknown = 0, 0, 0
    for hour in hours_of_run(context.run.tags):
        snapshot = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [hour])
        due = desk.lessons_ahead(snapshot, hour, hours=24)
        broken = read_partition(engine, PIPELINE_TABLES["at_risk_bookings"], [hour])
        bookings += len(snapshot)
        lessons += len(due)
        unknown += int(due["booking_id"].isin(broken.loc[broken["verdict"] == "unknown", "booking_id"]).sum())
    share = unknown / lessons if lessons else 0.0
    return dg.AssetCheckResult(
        passed=bookings > 0 and share <= MOST_UNKNOWN,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{unknown} of {lessons} lessons of the next 24 hours have no forecast that can be read",
        metadata={"examined": lessons, "unknown": unknown, "unknown_share": share, "limit": MOST_UNKNOWN},
    )


@dg.asset_check(asset="reschedule_proposals", blocking=True)
def proposals_are_valid(
    context: dg.AssetCheckExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Each proposal holds against bookings, availability, duty hours, daylight and forecast, proven independently.

    And none is missing: what the plan holds out is proposed, whoever ranked it.
    """
    hours = hours_of_run(context.run.tags)
    proofs = [desk.prove(engine, hour, settings) for hour in hours]
    lost = [sentence for hour in hours for sentence in desk.lost_alternatives(engine, hour)]
    violations = pd.concat([proof.violations for proof in proofs]) if proofs else pd.DataFrame()
    examined = sum(proof.examined for proof in proofs)
    passed = bool(proofs) and violations.empty and not lost
    if passed:
        for hour, proof in zip(hours, proofs, strict=True):
            desk.note_proven(engine, hour, proof.examined)
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(violations)} violations among {examined} proposals, {len(lost)} missing",
        metadata={
            "examined": examined,
            "checks_made": sum(proof.checks for proof in proofs),
            "missing": lost[:SHOWN],
            "violations": [str(row) for row in violations.head(SHOWN).to_dict("records")],
        },
    )


def _rows(context: dg.AssetCheckExecutionContext, engine: Engine, table: str) -> pd.DataFrame:
    return read_partition(engine, PIPELINE_TABLES[table], hours_of_run(context.run.tags))
