"""Helpers of the import tests: the example school, a way to import text, and what is stored then."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import ImportRefusedError, ImportReport
from flightsched_pipelines_tests.conftest import settings_for

EXAMPLE = Path(__file__).parents[3] / "examples" / "school"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def bring(engine: Engine, kind: str, content: str | bytes, **options: Any) -> ImportReport:
    """Import a file's content."""
    data = content.encode() if isinstance(content, str) else content
    return import_file(engine, kind, data, ImportOptions(**options), NOW, settings_for())


def bring_example(engine: Engine, kinds: Sequence[str] = tuple(KINDS)) -> dict[str, ImportReport]:
    """Import the files of the example school."""
    return {kind: bring(engine, kind, (EXAMPLE / f"{kind}.csv").read_bytes()) for kind in kinds}


def refused(engine: Engine, kind: str, content: str | bytes, **options: Any) -> list[str]:
    """Return the faults of a file, as people read them."""
    try:
        bring(engine, kind, content, **options)
    except ImportRefusedError as error:
        return [str(fault) for fault in error.report.faults]
    raise AssertionError("the file was imported")


def rows(engine: Engine, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def everything(engine: Engine) -> dict[str, list[str]]:
    """Return all rows of the school's tables but the note of each import, and when a booking was last changed."""
    tables = [name for (name,) in rows(engine, "SELECT tablename FROM pg_tables WHERE schemaname = 'school'")]
    return {
        name: sorted(row[0] for row in rows(engine, f"SELECT t::text FROM school.{name} t"))  # noqa: S608, our tables
        for name in tables
        if name != "imports"
    }
