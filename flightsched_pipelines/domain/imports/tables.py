"""A file's bytes as a table: encoding, separator, quotes and blank lines are worked out, never what a cell means."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flightsched_pipelines.domain.imports.faults import Fault, FileError
from flightsched_pipelines.formatting import plural

SEPARATORS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of one row, and the line of the file on which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class FileTable:
    """A header, the rows below it that hold anything, and the rows that have another number of cells."""

    header: Sequence[str]
    rows: Sequence[TableRow]
    faults: Sequence[Fault] = ()


def read_csv(data: bytes) -> FileTable:
    """Read CSV in UTF-8, UTF-16 or Latin-1, separated by comma, semicolon, tab or bar, with any ends of lines.

    Raises:
        FileError: it is empty, no CSV, or holds NUL characters.
    """
    text = _decode(data)
    if "\x00" in text:
        raise FileError("the file holds NUL characters; save it as CSV in UTF-8")
    return as_table(_cells(text))


def as_table(rows: Iterator[TableRow]) -> FileTable:
    """Take the first row that holds anything for the header, and leave blank rows out.

    Raises:
        FileError: there is no header, or it names a column twice.
    """
    first = next((row for row in rows if any(cell.strip() for cell in row.cells)), None)
    if first is None:
        raise FileError("the file is empty; give a first line with the names of the columns")
    header = [cell.strip().lower().replace(" ", "_") for cell in first.cells]
    while header and not header[-1]:  # spreadsheets leave separators at the end of each line
        header.pop()
    twice = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if twice:
        raise FileError(f"line {first.line} names the column '{twice[0][:40]}' twice; name each column once")
    kept: list[TableRow] = []
    faults: list[Fault] = []
    for row in rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        beyond = [cell for cell in row.cells[len(header) :] if cell.strip()]
        if beyond or len(row.cells) < len(header):
            values, columns = plural(len(row.cells), "value"), plural(len(header), "column")
            reason = f"the line has {values} for the {columns} of line {first.line}"
            faults.append(Fault(row.line, header[0], "", reason))
        else:
            kept.append(row)
    return FileTable(header, kept, faults)


def _decode(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise FileError(f"the file is not the text that its first bytes say ({encoding})") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # What Windows programs write for Latin-1; the five bytes that it lacks are control characters in Latin-1.
        return data.decode("cp1252", errors="replace") if _is_windows(data) else data.decode("latin-1")


def _is_windows(data: bytes) -> bool:
    return not any(byte in data for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))


def _cells(text: str) -> Iterator[TableRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 1
    try:
        for cells in reader:
            yield TableRow(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileError(f"line {line} is not CSV ({error}); see to its quotes, and save the file as CSV") from error


def _separator(text: str) -> str:
    """The separator that the first line with anything on it has most often outside of quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = "".join(part for n, part in enumerate(first.split('"')) if n % 2 == 0)
    return max(SEPARATORS, key=bare.count)
