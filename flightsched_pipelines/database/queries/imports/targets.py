"""The table that each kind of file is imported into, its columns, and the keys by which a row is recognised."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Table, case, func, or_, select, true

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.schema import ACTIVE_STATUSES, aircraft, instructors, students
from flightsched_pipelines.domain.imports.kinds.catalogue import FileKind
from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS

Alive = Callable[[datetime], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Target:
    """A table that a kind of file is imported into.

    ``columns``: the file's column → the table's. ``key``: the table's columns by which rows are matched.
    ``natural``: the column by which a row without the school's id is known. ``called``: what people call a row that has
    neither. ``school``: whose a row is. ``alive``: which rows a complete file would have, at a time. ``ends``: what a
    row becomes that it has not. ``fixed``: what all rows have that files make. ``noted``: columns that keep what a file
    last said. ``own``: the table's own key. ``asks``: people change the rows themselves, so a file that changes any of
    them asks first.
    """

    table: Table
    columns: Mapping[str, str]
    key: Sequence[str]
    school: ColumnElement[int]
    alive: Alive
    ends: Callable[[datetime], Mapping[str, Any]]
    natural: str | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    noted: Sequence[str] = ()
    own: str = "id"
    called: ColumnElement[str] | None = None
    asks: bool = False


def _ends(now_utc: datetime) -> Mapping[str, Any]:
    return {"ended_at": now_utc}


def _cancelled(now_utc: datetime) -> Mapping[str, Any]:
    return {"status": "cancelled", "weather_hold_by": None, "updated_at": now_utc}


def _plain(table: Table, columns: Mapping[str, str], *, natural: str | None = None, **fixed: str) -> Target:
    """A table with the school's id and a school."""
    return Target(
        table,
        {"id": "external_id", **columns},
        ("external_id",),
        table.c.school_id,
        lambda _: table.c.ended_at.is_(None),
        _ends,
        natural,
        fixed,
    )


def _same(*names: str) -> dict[str, str]:
    return dict(zip(names, names, strict=True))


TERMINALS_ID = "cli-"
"""Begins the id of a row that was entered at a terminal, and that no file has."""

