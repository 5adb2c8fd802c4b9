"""One table in every encoding and dialect gives the same rows; what is no table is said so."""

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.tables import read_csv
from flightsched_pipelines.services.imports.files import read_table
from flightsched_pipelines_tests.examples import examples

LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc", "Zs"]), max_size=12)
CELLS = st.one_of(LATIN, st.sampled_from(["a,b", "x;y", 'say "so"', "two\nlines", "1\t2", "a|b", ""]))
ROWS = st.lists(st.tuples(st.sampled_from(["S-1", "S-2"]), CELLS, CELLS), min_size=1, max_size=6)
HEADER = ("id", "name", "note")


def written(rows: list[tuple[str, ...]], separator: str, line_end: str) -> str:
    """Return rows as CSV, with a blank line between header and rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=line_end)
    writer.writerow(HEADER)
    out.write(line_end)
    writer.writerows(rows)
    return out.getvalue()


@examples(300, "an example is a short table of the marks that matter")
@given(
    rows=ROWS,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
)
def test_the_same_table_in_every_dialect_gives_the_same_rows(
    rows: list[tuple[str, ...]], separator: str, line_end: str, encoding: str
) -> None:
    text = written(rows, separator, line_end)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if encoding == "latin-1" and not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return  # these bytes are UTF-8 as well: nobody can tell
        if any(0x80 <= byte < 0xA0 for byte in data):
            return  # control characters in Latin-1, letters where Windows writes

    table = read_csv(data)

    assert list(table.header) == list(HEADER)
    assert [tuple(row.cells) for row in table.rows] == rows
    assert table.faults == []


def test_lines_are_those_of_the_file_also_after_quoted_line_breaks() -> None:
    table = read_csv(b'\nid,note\n\n1,"two\nlines"\n\n2,x\n')

    assert [row.line for row in table.rows] == [4, 7]


def test_a_workbook_is_read_like_a_file() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["ID", "Starts at", "solo", "limit value"])
    sheet.append([7, "2027-01-11T09:00-08:00", True, 1.5])
    sheet.append([None, None, None, None])
    out = io.BytesIO()
    book.save(out)

    table = read_table(out.getvalue())

    assert list(table.header) == ["id", "starts_at", "solo", "limit_value"]
    assert [tuple(row.cells) for row in table.rows] == [("7", "2027-01-11T09:00-08:00", "yes", "1.5")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n,,\n", "the file is empty"),
        (b"id,ID\n1,2\n", "line 1 names the column 'id' twice"),
        (b'id\n"never closed', "line 2 is not CSV"),
        (b"id\n1\x00\n", "NUL characters"),
        (b"\xff\xfei", "not the text that its first bytes say"),
        (b"PK\x03\x04 but no workbook", "not a readable workbook"),
        (b"id\n" + b"x" * 200_000, "line 2 is not CSV (field larger"),
    ],
)
def test_what_is_no_table_is_said_so(data: bytes, said: str) -> None:
    with pytest.raises(FileError) as error:
        read_table(data)
    assert said in str(error.value)


@examples(500, "an example is a short table of the marks that matter")
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_sentence(data: bytes) -> None:
    try:
        table = read_table(data)
    except FileError:
        return
    assert all(len(row.cells) >= len(table.header) for row in table.rows)
