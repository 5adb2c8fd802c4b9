"""List, add and end minimums of schools and limits of students."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import minimums as rows
from flightsched_pipelines.domain.risk.rules import RULE_BOOK
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import ImportRefusedError, ImportReport
from flightsched_pipelines.services.names import school_named, thing_named
from flightsched_pipelines.settings import Settings

ENDED_BY_PEOPLE = ("school", "student")
MAX_ID = 2**63 - 1
_LIMIT = re.compile(
    r"(?P<rule>[a-z_]+)\s*(?P<comparison><=|>=|<|>|\bnone\b|\bany\b)\s*(?P<limit_value>-?[\d.]*)\s*(?P<unit>\S*)"
)


class MinimumError(PlainError, ValueError):
    """A minimum that is not there, or cannot be added or ended; the message contains the reason."""


@dataclass(frozen=True, slots=True)
class NewLimit:
    """One limit to add, in the words of the import's columns; ``limit`` is such as ``wind < 12 kt``, ``icing none``."""

    limit: str
    school: str
    student: str
    training_level: str
    solo: bool | None
    lesson_kind: str
    night: bool | None
    aircraft_type: str
    effect: str
    effective_from: date
    effective_to: date | None
    reference: str


def list_minimums(engine: Engine, on: date, school: str | None, student: str | None) -> Sequence[Mapping[str, Any]]:
    """Return the minimums in force on a day or later; a student's own limits only if the student is named.

    Raises:
        UnknownNameError: there is no such school or student.
    """
    with engine.connect() as connection:
        school_id = None if school is None else school_named(connection, school)
        student_id = None
        if student is not None:
            school_id, student_id = thing_named(connection, "student", student, school)
        return [dict(row) for row in rows.minimums_from(connection, on, school_id, student_id)]


def add_limit(engine: Engine, new: NewLimit, now_utc: datetime, settings: Settings) -> ImportReport:
    """Add one limit by the rules of an import; the same limit again changes nothing.

    Raises:
        MinimumError: it cannot be read, is looser than it may be, or is for a type of which the school has no aircraft.
    """
    found = _LIMIT.fullmatch(new.limit.strip())
    if found is None or found["rule"] not in RULE_BOOK:
        raise MinimumError(
            f"the limit is '{new.limit}'; give one such as 'wind < 12 kt', 'visibility >= 7 SM' or 'icing none', of "
            f"{', '.join(RULE_BOOK)}"
        )
    cells = {
        **found.groupdict(),
        "school": new.school,
        **({"student": new.student} if new.student else _of_school(new)),
        "solo": _yes_no(new.solo),
        "lesson_kind": new.lesson_kind,
        "night": _yes_no(new.night),
        "effect": new.effect,
        "effective_from": new.effective_from.isoformat(),
        "effective_to": "" if new.effective_to is None else new.effective_to.isoformat(),
        "reference": new.reference,
    }
    told = {name: cell for name, cell in cells.items() if name != "school" or cell}
    told["id"] = f"cli-{sha256(repr(sorted(cells.items())).encode()).hexdigest()[:12]}"
    text = io.StringIO()
    csv.writer(text).writerows([told.keys(), told.values()])
    try:
        kind = "limits" if new.student else "minimums"
        return import_file(engine, kind, text.getvalue().encode(), ImportOptions(), now_utc, settings)
    except ImportRefusedError as error:
        faults = "; and ".join(str(replace(fault, line=0)) for fault in error.report.faults)
        raise MinimumError(f"the limit was not added: {faults}") from None


def end_minimum(engine: Engine, minimum_id: int, last_day: date) -> bool:
    """Set the last day of a school's minimum or a student's limit; returns whether that changed anything.

    Raises:
        MinimumError: there is no such row, it comes with the platform, or its first day is later.
    """
    with engine.begin() as connection:
        row = rows.lock_minimum(connection, minimum_id) if 0 < minimum_id <= MAX_ID else None
        if row is None:
            raise MinimumError(f"there is no minimum {minimum_id}; `flightsched minimums list` has their ids")
        if row["authority"] not in ENDED_BY_PEOPLE:
            raise MinimumError(
                f"minimum {minimum_id} is a {row['authority']}, of all schools; add one of your own, which "
                "replaces a default"
            )
        if last_day < row["effective_from"]:
            raise MinimumError(
                f"--until is {last_day}; minimum {minimum_id} has the first day {row['effective_from']}, give that day "
                "or a later one"
            )
        if row["effective_to"] == last_day:
            return False
        rows.end_minimum(connection, minimum_id, last_day)
        return True


def _of_school(new: NewLimit) -> dict[str, str]:
    """The cells that only a school's minimum has; without a type its id is that of before there were types."""
    return {"training_level": new.training_level} | ({"aircraft_type": new.aircraft_type} if new.aircraft_type else {})


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
