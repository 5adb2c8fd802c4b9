"""Calendars of people, aircraft and schools: ``flightsched ics``."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.messages.calendar import PRODUCT
from flightsched_pipelines.services import calendar_feeds as feeds

app = typer.Typer(no_args_is_help=True, help="Calendars of people, aircraft and schools.")

School = Annotated[str | None, typer.Option(help="The school, by id or name; not needed where there is one.")]
Student = Annotated[str | None, typer.Option(help="A student's lessons, by id or e-mail address.")]
Instructor = Annotated[str | None, typer.Option(help="An instructor's lessons, by id or e-mail address.")]
Aircraft = Annotated[str | None, typer.Option(help="An aircraft's lessons, by id or tail number; names nobody.")]


@app.command("list")
def show(as_json: Json = False) -> None:
    """List the calendar addresses that were made; the addresses themselves are not stored."""
    _, engine = open_session()
    found = feeds.list_feeds(engine)
    if as_json:
        print_json(found)
        return
    table = Table("id", "school", "whose", "made", "revoked", box=box.SIMPLE_HEAD)
    for row in found:
        whose = row["student"] or row["instructor"] or row["aircraft"] or "the whole school"
        revoked = "" if row["revoked_at"] is None else format_utc(row["revoked_at"])
        table.add_row(str(row["id"]), row["school"], whose, format_utc(row["made_at"]), revoked)
    console.print(table if found else "No calendar address was made yet.")


@app.command()
def make(
    student: Student = None, instructor: Instructor = None, aircraft: Aircraft = None, school: School = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a secret calendar address of a person, an aircraft or the school; it is shown once."""
    settings, engine = open_session()
    owner = feeds.owner_named(engine, school, student, instructor, aircraft)
    url = feeds.make_feed(engine, owner, datetime.now(UTC), settings)
    if as_json:
        print_json({"url": url})
    else:
        console.print(url, markup=False, soft_wrap=True)


@app.command()
def revoke(
    feed: Annotated[int, typer.Argument(help="Its id, as `flightsched ics list` has it.")], as_json: Json = False
) -> None:
    """Revoke a calendar address: it stops working."""
    _, engine = open_session()
    changed = feeds.revoke_feed(engine, feed, datetime.now(UTC))
    if as_json:
        print_json({"id": feed, "revoked": changed})
    else:
        console.print("the address does not work any more" if changed else "it was revoked already")


@app.command()
def write(
    file: Annotated[str, typer.Argument(help="The file to write; - for standard output.")],
    student: Student = None,
    instructor: Instructor = None,
    aircraft: Aircraft = None,
    school: School = None,
    yes: Yes = False,
) -> None:
    """Write the calendar of a person, an aircraft or the school into a file; an earlier one of it is replaced."""
    settings, engine = open_session()
    owner = feeds.owner_named(engine, school, student, instructor, aircraft)
    body = feeds.write_feed(engine, owner, datetime.now(UTC), settings)
    if file == "-":
        sys.stdout.write(body.decode())
        return
    path = Path(file)
    try:
        if path.exists() and PRODUCT.encode() not in path.read_bytes()[:200]:
            confirm(f"{file} is not a calendar that was written here. Replace it?", yes)
        partial = path.with_name(f".{path.name}.part")
        owner_only_files.write(partial, body)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
