"""Read what the validation of one slot compares it with, in one statement.

The schedule about it, the availability of its people and its aircraft, the newest hour's forecast on its way, and what
the school states and requires.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Text,
    any_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database.frames import is_written, refuse_archived, select_archived
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.availability import (
    availability_of,
    availability_queries,
    availability_values,
)
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.bookings import Rows
from flightsched_pipelines.database.queries.schedule.credentials import requirements_of
from flightsched_pipelines.database.queries.schedule.violating_rows import odd_rows_of, suspect
from flightsched_pipelines.database.readable_columns import words
from flightsched_pipelines.database.schema import (
    PIPELINE_TABLES,
    aircraft,
    airports,
    bookings,
    partitions,
    requirements,
    runways,
)
from flightsched_pipelines.database.together import Together
from flightsched_pipelines.domain.rescheduling.availability import Resource
from flightsched_pipelines.domain.rescheduling.validation.area_validation import LOOKED_AT_AREAS
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import LOOKED_AT
from flightsched_pipelines.durations import DAY, HOUR

NOBODY = 0
"""No row has this id."""


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """All that a slot is compared with; ``hour_utc`` is the forecast's, ``None`` if there is none that is recent.

    ``areas_written``: whether that hour has stored its hazard areas, or is of a version without any: no row of them
    means a clear sky only then.
    """

    lessons: Rows
    in_simulator: bool
    availability: Rows
    hour_utc: datetime | None
    forecasts: Rows
    areas: Rows
    areas_written: bool
    airports: Rows
    runways: Rows
    minimums: Rows
    requires: bool


def slot_facts(
    connection: Connection, moving: Move, school_id: int, student_id: int, resources: Collection[Resource],
    now_utc: datetime, oldest_utc: datetime, buffer: timedelta,
) -> SlotFacts:  # fmt: skip
    """Read what a slot for a lesson is compared with.

    Args:
        connection: the transaction that locked the slot's resources.
        moving: the lesson and the slot.
        school_id: its school.
        student_id: its student.
        resources: the people and the aircraft of the slot.
        now_utc: now: minimums count that are in force at the forecast's hour, or now if there is none.
        oldest_utc: a forecast of an hour before this does not count.
        buffer: weather this long before and after the slot counts too.

    Raises:
        ArchivedHourError: the newest hour's forecast was archived.
    """
    slot, ids = moving.slot, dict(resources)
    available = slot.starts_at_utc - DAY, slot.ends_at_utc + DAY
    found = _facts().run(
        connection,
        {
            "booking": moving.booking_id, "school": school_id, "student": student_id,
            "instructor": ids.get("instructor", NOBODY), "aircraft": ids.get("aircraft", NOBODY),
            "near": Range(available[0] - HOUR, available[1] + HOUR), "oldest": oldest_utc,
            "weather_from": slot.starts_at_utc - buffer - HOUR, "weather_to": slot.ends_at_utc + buffer + HOUR,
            **availability_values(*available, [*resources, ("school", school_id)]),
        },
    )  # fmt: skip
    refuse_archived(found["archived"])
    hour = found["hour"][0].hour_utc
    odd = odd_rows_of(connection, found)
    return SlotFacts(
        lessons=_mappings(found["lessons"]),
        in_simulator=any(row.simulator for row in found["craft"]),
        availability=availability_of(found, *available),
        hour_utc=hour,
        forecasts=_mappings(found["forecasts"]),
        areas=_mappings(found["areas"]),
        areas_written=found["hour"][0].areas_written,
        airports=_mappings(found["airports"]),
        runways=_mappings(found["runways"]),
        minimums=schedule.minimums_of(found["minimums"], odd, school_id, (hour or now_utc).date()),
        requires=bool(found["requirements"]),
    )


@cache
def _facts() -> Together:
    """The statement, made once."""
    booking, school, student = _id("booking"), _id("school"), _id("student")
    keys = [("student", student), ("instructor", _id("instructor")), ("aircraft", _id("aircraft"))]
    f, h, p = PIPELINE_TABLES["forecasts"].c, PIPELINE_TABLES["hazard_areas"].c, partitions.c
    newest = select(func.max(p.partition_hour).label("hour")).where(p.name == "forecasts").cte("newest")
    hour = select(newest.c.hour).where(newest.c.hour >= _instant("oldest")).scalar_subquery()
    b = bookings.c
    way = select(func.array_append(words(b.route), b.departure).label("idents")).where(b.id == booking).cte("way")
    on_its_way = any_(cast(select(way.c.idents).scalar_subquery(), ARRAY(Text)))
    weather = f.hour_utc.between(_instant("weather_from"), _instant("weather_to"))
    ever = exists().where(partitions.c.name == "hazard_areas")
    return Together(
        lessons=schedule.lessons(schedule.beside(booking, keys, bindparam("near", type_=TSTZRANGE))),
        craft=select(aircraft.c.simulator).where(aircraft.c.id == _id("aircraft")),
        **availability_queries(),
        hour=select(hour.label("hour_utc"), or_(is_written("hazard_areas", hour), ~ever).label("areas_written")),
        archived=select_archived(["forecasts", "hazard_areas"], p.partition_hour == hour),
        forecasts=select(*(f[name] for name in LOOKED_AT)).where(
            f.partition_hour == hour, f.governs, f.airport == on_its_way, weather
        ),
        areas=select(*(h[name] for name in LOOKED_AT_AREAS)).where(h.partition_hour == hour),
        airports=schedule.select_airports(airports.c.ident == on_its_way),
        runways=schedule.select_runways(runways.c.airport == on_its_way),
        minimums=schedule.stated_minimums(school, student),
        **suspect(),
        requirements=requirements_of(requirements.c.school_id == school),
    )


def _id(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=BigInteger)


def _instant(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=DateTime(timezone=True))


def _mappings(rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    return [row._asdict() for row in rows]
