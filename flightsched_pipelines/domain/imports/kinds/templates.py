"""Example files and documentation of the kinds, made from their columns."""

import csv
import io
from collections.abc import Iterator

from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind


def template(kind: FileKind) -> str:
    """Return an example file: its header, and a row or two."""
    written = io.StringIO()
    rows = csv.DictWriter(written, list(kind.by_name), restval="", lineterminator="\n")
    rows.writeheader()
    rows.writerows(kind.examples)
    return written.getvalue()


def columns_as_markdown() -> str:
    """Return the columns of every kind, a table a kind."""
    return "\n".join(line for kind in KINDS.values() for line in _tables(kind))


def _tables(kind: FileKind) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{kind.doc} Rows are matched by {' and '.join(kind.key)}.\n"
    yield "| column | | meaning | value |\n| --- | --- | --- | --- |"
    for field in kind.fields:
        value = field.expected.removeprefix("give ")
        yield f"| `{field.name}` | {'needed' if field.required else ''} | {field.doc} | {value} |"
    yield ""
