"""Read a school's data into the frames that the pure layers take."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    case,
    cast,
    func,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Range

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.database.given_rows import is_one_of, spelled_out
from flightsched_pipelines.database.queries.schedule.violating_rows import OddRow, odd_rows
from flightsched_pipelines.database.readable_columns import day, end_of, form_of, start_of, words
from flightsched_pipelines.domain.rescheduling.availability import (
    Resource,
)
from flightsched_pipelines.domain.rescheduling.preferences import PREFERENCE_COLUMNS
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Row
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, FORM_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import (
    DATE_COLUMNS,
    MINIMUM_COLUMNS,
    STATED_COLUMNS,
    in_force,
    typed_minimums,
    with_regulations,
)
from flightsched_pipelines.time_zones import UTC_NAME, is_time_zone

Rows = Sequence[Row]
"""Rows as they are stored, for the validation of one move: most of its cost would be making frames."""

_FLOWN = schema.bookings.alias("flown")
_TAKEN = schema.bookings.alias("taken")
_STATED = schema.weather_minimums.c
_STATED_OF_ROW = [name for name in STATED_COLUMNS if name != "school_id"]
_MINIMUMS = (
    select(
        _STATED.id.label("minimum_id"),
        # A student's own limits go with the student, to whichever school.
        case((_STATED.student_id.is_(None), _STATED.school_id)).label("school_id"),
        *(day(_STATED[name]).label(name) if name in DATE_COLUMNS else _STATED[name] for name in _STATED_OF_ROW),
    )
    .where(_STATED.ended_at.is_(None))
    .order_by(_STATED.id)
)


AIRPORT_TYPES = {
    "airport": "object", "name": "object", "latitude_deg": "float64", "longitude_deg": "float64",
    "elevation_ft": "float64", "time_zone": "object", "issues_taf": "boolean", "issues_metar": "boolean",
    "approach_ceiling_ft": "float64", "approach_visibility_sm": "float64",
}  # fmt: skip
RUNWAY_TYPES = {
    "airport": "object", "runway": "object", "heading_true_deg": "float64", "length_ft": "float64", "closed": "bool"
}  # fmt: skip


def airports(source: Source, idents: Collection[str] | None = None) -> pd.DataFrame:
    """Return every airport, or those named: ident, position, zone, and the reports it issues (``AIRPORT_TYPES``)."""
    return _frame(source, select_airports(_among(schema.airports.c.ident, idents))).astype(AIRPORT_TYPES)


def note_issuers(engine: Engine, column: str, idents: Collection[str]) -> None:
    """Store that airports issue the reports of a column, ``issues_taf`` or ``issues_metar``, unless somebody said."""
    if idents:
        issues = schema.airports.c[column]
        noted = update(schema.airports).where(schema.airports.c.ident.in_(list(idents)), issues.is_(None))
        with engine.begin() as connection:
            connection.execute(noted.values({column: True}))


def runways(source: Source, idents: Collection[str] | None = None) -> pd.DataFrame:
    """Return every runway end, or those of the airports named, with its true heading (``RUNWAY_TYPES``)."""
    return _frame(source, select_runways(_among(schema.runways.c.airport, idents))).astype(RUNWAY_TYPES)


def minimums(source: Source) -> pd.DataFrame:
    """Return all weather minimums, of every day (``MINIMUM_COLUMNS``)."""
    with reading(source) as connection:
        stated = typed_minimums(_frame(connection, _MINIMUMS))
        return pd.concat([with_regulations(stated), _as_faults(odd_rows(connection))], ignore_index=True)


def minimums_of(rows: Sequence[Any], odd: Sequence[OddRow], school_id: int, on: date) -> Sequence[Row]:
    """Return the minimums in force on a day for a school and a student of it, and everybody's (``MINIMUM_COLUMNS``).

    Args:
        rows: what `stated_minimums` found.
        odd: rows that cannot be read, of any school.
        school_id: the school.
        on: the day.
    """
    concerning = [row for row in odd if row.school_id in {None, school_id}]
    faults = _as_faults(concerning).to_dict("records") if concerning else []
    return [*_in_force(tuple(tuple(row) for row in rows), on), *faults]


def _as_faults(odd: Sequence[OddRow]) -> pd.DataFrame:
    """Return odd rows as faulty minimums (``MINIMUM_COLUMNS``): they apply to every lesson of their school."""
    faults: dict[str, Any] = dict.fromkeys(MINIMUM_COLUMNS)
    rows = [faults | {"school_id": row.school_id, "authority": "school", "fault": row.words} for row in odd]
    return pd.DataFrame(rows, columns=list(MINIMUM_COLUMNS)).astype(dict(MINIMUM_COLUMNS))


def stated_minimums(school_id: ColumnElement[int], student_id: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Return the query for a school's minimums, everybody's, and a student's own; `minimums_of` reads its rows."""
    m = schema.weather_minimums.c
    ours = m.student_id.is_(None) & or_(m.school_id.is_(None), m.school_id == school_id)
    return _MINIMUMS.where(or_(m.student_id == student_id, ours))


