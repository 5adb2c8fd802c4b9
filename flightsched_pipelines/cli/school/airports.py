"""``flightsched airports``: fields that a school uses, and their runways."""

from collections.abc import Sequence
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import Yes, confirm, console, errors
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.services.imports.airports import add_airports, runway_note
from flightsched_pipelines.services.imports.files import read_file
from flightsched_pipelines.services.imports.runways import RunwaysDifferError, sync_runways

app = typer.Typer(no_args_is_help=True, help="Airports that the school uses, and their runways.")


@app.command()
def add(
    idents: Annotated[list[str], typer.Argument(help="ICAO, FAA or IATA idents.")],
    metar: Annotated[
        bool | None, typer.Option("--metar/--no-metar", help="Whether they issue METARs; unset, if one comes.")
    ] = None,
    taf: Annotated[
        bool | None, typer.Option("--taf/--no-taf", help="Whether they issue TAFs; unset, if one comes.")
    ] = None,
) -> None:
    """Add airports from the package airportsdata; those that are there stay as they are."""
    _, engine = open_session()
    new, without = add_airports(engine, idents, issues_metar=metar, issues_taf=taf)
    console.print(f"{', '.join(new)} added" if new else "all of them are there already", markup=False)
    _print_note(without)


@app.command()
def sync(
    runways: Annotated[str, typer.Option("--runways", help="runways.csv of OurAirports.")], yes: Yes = False
) -> None:
    """Take over the runways of the airports that are stored; no runway is removed."""
    data = read_file(runways)
    _, engine = open_session()
    try:
        report = sync_runways(engine, data, replace=yes)
    except RunwaysDifferError as error:
        confirm(f"{error}. Replace them?", yes)
        report = sync_runways(engine, data, replace=True)
    console.print(f"{report.added:,} runway ends added, {report.changed:,} changed, {report.unchanged:,} unchanged")
    _print_note(report.without)


def _print_note(without: Sequence[str]) -> None:
    if note := runway_note(without):
        errors.print(note, markup=False)
