"""Read when schools, people and aircraft may be used: hours, exceptions, downtime and squawks, as UTC periods."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Select,
    Text,
    any_,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.database.frames import partition_rows
from flightsched_pipelines.database.queries.schedule.bookings import Rows
from flightsched_pipelines.database.queries.schedule.credentials import grounded
from flightsched_pipelines.database.readable_columns import clock, words
from flightsched_pipelines.domain.rescheduling.availability import (
    AVAILABILITY_COLUMNS,
    AvailabilityException,
    Resource,
    WeeklyRule,
    expand,
)
from flightsched_pipelines.time_zones import is_time_zone


def availability(
    source: Source, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None = None
) -> pd.DataFrame:
    """Return the availability of every resource, or of ``only`` these, in a time (``AVAILABILITY_COLUMNS``)."""
    with reading(source) as connection:
        rows = _periods(connection, from_utc, to_utc, only)
    return pd.DataFrame(rows, columns=list(AVAILABILITY_COLUMNS)).astype(dict(AVAILABILITY_COLUMNS))


def availability_of(
    connection: Connection, resources: Collection[Resource], from_utc: datetime, to_utc: datetime
) -> Rows:
    """Return the rows of `availability` of these resources."""
    periods = _periods(connection, from_utc, to_utc, resources)
    return [dict(zip(AVAILABILITY_COLUMNS, period, strict=True)) for period in periods]


def availability_then(
    connection: Connection, resources: Collection[tuple[str, int | None]], hour_utc: datetime
) -> Rows:
    """Return the rows of `availability` of these resources, as they were stored at an hour."""
    table = schema.PIPELINE_TABLES["availability_snapshot"]
    whose = (
        (table.c.resource == kind) & (table.c.resource_id == any_(literal(ids, ARRAY(BigInteger))))
        for kind in ("school", "student", "instructor", "aircraft", "simulator")
        for ids in [[key for resource, key in resources if resource == kind]]
    )
    return partition_rows(connection, table, list(AVAILABILITY_COLUMNS), hour_utc, or_(*whose))


def _periods(
    connection: Connection, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None
) -> list[tuple[Any, ...]]:
    """Rows of ``AVAILABILITY_COLUMNS``."""
    resources = dict(_resources(connection, only))
    rules = [*_weekly_rules(connection, only)]
    overrides = [*_overrides(connection, from_utc, to_utc, only), *grounded(connection, from_utc, to_utc, only)]
    always = [
        AvailabilityException(key, (from_utc, to_utc), available=True) for key in resources if key[0] == "aircraft"
    ]
    return [
        (school_id, "simulator" if simulator else kind, key, start, end, type_, crosswind_kt, may_teach)
        for (kind, key), periods in sorted(expand(rules, overrides + always, from_utc, to_utc).items())
        if (kind, key) in resources  # who has ended is nowhere available
        for school_id, type_, crosswind_kt, may_teach, simulator in [resources[kind, key]]
        for start, end in periods
    ]


_Attributes = tuple[int, str | None, float | None, list[str], bool]
"""School, aircraft type, demonstrated crosswind in knots, training levels that may be taught, whether a simulator."""


def _resources(connection: Connection, only: Collection[Resource] | None) -> Iterator[tuple[Resource, _Attributes]]:
    k, s, i, a = schema.schools.c, schema.students.c, schema.instructors.c, schema.aircraft.c
    no_type, no_limit, no_levels = null().cast(Text), null().cast(Double), literal([], ARRAY(Text))
    each: dict[str, Select[*tuple[Any, ...]]] = {
        "school": select(literal("school"), k.id, k.id, no_type, no_limit, no_levels, false()),
        "student": select(literal("student"), s.id, s.school_id, no_type, no_limit, no_levels, false()),
        "instructor": select(literal("instructor"), i.id, i.school_id, no_type, no_limit, words(i.may_teach), false()),
        "aircraft": select(
            literal("aircraft"), a.id, a.school_id, a.type, a.demonstrated_crosswind_kt, no_levels, a.simulator
        ),
    }
    keys = {"school": k.id, "student": s.id, "instructor": i.id, "aircraft": a.id}
    ended: dict[str, ColumnElement[Any]] = {"student": s.ended_at, "instructor": i.ended_at, "aircraft": a.ended_at}
    wanted = (
        query.where(_among(keys[kind], _ids(kind, only)), ended.get(kind, null()).is_(None))
        for kind, query in each.items()
    )
    for kind, key, school_id, type_, limit_kt, may_teach, simulator in connection.execute(union_all(*wanted)).all():
        yield (kind, key), (school_id, type_, limit_kt, list(may_teach), simulator)


def _weekly_rules(connection: Connection, only: Collection[Resource] | None) -> Iterator[WeeklyRule]:
    s, a, h = schema.schools, schema.airports, schema.opening_hours
    based = a.c.ident == s.c.base_airport
    hours = select(literal("school"), h.c.school_id, a.c.time_zone, h.c.weekday, clock(h.c.opens), clock(h.c.closes))
    hours = hours.join(s, s.c.id == h.c.school_id).join(a, based)
    wanted: list[Select[*tuple[Any, ...]]] = [hours.where(_among(h.c.school_id, _ids("school", only)))]
    for kind, people in (("student", schema.students), ("instructor", schema.instructors)):
        w, key = schema.availability.c, schema.availability.c[f"{kind}_id"]
        weeks = select(literal(kind), key, a.c.time_zone, w.weekday, clock(w.starts), clock(w.ends)).join(
            people, people.c.id == key
        )
        weeks = weeks.join(s, s.c.id == people.c.school_id).join(a, based)
        wanted.append(weeks.where(_among(key, _ids(kind, only)), w.ended_at.is_(None)))
    for kind, key, time_zone, weekday, starts, ends in connection.execute(union_all(*wanted)).all():
        if is_time_zone(time_zone):  # otherwise the local time is unknown
            yield WeeklyRule((kind, key), time_zone, weekday, starts, ends)


def _overrides(
    connection: Connection, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None
) -> Iterator[AvailabilityException]:
    span = literal(Range(from_utc, to_utc), TSTZRANGE)
    exceptions = schema.availability_exceptions
    whose = or_(
        *(exceptions.c[f"{kind}_id"].is_not(None) & _among(exceptions.c[f"{kind}_id"], _ids(kind, only))
          for kind in ("student", "instructor"))
    )  # fmt: skip
    e, down = exceptions.c, schema.downtime.c
    # The database clips periods to the time: Python knows neither infinity nor years after 9999.
    people = select(
        e.student_id, e.instructor_id, e.available, func.lower(e.period * span), func.upper(e.period * span)
    )
    for student_id, instructor_id, available, start, end in connection.execute(
        people.where(e.period.overlaps(span), whose)
    ):
        person = ("student", student_id) if student_id is not None else ("instructor", instructor_id)
        yield AvailabilityException(person, (start, end), available=available)
    grounded = select(down.aircraft_id, func.lower(down.period * span), func.upper(down.period * span))
    for aircraft_id, start, end in connection.execute(
        grounded.where(
            down.period.overlaps(span), down.ended_at.is_(None), _among(down.aircraft_id, _ids("aircraft", only))
        )
    ):
        yield AvailabilityException(("aircraft", aircraft_id), (start, end), available=False)


def _ids(kind: str, only: Collection[Resource] | None) -> list[int] | None:
    return None if only is None else [key for resource, key in only if resource == kind]


def _among(column: ColumnElement[Any], values: Collection[Any] | None) -> ColumnElement[bool]:
    return true() if values is None else column.in_(list(values))