@lru_cache(maxsize=1_000)  # by what they say, so that a changed minimum counts at once
def _in_force(rows: tuple[tuple[Any, ...], ...], on: date) -> Sequence[Row]:
    names = ["minimum_id", "school_id", *_STATED_OF_ROW]
    frame = with_regulations(typed_minimums(pd.DataFrame(rows, columns=names, dtype=object)))
    return in_force(frame, on).to_dict("records")


def bookings(source: Source, from_utc: datetime, to_utc: datetime, now_utc: datetime) -> pd.DataFrame:
    """Return the lessons, and the slots held for lessons, that overlap ``[from_utc, to_utc)``, soonest first.

    Columns: ``BOOKING_COLUMNS``, the student's preferences (``PREFERENCE_COLUMNS``), and ``FORM_COLUMNS``.
    """
    overlapping = schema.bookings.c.period.overlaps(Range(from_utc, to_utc))
    return _bookings(source, overlapping, now_utc)


def bookings_beside(
    source: Source, booking_id: int, resources: Collection[Resource], from_utc: datetime, to_utc: datetime
) -> pd.DataFrame:
    """Return a lesson, and every booking of these resources in ``[from_utc, to_utc)`` except the lesson's own hold.

    Columns as of `bookings`.
    """
    which = beside(booking_id, sorted(resources), Range(from_utc, to_utc))
    return _bookings(source, which, from_utc)


def lessons_of_schools(
    connection: Connection,
    school_ids: Collection[int],
    from_utc: datetime,
    to_utc: datetime,
    also: Collection[int] = (),
) -> Rows:
    """Return the rows of `bookings` of some schools as they are stored, and those of some bookings at any time."""
    b = schema.bookings.c
    near = b.school_id.in_(school_ids) & b.period.overlaps(Range(from_utc, to_utc))
    return _rows(connection, lessons(or_(near, b.id.in_(also))))


def with_carburettor(connection: Connection, aircraft_ids: Collection[int]) -> set[int]:
    """Return those of some aircraft whose engine is known to have a carburettor."""
    a = schema.aircraft.c
    query = select(a.id).where(a.id.in_(sorted(aircraft_ids)), a.carburettor)
    return set(connection.execute(query).scalars())


def beside(
    booking_id: ColumnElement[int] | int, keys: Collection[tuple[str, ColumnElement[int] | int]],
    near: ColumnElement[Any] | Range[datetime],
) -> ColumnElement[bool]:  # fmt: skip
    """Return the condition of a lesson, and of every booking of some resources in a time except the lesson's hold."""
    b, t = schema.bookings.c, _TAKEN.c
    columns = {"student": t.student_id, "instructor": t.instructor_id, "aircraft": t.aircraft_id}
    # Written like the constraints against double bookings, each by itself: their indexes then find the few rows at
    # once. Of conditions joined by "or" PostgreSQL takes out what they share, and reads all bookings of the time.
    closed = spelled_out("[]")
    taken = (
        select(t.id).where(
            columns[kind] == key,
            func.int8range(columns[kind], columns[kind], closed).op("&&")(func.int8range(key, key, closed)),
            t.period.overlaps(near),
            is_one_of(t.status, schema.TAKING_STATUSES),
            t.holds_for.is_distinct_from(booking_id),
        )
        for kind, key in keys
    )
    return b.id.in_(union_all(select(cast(booking_id, BigInteger)), *taken))


