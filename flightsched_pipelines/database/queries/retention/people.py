"""The rows of one person: found, deleted, emptied, and the person's own row made nobody's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, cast, delete, func, or_, select, update

from flightsched_pipelines.database.queries.retention import staff
from flightsched_pipelines.database.queries.retention.mentions import mentions
from flightsched_pipelines.database.queries.retention.person import Person, Role
from flightsched_pipelines.database.queries.retention.references import Fate, references_to
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    bookings,
    credentials,
    dead_letters,
    erasures,
    instructors,
    llm_calls,
    outbox,
    reschedule_cases,
    responses,
    schools,
    students,
)
from flightsched_pipelines.domain.retention.identifiers import Mention

_TABLES: Mapping[Role, Table] = {"student": students, "instructor": instructors}


def find(connection: Connection, role: Role | None, value: str | int) -> Sequence[Person]:
    """Return the people with a number in a role, or with an address."""
    found: list[Person] = []
    for name, table in _TABLES.items():
        if role is not None and role != name:
            continue
        c = table.c
        which = func.lower(c.email) == str(value).lower() if role is None else c.id == value
        rows = connection.execute(select(c.id, c.name, c.email, c.phone, c.external_id).where(which).order_by(c.id))
        found += [Person(name, *row) for row in rows]
    return found


def erased_at(connection: Connection, person: Person) -> datetime | None:
    """Return when a person was erased."""
    e = erasures.c
    query = select(e.erased_at).where(e.role == person.role, e.person_id == person.id)
    return connection.execute(query).scalar_one_or_none()


def lock(connection: Connection, person: Person) -> None:
    """Lock a person against changes until this transaction ends."""
    table = _TABLES[person.role]
    connection.execute(select(table.c.id).where(table.c.id == person.id).with_for_update())


def shared(connection: Connection, person: Person) -> set[str]:
    """Return what names the person and somebody else, or a school, too."""
    s = schools.c
    others: set[str] = set()
    for row in connection.execute(select(s.name, s.dispatch_email, s.phone, s.reply_to)):
        others |= set(filter(None, row))
    others |= staff.others_have(connection, person)
    for role, table in _TABLES.items():
        c = table.c
        other = c.id != person.id if role == person.role else c.id.is_not(None)
        for row in connection.execute(select(c.name, c.email, c.phone, c.external_id).where(other)):
            others |= set(filter(None, row))
    lowered = {one.lower() for one in others}
    return {one for one in (person.name, person.email, person.phone) if one and one.lower() in lowered}


def in_the_way(connection: Connection, person: Person, now_utc: datetime) -> Sequence[str]:
    """Return the references of lessons ahead, and of lessons with an open case."""
    b, c = bookings.c, reschedule_cases.c
    ahead = b.status.in_((*ACTIVE_STATUSES, "held")) & (func.upper(b.period) > now_utc)
    has_case = select(c.id).where(c.booking_id == b.id, c.state.in_(OPEN_STATES)).exists()
    query = select(b.reference).where(_of(person), or_(ahead, has_case)).order_by(b.reference)
    return list(connection.execute(query).scalars())


def endorsements(connection: Connection, person: Person, since: datetime) -> Sequence[Mapping[str, Any]]:
    """Return the solo endorsements of a student that were valid since a moment."""
    c = credentials.c
    query = select(c.credential, c.aircraft_type, c.valid_from, c.valid_until).where(
        c.student_id == (person.id if person.role == "student" else None),
        c.credential == "solo_endorsement",
        c.valid_until >= since.date(),
    )
    return [dict(row) for row in connection.execute(query.order_by(c.valid_from, c.id)).mappings()]


def erase_rows(connection: Connection, person: Person, now_utc: datetime) -> dict[str, int]:
    """Delete the rows that are the person's alone, and empty their words; returns how many by table.

    What others wrote, and messages to others, stay: whatever names the person there is replaced, not deleted.
    """
    o, r = outbox.c, responses.c
    lessons = select(bookings.c.id).where(_of(person))
    messages = (o.role == person.role) & (o.person_id == person.id)
    unnamed = r.person_id.is_(None) & r.booking_id.in_(lessons)
    words = (r.role == person.role) & or_(r.person_id == person.id, unnamed)
    statements: list[tuple[Table, Any]] = [
        (dead_letters, delete(dead_letters).where(dead_letters.c.key.in_(select(o.key).where(messages)))),
        (outbox, delete(outbox).where(messages)),
        (responses, update(responses).values(reason=None).where(words, r.reason.is_not(None))),
    ]
    if person.role == "student":  # the LLM is asked about the student's lesson
        statements += [
            (dead_letters, delete(dead_letters).where(dead_letters.c.booking_id.in_(lessons))),
            (llm_calls, update(llm_calls).values(answer=None).where(llm_calls.c.booking_id.in_(lessons))),
        ]
    for column, fate in references_to(_TABLES[person.role].fullname):
        if fate is Fate.ROW_GOES:
            statements.append((column.table, delete(column.table).where(column == person.id)))
        elif fate is Fate.REFERENCE_GOES:
            statements.append((column.table, update(column.table).values({column: None}).where(column == person.id)))
    statements.append((_TABLES[person.role], _make_nobodys(person, now_utc)))
    changed: dict[str, int] = {}
    for table, statement in statements:
        changed[table.fullname] = changed.get(table.fullname, 0) + connection.execute(statement).rowcount
    return {name: rows for name, rows in changed.items() if rows}


def words_of(connection: Connection, person: Person) -> Sequence[str]:
    """Return the reasons that a person gave in responses, which messages to others may repeat."""
    r = responses.c
    query = select(r.reason).where(r.role == person.role, r.person_id == person.id, r.reason.is_not(None)).distinct()
    return list(connection.execute(query).scalars())


def replace_near(connection: Connection, person: Person, mention: Mention, words: str) -> dict[str, int]:
    """Replace mentions in messages and responses about the person's lessons; returns the number of rows by table."""
    lessons = select(bookings.c.id).where(_of(person))
    c = reschedule_cases.c
    asked = c.student_id == (person.id if person.role == "student" else None)
    cases = select(c.id).where(or_(c.booking_id.in_(lessons), asked))
    keys = select(outbox.c.key).where(outbox.c.case_id.in_(cases))
    near = dead_letters.c.key.in_(keys) | dead_letters.c.booking_id.in_(lessons)
    where: Sequence[tuple[Column[Any], ColumnElement[bool]]] = (
        (dead_letters.c.request, near),
        (dead_letters.c.problem, near),
        (dead_letters.c.answer, near),
        (outbox.c.payload, outbox.c.case_id.in_(cases)),
        (responses.c.reason, responses.c.booking_id.in_(lessons)),
    )
    value_only = rf'({mention.pattern})(?!":)'  # a name may be the word that JSON has for a field
    changed: dict[str, int] = {}
    for column, condition in where:
        said = cast(column, Text)
        value = cast(func.regexp_replace(said, value_only, words, "gi"), column.type)
        statement = update(column.table).values({column: value}).where(condition, mentions(said, mention, value_only))
        if rows := connection.execute(statement).rowcount:
            changed[column.table.fullname] = changed.get(column.table.fullname, 0) + rows
    return changed


def note(connection: Connection, person: Person, changed: Mapping[str, int], now_utc: datetime) -> None:
    """Record the erasure."""
    connection.execute(
        erasures.insert().values(role=person.role, person_id=person.id, erased_at=now_utc, changed=dict(changed))
    )


def _make_nobodys(person: Person, now_utc: datetime) -> Any:  # noqa: ANN401, a statement of SQLAlchemy's
    table = _TABLES[person.role]
    nobody = person.nobody
    return (
        update(table)
        .where(table.c.id == person.id)
        .values(
            name=nobody, email=f"{nobody}@erased.invalid", phone=None, external_id=None,
            ended_at=func.coalesce(table.c.ended_at, now_utc),
        )
    )  # fmt: skip


def _of(person: Person) -> ColumnElement[bool]:
    return bookings.c[f"{person.role}_id"] == person.id
