"""Import school data from files: ``flightsched import``."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console, print_json, print_progress
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind
from flightsched_pipelines.domain.imports.kinds.templates import template
from flightsched_pipelines.domain.imports.times import Times
from flightsched_pipelines.services.imports.files import read_file
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import Change, ImportRefusedError, ImportReport, NeedsYesError

SHOWN = 20
"""Changes that a terminal shows of each sort."""

app = typer.Typer(no_args_is_help=True, help="Import school data from files.")

File = Annotated[str, typer.Argument(help="A CSV file or .xlsx workbook; - for standard input.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
Complete = Annotated[
    bool, typer.Option("--complete", help="Rows that the file does not have are gone: cancelled or ended.")
]
WhichTimes = Annotated[
    Times,
    typer.Option("--times", help="Meaning of a time without offset: none is allowed, the airport's clock, or UTC."),
]


@app.callback(invoke_without_command=True)
def _imports(
    kind: Annotated[
        str | None,
        typer.Option(
            "--template", metavar="KIND", help="Write an example file, with every column, to standard output."
        ),
    ] = None,
) -> None:
    """Import school data from files."""
    if kind is None:
        return
    if kind not in KINDS:
        raise UsageError(f"--template is '{kind}'; give one of {', '.join(KINDS)}")
    sys.stdout.write(template(KINDS[kind]))
    raise typer.Exit


def _command_of(kind: FileKind) -> Callable[..., None]:
    def command(
        file: File, dry_run: DryRun = False, complete: Complete = False, times: WhichTimes = Times.OFFSET,
        yes: Yes = False, as_json: Json = False,
    ) -> None:  # fmt: skip
        data = read_file(file)
        settings, engine = open_session()
        progress = _silent if as_json else print_progress
        now = datetime.now(UTC)
        try:
            try:
                options = ImportOptions(times, complete, dry_run, yes)
                report = import_file(engine, kind.name, data, options, now, settings, progress)
            except NeedsYesError as error:
                if as_json:
                    _print_json(error.report, str(error))
                    raise typer.Exit(2) from None
                confirm(f"{error}. Import it?", yes)
                options = ImportOptions(times, complete, dry_run, yes=True)
                report = import_file(engine, kind.name, data, options, now, settings, progress)
        except ImportRefusedError as error:
            if not as_json:
                raise
            _print_json(error.report, str(error).splitlines()[0])
            raise typer.Exit(2) from None
        if as_json:
            _print_json(report, "")
        else:
            _print(report)

    return command


for _kind in KINDS.values():
    app.command(_kind.name, help=f"{_kind.doc} Columns: {', '.join(_kind.by_name)}.")(_command_of(_kind))


def _silent(_: str) -> None:
    """Print no progress: standard output is one JSON object."""


def _print_json(report: ImportReport, refused: str) -> None:
    print_json({**report.as_record(), "refused": refused or None})


def _print(report: ImportReport) -> None:
    for action in ("added", "changed", "gone"):
        changes = [change for change in report.changes if change.action == action]
        for change in changes[:SHOWN] if report.dry_run else ():
            console.print(_line_of(change), markup=False)
        if report.dry_run and len(changes) > SHOWN:
            console.print(f"... and {len(changes) - SHOWN:,} more {action}; --json has them all")
    for note in report.notes:
        console.print(note, markup=False)
    if report.not_entered:
        shown = _some(report.not_entered)
        console.print(f"moved here and not yet entered in your scheduler, they stay moved: {shown}", markup=False)
    for lessons, words in (
        (report.overruled, "moved here, and at another time in your file, which counts"),
        (report.released, "a slot was held for these and your file has it booked; their students are offered others"),
    ):
        if lessons:
            console.print(f"{words}: {_some(lessons)}", markup=False)
    would = "would be " if report.dry_run else ""
    console.print(
        f"{report.rows:,} {report.kind}: {report.added:,} {would}added, {report.changed:,} {would}changed, "
        f"{report.unchanged:,} unchanged, {report.gone:,} {would}gone"
    )


def _some(lessons: Sequence[str]) -> str:
    more = f" and {len(lessons) - SHOWN:,} more" if len(lessons) > SHOWN else ""
    return f"{', '.join(lessons[:SHOWN])}{more}"


def _line_of(change: Change) -> str:
    place = f"line {change.line}: " if change.line else ""
    columns = f" ({', '.join(change.columns)})" if change.columns else ""
    return f"{change.action:8}{place}{change.id}{columns}"