def lessons(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for lessons, and slots held for lessons, without the students' last flights."""
    b, s, a, k, p, w = (
        schema.bookings, schema.students, schema.aircraft, schema.schools, schema.airports, schema.student_preferences,
    )  # fmt: skip
    return (
        select(
            b.c.id.label("booking_id"), b.c.reference, b.c.school_id, b.c.student_id, b.c.instructor_id,
            b.c.aircraft_id, a.c.type.label("aircraft_type"), s.c.training_level, b.c.solo, b.c.lesson_kind,
            b.c.departure, words(b.c.route).label("route"), start_of(b.c.period).label("starts_at_utc"),
            end_of(b.c.period).label("ends_at_utc"), b.c.status,
            a.c.demonstrated_crosswind_kt.label("aircraft_crosswind_kt"), p.c.time_zone,
            words(w.c.days).label("preferred_days"), words(w.c.parts_of_day).label("preferred_parts"),
            w.c.instructor_id.label("preferred_instructor_id"), day(w.c.latest_date).label("latest_date"),
            w.c.notice_hours, b.c.times_moved, form_of(b, a).label("form"), k.c.slot_kept_as,
            case(
                (b.c.lesson_kind == "pattern", k.c.pattern_altitude_ft),
                (b.c.lesson_kind == "local", k.c.local_altitude_ft),
                else_=k.c.cross_country_altitude_ft,
            ).label("highest_ft"),
        )
        .join(s, s.c.id == b.c.student_id)
        .join(k, k.c.id == b.c.school_id)
        .join(p, p.c.ident == b.c.departure)
        .outerjoin(a, a.c.id == b.c.aircraft_id)
        .outerjoin(w, w.c.student_id == b.c.student_id)
        .where(which, is_one_of(b.c.status, schema.TAKING_STATUSES))
        .order_by(func.lower(b.c.period), b.c.id)
    )  # fmt: skip


def _bookings(source: Source, which: ColumnElement[bool], now_utc: datetime) -> pd.DataFrame:
    b = schema.bookings
    # Queried once for all students, who have several lessons each.
    flown = (
        select(_FLOWN.c.student_id, func.max(func.upper(_FLOWN.c.period)).label("last_lesson_at_utc"))
        .where(
            _FLOWN.c.student_id.in_(select(b.c.student_id).where(which)),
            _FLOWN.c.status.not_in(("cancelled", "held")),
            func.upper(_FLOWN.c.period) <= now_utc,
        )
        .group_by(_FLOWN.c.student_id)
        .subquery()
    )
    query = lessons(which).add_columns(flown.c.last_lesson_at_utc)
    frame = _frame(source, query.outerjoin(flown, flown.c.student_id == b.c.student_id))
    frame["time_zone"] = [zone if is_time_zone(zone) else UTC_NAME for zone in frame["time_zone"]]
    frame["last_lesson_at_utc"] = pd.to_datetime(frame["last_lesson_at_utc"], utc=True)
    return frame.astype(dict(BOOKING_COLUMNS) | dict(PREFERENCE_COLUMNS) | dict(FORM_COLUMNS))


def _among(column: ColumnElement[Any], values: Collection[Any] | None) -> ColumnElement[bool]:
    return true() if values is None else column.in_(list(values))


def select_airports(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for airports, with the columns of `airports`."""
    table = schema.airports
    columns = (column for column in table.columns if column.name != "ident")
    return select(table.c.ident.label("airport"), *columns).where(which).order_by(table.c.ident)


def select_runways(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for runway ends, with the columns of `runways`."""
    table = schema.runways
    return select(table).where(which).order_by(table.c.airport, table.c.runway)


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> Rows:
    return connection.execute(query).mappings().all()


def _frame(source: Source, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    with reading(source) as connection:
        result = connection.execute(query)
        return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
