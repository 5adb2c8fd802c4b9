"""Cells read into values: what a kind's columns say about each cell by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flightsched_pipelines.domain.imports.faults import Fault, FileError
from flightsched_pipelines.domain.imports.kinds.catalogue import FileKind
from flightsched_pipelines.domain.imports.kinds.fields import Field
from flightsched_pipelines.domain.imports.tables import FileTable


@dataclass(slots=True)
class ReadRow:
    """A row: its line, its cells as they were written, and what they mean; a cell at fault means nothing."""

    line: int
    cells: Mapping[str, str]
    values: dict[str, Any]
    is_sound: bool = True

    def is_faulty(self, column: str) -> bool:
        """Return whether the file has the column, and this row's cell of it means nothing."""
        return column in self.cells and column not in self.values

    def fault(self, column: str, reason: str) -> Fault:
        """Return a fault of this row, which is then not imported."""
        self.is_sound = False
        return Fault(self.line, column, self.cells.get(column, "").strip(), reason)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The rows of a file, the columns that it has, and the faults of single cells."""

    columns: Sequence[str]
    rows: Sequence[ReadRow]
    faults: Sequence[Fault]


def read_rows(kind: FileKind, table: FileTable) -> ReadFile:
    """Read every cell.

    Raises:
        FileError: a column is missing or not known, or there is no row.
    """
    header = _known_header(kind, table.header)
    faults = list(table.faults)
    if not table.rows and not faults:
        raise FileError("the file has no line below the names of its columns")
    readers = [(name, _Reader(kind.by_name[name])) for name in header]
    rows: list[ReadRow] = []
    for one in table.rows:
        row = ReadRow(one.line, dict(zip(header, one.cells, strict=False)), {})
        for (name, reader), cell in zip(readers, one.cells, strict=False):
            reason = reader.read_into(row.values, name, cell)
            if reason:
                faults.append(row.fault(name, reason))
        rows.append(row)
    return ReadFile(header, rows, faults)


class _Reader:
    """Reads the cells of one column, each text once: files repeat themselves."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._read: dict[str, tuple[Any, str]] = {}

    def read_into(self, values: dict[str, Any], name: str, cell: str) -> str:
        found = self._read.get(cell)
        if found is None:
            try:
                found = self._field.read(cell), ""
            except ValueError as error:
                found = None, str(error)
            self._read[cell] = found
        value, reason = found
        if not reason:
            values[name] = value
        return reason


def _known_header(kind: FileKind, header: Sequence[str]) -> list[str]:
    unknown = [name for name in header if name not in kind.by_name]
    missing = [name for name in kind.required if name not in header]
    if unknown or missing:
        wrong = [f"does not know the column '{name[:40]}'" for name in unknown[:3]]
        wrong += [f"needs the column {name}" for name in missing]
        raise FileError(
            f"an import of {kind.name} {', and '.join(wrong)}; its columns are {', '.join(kind.by_name)} "
            f"(`flightsched import --template {kind.name}` writes an example)"
        )
    return list(header)
