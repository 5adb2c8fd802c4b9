"""``flightsched import``: what a school keeps in files, into the database."""

from pathlib import Path
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import Yes, confirm, console
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.database.queries.schedule.preferences import COLUMNS, ReplacesError, import_preferences

app = typer.Typer(no_args_is_help=True, help="Bring files of the school's into the database.")


@app.callback()
def _imports() -> None:
    """A command of its own for each kind of file."""


@app.command(help=f"Students' preferences, from a CSV file in UTF-8 with the columns {', '.join(COLUMNS)}.")
def preferences(file: Annotated[Path, typer.Argument(help="The CSV file.")], yes: Yes = False) -> None:
    """Read the file; all of it counts, or nothing."""
    _, engine = open_session()
    try:
        count = import_preferences(engine, file, replace=yes)
    except ReplacesError as error:
        confirm(f"{error}. Replace them?", yes)
        count = import_preferences(engine, file, replace=True)
    console.print(f"the preferences of {count} student{'s' * (count != 1)} are stored")
