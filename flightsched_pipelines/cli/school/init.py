"""``flightsched init``: make a school without a file to import."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import UsageError, console, errors
from flightsched_pipelines.cli.session import open_database
from flightsched_pipelines.domain.imports.kinds.catalogue import SCHOOLS
from flightsched_pipelines.domain.imports.kinds.fields import Field
from flightsched_pipelines.services.imports.new_school import NewSchool, make_school
from flightsched_pipelines.settings import Settings

DEFAULT_HOURS = "mon-sat 07:00-20:00; sun 08:00-18:00"


def init(
    name: Annotated[str | None, typer.Option(help="The school's name.")] = None,
    base: Annotated[str | None, typer.Option(help="Its base: ICAO, FAA or IATA ident.")] = None,
    hours: Annotated[str | None, typer.Option(help=f"Its opening hours, such as '{DEFAULT_HOURS}'.")] = None,
    school_id: Annotated[
        str | None, typer.Option("--id", help="Its id, by which files name it. Default: its base.")
    ] = None,
    dispatch_email: Annotated[str | None, typer.Option(help="Where its dispatchers read mail.")] = None,
    metar: Annotated[bool | None, typer.Option("--metar/--no-metar", help="Whether the base issues METARs.")] = None,
    taf: Annotated[bool | None, typer.Option("--taf/--no-taf", help="Whether the base issues TAFs.")] = None,
) -> None:
    """Make a school; what is not given as an option is asked for."""
    fields = SCHOOLS.by_name
    name = _asked(fields["name"], name, "What is the school called?")
    base = _asked(fields["base_airport"], base, "At which airport is it at home (ICAO, FAA or IATA ident)?")
    hours = _asked(fields["hours"], hours, "When is it open?", DEFAULT_HOURS)
    metar = _agreed(metar, f"Does {base.upper()} issue METARs of its own?")
    taf = _agreed(taf, f"Does {base.upper()} issue TAFs of its own?")
    settings = Settings()
    engine = open_database(settings)
    school = NewSchool(school_id or base.lower(), name, base, hours, dispatch_email or "", metar, taf)
    for note in make_school(engine, school, datetime.now(UTC), settings):
        errors.print(note, markup=False)
    console.print(f"{name} is made, with the id {school.school_id}", markup=False)
    console.print(
        "next: `flightsched import instructors FILE`, then students, aircraft, availability and bookings", markup=False
    )


def _asked(field: Field, given: str | None, question: str, default: str | None = None) -> str:
    """Return an option's value, or a person's answer, asked again until it can be read."""
    while True:
        said = given if given is not None else _prompt(question, default)
        try:
            field.read(said)
        except ValueError as error:
            if given is not None:
                raise UsageError(f"--{field.name.removesuffix('_airport')} is '{said}'; {error}") from None
            errors.print(str(error), markup=False)
        else:
            if said.strip():
                return said.strip()
            errors.print(field.expected, markup=False)


def _prompt(question: str, default: str | None) -> str:
    try:
        return str(typer.prompt(question, default=default))
    except typer.Abort:
        raise UsageError("no answer, so nothing was created; give --name, --base and --hours") from None


def _agreed(given: bool | None, question: str) -> bool:
    if given is not None:
        return given
    try:
        return typer.confirm(question, default=False)
    except typer.Abort:
        raise UsageError("no answer, so nothing was created; give --metar or --no-metar, --taf or --no-taf") from None
