"""Examples and documentation follow from the columns."""

from pathlib import Path

import pytest

from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS, FileKind
from flightsched_pipelines.domain.imports.kinds.templates import columns_as_markdown, template
from flightsched_pipelines.domain.imports.reading import read_rows
from flightsched_pipelines.domain.imports.tables import read_csv

DOCS = Path(__file__).parents[4] / "docs" / "how-to" / "import.md"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_template_is_read_without_a_fault(kind: FileKind) -> None:
    read = read_rows(kind, read_csv(template(kind).encode()))

    assert read.faults == []
    assert list(read.columns) == list(kind.by_name)
    assert len(read.rows) == len(kind.examples)


def test_the_documentation_has_the_columns_as_they_are() -> None:
    assert DOCS.read_text(encoding="utf-8").endswith(columns_as_markdown() + "\n"), (
        "write columns_as_markdown() at the end of docs/how-to/import.md"
    )
