"""People, aircraft and schools by id, with contact preferences."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select, true

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.given_rows import among
from flightsched_pipelines.database.readable_columns import clock
from flightsched_pipelines.database.together import Together

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
    which = true() if ids is None else schema.students.c.id.in_(ids)
    return _read_people("student", connection.execute(_people("student", schema.students, which)))


def instructors(connection: Connection, ids: Collection[int] | None = None) -> dict[int, Person]:
    """Return instructors by id; all of them unless ids are given."""
    which = true() if ids is None else schema.instructors.c.id.in_(ids)
    return _read_people("instructor", connection.execute(_people("instructor", schema.instructors, which)))


def has_left(connection: Connection, role: str, person_id: int) -> bool:
    """Return whether a complete import no longer had a student or instructor."""
    table = schema.students if role == "student" else schema.instructors
    return connection.execute(select(table.c.ended_at).where(table.c.id == person_id)).scalar() is not None


def schools(connection: Connection, ids: Collection[int] | None = None) -> dict[int, School]:
    """Return schools by id; all of them unless ids are given."""
    which = true() if ids is None else schema.schools.c.id.in_(ids)
    return _read_schools(connection.execute(_schools(which)))


def aircraft_names(connection: Connection, schools: Collection[int]) -> dict[int, str]:
    """Return type and registration of each aircraft of some schools: "C172S N101FS"."""
    return _names(connection.execute(_aircraft(schema.aircraft.c.school_id.in_(schools))))


@dataclass(frozen=True, slots=True)
class Named:
    """Everyone and everything that messages about some bookings name, by id; ``unasked`` confirm automatically."""

    bookings: Mapping[int, BookingFacts]
    students: Mapping[int, Person]
    instructors: Mapping[int, Person]
    schools: Mapping[int, School]
    aircraft: Mapping[int, str]
    simulators: frozenset[int]
    unasked: frozenset[int]


def named_in(connection: Connection, booking_ids: Collection[int]) -> Named:
    """Return everyone and everything that messages about these bookings name, read in one statement."""
    found = _named().run(connection, {"bookings": list(booking_ids)})
    return Named(
        {row.id: BookingFacts(*row) for row in found["bookings"]},
        _read_people("student", found["students"]),
        _read_people("instructor", found["instructors"]),
        _read_schools(found["schools"]),
        _names(found["aircraft"]),
        frozenset(row.id for row in found["aircraft"] if row.simulator),
        frozenset(row.id for row in found["unasked"]),
    )


@cache
def _named() -> Together:
    b, a, i = schema.bookings.c, schema.airports.c, schema.instructors.c
    asked = among(b.id, "bookings")
    at = select(b.school_id, b.student_id).where(asked).cte("at")
    of_schools = select(at.c.school_id)
    c = schema.reschedule_cases.c
    asked_before = select(c.student_id).where(among(c.booking_id, "bookings"), c.student_id.is_not(None))
    its_students = select(at.c.student_id).union(asked_before)
    facts = select(b.id, b.reference, b.school_id, b.student_id, b.departure, a.time_zone, a.name.label("airport_name"))
    return Together(
        bookings=facts.join(schema.airports, a.ident == b.departure).where(asked),
        students=_people("student", schema.students, schema.students.c.id.in_(its_students)),
        instructors=_people("instructor", schema.instructors, i.school_id.in_(of_schools)),
        schools=_schools(schema.schools.c.id.in_(of_schools)),
        aircraft=_aircraft(schema.aircraft.c.school_id.in_(of_schools)),
        unasked=select(i.id).where(i.auto_confirm, i.school_id.in_(of_schools)),
    )


def _schools(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    s, a = schema.schools, schema.airports
    return (
        select(
            s.c.id, s.c.name, s.c.dispatch_email, a.c.time_zone, s.c.phone,
            func.coalesce(s.c.reply_to, s.c.dispatch_email).label("reply_to"), s.c.manager_email,
        )
        .join(a, a.c.ident == s.c.base_airport)
        .where(which)
    )  # fmt: skip


def _read_schools(rows: Iterable[Any]) -> dict[int, School]:
    return {row.id: School(*row) for row in rows}


def _aircraft(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    a = schema.aircraft.c
    return select(a.id, a.type, a.tail_number, a.simulator).where(which)


def _names(rows: Iterable[Any]) -> dict[int, str]:
    return {row.id: f"{row.type} {row.tail_number}" for row in rows}


def _people(role: str, table: Table, which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    c, s, a = schema.contact_preferences, schema.schools, schema.airports
    return (
        select(
            table.c.id, table.c.name, table.c.email.label("address"), table.c.phone, c.c.id.label("contact_id"),
            c.c.email, c.c.sms, c.c.digest,
            clock(c.c.quiet_from).label("quiet_from"), clock(c.c.quiet_to).label("quiet_to"),
            c.c.time_zone, a.c.time_zone.label("home"),
        )
        .join(s, s.c.id == table.c.school_id)
        .join(a, a.c.ident == s.c.base_airport)
        .outerjoin(c, c.c[f"{role}_id"] == table.c.id)
        .where(which)
    )  # fmt: skip


def _read_people(role: str, rows: Iterable[Any]) -> dict[int, Person]:
    found: dict[int, Person] = {}
    for row in rows:
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
