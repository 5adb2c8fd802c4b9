"""A file as a table: CSV in any dialect, or the first sheet of a workbook."""

import io
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.tables import FileTable, TableRow, as_table, read_csv

MAX_BYTES = 100_000_000
_WORKBOOK = b"PK\x03\x04"


def read_file(path: str) -> bytes:
    """Return a file's bytes; those of standard input for ``-``.

    Raises:
        FileError: it cannot be read, or is too large.
    """
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise FileError(f"{path} has more than {MAX_BYTES:,} bytes; is it the right file? Else import it in parts")
    return data


def read_table(data: bytes) -> FileTable:
    """Read the bytes of a CSV file or of an .xlsx workbook, whatever the file is called.

    Raises:
        FileError: it is neither, has no header, or is too large.
    """
    if len(data) > MAX_BYTES:
        raise FileError(f"the file has more than {MAX_BYTES:,} bytes; is it the right file? Else import it in parts")
    return as_table(_sheet(data)) if data.startswith(_WORKBOOK) else read_csv(data)


def _sheet(data: bytes) -> Iterator[TableRow]:
    import openpyxl  # noqa: PLC0415, half a second that only workbooks need
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        for number, cells in enumerate(rows, start=1):
            yield TableRow(number, [_cell(cell) for cell in cells])
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise FileError("the file is not a readable workbook; save it as .xlsx again, or as CSV") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        to_the_second = value + timedelta(milliseconds=500)  # a workbook's times are fractions of a day
        return to_the_second.replace(microsecond=0).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
