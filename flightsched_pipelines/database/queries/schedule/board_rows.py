"""The bookings of a period with the names of aircraft and people, as a board shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from flightsched_pipelines.database.readable_columns import form_of
from flightsched_pipelines.database.schema import (
    aircraft,
    airports,
    bookings,
    instructors,
    reschedule_cases,
    schools,
    students,
)

SHOWN = ("scheduled", "held", "weather_hold")


def board_rows(
    connection: Connection, from_utc: datetime, to_utc: datetime, school: str | int | None
) -> list[Row[*tuple[Any, ...]]]:
    """Return scheduled, held and weather-held bookings that overlap a period, in order of their start.

    Args:
        connection: the database.
        from_utc: begin of the period.
        to_utc: its end, excluded.
        school: name or id of the only school; ``None`` for all.

    Returns:
        Id, reference, school, start, end, time zone of the departure, status, form, tail number, instructor's name,
        student's name, id of the open case. A held slot has its lesson's open case.
    """
    b, c = bookings.c, reschedule_cases.c
    starts, ends = func.lower(b.period), func.upper(b.period)
    query = (
        select(
            b.id, b.reference, schools.c.name, starts, ends, airports.c.time_zone, b.status,
            form_of(bookings, aircraft), aircraft.c.tail_number, instructors.c.name, students.c.name, c.id,
        )
        .join(schools, schools.c.id == b.school_id)
        .join(airports, airports.c.ident == b.departure)
        .join(students, students.c.id == b.student_id)
        .outerjoin(aircraft, aircraft.c.id == b.aircraft_id)
        .outerjoin(instructors, instructors.c.id == b.instructor_id)
        .outerjoin(reschedule_cases, (c.booking_id == func.coalesce(b.holds_for, b.id)) & c.closed_at.is_(None))
        .where(b.status.in_(SHOWN), starts < to_utc, ends > from_utc)
        .order_by(starts, b.id)
    )  # fmt: skip
    if isinstance(school, str):
        query = query.where(func.lower(schools.c.name) == school.lower())
    elif school is not None:
        query = query.where(b.school_id == school)
    return list(connection.execute(query))


def resources_of(connection: Connection, school_id: int) -> Mapping[str, list[str]]:
    """Return the names of a school's present aircraft and instructors, in order."""
    named = {"aircraft": (aircraft, aircraft.c.tail_number), "instructor": (instructors, instructors.c.name)}
    return {
        kind: list(
            connection.execute(
                select(name).where(table.c.school_id == school_id, table.c.ended_at.is_(None)).order_by(name)
            ).scalars()
        )
        for kind, (table, name) in named.items()
    }
