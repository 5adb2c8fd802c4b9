"""``flightsched import``: what a school keeps in files, into the database."""

from pathlib import Path
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import console
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.preferences import COLUMNS, import_preferences
from flightsched_pipelines.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Bring files of the school's into the database.")


@app.callback()
def _imports() -> None:
    """A command of its own for each kind of file."""


@app.command(help=f"Students' preferences, from a CSV file in UTF-8 with the columns {', '.join(COLUMNS)}.")
def preferences(file: Annotated[Path, typer.Argument(help="The CSV file.")]) -> None:
    """Read the file; all of it counts, or nothing."""
    engine = connect(Settings())
    migrations.require_current(engine)
    count = import_preferences(engine, file)
    console.print(f"the preferences of {count} student{'s' * (count != 1)} are stored")
