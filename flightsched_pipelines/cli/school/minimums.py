"""Show, add, end and try minimums: ``flightsched minimums``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.risk.rules import stated_limit
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services import minimums as stored
from flightsched_pipelines.services.imports.files import read_file

if TYPE_CHECKING:
    from flightsched_pipelines.domain.risk.limits.trial import TrialGroup
    from flightsched_pipelines.services.minimums_trial import Trial

DAY_FORMAT = "%Y-%m-%d"
FIRST_DAY = date(2000, 1, 1)
MOST_DAYS = 92

app = typer.Typer(no_args_is_help=True, help="Minimums of the school, and students' own limits.")

School = Annotated[str | None, typer.Option(help="The school, by id or name; not needed where there is one.")]
Student = Annotated[str | None, typer.Option(help="A student, by id or e-mail address, for limits of their own.")]
LastDay = Annotated[datetime | None, typer.Option("--until", formats=[DAY_FORMAT], help="Last day.")]


@app.command("list")
def show(
    school: School = None,
    student: Student = None,
    on: Annotated[datetime | None, typer.Option(formats=[DAY_FORMAT], help="The day; today where left out.")] = None,
    as_json: Json = False,
) -> None:
    """List the minimums in force on a day or later; a student's own limits only where the student is named."""
    _, engine = open_session()
    found = stored.list_minimums(engine, _day(on), school, student)
    if as_json:
        print_json(found)
        return
    table = Table("id", "whose", "for", "limit", "effect", "from", "until", "reference", box=box.SIMPLE_HEAD)
    for row in found:
        until = "" if row["effective_to"] is None else str(row["effective_to"])
        mark = ", looser than the default" if row["looser_than_default"] else ""
        table.add_row(
            str(row["id"]), _whose(row), _for(row), f"{row['rule']} {stated_limit(row)}{mark}", row["effect"],
            str(row["effective_from"]), until, row["reference"],
        )  # fmt: skip
    console.print(table)


@app.command()
def add(
    limit: Annotated[
        str, typer.Argument(help="The limit, quoted: 'wind < 12 kt', 'visibility >= 7 SM', 'icing none'.")
    ],
    reference: Annotated[str, typer.Option(help="Where it is written.")],
    school: School = None,
    student: Student = None,
    level: Annotated[str, typer.Option(help="Training level; any where left out.")] = "",
    solo: Annotated[bool | None, typer.Option("--solo/--dual", help="Both where left out.")] = None,
    kind: Annotated[str, typer.Option(help="pattern, local or cross_country; any where left out.")] = "",
    night: Annotated[bool | None, typer.Option("--night/--day", help="Both where left out.")] = None,
    aircraft_type: Annotated[str, typer.Option(help="Type of aircraft, such as C172S; any where left out.")] = "",
    effect: Annotated[str, typer.Option(help="block: at risk; warn: to watch.")] = "block",
    since: Annotated[datetime | None, typer.Option("--from", formats=[DAY_FORMAT], help="First day; today.")] = None,
    until: LastDay = None,
    as_json: Json = False,
) -> None:
    """Add one minimum of a school, or one limit of a student; the same again changes nothing."""
    # Imported here, since only this compares a limit with all others, as an import does.
    from flightsched_pipelines.services.new_limits import NewLimit, add_limit  # noqa: PLC0415, it loads pandas

    if student and level:
        raise UsageError("--level is of the school's minimums; a student's own limits are for the student's level")
    if student and aircraft_type:
        raise UsageError("--aircraft-type is of the school's minimums; a student's own limits are for any aircraft")
    settings, engine = open_session()
    new = NewLimit(
        limit, school or "", student or "", level, solo, kind, night, aircraft_type, effect, _day(since),
        until and until.date(), reference,
    )  # fmt: skip
    report = add_limit(engine, new, datetime.now(UTC), settings)
    if as_json:
        print_json({"added": report.added, "unchanged": report.unchanged, "notes": report.notes})
        return
    console.print("added; it counts from the next hour" if report.added else "it was there already")
    for note in report.notes:
        console.print(note, markup=False)


