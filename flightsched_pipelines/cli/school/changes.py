"""Show what the platform changed and the school's scheduler is still to enter: ``flightsched changes``."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.database.queries.schedule.changes import ListedChange, Placed
from flightsched_pipelines.formatting import format_period, format_time
from flightsched_pipelines.services import schedule_changes


def changes(
    since: Annotated[
        str | None,
        typer.Option(help="All changes made since this time, settled ones too: 2027-01-11 or 2027-01-11T09:00Z."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV to standard output.")] = False,
    as_json: Json = False,
) -> None:
    """List the lessons that were moved here and that the school's scheduler still has at their old times."""
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other")
    since_utc = None if since is None else _moment(since)
    _, engine = open_session()
    found = schedule_changes.changes(engine, datetime.now(UTC), since_utc)
    if as_json:
        print_json([schedule_changes.as_record(one) for one in found])
    elif as_csv:
        typer.echo(schedule_changes.as_csv(found), nl=False)
    elif not found:
        console.print("No changes." if since else "No changes to enter.")
    else:
        table = Table("lesson", "change", "was", "is", "made", "", box=box.SIMPLE_HEAD)
        for one in found:
            table.add_row(
                one.booking, one.kind, _place(one.before, one.time_zone), _place(one.after, one.time_zone),
                format_time(one.made_at, one.time_zone), _status(one),
            )  # fmt: skip
        console.print(table)


def _place(place: Placed | None, zone: str) -> str:
    if place is None:
        return "cancelled"
    with_whom = ", ".join(name for name in (place.instructor, place.aircraft) if name)
    return f"{format_period(place.starts_at_utc, place.ends_at_utc, zone)}, {with_whom}"


def _status(change: ListedChange) -> str:
    if change.state != "waiting":
        return change.state
    if change.not_entered_at is None:
        return "no import since"
    return f"not entered at {format_time(change.not_entered_at, change.time_zone)}"


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"--since is '{said[:40]}'; give a day or a time, such as 2027-01-11T09:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
