"""Erase a person: ``flightsched erase``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Column, Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, Yes, confirm, console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.retention import erasure


def erase(
    person: Annotated[
        str, typer.Argument(help="E-mail address, dispatcher's name as at sign-in, or number such as student-12.")
    ],
    keep: Annotated[
        Path | None, typer.Option(help="New file for the endorsements that must be kept by law (14 CFR 61.189).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, and change nothing.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase a student, instructor, dispatcher or manager on request, everywhere; what they did stays unnamed."""
    settings, engine = open_session()
    now = datetime.now(UTC)
    found = erasure.find_person(engine, person)
    kept = erasure.kept_by_law(engine, found, now)
    planned = erasure.erase(engine, settings, found, now, dry_run=True)
    if dry_run:
        _print(planned, kept, "would be", as_json=as_json)
        return
    if kept and keep is None:
        raise UsageError(
            f"{plural(len(kept), 'solo endorsement')} must be kept for three years (14 CFR 61.189); give --keep FILE, "
            "which is written outside of the database"
        )
    confirm(f"{found.role}-{found.id}, {found.name or found.email}, will be erased everywhere, for ever. Erase?", yes)
    if kept and keep is not None:
        _keep(keep, kept)
    done = erasure.erase(engine, settings, found, now, dry_run=False)
    _print(done, kept, "were", as_json=as_json)


def _keep(file: Path, kept: Sequence[erasure.Endorsement]) -> None:
    """Write a new file for its owner alone; one of the same content is left from an interrupted erasure."""
    document = {"keep_for": "14 CFR 61.189", "endorsements": [asdict(one) for one in kept]}
    content = json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"
    part = file.with_name(f".{file.name}.part")
    try:
        if file.exists():
            if file.read_bytes() != content:
                raise UsageError(f"{file} exists and holds something else; give a file that does not exist")
            return
        owner_only_files.write(part, content)
        owner_only_files.sync(part)
        part.rename(file)
        owner_only_files.sync(file.parent)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; nothing was erased") from None


def _print(done: erasure.Erasure, kept: Sequence[erasure.Endorsement], verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    table = Table("table", Column("rows", justify="right"), box=box.SIMPLE_HEAD)
    for name, rows in done.changed.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    console.print(f"rows that {verb} erased or changed of {done.role}-{done.person_id}: {sum(done.changed.values()):,}")
    if kept:
        console.print(f"{plural(len(kept), 'solo endorsement')} must be kept by law, apart from the database")
    for note in done.notes:
        console.print(f"- {note}", markup=False, soft_wrap=True)
