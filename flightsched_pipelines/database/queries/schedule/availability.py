"""Read when schools, people and aircraft may be used: hours, exceptions, downtime and squawks, as UTC periods."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Double,
    Select,
    Text,
    any_,
    bindparam,
    false,
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
from flightsched_pipelines.database.given_rows import among
from flightsched_pipelines.database.queries.schedule.bookings import Rows
from flightsched_pipelines.database.queries.schedule.credentials import grounded, grounding_squawks
from flightsched_pipelines.database.readable_columns import clock, end_of, start_of, words
from flightsched_pipelines.domain.rescheduling.availability import (
    AVAILABILITY_COLUMNS,
    AvailabilityException,
    Resource,
    WeeklyRule,
    expand,
)
from flightsched_pipelines.time_zones import is_time_zone

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
KINDS = ("school", "student", "instructor", "aircraft")


def availability(
    source: Source, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None = None
) -> pd.DataFrame:
    """Return the availability of every resource, or of ``only`` these, in a time (``AVAILABILITY_COLUMNS``)."""
    queries = availability_queries(of_all=only is None)
    values = availability_values(from_utc, to_utc, only or ())
    with reading(source) as connection:
        rows = {name: connection.execute(query, values).all() for name, query in queries.items()}
    periods = _periods(rows, from_utc, to_utc)
    return pd.DataFrame(periods, columns=list(AVAILABILITY_COLUMNS)).astype(dict(AVAILABILITY_COLUMNS))


@cache
def availability_queries(*, of_all: bool = False) -> Mapping[str, Query]:
    """Return what is read of the availability of all resources, or of some, which `availability_values` names."""
    return {
        "resources": _resources(of_all=of_all),
        "weekly_rules": _weekly_rules(of_all=of_all),
        "exceptions": _exceptions(of_all=of_all),
        "downtime": _downtime(of_all=of_all),
        "squawks": grounding_squawks(_among("aircraft", schema.squawks.c.aircraft_id, of_all=of_all)),
    }


def availability_values(from_utc: datetime, to_utc: datetime, only: Collection[Resource]) -> dict[str, Any]:
    """Return the parameters of `availability_queries`."""
    ids = {f"{kind}_ids": [key for resource, key in only if resource == kind] for kind in KINDS}
    return {"span": Range(from_utc, to_utc), **ids}


def availability_of(rows: Mapping[str, Iterable[Any]], from_utc: datetime, to_utc: datetime) -> Rows:
    """Return the rows of `availability`, from what `availability_queries` found."""
    return [dict(zip(AVAILABILITY_COLUMNS, period, strict=True)) for period in _periods(rows, from_utc, to_utc)]


def availability_then(
    connection: Connection, resources: Collection[tuple[str, int | None]], hour_utc: datetime, to_utc: datetime
) -> Rows:
    """Return the rows of `availability` of these resources in ``[hour_utc, to_utc)``, as stored at that hour."""
    table = schema.PIPELINE_TABLES["availability_snapshot"]
    whose = (
        (table.c.resource == kind) & (table.c.resource_id == any_(literal(ids, ARRAY(BigInteger))))
        for kind in ("school", "student", "instructor", "aircraft", "simulator")
        for ids in [[key for resource, key in resources if resource == kind]]
    )
    stored = partition_rows(connection, table, list(AVAILABILITY_COLUMNS), hour_utc, or_(*whose))
    cut = (
        {
            **row,
            "starts_at_utc": max(row["starts_at_utc"], hour_utc),
            "ends_at_utc": min(row["ends_at_utc"], to_utc),
        }
        for row in stored
    )
    return [row for row in cut if row["starts_at_utc"] < row["ends_at_utc"]]


def _periods(rows: Mapping[str, Iterable[Any]], from_utc: datetime, to_utc: datetime) -> list[tuple[Any, ...]]:
    """Rows of ``AVAILABILITY_COLUMNS``."""
    resources: dict[Resource, _Attributes] = {
        (kind, key): (school_id, type_, limit_kt, list(may_teach), simulator)
        for kind, key, school_id, type_, limit_kt, may_teach, simulator in rows["resources"]
    }
    overrides = [
        *_read_exceptions(rows["exceptions"]),
        *_read_downtime(rows["downtime"]),
        *grounded(rows["squawks"], from_utc, to_utc),
        *(AvailabilityException(key, (from_utc, to_utc), available=True) for key in resources if key[0] == "aircraft"),
    ]
    return [
        (school_id, "simulator" if simulator else kind, key, start, end, type_, crosswind_kt, may_teach)
        for (kind, key), periods in sorted(
            expand([*_read_weekly_rules(rows["weekly_rules"])], overrides, from_utc, to_utc).items()
        )
        if (kind, key) in resources  # who has ended is nowhere available
        for school_id, type_, crosswind_kt, may_teach, simulator in [resources[kind, key]]
        for start, end in periods
    ]


_Attributes = tuple[int, str | None, float | None, list[str], bool]
"""School, aircraft type, demonstrated crosswind in knots, training levels that may be taught, whether a simulator."""


def _resources(*, of_all: bool) -> Query:
    k, s, i, a = schema.schools.c, schema.students.c, schema.instructors.c, schema.aircraft.c
    no_type, no_limit, no_levels = null().cast(Text), null().cast(Double), literal([], ARRAY(Text))
    each: dict[str, Select[*tuple[Any, ...]]] = {
        "school": select(
            literal("school").label("kind"), k.id, k.id.label("school_id"), no_type.label("type"),
            no_limit.label("limit_kt"), no_levels.label("may_teach"), false().label("simulator"),
        ),
        "student": select(literal("student"), s.id, s.school_id, no_type, no_limit, no_levels, false()),
        "instructor": select(literal("instructor"), i.id, i.school_id, no_type, no_limit, words(i.may_teach), false()),
        "aircraft": select(
            literal("aircraft"), a.id, a.school_id, a.type, a.demonstrated_crosswind_kt, no_levels, a.simulator
        ),
    }  # fmt: skip
    keys = {"school": k.id, "student": s.id, "instructor": i.id, "aircraft": a.id}
    ended: dict[str, ColumnElement[Any]] = {"student": s.ended_at, "instructor": i.ended_at, "aircraft": a.ended_at}
    return union_all(
        *(
            query.where(_among(kind, keys[kind], of_all=of_all), ended.get(kind, null()).is_(None))
            for kind, query in each.items()
        )
    )


def _weekly_rules(*, of_all: bool) -> Query:
    s, a, h = schema.schools, schema.airports, schema.opening_hours
    based = a.c.ident == s.c.base_airport
    hours = select(literal("school"), h.c.school_id, a.c.time_zone, h.c.weekday, clock(h.c.opens), clock(h.c.closes))
    hours = hours.join(s, s.c.id == h.c.school_id).join(a, based)
    wanted: list[Select[*tuple[Any, ...]]] = [hours.where(_among("school", h.c.school_id, of_all=of_all))]
    for kind, people in (("student", schema.students), ("instructor", schema.instructors)):
        w, key = schema.availability.c, schema.availability.c[f"{kind}_id"]
        weeks = select(literal(kind), key, a.c.time_zone, w.weekday, clock(w.starts), clock(w.ends)).join(
            people, people.c.id == key
        )
        weeks = weeks.join(s, s.c.id == people.c.school_id).join(a, based)
        # Both keys, as PostgreSQL concludes nothing from the one about the other, and would read all people.
        whose = _among(kind, key, of_all=of_all), _among(kind, people.c.id, of_all=of_all)
        wanted.append(weeks.where(*whose, w.ended_at.is_(None)))
    return union_all(*wanted)


def _read_weekly_rules(rows: Iterable[Any]) -> Iterator[WeeklyRule]:
    for kind, key, time_zone, weekday, starts, ends in rows:
        if is_time_zone(time_zone):  # otherwise the local time is unknown
            yield WeeklyRule((kind, key), time_zone, weekday, starts, ends)


_SPAN = bindparam("span", type_=TSTZRANGE)
"""The database clips periods to the time: Python knows neither infinity nor years after 9999."""


def _exceptions(*, of_all: bool) -> Query:
    e = schema.availability_exceptions.c
    whose = or_(
        *(key.is_not(None) & _among(kind, key, of_all=of_all)
          for kind, key in (("student", e.student_id), ("instructor", e.instructor_id)))
    )  # fmt: skip
    return select(
        e.student_id, e.instructor_id, e.available, start_of(e.period * _SPAN), end_of(e.period * _SPAN)
    ).where(e.period.overlaps(_SPAN), whose)


def _read_exceptions(rows: Iterable[Any]) -> Iterator[AvailabilityException]:
    for student_id, instructor_id, available, start, end in rows:
        person = ("student", student_id) if student_id is not None else ("instructor", instructor_id)
        yield AvailabilityException(person, (start, end), available=available)


def _downtime(*, of_all: bool) -> Query:
    d = schema.downtime.c
    return select(d.aircraft_id, start_of(d.period * _SPAN), end_of(d.period * _SPAN)).where(
        d.period.overlaps(_SPAN), d.ended_at.is_(None), _among("aircraft", d.aircraft_id, of_all=of_all)
    )


def _read_downtime(rows: Iterable[Any]) -> Iterator[AvailabilityException]:
    for aircraft_id, start, end in rows:
        yield AvailabilityException(("aircraft", aircraft_id), (start, end), available=False)


def _among(kind: str, column: ColumnElement[Any], *, of_all: bool) -> ColumnElement[bool]:
    return true() if of_all else among(column, f"{kind}_ids")
