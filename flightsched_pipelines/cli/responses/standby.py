"""Show and change the standby lists: ``flightsched standby``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.services.standby import places as standby

app = typer.Typer(help="Show or change the standby lists.")

Booking = Annotated[str, typer.Argument(help="The booking's reference, such as PAO-1016.")]


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    aircraft_type: Annotated[str | None, typer.Option(help="Only the list of this type, such as C172S.")] = None,
    as_json: Json = False,
) -> None:
    """Show the standby lists, each school's in its order."""
    if context.invoked_subcommand is not None:
        return
    _, engine = open_session()
    table = Table("school (rule)", "booking", "student", "aircraft", "lesson", "since", "until", box=box.SIMPLE_HEAD)
    places = standby.places(engine, datetime.now(UTC), aircraft_type)
    if as_json:
        print_json([asdict(place) for place in places])
        return
    for place in places:
        one = place.waiting
        held = ", on weather hold" if one.on_hold else ""
        table.add_row(
            f"{place.school} ({place.rule})", place.reference, place.student, one.aircraft_type,
            format_time(one.lesson.starts_at_utc, one.time_zone) + held,
            format_time(one.since_utc, one.time_zone),
            f"{one.until:%Y-%m-%d}" if one.until else "",
        )  # fmt: skip
    console.print(table if places else "No lessons on standby.")


@app.command()
def add(
    booking: Booking,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last local day that suits.")] = None,
) -> None:
    """Put a lesson on the standby list: it is offered freed slots of its type of aircraft."""
    _, engine = open_session()
    standby.join(engine, booking, until.date() if until else None, datetime.now(UTC))
    console.print(f"{booking} is on the standby list", markup=False)


@app.command()
def remove(booking: Booking) -> None:
    """Take a lesson off the standby list."""
    _, engine = open_session()
    standby.leave(engine, booking, datetime.now(UTC))
    console.print(f"{booking} is off the standby list", markup=False)
