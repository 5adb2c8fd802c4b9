"""Settings of people as they store them themselves, and the record of each change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.readable_columns import day, words
from flightsched_pipelines.database.schema import (
    contact_preferences,
    instructors,
    settings_changes,
    student_preferences,
    students,
)
from flightsched_pipelines.domain.cases.actions import PersonRole

Kind = Literal["contact", "preferences"]

PREFERENCES = ("days", "parts_of_day", "latest_date", "notice_hours", "note")
"""Preferences that students change themselves; the instructor whom they prefer stays as it is."""


def lock_person(connection: Connection, role: PersonRole, person_id: int) -> None:
    """Lock a person's settings against other changes until the transaction ends."""
    table = students if role == "student" else instructors
    connection.execute(select(table.c.id).where(table.c.id == person_id).with_for_update(key_share=True))


def preferences_of(connection: Connection, student_id: int) -> Mapping[str, Any] | None:
    """Return a student's preferences; ``None`` if there are none."""
    p = student_preferences.c
    columns = words(p.days).label("days"), words(p.parts_of_day).label("parts_of_day")
    query = select(*columns, day(p.latest_date).label("latest_date"), p.notice_hours, p.note).where(
        p.student_id == student_id
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def save_contact(connection: Connection, role: PersonRole, person_id: int, values: Mapping[str, Any]) -> None:
    """Store how a person wants to be notified; the time zone stays as it is."""
    key = f"{role}_id"
    row = upsert(contact_preferences).values({key: person_id, **values})
    connection.execute(row.on_conflict_do_update(index_elements=[contact_preferences.c[key]], set_=dict(values)))


def insert_change(
    connection: Connection,
    role: PersonRole,
    person_id: int,
    kind: Kind,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now_utc: datetime,
) -> None:
    """Put a change on record."""
    values = {"changed_at": now_utc, "kind": kind, "door": "page", "before": before, "after": after}
    connection.execute(insert(settings_changes).values({f"{role}_id": person_id, **values}))
