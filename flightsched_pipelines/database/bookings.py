"""What a school keeps, read into the frames that the pure floors take."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Select, func, literal, select
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database import schema
from flightsched_pipelines.rescheduling.availability import AVAILABILITY_COLUMNS, Override, Resource, WeeklyRule, expand
from flightsched_pipelines.rescheduling.wishes import WISH_COLUMNS
from flightsched_pipelines.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.risk.minimums import MINIMUM_COLUMNS, typed_minimums


def airports(engine: Engine) -> pd.DataFrame:
    """Every airport: ident, position, zone, and what it issues."""
    table = schema.airports
    query = select(table.c.ident.label("airport"), *(column for column in table.columns if column.name != "ident"))
    return _frame(engine, query.order_by(table.c.ident)).astype(
        {
            "latitude_deg": "float64", "longitude_deg": "float64", "elevation_ft": "float64", "issues_taf": "bool",
            "issues_metar": "bool", "approach_ceiling_ft": "float64", "approach_visibility_sm": "float64",
        }
    )  # fmt: skip


def runways(engine: Engine) -> pd.DataFrame:
    """Every runway end, with its true heading."""
    frame = _frame(engine, select(schema.runways).order_by(schema.runways.c.airport, schema.runways.c.runway))
    return frame.astype({"heading_true_deg": "float64", "length_ft": "float64", "closed": "bool"})


def minimums(engine: Engine) -> pd.DataFrame:
    """All weather minimums, of every day (``MINIMUM_COLUMNS``)."""
    table = schema.weather_minimums
    query = select(*(table.c[name] for name in MINIMUM_COLUMNS)).order_by(table.c.id)
    return typed_minimums(_frame(engine, query))


def bookings(engine: Engine, from_utc: datetime, to_utc: datetime, now_utc: datetime) -> pd.DataFrame:
    """The active bookings that overlap ``[from_utc, to_utc)``, soonest first.

    Columns: ``BOOKING_COLUMNS``, and with them what the student wishes (``WISH_COLUMNS``).
    """
    b, s, a, p, w = (
        schema.bookings, schema.students, schema.aircraft, schema.airports, schema.student_preferences,
    )  # fmt: skip
    flown = schema.bookings.alias()
    last_lesson = (
        select(func.max(func.upper(flown.c.period)))
        .where(
            flown.c.student_id == b.c.student_id, flown.c.status != "cancelled", func.upper(flown.c.period) <= now_utc
        )
        .scalar_subquery()
    )
    query = (
        select(
            b.c.id.label("booking_id"), b.c.reference, b.c.school_id, b.c.student_id, b.c.instructor_id,
            b.c.aircraft_id, a.c.type.label("aircraft_type"), s.c.training_level, b.c.solo, b.c.lesson_kind,
            b.c.departure, b.c.route, func.lower(b.c.period).label("starts_at_utc"),
            func.upper(b.c.period).label("ends_at_utc"), b.c.status,
            a.c.demonstrated_crosswind_kt.label("aircraft_crosswind_kt"), p.c.time_zone,
            w.c.days.label("preferred_days"), w.c.parts_of_day.label("preferred_parts"),
            w.c.instructor_id.label("preferred_instructor_id"), w.c.latest_date, w.c.notice_hours,
            w.c.note.label("preference_note"), last_lesson.label("last_lesson_at_utc"), b.c.times_moved,
        )
        .join(s, s.c.id == b.c.student_id)
        .join(a, a.c.id == b.c.aircraft_id)
        .join(p, p.c.ident == b.c.departure)
        .outerjoin(w, w.c.student_id == b.c.student_id)
        .where(b.c.period.overlaps(Range(from_utc, to_utc)), b.c.status.in_(schema.ACTIVE_STATUSES))
        .order_by(func.lower(b.c.period), b.c.id)
    )  # fmt: skip
    frame = _frame(engine, query)
    frame["last_lesson_at_utc"] = pd.to_datetime(frame["last_lesson_at_utc"], utc=True)
    return frame.astype(dict(BOOKING_COLUMNS) | dict(WISH_COLUMNS))


def availability(engine: Engine, from_utc: datetime, to_utc: datetime) -> pd.DataFrame:
    """When everything and everyone of every school may be used in ``[from_utc, to_utc)`` (``AVAILABILITY_COLUMNS``)."""
    with engine.connect() as connection:
        resources = dict(_resources(connection))
        rules = [*_weekly_rules(connection)]
        overrides = [*_overrides(connection, from_utc, to_utc)]
    always = [Override(key, (from_utc, to_utc), available=True) for key in resources if key[0] == "aircraft"]
    rows = [
        (school_id, *resource, start, end, type_, crosswind_kt, may_teach)
        for resource, periods in sorted(expand(rules, overrides + always, from_utc, to_utc).items())
        for school_id, type_, crosswind_kt, may_teach in [resources[resource]]
        for start, end in periods
    ]
    return pd.DataFrame(rows, columns=list(AVAILABILITY_COLUMNS)).astype(dict(AVAILABILITY_COLUMNS))


_Attributes = tuple[int, str | None, float | None, list[str]]
"""School, aircraft type, demonstrated crosswind in knots, training levels that may be taught."""


def _resources(connection: Connection) -> Iterator[tuple[Resource, _Attributes]]:
    for row in connection.execute(select(schema.schools.c.id)):
        yield ("school", row.id), (row.id, None, None, [])
    for row in connection.execute(select(schema.students.c.id, schema.students.c.school_id)):
        yield ("student", row.id), (row.school_id, None, None, [])
    for row in connection.execute(select(schema.instructors)):
        yield ("instructor", row.id), (row.school_id, None, None, list(row.may_teach))
    for row in connection.execute(select(schema.aircraft)):
        yield ("aircraft", row.id), (row.school_id, row.type, row.demonstrated_crosswind_kt, [])


def _weekly_rules(connection: Connection) -> Iterator[WeeklyRule]:
    zone = select(schema.schools.c.id, schema.airports.c.time_zone).join(
        schema.airports, schema.airports.c.ident == schema.schools.c.base_airport
    )
    zones = {row.id: row.time_zone for row in connection.execute(zone)}
    for row in connection.execute(select(schema.opening_hours)):
        yield WeeklyRule(("school", row.school_id), zones[row.school_id], row.weekday, row.opens, row.closes)
    for kind, people in (("student", schema.students), ("instructor", schema.instructors)):
        key = schema.availability.c[f"{kind}_id"]
        query = select(schema.availability, people.c.school_id).join(people, people.c.id == key)
        for row in connection.execute(query):
            resource = (kind, getattr(row, f"{kind}_id"))
            yield WeeklyRule(resource, zones[row.school_id], row.weekday, row.starts, row.ends)


def _overrides(connection: Connection, from_utc: datetime, to_utc: datetime) -> Iterator[Override]:
    span = literal(Range(from_utc, to_utc), TSTZRANGE)
    exceptions = schema.availability_exceptions
    for row in connection.execute(select(exceptions).where(exceptions.c.period.overlaps(span))):
        person = ("student", row.student_id) if row.student_id is not None else ("instructor", row.instructor_id)
        yield Override(person, _within(row.period, from_utc, to_utc), available=row.available)
    down = schema.downtime
    for row in connection.execute(select(down).where(down.c.period.overlaps(span))):
        yield Override(("aircraft", row.aircraft_id), _within(row.period, from_utc, to_utc), available=False)


def _within(period: Range[datetime], from_utc: datetime, to_utc: datetime) -> tuple[datetime, datetime]:
    return max(period.lower or from_utc, from_utc), min(period.upper or to_utc, to_utc)


def _frame(engine: Engine, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    with engine.connect() as connection:
        result = connection.execute(query)
        return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
