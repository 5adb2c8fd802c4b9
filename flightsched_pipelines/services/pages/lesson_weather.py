"""Read the newest hour's forecast of one lesson, and what it says of the alternatives held out to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.frames import newest_written, partition_rows
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.risk.lesson_forecast import LessonForecast
from flightsched_pipelines.domain.verification.track_record import TrackRecord
from flightsched_pipelines.reporting.area_map import AreaMap
from flightsched_pipelines.services.pages.school_weather import AssessedHour, school_weather
from flightsched_pipelines.services.track_records import track_records
from flightsched_pipelines.settings import Settings

OF_A_SLOT = ("starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id")


@dataclass(frozen=True, slots=True)
class LessonWeather:
    """The gravest breaches of a lesson, and its forecast beside the minimums, ``None`` if no hour assessed it.

    ``map`` shows the hazard areas that it meets, ``None`` for none. ``track_record`` is how often forecasts like this
    came true, ``None`` unless it is below the minimums and there are cases enough. ``notes`` are sentences beside the
    verdict: that it is uncertain, and advice.
    """

    breaches: list[Breach]
    forecast: LessonForecast | None
    map: AreaMap | None = None
    track_record: TrackRecord | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AlternativeForecast:
    """The newest hour's verdict on an alternative (ok, watch or unforecast) and its margin as a share of the limit."""

    verdict: str
    margin: float | None


def lesson_weather(
    engine: Engine, at: AssessedHour | None, school_id: int, booking_id: int, lesson: Slot, settings: Settings
) -> LessonWeather:
    """Return what the newest hour found for a lesson; nothing if it had the lesson at another time or place.

    No connection may be held: it may need some of its own.
    """
    if at is None:
        return LessonWeather([], None)
    of_school = school_weather(engine, at, school_id, settings)
    if of_school.slots.get(booking_id) != lesson:
        return LessonWeather([], None)
    breaches = of_school.breaches.get(booking_id, [])
    record = None
    if breaches:
        with engine.connect() as connection:
            like = {booking_id: (school_id, lesson.starts_at_utc, breaches[0])}
            record = track_records(connection, like, at.hour).get(booking_id)
    return LessonWeather(
        breaches,
        of_school.forecast(booking_id),
        of_school.maps.get(booking_id),
        record,
        of_school.notes.get(booking_id, ()),
    )


def forecasts_of_alternatives(connection: Connection, booking_id: int) -> Mapping[Slot, AlternativeForecast]:
    """Return the newest hour's verdict on each slot that it found possible for a lesson."""
    hour = newest_written(connection, "reschedule_candidates")
    if hour is None:
        return {}
    table = PIPELINE_TABLES["reschedule_candidates"]
    names = (*OF_A_SLOT, "verdict", "margin")
    found = partition_rows(connection, table, names, hour, table.c.booking_id == booking_id)
    return {
        Slot(*(row[name] for name in OF_A_SLOT)): AlternativeForecast(row["verdict"], row["margin"]) for row in found
    }
