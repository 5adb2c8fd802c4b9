"""Archive hours, and delete what is no longer kept: ``flightsched archive``."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.filesize import decimal
from rich.table import Column, Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import CommandFailedError, Yes, confirm, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.defs.instance import open_instance
from flightsched_pipelines.defs.retention import dagster_records
from flightsched_pipelines.domain.retention.windows import WINDOWS, Kept
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.retention import retention
from flightsched_pipelines.services.retention.outcomes import Outcome


def archive(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted, and change nothing.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Archive hours that are no longer kept, and delete what has a window (KEEP_DAYS__<NAME>)."""
    settings, engine = open_session()
    now = datetime.now(UTC)
    with open_instance(settings) as instance:
        outcomes = [*retention.due(engine, settings, now), *dagster_records.due(instance, settings, now)]
        if not dry_run:
            entered = sum(outcome.rows for outcome in outcomes if WINDOWS[outcome.name].kept is Kept.SCHOOL)
            if entered:
                confirm(f"{plural(entered, 'record')} of the school's will be deleted, not archived. Delete?", yes)
            outcomes = [
                *retention.apply(engine, settings, now, lambda: False),
                *dagster_records.apply(instance, settings, now, lambda: False),
            ]
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        _print(outcomes, dry_run=dry_run)
    if problems := [problem for outcome in outcomes for problem in outcome.problems]:
        raise CommandFailedError(f"{problems[0]} ({plural(len(problems), 'problem')} in all; their rows stay)")


def _print(outcomes: Sequence[Outcome], *, dry_run: bool) -> None:
    right = ("days kept", "rows", "hours", "archived")
    table = Table("what", *(Column(name, justify="right") for name in right), box=box.SIMPLE_HEAD)
    for one in (outcome for outcome in outcomes if outcome.rows or outcome.left):
        table.add_row(
            one.name, f"{one.days:g}", f"{one.rows:,}", f"{one.hours:,}" if one.hours else "",
            decimal(one.bytes) if one.bytes else "",
        )  # fmt: skip
    if table.row_count:
        console.print(table)
    rows = sum(outcome.rows for outcome in outcomes)
    console.print(f"rows that {'would be' if dry_run else 'were'} deleted: {rows:,}; what has no window is kept")
