"""Many schools with many bookings, in a database: 500 real airports, 100 schools, 10,000 bookings of a fortnight."""

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import airportsdata
from sqlalchemy import Connection, Engine, Table, func, insert, select
from sqlalchemy.dialects.postgresql import Range

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.seed import _insert_frame
from flightsched_pipelines.domain.risk.limits.minimums import STATED_COLUMNS, default_minimums

HOUR = datetime(2026, 11, 10, 14, tzinfo=UTC)
LEVELS = ("student_pilot", "private_pilot", "instrument_rated")
KINDS = ("pattern", "local", "cross_country")
STARTS = (8, 10, 12, 14, 16)
"""Local hours in which lessons of 90 minutes begin, one a pair of instructor and aircraft."""


def fill(engine: Engine, airports: int, schools: int, bookings: int, hour_utc: datetime = HOUR) -> None:
    """Fill an empty database; the same numbers give the same rows."""
    random = Random(7)  # noqa: S311, made-up data
    with engine.begin() as connection:
        idents = _airports(connection, random, airports)
        _insert_frame(connection, schema.weather_minimums, default_minimums()[[*STATED_COLUMNS]])
        each = -(-bookings // schools)
        for number in range(1, schools + 1):
            _school(connection, random, number, idents, min(each, bookings - each * (number - 1)), hour_utc)
        for table in (schema.schools, schema.students, schema.instructors, schema.aircraft, schema.bookings):
            _go_on_after_the_last(connection, table)


def _go_on_after_the_last(connection: Connection, table: Table) -> None:
    """Let the next row that comes in without a number get one that is free."""
    sequence = func.pg_get_serial_sequence(table.fullname, "id")
    connection.execute(select(func.setval(sequence, func.max(table.c.id))))


def _airports(connection: Connection, random: Random, count: int) -> list[str]:
    known = sorted(
        (ident, field)
        for ident, field in airportsdata.load("ICAO").items()
        if ident[0] == "K" and len(ident) == 4 and ident.isalpha() and field["tz"].startswith("America/")
    )
    chosen = random.sample(known, k=count)
    rows = [
        {
            "ident": ident, "name": field["name"], "latitude_deg": field["lat"], "longitude_deg": field["lon"],
            "elevation_ft": field["elevation"], "time_zone": field["tz"], "issues_taf": place % 2 == 0,
            "issues_metar": True, "approach_ceiling_ft": 200.0, "approach_visibility_sm": 0.5,
        }
        for place, (ident, field) in enumerate(chosen)
    ]  # fmt: skip
    connection.execute(insert(schema.airports), rows)
    ends = [
        {"airport": ident, "runway": runway, "heading_true_deg": heading, "length_ft": 4_000.0}
        for ident, _ in chosen
        for heading in [float(random.randrange(180))]
        for runway, heading in (("low", heading), ("high", heading + 180))
    ]
    connection.execute(insert(schema.runways), ends)
    return [ident for ident, _ in chosen]


def _school(
    connection: Connection, random: Random, number: int, idents: list[str], bookings: int, hour_utc: datetime
) -> None:
    base, *others = random.sample(idents, k=6)
    connection.execute(insert(schema.schools), {"id": number, "name": f"School {number}", "base_airport": base})
    hours = [{"school_id": number, "weekday": day, "opens": time(7), "closes": time(20)} for day in range(7)]
    connection.execute(insert(schema.opening_hours), hours)
    instructors = _people(connection, schema.instructors, number, 8, [{"may_teach": list(LEVELS)}] * 8)
    levels = [{"training_level": LEVELS[place % 3], "primary_instructor_id": None} for place in range(40)]
    students = _people(connection, schema.students, number, 40, levels)
    aircraft = _insert(
        connection,
        schema.aircraft,
        [
            {
                "school_id": number,
                "tail_number": f"N{number}X{place}",
                "type": "C172S",
                "demonstrated_crosswind_kt": 15.0,
            }
            for place in range(10)
        ],
    )
    weekly = [
        {
            "student_id": None,
            "instructor_id": None,
            f"{kind}_id": key,
            "weekday": day,
            "starts": time(7),
            "ends": time(20),
        }
        for kind, keys in (("instructor", instructors), ("student", students))
        for key in keys
        for day in range(7)
    ]
    connection.execute(insert(schema.availability), weekly)
    places = [(day, start, pair) for day in range(14) for start in STARTS for pair in range(8)]
    rows = [
        _booking(
            number, place, day, start, students[place % 40], instructors[pair], aircraft[pair], base, others, hour_utc
        )
        for place, (day, start, pair) in enumerate(sorted(random.sample(places, k=bookings)))
    ]
    connection.execute(insert(schema.bookings), rows)


def _booking(
    school: int,
    place: int,
    day: int,
    start: int,
    student: int,
    instructor: int,
    aircraft: int,
    base: str,
    others: list[str],
    hour_utc: datetime,
) -> dict[str, Any]:
    starts = hour_utc + timedelta(days=day, hours=start - 6)
    kind = KINDS[place % 3]
    return {
        "reference": f"S{school}-{place}", "school_id": school, "student_id": student, "instructor_id": instructor,
        "aircraft_id": aircraft, "lesson_kind": kind, "solo": False, "departure": base,
        "route": others[:2] if kind == "cross_country" else [],
        "period": Range(starts, starts + timedelta(minutes=90)), "created_at": hour_utc, "updated_at": hour_utc,
    }  # fmt: skip


def _people(connection: Connection, table: Table, school: int, count: int, facts: list[dict[str, Any]]) -> list[int]:
    return _insert(
        connection,
        table,
        [
            {"school_id": school, "name": "Made Up", "email": f"{table.name}{place}@school{school}.example"}
            | facts[place]
            for place in range(count)
        ],
    )


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    return [
        row.id for row in connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
    ]
