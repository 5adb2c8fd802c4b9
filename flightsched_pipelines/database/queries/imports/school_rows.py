"""Schools with their opening hours, and the minimums that every school starts with."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import opening_hours, schools, weather_minimums
from flightsched_pipelines.domain.risk.limits.minimums import STATED_COLUMNS, default_minimums

Hours = Mapping[int, tuple[time, time]]
"""Weekday, 0 Monday, → opens, closes."""


def schools_stored(connection: Connection) -> dict[int, dict[str, Any]]:
    """Return the schools by their key, each with its ``hours``."""
    hours: dict[int, dict[int, tuple[time, time]]] = {}
    for row in connection.execute(select(opening_hours)):
        hours.setdefault(row.school_id, {})[row.weekday] = row.opens, row.closes
    rows = connection.execute(select(schools)).mappings()
    return {row["id"]: {**row, "hours": hours.get(row["id"], {})} for row in rows}


def store_school(connection: Connection, school_id: int | None, values: Mapping[str, Any], hours: Hours | None) -> int:
    """Add a school, or change one; ``hours`` are left as they are where they are ``None``."""
    if school_id is None:
        school_id = int(connection.execute(insert(schools).values(**values).returning(schools.c.id)).scalar_one())
    else:
        connection.execute(update(schools).where(schools.c.id == school_id).values(**values))
    if hours is not None:
        h = opening_hours.c
        connection.execute(delete(opening_hours).where(h.school_id == school_id, h.weekday.not_in(list(hours))))
        for weekday, (opens, closes) in hours.items():
            statement = upsert(opening_hours).values(
                school_id=school_id, weekday=weekday, opens=opens, closes=closes
            )  # fmt: skip
            changed = {"opens": opens, "closes": closes}
            connection.execute(statement.on_conflict_do_update(index_elements=[h.school_id, h.weekday], set_=changed))
    return school_id


def ensure_default_minimums(connection: Connection) -> bool:
    """Enter the minimums that a school starts with, unless there are defaults already; returns whether it did."""
    m = weather_minimums.c
    if connection.execute(select(func.count()).select_from(weather_minimums).where(m.authority == "default")).scalar():
        return False
    frame = default_minimums()[[*STATED_COLUMNS]]
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    connection.execute(insert(weather_minimums), [{str(name): value for name, value in row.items()} for row in rows])
    return True
