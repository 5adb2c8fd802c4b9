"""Store students' preferences, a row a student."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func
from sqlalchemy.dialects.postgresql import insert

from flightsched_pipelines.database.schema import student_preferences


def save_preferences(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store preferences, a row a student with the same columns in each, in place of what the students had."""
    statement = insert(student_preferences)
    kept = {name: statement.excluded[name] for name in rows[0] if name != "student_id"}
    changed = statement.on_conflict_do_update(
        index_elements=[student_preferences.c.student_id], set_=kept | {"updated_at": func.now()}
    )
    connection.execute(changed, [dict(row) for row in rows])
