"""List lessons that lack what their school requires of people and aircraft: ``flightsched credentials``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.formatting import format_time, plural
from flightsched_pipelines.services.credentials import lapses


def credentials(
    school: Annotated[str | None, typer.Option(help="Only this school, by its name.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days ahead.")] = 14,
    as_json: Json = False,
) -> None:
    """List lessons ahead whose student, instructor or aircraft lacks what the school requires."""
    _, engine = open_session()
    found = lapses(engine, datetime.now(UTC), days, school)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = Table("lesson", "when", "who", "lacks", "effect", box=box.SIMPLE_HEAD)
    for one in found:
        when = format_time(one.starts_at_utc, one.time_zone)
        table.add_row(one.reference, when, f"{one.resource} {one.who}", one.what, one.effect)
    console.print(table if found else f"No lesson of the next {plural(days, 'day')} lacks what its school requires.")
