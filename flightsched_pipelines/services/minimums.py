"""List and end minimums of schools and limits of students; `new_limits` adds them, by the rules of an import."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import minimums as rows
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.names import school_named, thing_named

ENDED_BY_PEOPLE = ("school", "student")
MAX_ID = 2**63 - 1


class MinimumError(PlainError, ValueError):
    """A minimum that is not there, or cannot be added or ended; the message contains the reason."""


def list_minimums(engine: Engine, on: date, school: str | None, student: str | None) -> Sequence[Mapping[str, Any]]:
    """Return the minimums in force on a day or later; a student's own limits only if the student is named.

    ``looser_than_default`` has the sentences about a school's row that loosens a default; else ``None``.

    Raises:
        UnknownNameError: there is no such school or student.
    """
    # Imported here: it loads pandas, which the commands that only end a row have no use for.
    from flightsched_pipelines.services.loosened_minimums import looser_than_default  # noqa: PLC0415

    with engine.connect() as connection:
        school_id = None if school is None else school_named(connection, school)
        student_id = None
        if student is not None:
            school_id, student_id = thing_named(connection, "student", student, school)
        looser = looser_than_default(connection, on, None if school_id is None else [school_id])
        found = rows.minimums_from(connection, on, school_id, student_id)
        return [{**row, "looser_than_default": looser.get(row["id"])} for row in found]


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
