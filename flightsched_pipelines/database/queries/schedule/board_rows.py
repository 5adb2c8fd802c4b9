"""The bookings of a period with the names of aircraft and people, as a board shows them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, func, select

from flightsched_pipelines.database.schema import aircraft, airports, bookings, instructors, schools


def board_rows(engine: Engine, from_utc: datetime, to_utc: datetime, school: str | None) -> list[Row[*tuple[Any, ...]]]:
    """Return scheduled, held and weather-held bookings that overlap a period, in order of their start; of one school.

    Returns:
        Id, reference, school, start, end, time zone of the departure, status, tail number, instructor's name.
    """
    b = bookings.c
    starts, ends = func.lower(b.period), func.upper(b.period)
    query = (
        select(
            b.id, b.reference, schools.c.name, starts, ends, airports.c.time_zone, b.status, aircraft.c.tail_number,
            instructors.c.name,
        )
        .join(schools, schools.c.id == b.school_id)
        .join(airports, airports.c.ident == b.departure)
        .join(aircraft, aircraft.c.id == b.aircraft_id)
        .outerjoin(instructors, instructors.c.id == b.instructor_id)
        .where(b.status.in_(("scheduled", "held", "weather_hold")), starts < to_utc, ends > from_utc)
        .order_by(starts, b.id)
    )  # fmt: skip
    if school is not None:
        query = query.where(func.lower(schools.c.name) == school.lower())
    with engine.connect() as connection:
        return list(connection.execute(query))
