"""Import student preferences from a CSV file: all rows or none.

The columns are ``COLUMNS``. People are named by their e-mail address, in any case; lists are separated by blanks. A row
replaces all that was known of its student, if that is asked for; a row with an address alone takes it back. Students
whom the file does not name keep theirs.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.schedule import preferences as stored
from flightsched_pipelines.database.queries.schedule.preferences import PeopleByAddress
from flightsched_pipelines.domain.rescheduling.preferences import DAYS, PARTS_OF_DAY
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.text import TextError, accept

COLUMNS = ("student_email", "days", "parts_of_day", "instructor_email", "latest_date", "notice_hours", "note")
MAX_NOTICE_HOURS = 336
MAX_NOTE_CHARACTERS = 500
MAX_CELL_CHARACTERS = 10_000
LAST_DATE = date(2100, 12, 31)
"""No lesson is planned beyond, and frames hold no day of the year 2263."""

MAX_FILE_BYTES = 10_000_000
SHOWN_FAULTS = 10


class PreferencesError(PlainError, ValueError):
    """A file that cannot be imported; the message says what is wrong in which line. Nothing was changed."""


class ReplacesError(PreferencesError):
    """The file would replace other preferences that students have; the message says whose. Nothing was changed."""


@dataclass(slots=True)
class _Line:
    """One line of the file, its values, and what is wrong with them."""

    number: int
    values: Mapping[str, str]
    faults: list[str] = field(default_factory=list[str])

    def read(self, column: str, parse: Callable[[str], Any], absent: object, expected: str) -> Any:  # noqa: ANN401
        """Return a column's value; if it cannot be read, note a fault and return the value for an absent one."""
        text = self.values[column].strip()
        if not text:
            return absent
        try:
            return parse(accept(text, column, MAX_CELL_CHARACTERS))
        except TextError as error:
            self.faults.append(f"line {self.number}: {error}")
            return absent
        except (ValueError, LookupError):
            self.faults.append(f"line {self.number}: {column} is '{text[:40]}'; {expected}")
            return absent


def import_preferences(engine: Engine, path: Path, *, replace: bool = False) -> int:
    """Read a file and store what it says; other preferences of its students are replaced only with ``replace``.

    Returns:
        How many students it names.

    Raises:
        PreferencesError: the file cannot be read, or something in it is wrong.
        ReplacesError: it differs from what is stored, and ``replace`` is not set.
    """
    lines = list(_lines(_text(path), path))
    with engine.begin() as connection:
        rows = _rows(lines, stored.people_by_address(connection), path)
        if not replace:
            _refuse_to_replace(connection, rows, path)
        stored.save_preferences(connection, rows)
    return len(rows)


def _refuse_to_replace(connection: Connection, rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    known = stored.preferences_by_student(connection)
    others = [
        known[key]["email"]
        for row in rows
        if (key := row["student_id"]) in known and any(known[key][name] != value for name, value in row.items())
    ]
    if others:
        more = f" and {len(others) - SHOWN_FAULTS} more" if len(others) > SHOWN_FAULTS else ""
        raise ReplacesError(
            f"{path} has different preferences from those stored for {', '.join(others[:SHOWN_FAULTS])}{more}; "
            "nothing was changed yet"
        )


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise PreferencesError(f"{path} has {size:,} bytes, too many for preferences; is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PreferencesError(f"{path} is not UTF-8 text (byte {error.start:,}); save it as CSV in UTF-8") from error
    except OSError as error:
        raise PreferencesError(f"{path} cannot be read: {error.strerror}") from error


def _lines(text: str, path: Path) -> Iterator[_Line]:
    if "\x00" in text:
        raise PreferencesError(f"{path} holds NUL characters; save it as CSV in UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, list[str]())]
        _check_header(header, path)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise PreferencesError(
                    f"{path}, line {reader.line_num}: {len(cells)} values for the {len(header)} columns of line 1"
                )
            yield _Line(reader.line_num, dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise PreferencesError(f"{path}, line {reader.line_num}: this is not CSV ({error})") from error


def _check_header(header: Sequence[str], path: Path) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if "student_email" not in header or unknown or len(set(header)) < len(header):
        wrong = f"does not know '{unknown[0][:40]}'" if unknown else "needs student_email, and no column twice"
        raise PreferencesError(f"{path}: the import {wrong}; the first line names some of: {', '.join(COLUMNS)}")


def _rows(lines: Sequence[_Line], people: PeopleByAddress, path: Path) -> list[dict[str, Any]]:
    if not lines:
        raise PreferencesError(f"{path} has no line below the names of its columns")
    rows: dict[int, dict[str, Any]] = {}
    for line in lines:
        row = _row(line, people)
        if row is not None and row["student_id"] in rows:
            line.faults.append(f"line {line.number}: this student has an earlier line; give one line a student")
        elif row is not None:
            rows[row["student_id"]] = row
    faults = [fault for line in lines for fault in line.faults]
    if faults:
        more = f"\n... and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise PreferencesError(
            f"{path} was not imported, nothing was changed:\n" + "\n".join(faults[:SHOWN_FAULTS]) + more
        )
    return list(rows.values())


def _row(line: _Line, people: PeopleByAddress) -> dict[str, Any] | None:
    student = line.read(
        "student_email", lambda text: people.students[text.lower()], None, "no student has this address"
    )
    if student is None:
        if not line.faults:
            line.faults.append(f"line {line.number}: student_email is empty")
        return None
    instructor = line.read(
        "instructor_email",
        lambda text: _of_school(people.instructors[text.lower()], student[1]),
        None,
        "no instructor of the student's school has this address",
    )
    return {
        "student_id": student[0],
        "days": line.read("days", _words_of(DAYS), [], f"give some of {' '.join(DAYS)}"),
        "parts_of_day": line.read(
            "parts_of_day", _words_of(PARTS_OF_DAY), [], f"give some of {' '.join(PARTS_OF_DAY)}"
        ),
        "instructor_id": instructor,
        "latest_date": line.read("latest_date", _day, None, "give a day such as 2026-12-24"),
        "notice_hours": line.read("notice_hours", _notice, None, f"give whole hours from 0 to {MAX_NOTICE_HOURS}"),
        "note": line.read("note", _note, None, f"give at most {MAX_NOTE_CHARACTERS} characters"),
    }


def _words_of(known: Sequence[str] | Mapping[str, Any]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        words = text.lower().split()
        if not set(words) <= set(known):
            raise ValueError(text)
        return [word for word in known if word in words]

    return parse


def _of_school(instructor: tuple[int, int], school_id: int) -> int:
    if instructor[1] != school_id:
        raise ValueError(instructor)
    return instructor[0]


def _notice(text: str) -> int:
    hours = int(text)
    if not 0 <= hours <= MAX_NOTICE_HOURS:
        raise ValueError(text)
    return hours


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day > LAST_DATE:
        raise ValueError(text)
    return day


def _note(text: str) -> str:
    if len(text) > MAX_NOTE_CHARACTERS:
        raise ValueError(text)
    return text
