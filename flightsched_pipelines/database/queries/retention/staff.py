"""Dispatchers and managers: found by what names them, and their names taken from what they did, which stays.

A dispatcher has no row: the name that was given at sign-in is in the sessions, and with the address in the responses.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, true, update

from flightsched_pipelines.database.queries.retention.person import Person
from flightsched_pipelines.database.schema import dispatcher_sessions, responses, schools


def find_manager(connection: Connection, value: str | int) -> Sequence[Person]:
    """Return the managers with an address, or of the school with a number."""
    s = schools.c
    which = s.id == value if isinstance(value, int) else func.lower(func.btrim(s.manager_email)) == value.lower()
    query = select(s.id, s.manager_email).where(which, s.manager_email.is_not(None)).order_by(s.id)
    return [Person("manager", row.id, "", row.manager_email) for row in connection.execute(query)]


def find_dispatcher(connection: Connection, value: str | int) -> Sequence[Person]:
    """Return the dispatchers with a name, a name and address as recorded, or a sign-in of a number."""
    d, r = dispatcher_sessions.c, responses.c
    which = d.id == value if isinstance(value, int) else _names(value, d.name, _signature())
    found = [
        Person("dispatcher", *row)
        for row in connection.execute(
            select(func.min(d.id), func.min(d.name), func.min(d.address))
            .where(func.concat(func.lower(d.name), d.school_id).in_(
                select(func.concat(func.lower(d.name), d.school_id)).where(which)
            ))
            .group_by(func.lower(d.name), d.school_id)
            .order_by(func.min(d.id))
        )
    ]  # fmt: skip
    if found or isinstance(value, int):
        return found
    name, address = func.split_part(r.dispatcher, " <", 1), func.rtrim(func.split_part(r.dispatcher, " <", 2), ">")
    query = select(name.label("name"), address.label("address")).where(_names(value, name, r.dispatcher)).distinct()
    return [Person("dispatcher", 0, row.name, row.address) for row in connection.execute(query)]


def others_have(connection: Connection, person: Person) -> set[str]:
    """Return the addresses of other managers, and for one of the staff what names other dispatchers."""
    d, s = dispatcher_sessions.c, schools.c
    other = s.manager_email.is_not(None) & ((s.id != person.id) if person.role == "manager" else true())
    others = {str(address) for address in connection.execute(select(s.manager_email).where(other)).scalars()}
    if person.is_staff:
        for row in connection.execute(select(d.name, d.address).where(~_sessions_of(person))):
            others |= {row.name, row.address}
    return others


def erase_rows(connection: Connection, person: Person, now_utc: datetime) -> dict[str, int]:
    """Take the person's name from their sign-ins and orders, or a manager's address from the school; returns how many.

    A session that is open ends. What a dispatcher ordered, and why, stays: it is the school's.
    """
    if person.role == "manager":
        s = schools.c
        changed = connection.execute(update(schools).where(s.id == person.id).values(manager_email=None)).rowcount
        return {schools.fullname: changed}
    d, r = dispatcher_sessions.c, responses.c
    signed = {f"{person.name} <{person.email}>".lower()}
    signed |= set(connection.execute(select(func.lower(_signature())).where(_sessions_of(person))).scalars())
    orders = update(responses).where(func.lower(r.dispatcher).in_(signed)).values(dispatcher=person.nobody)
    sessions = (
        update(dispatcher_sessions)
        .where(_sessions_of(person))
        .values(name=person.nobody, ended_at=func.coalesce(d.ended_at, now_utc))
    )
    rows = {
        responses.fullname: connection.execute(orders).rowcount,
        dispatcher_sessions.fullname: connection.execute(sessions).rowcount,
    }
    return {name: count for name, count in rows.items() if count}


def _signature() -> ColumnElement[str]:
    """Return who a session's dispatcher is, as orders are recorded."""
    d = dispatcher_sessions.c
    return func.concat(d.name, " <", d.address, ">")


def _names(value: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(func.lower(func.btrim(column)) == value.strip().lower() for column in columns))


def _sessions_of(person: Person) -> ColumnElement[bool]:
    """Return whether a session is the dispatcher's: of that name, in the school of that sign-in."""
    d = dispatcher_sessions.c
    school = select(d.school_id).where(d.id == (person.id if person.role == "dispatcher" else 0)).scalar_subquery()
    return func.coalesce((func.lower(d.name) == person.name.lower()) & (d.school_id == school), False)
