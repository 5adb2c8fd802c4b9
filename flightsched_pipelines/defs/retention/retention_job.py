"""The daily job that archives hours and deletes what is no longer kept."""

from time import monotonic

import dagster as dg
import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.metadata_tables import Metadata, metadata_table
from flightsched_pipelines.defs.ownership import PLATFORM, code_reference, labels
from flightsched_pipelines.defs.retention import dagster_records
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.services.retention import retention
from flightsched_pipelines.services.retention.outcomes import Outcome
from flightsched_pipelines.settings import Settings

MOST_SECONDS = 45 * 60
"""After this long the rest is left for the next day."""


@dg.op
def archive_and_delete(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Archive the hours that are no longer kept, delete them, and delete other records whose window is over."""
    end = monotonic() + MOST_SECONDS
    outcomes = [
        *dagster_records.apply(context.instance, settings, clock.now(), lambda: monotonic() > end),
        *retention.apply(engine, settings, clock.now(), lambda: monotonic() > end),
    ]
    context.add_output_metadata(retention_metadata(outcomes))
    if problems := [problem for outcome in outcomes for problem in outcome.problems]:
        raise dg.Failure(f"{problems[0]} ({len(problems):,} in all; their rows stay)", allow_retries=False)


def retention_metadata(outcomes: list[Outcome]) -> Metadata:
    """Return a table of what was deleted by kind, and its sums."""
    worked = [outcome for outcome in outcomes if outcome.rows or outcome.left]
    columns = ["name", "days", "rows", "hours", "bytes", "left"]
    table = pd.DataFrame([{name: getattr(one, name) for name in columns} for one in worked], columns=columns)
    return {
        "deleted": metadata_table(table),
        "rows_deleted": sum(outcome.rows for outcome in outcomes),
        "hours_archived": sum(outcome.hours for outcome in outcomes),
        "megabytes_archived": round(sum(outcome.bytes for outcome in outcomes) / 1e6, 3),
        "left_for_the_next_time": sum(outcome.left for outcome in outcomes),
    }


@dg.job(
    name="retention",
    description="Archive the hours that are no longer kept, and delete what has a window: docs/how-to/retention.md.",
    metadata=code_reference(),
    tags=bounded("retention", minutes=60, owner=PLATFORM),
)
def retention_job() -> None:
    """Archive and delete in one step."""
    archive_and_delete()


retention_schedule = dg.ScheduleDefinition(
    name="retention",
    job=retention_job,
    cron_schedule="40 3 * * *",
    description="Once a day, at 03:40 UTC, between an hour's run and the next.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
