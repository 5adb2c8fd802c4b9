"""Find rows that violate conditions added after they were entered, and name them with their school."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    any_,
    exists,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
)
from sqlalchemy import column as named

from flightsched_pipelines.database import schema
from flightsched_pipelines.time_zones import is_time_zone

_CONDITIONS = MappingProxyType(
    {
        str(constraint.name): (of, constraint)
        for of in schema.metadata.tables.values()
        for constraint in of.constraints
        if isinstance(constraint, CheckConstraint) and constraint.info
    }
)
"""The conditions on what people enter (`schema.base.sound`), by their names in the database."""


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row that cannot be read: its school, ``None`` for all, and table, key, column and reason in words."""

    school_id: int | None
    words: str


def odd_rows(connection: Connection) -> list[OddRow]:
    """Return every row that violates a condition on its table; the words contain no person."""
    return [*_against_conditions(connection), *_without_time_zone(connection)]


def suspect() -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return the queries for what there may be odd rows of: conditions that old rows may violate, and time zones."""
    zone = schema.airports.c.time_zone
    return {"conditions": _not_proven(), "zones": select(zone).distinct()}


def odd_rows_of(connection: Connection, found: Mapping[str, Sequence[Any]]) -> list[OddRow]:
    """Return `odd_rows`, from what the queries of `suspect` found: usually nothing, and then no row is read."""
    zones = all(is_time_zone(row.time_zone) for row in found["zones"])
    return odd_rows(connection) if found["conditions"] or not zones else []


def unwritable_bookings(connection: Connection) -> set[int]:
    """Return the bookings whose rows violate a condition: no change of theirs is taken until they are mended."""
    found: set[int] = set()
    for name in connection.execute(_not_proven()).scalars().all():
        of, constraint = _CONDITIONS[name]
        if of is schema.bookings:
            kept = literal_column(f"({constraint.sqltext})", Boolean)
            found.update(connection.execute(select(of.c.id).where(not_(kept))).scalars())
    return found


def _against_conditions(connection: Connection) -> Iterator[OddRow]:
    for name in connection.execute(_not_proven()).scalars().all():
        of, constraint = _CONDITIONS[name]
        kept = literal_column(f"({constraint.sqltext})", Boolean)
        rows = connection.execute(select(*of.primary_key.columns, _school_of(of)).where(not_(kept))).all()
        for *key, school_id in rows:
            row = " ".join(map(str, key))
            words = f"school.{of.name} row {row}, {constraint.info['of']}: {constraint.info['why']}"
            of_field = of in {schema.airports, schema.runways}
            for school in _using(connection, key[0]) if of_field else [school_id]:
                yield OddRow(school, words)


def _not_proven() -> Select[*tuple[Any, ...]]:
    """The query for the conditions that old rows may violate: usually none, and then no row is read."""
    constraints = table("pg_constraint", named("conname", Text), named("convalidated", Boolean), schema="pg_catalog")
    c = constraints.c
    return (
        select(c.conname)
        .where(c.conname == any_(literal(list(_CONDITIONS), ARRAY(Text))), ~c.convalidated)
        .order_by(c.conname)
    )


def _school_of(of: Table) -> ColumnElement[int | None]:
    """The school of a table's row, null if no school owns it: it then affects all."""
    if "school_id" in of.c:
        return of.c.school_id
    owners = {"aircraft_id": schema.aircraft, "student_id": schema.students, "instructor_id": schema.instructors}
    found = [
        select(owner.c.school_id).where(owner.c.id == of.c[name]).scalar_subquery()
        for name, owner in owners.items()
        if name in of.c
    ]
    return func.coalesce(*found, null())


def _without_time_zone(connection: Connection) -> Iterator[OddRow]:
    """Airports of unknown local time, for each school that uses them."""
    zones = select(schema.airports.c.ident, schema.airports.c.time_zone)
    for ident, zone in connection.execute(zones).all():
        if not is_time_zone(zone):
            for school_id in _using(connection, ident):
                yield OddRow(school_id, f"school.airports row {ident}, time_zone: '{zone}' is not a time zone")


def _using(connection: Connection, ident: str) -> list[int]:
    """The schools that are based at an airport, or fly to it."""
    k, b = schema.schools.c, schema.bookings.c
    there = or_(b.departure == ident, literal(ident) == any_(b.route))
    flies = exists().where(b.school_id == k.id, there)
    return list(connection.execute(select(k.id).where(or_(k.base_airport == ident, flies)).order_by(k.id)).scalars())
