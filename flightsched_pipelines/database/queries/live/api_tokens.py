"""Tokens for the live stream, as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from flightsched_pipelines.database.schema import api_tokens, instructors, schools, students
from flightsched_pipelines.domain.cases.actions import PersonRole


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token: its purpose, and whose events it reads; ``person`` is ``None`` for an application, else personal."""

    token_id: int
    name: str
    school_id: int
    school: str
    role: PersonRole | None
    person_id: int | None
    person: str | None
    made_at: datetime
    revoked_at: datetime | None


def insert_token(
    connection: Connection, digest: str, name: str, school_id: int, role: PersonRole | None, person_id: int | None,
    now_utc: datetime,
) -> int:  # fmt: skip
    """Add a token; return its id."""
    row = {"digest": digest, "name": name, "school_id": school_id, "made_at": now_utc}
    whose = {f"{role}_id": person_id} if role else {}
    return int(connection.execute(insert(api_tokens).values(row | whose).returning(api_tokens.c.id)).scalar_one())


def list_tokens(connection: Connection) -> list[ApiToken]:
    """Return every token, also those that were revoked, in the order in which they were made."""
    return [_token(row) for row in connection.execute(_tokens().order_by(api_tokens.c.id))]


def valid_token(connection: Connection, digest: str) -> ApiToken | None:
    """Return the token with this digest, unless it was revoked or its person has left."""
    t = api_tokens.c
    left = func.coalesce(students.c.ended_at, instructors.c.ended_at)
    query = _tokens().where(t.digest == digest, t.revoked_at.is_(None), left.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _token(row)


def revoke_token(connection: Connection, token_id: int, now_utc: datetime) -> bool:
    """Revoke a token; return false if it was revoked before, or there is none."""
    t = api_tokens.c
    revoked = update(api_tokens).where(t.id == token_id, t.revoked_at.is_(None)).values(revoked_at=now_utc)
    return connection.execute(revoked).rowcount == 1


def people_with_address(connection: Connection, school_id: int, address: str) -> list[tuple[PersonRole, int]]:
    """Return the school's present students and instructors with this address, in capitals or not."""
    found: list[tuple[PersonRole, int]] = []
    roles: tuple[tuple[PersonRole, Any], ...] = (("student", students), ("instructor", instructors))
    for role, table in roles:
        same = func.lower(table.c.email) == address.lower()
        query = select(table.c.id).where(table.c.school_id == school_id, same, table.c.ended_at.is_(None))
        ids = connection.execute(query.order_by(table.c.id)).scalars()
        found.extend((role, int(person_id)) for person_id in ids)
    return found


def _tokens() -> Select[*tuple[Any, ...]]:
    t = api_tokens.c
    return (
        select(
            t.id, t.name, t.school_id, schools.c.name.label("school"), t.student_id, t.instructor_id,
            func.coalesce(students.c.name, instructors.c.name).label("person"), t.made_at, t.revoked_at,
        )
        .join(schools, schools.c.id == t.school_id)
        .outerjoin(students, students.c.id == t.student_id)
        .outerjoin(instructors, instructors.c.id == t.instructor_id)
    )  # fmt: skip


def _token(row: Any) -> ApiToken:  # noqa: ANN401, a row of `_tokens`
    role: PersonRole | None = "student" if row.student_id else "instructor" if row.instructor_id else None
    return ApiToken(
        row.id, row.name, row.school_id, row.school, role, row.student_id or row.instructor_id, row.person,
        row.made_at, row.revoked_at,
    )  # fmt: skip