@app.command()
def end(
    minimum: Annotated[int, typer.Argument(help="Its id, as `flightsched minimums list` has it.")],
    until: LastDay = None,
    as_json: Json = False,
) -> None:
    """Set the last day of a minimum or a student's limit, today unless given; nothing is deleted."""
    _, engine = open_session()
    last_day = _day(until)
    changed = stored.end_minimum(engine, minimum, last_day)
    if as_json:
        print_json({"id": minimum, "effective_to": last_day, "changed": changed})
    else:
        console.print(f"{last_day} is its last day" if changed else f"{last_day} was its last day already")


@app.command("try")
def try_file(
    file: Annotated[str, typer.Argument(help="A file as `import minimums` or `import limits` takes it; - for stdin.")],
    since: Annotated[
        datetime | None, typer.Option(formats=[DAY_FORMAT], help="First day, UTC; a week before the last.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=[DAY_FORMAT], help="Last day, UTC; today.")] = None,
    as_json: Json = False,
) -> None:
    """Show how many lessons of the stored hours other minimums would have kept or lost; nothing is changed."""
    # Imported here, since the other commands assess nothing, and all that an assessment needs takes long to import.
    from flightsched_pipelines.services.minimums_trial import try_minimums  # noqa: PLC0415, it loads pandas

    last, today = _day(until), datetime.now(UTC).date()
    if not FIRST_DAY <= last <= today:
        raise UsageError(f"--until is {last}; give a day from {FIRST_DAY} to {today}")
    first = last - timedelta(days=7) if since is None else since.date()
    if not timedelta(0) <= last - first <= timedelta(days=MOST_DAYS):
        raise UsageError(f"--since {first} must be at most {MOST_DAYS} days before --until {last}")
    settings, engine = open_session()
    trial = try_minimums(engine, read_file(file), first, last, settings)
    if as_json:
        print_json(trial.as_record())
    else:
        _print_trial(trial)


def _day(given: datetime | None) -> date:
    return datetime.now(UTC).date() if given is None else given.date()


def _whose(row: Mapping[str, Any]) -> str:
    return str(row["student"] or row["school"] or row["authority"])


def _for(row: Mapping[str, Any]) -> str:
    words = [row["training_level"], row["aircraft_type"], row["lesson_kind"]]
    words += [{True: "solo", False: "dual", None: None}[row["solo"]], {True: "night", False: "day"}.get(row["night"])]
    return " ".join(word for word in words if word) or "every lesson"


def _print_trial(trial: "Trial") -> None:
    lessons = sum(group.lessons for group in trial.groups)
    days = f"{trial.since} to {trial.until}"
    console.print(f"{plural(lessons, 'lesson')} in {plural(trial.hours, 'stored hour')}, {days}:")
    if not trial.groups:
        return
    table = Table("lessons of", "assessed", "at risk", "with the file", "kept", "lost", box=box.SIMPLE_HEAD)
    for group in trial.groups:
        table.add_row(
            _of(group), str(group.lessons), str(group.at_risk_before), str(group.at_risk_after),
            _named(group.kept, group.kept_references), _named(group.lost, group.lost_references),
        )  # fmt: skip
    console.print(table)
    unknown = [sum(counts) for counts in zip(*((g.unknown_before, g.unknown_after) for g in trial.groups), strict=True)]
    console.print(f"unknown: {unknown[0]}, with the file {unknown[1]}; these count as neither kept nor lost")


def _of(group: "TrialGroup") -> str:
    return f"{group.training_level} {'solo' if group.solo else 'dual'} {group.lesson_kind}"


def _named(count: int, references: Sequence[str]) -> str:
    more = ", ..." if count > len(references) else ""
    return f"{count}: {', '.join(references)}{more}" if count else "0"
