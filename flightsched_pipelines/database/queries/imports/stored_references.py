"""The stored rows that a file can refer to: schools, people, aircraft and airports, by their ids and names."""

from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, Connection, Table, any_, insert, literal, select, text

from flightsched_pipelines.database.schema import (
    aircraft,
    airports,
    imports,
    instructors,
    runways,
    schools,
    students,
)
from flightsched_pipelines.domain.imports.known import AMBIGUOUS
from flightsched_pipelines.time_zones import is_time_zone

_THINGS = {"student": (students, "email"), "instructor": (instructors, "email"), "aircraft": (aircraft, "tail_number")}


def take_turn(connection: Connection) -> None:
    """Let one import at a time decide, however long it takes."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('school.imports'))"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))


def schools_known(connection: Connection) -> tuple[dict[str, int], dict[int, str]]:
    """Return schools by their ids and names in small letters, and the base of each."""
    rows = connection.execute(select(schools.c.id, schools.c.external_id, schools.c.name, schools.c.base_airport)).all()
    return _by_name((row.id, row.external_id, row.name) for row in rows), {row.id: row.base_airport for row in rows}


def things_known(connection: Connection) -> dict[str, dict[tuple[int, str], int]]:
    """Return students, instructors and aircraft that count, by their school and their ids and names."""
    return {what: _of_schools(connection, *where) for what, where in _THINGS.items()}


def training_levels(connection: Connection, student_ids: Collection[int]) -> dict[int, str]:
    """Return the training levels of some students."""
    which = students.c.id == any_(literal(list(student_ids), ARRAY(BigInteger)))
    return {row.id: row.training_level for row in connection.execute(select(students).where(which))}


def simulators_known(connection: Connection) -> frozenset[int]:
    """Return the aircraft that are simulators."""
    return frozenset(connection.execute(select(aircraft.c.id).where(aircraft.c.simulator)).scalars())


def aircraft_types_known(connection: Connection) -> dict[int, set[str]]:
    """Return the types of each school's aircraft, of those that it no longer has too."""
    types: dict[int, set[str]] = {}
    for school_id, kind in connection.execute(select(aircraft.c.school_id, aircraft.c.type).distinct()):
        types.setdefault(school_id, set()).add(kind)
    return types


def zones_known(connection: Connection) -> dict[str, ZoneInfo]:
    """Return the time zones of the airports that are stored and have one."""
    rows = connection.execute(select(airports.c.ident, airports.c.time_zone))
    return {ident: ZoneInfo(zone) for ident, zone in rows if is_time_zone(zone)}


def airports_stored(connection: Connection) -> set[str]:
    """Return the idents of all airports that are stored."""
    return set(connection.execute(select(airports.c.ident)).scalars())


def without_runways(connection: Connection, idents: Iterable[str]) -> list[str]:
    """Return those of some airports of which no open runway is known."""
    known = connection.execute(select(runways.c.airport).where(~runways.c.closed)).scalars()
    return sorted(set(idents) - set(known))


def record_import(connection: Connection, **of_file: object) -> None:
    """Note that a file was imported, and what came of it."""
    connection.execute(insert(imports).values(**of_file))


def _of_schools(connection: Connection, table: Table, name: str) -> dict[tuple[int, str], int]:
    columns = (table.c.school_id, table.c.id, table.c.external_id, table.c[name])
    rows = connection.execute(select(*columns).where(table.c.ended_at.is_(None))).all()
    of_school: dict[int, list[tuple[int, str | None, str]]] = {}
    for school_id, *row in rows:
        of_school.setdefault(school_id, []).append((row[0], row[1], row[2]))
    return {(school_id, said): key for school_id, things in of_school.items() for said, key in _by_name(things).items()}


def _by_name(rows: Iterable[tuple[int, str | None, str]]) -> dict[str, int]:
    """Ids of the school's and names, in small letters, to keys; an id counts before a name, and neither twice."""
    ids: dict[str, int] = {}
    names: dict[str, int] = {}
    for key, external_id, name in rows:
        if external_id is not None:
            said = external_id.lower()
            ids[said] = AMBIGUOUS if ids.get(said, key) != key else key
        said = name.lower()
        names[said] = AMBIGUOUS if names.get(said, key) != key else key
    return names | ids
