"""People, aircraft and schools by id, with contact preferences."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time

from sqlalchemy import Connection, Table, func, select

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.readable_columns import clock

QUIET = time(22), time(7)
"""Quiet hours of people without contact preferences."""


@dataclass(frozen=True, slots=True)
class Person:
    """A student or instructor. ``quiet`` are local times in ``time_zone``, ``None`` for no quiet hours."""

    person_id: int
    role: str
    name: str
    email: str
    phone: str | None
    wants_email: bool
    wants_sms: bool
    wants_digest: bool
    quiet: tuple[time, time] | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class School:
    """A school, its dispatchers' and manager's addresses, its zone, its phone, and where replies go."""

    school_id: int
    name: str
    dispatch_email: str | None
    time_zone: str
    phone: str | None = None
    reply_to: str | None = None
    manager_email: str | None = None


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """The facts of a booking that messages contain."""

    booking_id: int
    reference: str
    school_id: int
    student_id: int
    departure: str
    time_zone: str
    airport_name: str


def students(connection: Connection, ids: Collection[int] | None = None) -> dict[int, Person]:
    """Return students by id; all of them unless ids are given."""
    return _people(connection, "student", schema.students, ids)


def instructors(
    connection: Connection, ids: Collection[int] | None = None, *, schools: Collection[int] | None = None
) -> dict[int, Person]:
    """Return instructors by id; all of them unless ids or schools are given."""
    return _people(connection, "instructor", schema.instructors, ids, schools)


def has_left(connection: Connection, role: str, person_id: int) -> bool:
    """Return whether a complete import no longer had a student or instructor."""
    table = schema.students if role == "student" else schema.instructors
    return connection.execute(select(table.c.ended_at).where(table.c.id == person_id)).scalar() is not None


def schools(connection: Connection, ids: Collection[int] | None = None) -> dict[int, School]:
    """Return schools by id; all of them unless ids are given."""
    s, a = schema.schools, schema.airports
    query = select(
        s.c.id, s.c.name, s.c.dispatch_email, a.c.time_zone, s.c.phone,
        func.coalesce(s.c.reply_to, s.c.dispatch_email),
        s.c.manager_email,
    ).join(a, a.c.ident == s.c.base_airport)  # fmt: skip
    if ids is not None:
        query = query.where(s.c.id.in_(ids))
    return {row.id: School(*row) for row in connection.execute(query)}


def simulators(connection: Connection, schools: Collection[int]) -> frozenset[int]:
    """Return which aircraft of some schools are simulators."""
    a = schema.aircraft.c
    return frozenset(connection.execute(select(a.id).where(a.simulator, a.school_id.in_(schools))).scalars())


def aircraft_names(connection: Connection, schools: Collection[int]) -> dict[int, str]:
    """Return type and registration of each aircraft of some schools: "C172S N101FS"."""
    a = schema.aircraft.c
    query = select(a.id, a.type, a.tail_number).where(a.school_id.in_(schools))
    return {row.id: f"{row.type} {row.tail_number}" for row in connection.execute(query)}


def booking_facts(connection: Connection, ids: Collection[int]) -> Mapping[int, BookingFacts]:
    """Return the message facts of these bookings."""
    b, a = schema.bookings, schema.airports
    query = (
        select(b.c.id, b.c.reference, b.c.school_id, b.c.student_id, b.c.departure, a.c.time_zone, a.c.name)
        .join(a, a.c.ident == b.c.departure)
        .where(b.c.id.in_(ids))
    )
    return {row.id: BookingFacts(*row) for row in connection.execute(query)}


def _people(
    connection: Connection,
    role: str,
    table: Table,
    ids: Collection[int] | None = None,
    schools: Collection[int] | None = None,
) -> dict[int, Person]:
    c, s, a = schema.contact_preferences, schema.schools, schema.airports
    query = (
        select(
            table.c.id, table.c.name, table.c.email.label("address"), table.c.phone, c.c.id.label("contact_id"),
            c.c.email, c.c.sms, c.c.digest,
            clock(c.c.quiet_from).label("quiet_from"), clock(c.c.quiet_to).label("quiet_to"),
            c.c.time_zone, a.c.time_zone.label("home"),
        )
        .join(s, s.c.id == table.c.school_id)
        .join(a, a.c.ident == s.c.base_airport)
        .outerjoin(c, c.c[f"{role}_id"] == table.c.id)
    )  # fmt: skip
    if ids is not None:
        query = query.where(table.c.id.in_(ids))
    if schools is not None:
        query = query.where(table.c.school_id.in_(schools))
    found: dict[int, Person] = {}
    for row in connection.execute(query):
        said = row.contact_id is not None
        quiet = (row.quiet_from, row.quiet_to) if row.quiet_from is not None else None
        found[row.id] = Person(
            person_id=row.id,
            role=role,
            name=row.name,
            email=row.address,
            phone=row.phone,
            wants_email=row.email if said else True,
            wants_sms=bool(row.sms),
            wants_digest=bool(row.digest),
            quiet=quiet if said else QUIET,
            time_zone=row.time_zone or row.home,
        )
    return found
