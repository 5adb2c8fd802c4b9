"""What a school keeps, read into the frames that the pure floors take."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.rescheduling.availability import AVAILABILITY_COLUMNS, Override, Resource, WeeklyRule, expand
from flightsched_pipelines.rescheduling.wishes import WISH_COLUMNS
from flightsched_pipelines.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.risk.minimums import MINIMUM_COLUMNS, typed_minimums


def airports(source: Source, idents: Collection[str] | None = None) -> pd.DataFrame:
    """Every airport, or those named: ident, position, zone, and what it issues."""
    table = schema.airports
    query = select(table.c.ident.label("airport"), *(column for column in table.columns if column.name != "ident"))
    query = query.where(_among(table.c.ident, idents))
    return _frame(source, query.order_by(table.c.ident)).astype(
        {
            "latitude_deg": "float64", "longitude_deg": "float64", "elevation_ft": "float64", "issues_taf": "bool",
            "issues_metar": "bool", "approach_ceiling_ft": "float64", "approach_visibility_sm": "float64",
        }
    )  # fmt: skip


def runways(source: Source, idents: Collection[str] | None = None) -> pd.DataFrame:
    """Every runway end, or those of the airports named, with its true heading."""
    query = select(schema.runways).where(_among(schema.runways.c.airport, idents))
    frame = _frame(source, query.order_by(schema.runways.c.airport, schema.runways.c.runway))
    return frame.astype({"heading_true_deg": "float64", "length_ft": "float64", "closed": "bool"})


def minimums(source: Source) -> pd.DataFrame:
    """All weather minimums, of every day (``MINIMUM_COLUMNS``)."""
    table = schema.weather_minimums
    query = select(*(table.c[name] for name in MINIMUM_COLUMNS)).order_by(table.c.id)
    return typed_minimums(_frame(source, query))


def bookings(source: Source, from_utc: datetime, to_utc: datetime, now_utc: datetime) -> pd.DataFrame:
    """The lessons, and the slots held for lessons, that overlap ``[from_utc, to_utc)``, soonest first.

    Columns: ``BOOKING_COLUMNS``, and with them what the student wishes (``WISH_COLUMNS``).
    """
    return _bookings(source, schema.bookings.c.period.overlaps(Range(from_utc, to_utc)), now_utc)


def bookings_beside(
    source: Source, booking_id: int, resources: Collection[Resource], from_utc: datetime, to_utc: datetime
) -> pd.DataFrame:
    """A lesson, and all that any of these resources is taken by in ``[from_utc, to_utc)``, but for the lesson's hold.

    Columns as of `bookings`.
    """
    b = schema.bookings.c
    keys = {"student": b.student_id, "instructor": b.instructor_id, "aircraft": b.aircraft_id}
    taken = or_(*(keys[kind] == key for kind, key in resources))
    near = b.period.overlaps(Range(from_utc, to_utc)) & taken & b.holds_for.is_distinct_from(booking_id)
    return _bookings(source, or_(b.id == booking_id, near), from_utc)


def _bookings(source: Source, which: ColumnElement[bool], now_utc: datetime) -> pd.DataFrame:
    b, s, a, p, w = (
        schema.bookings, schema.students, schema.aircraft, schema.airports, schema.student_preferences,
    )  # fmt: skip
    flown = schema.bookings.alias()
    last_lesson = (
        select(func.max(func.upper(flown.c.period)))
        .where(
            flown.c.student_id == b.c.student_id,
            flown.c.status.not_in(("cancelled", "held")),
            func.upper(flown.c.period) <= now_utc,
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
        .where(which, b.c.status.in_(schema.TAKING_STATUSES))
        .order_by(func.lower(b.c.period), b.c.id)
    )  # fmt: skip
    frame = _frame(source, query)
    frame["last_lesson_at_utc"] = pd.to_datetime(frame["last_lesson_at_utc"], utc=True)
    return frame.astype(dict(BOOKING_COLUMNS) | dict(WISH_COLUMNS))


def availability(
    source: Source, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None = None
) -> pd.DataFrame:
    """When everything and everyone, or ``only`` these, may be used in a time (``AVAILABILITY_COLUMNS``)."""
    with reading(source) as connection:
        resources = dict(_resources(connection, only))
        rules = [*_weekly_rules(connection, only)]
        overrides = [*_overrides(connection, from_utc, to_utc, only)]
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


def _resources(connection: Connection, only: Collection[Resource] | None) -> Iterator[tuple[Resource, _Attributes]]:
    def rows(kind: str, table: Table) -> Any:  # noqa: ANN401, rows
        return connection.execute(select(table).where(_among(table.c.id, _ids(kind, only))))

    for row in rows("school", schema.schools):
        yield ("school", row.id), (row.id, None, None, [])
    for row in rows("student", schema.students):
        yield ("student", row.id), (row.school_id, None, None, [])
    for row in rows("instructor", schema.instructors):
        yield ("instructor", row.id), (row.school_id, None, None, list(row.may_teach))
    for row in rows("aircraft", schema.aircraft):
        yield ("aircraft", row.id), (row.school_id, row.type, row.demonstrated_crosswind_kt, [])


def _weekly_rules(connection: Connection, only: Collection[Resource] | None) -> Iterator[WeeklyRule]:
    zone = select(schema.schools.c.id, schema.airports.c.time_zone).join(
        schema.airports, schema.airports.c.ident == schema.schools.c.base_airport
    )
    zones = {row.id: row.time_zone for row in connection.execute(zone)}
    hours = select(schema.opening_hours).where(_among(schema.opening_hours.c.school_id, _ids("school", only)))
    for row in connection.execute(hours):
        yield WeeklyRule(("school", row.school_id), zones[row.school_id], row.weekday, row.opens, row.closes)
    for kind, people in (("student", schema.students), ("instructor", schema.instructors)):
        key = schema.availability.c[f"{kind}_id"]
        query = select(schema.availability, people.c.school_id).join(people, people.c.id == key)
        for row in connection.execute(query.where(_among(key, _ids(kind, only)))):
            resource = (kind, getattr(row, f"{kind}_id"))
            yield WeeklyRule(resource, zones[row.school_id], row.weekday, row.starts, row.ends)


def _overrides(
    connection: Connection, from_utc: datetime, to_utc: datetime, only: Collection[Resource] | None
) -> Iterator[Override]:
    span = literal(Range(from_utc, to_utc), TSTZRANGE)
    exceptions = schema.availability_exceptions
    whose = or_(
        *(exceptions.c[f"{kind}_id"].is_not(None) & _among(exceptions.c[f"{kind}_id"], _ids(kind, only))
          for kind in ("student", "instructor"))
    )  # fmt: skip
    for row in connection.execute(select(exceptions).where(exceptions.c.period.overlaps(span), whose)):
        person = ("student", row.student_id) if row.student_id is not None else ("instructor", row.instructor_id)
        yield Override(person, _within(row.period, from_utc, to_utc), available=row.available)
    down = schema.downtime
    grounded = select(down).where(down.c.period.overlaps(span), _among(down.c.aircraft_id, _ids("aircraft", only)))
    for row in connection.execute(grounded):
        yield Override(("aircraft", row.aircraft_id), _within(row.period, from_utc, to_utc), available=False)


def _ids(kind: str, only: Collection[Resource] | None) -> list[int] | None:
    return None if only is None else [key for resource, key in only if resource == kind]


def _among(column: ColumnElement[Any], values: Collection[Any] | None) -> ColumnElement[bool]:
    return true() if values is None else column.in_(list(values))


def _within(period: Range[datetime], from_utc: datetime, to_utc: datetime) -> tuple[datetime, datetime]:
    return max(period.lower or from_utc, from_utc), min(period.upper or to_utc, to_utc)


def _frame(source: Source, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    with reading(source) as connection:
        result = connection.execute(query)
        return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