_INSPECTIONS, _SQUAWKS = schema.inspections, schema.squawks
_WISHES = schema.student_preferences
_WEEKS, _DOWN, _MINIMUMS = schema.availability, schema.downtime, schema.weather_minimums
_SCHOOL_OF_WEEKS = func.coalesce(
    select(students.c.school_id).where(students.c.id == _WEEKS.c.student_id).scalar_subquery(),
    select(instructors.c.school_id).where(instructors.c.id == _WEEKS.c.instructor_id).scalar_subquery(),
)
_PERSON_OF_WEEKS = func.coalesce(
    select(students.c.name).where(students.c.id == _WEEKS.c.student_id).scalar_subquery(),
    select(instructors.c.name).where(instructors.c.id == _WEEKS.c.instructor_id).scalar_subquery(),
)
_DAY_OF_WEEKS = case(dict(enumerate(DAYS)), value=_WEEKS.c.weekday)
_TAIL_OF_INSPECTION = select(aircraft.c.tail_number).where(aircraft.c.id == _INSPECTIONS.c.aircraft_id)

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "instructors": _plain(
            instructors, _same("name", "email", "phone", "may_teach", "auto_confirm"), natural="email"
        ),
        "students": _plain(
            students,
            _same("name", "email", "phone", "training_level") | {"instructor": "primary_instructor_id"},
            natural="email",
        ),
        "aircraft": _plain(
            aircraft,
            _same("tail_number", "type", "demonstrated_crosswind_kt", "equipment", "simulator", "carburettor"),
            natural="tail_number",
        ),
        "minimums": _plain(
            _MINIMUMS,
            _same(
                "training_level", "solo", "lesson_kind", "night", "aircraft_type", "rule", "comparison", "limit_value",
                "unit", "effect",
                "effective_from", "effective_to", "reference",
            ),
            authority="school",
        ),
        "limits": _plain(
            _MINIMUMS,
            {"student": "student_id"}
            | _same(
                "solo", "lesson_kind", "night", "rule", "comparison", "limit_value", "unit", "effect",
                "effective_from", "effective_to", "reference",
            ),
            authority="student",
        ),
        "availability": Target(
            _WEEKS,
            {"student": "student_id", "instructor": "instructor_id"} | _same("weekday", "starts", "ends"),
            ("student_id", "instructor_id", "weekday", "starts"),
            _SCHOOL_OF_WEEKS,
            lambda _: _WEEKS.c.ended_at.is_(None),
            _ends,
            called=func.concat_ws(" ", _PERSON_OF_WEEKS, _DAY_OF_WEEKS, func.to_char(_WEEKS.c.starts, "HH24:MI")),
        ),
        "preferences": Target(
            _WISHES,
            {"student": "student_id", "instructor": "instructor_id"}
            | _same("days", "parts_of_day", "latest_date", "notice_hours", "note"),
            ("student_id",),
            select(students.c.school_id).where(students.c.id == _WISHES.c.student_id).scalar_subquery(),
            lambda _: true(),
            _ends,
            own="student_id",
            asks=True,
        ),
        "downtime": Target(
            _DOWN,
            {"id": "external_id", "aircraft": "aircraft_id", "reason": "reason"},
            ("external_id",),
            select(aircraft.c.school_id).where(aircraft.c.id == _DOWN.c.aircraft_id).scalar_subquery(),
            lambda now_utc: _DOWN.c.ended_at.is_(None)
            & or_(func.upper_inf(_DOWN.c.period), func.upper(_DOWN.c.period) > now_utc),
            _ends,
        ),
        "requirements": _plain(
            schema.requirements,
            _same("requirement", "effect", "training_level", "solo", "lesson_kind", "equipment", "reference"),
        ),
        "credentials": _plain(
            schema.credentials,
            {"student": "student_id", "instructor": "instructor_id"}
            | _same("credential", "aircraft_type", "valid_from", "valid_until"),
        ),
        "inspections": Target(
            _INSPECTIONS,
            {"aircraft": "aircraft_id"} | _same("inspection", "due_on", "due_tach_hours", "tach_hours", "tach_read_on"),
            ("aircraft_id", "inspection"),
            select(aircraft.c.school_id).where(aircraft.c.id == _INSPECTIONS.c.aircraft_id).scalar_subquery(),
            lambda _: _INSPECTIONS.c.ended_at.is_(None),
            _ends,
            called=func.concat_ws(" ", _TAIL_OF_INSPECTION.scalar_subquery(), _INSPECTIONS.c.inspection),
        ),
        "squawks": Target(
            _SQUAWKS,
            {"id": "external_id", "aircraft": "aircraft_id"}
            | _same("reported_on", "description", "grounding", "closed_on"),
            ("external_id",),
            select(aircraft.c.school_id).where(aircraft.c.id == _SQUAWKS.c.aircraft_id).scalar_subquery(),
            lambda _: _SQUAWKS.c.ended_at.is_(None) & _SQUAWKS.c.closed_on.is_(None),
            _ends,
        ),
        "bookings": Target(
            schema.bookings,
            {
                "id": "external_id", "student": "student_id", "instructor": "instructor_id", "aircraft": "aircraft_id",
            } | _same("reference", "lesson_kind", "solo", "departure", "route", "status", "cancellation_cause"),
            ("external_id",),
            schema.bookings.c.school_id,
            lambda now_utc: schema.bookings.c.status.in_(ACTIVE_STATUSES)
            & (func.lower(schema.bookings.c.period) > now_utc),
            _cancelled,
            "reference",
            noted=("imported_period", "imported_instructor_id", "imported_aircraft_id"),
        ),
    }
)  # fmt: skip
"""The kinds whose rows are compared set by set; schools and airports are few, and have parts elsewhere."""

_ONE_BY_ONE: Mapping[str, Sequence[Table]] = {
    "schools": [schema.schools, schema.opening_hours],
    "airports": [schema.airports],
}

PERIODS = frozenset({"bookings", "downtime"})
"""Kinds whose ``starts_at`` and ``ends_at`` are one column ``period``."""


def tables_of(kind: FileKind) -> Collection[Table]:
    """Return the tables whose rows a file of a kind states, airports that it is the first to name included.

    What else an import writes, such as cases, messages and a school's first minimums, is the platform's.
    """
    names_airports = any(one.refers in {"airport", "airports"} for one in kind.fields)
    stated = _ONE_BY_ONE[kind.name] if kind.name in _ONE_BY_ONE else [TARGETS[kind.name].table]
    return [*stated, schema.airports] if names_airports else stated
