"""Student preferences, a row a student; students are found by their e-mail address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select
from sqlalchemy.dialects.postgresql import insert

from flightsched_pipelines.database.schema import instructors, student_preferences, students


@dataclass(frozen=True, slots=True)
class PeopleByAddress:
    """E-mail address in lower case → (id, school), of students and of instructors."""

    students: Mapping[str, tuple[int, int]]
    instructors: Mapping[str, tuple[int, int]]


def people_by_address(connection: Connection) -> PeopleByAddress:
    """Return all students and instructors by their e-mail address."""

    def of(table: Table) -> dict[str, tuple[int, int]]:
        rows = connection.execute(select(func.lower(table.c.email), table.c.id, table.c.school_id))
        return {address: (key, school_id) for address, key, school_id in rows}

    return PeopleByAddress(of(students), of(instructors))


def preferences_by_student(connection: Connection) -> dict[int, RowMapping]:
    """Return what is stored of each student, with the student's e-mail address."""
    stored = select(student_preferences, students.c.email).join(
        students, students.c.id == student_preferences.c.student_id
    )
    return {row["student_id"]: row for row in connection.execute(stored).mappings()}


def save_preferences(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store preferences, a row a student with the same columns in each, in place of what the students had."""
    statement = insert(student_preferences)
    kept = {name: statement.excluded[name] for name in rows[0] if name != "student_id"}
    changed = statement.on_conflict_do_update(
        index_elements=[student_preferences.c.student_id], set_=kept | {"updated_at": func.now()}
    )
    connection.execute(changed, [dict(row) for row in rows])
