"""Read the newest hour's forecast of one lesson, and what it says of the alternatives held out to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import newest_written, read_partition, written_at
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.risk.lesson_forecast import LessonForecast, lesson_forecast
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.services.notifications.findings import breaches_at
from flightsched_pipelines.services.slots import slots_of
from flightsched_pipelines.settings import Settings

MAX_REMEMBERED = 500
"""To assess one lesson takes longer than the rest of its page, which is opened again and again within an hour."""


@dataclass(frozen=True, slots=True)
class LessonWeather:
    """The gravest breaches of a lesson, and its forecast beside the minimums, ``None`` if no hour assessed it."""

    breaches: list[Breach]
    forecast: LessonForecast | None


@dataclass(frozen=True, slots=True)
class AlternativeForecast:
    """The newest hour's verdict on an alternative (ok, watch or unforecast) and its margin as a share of the limit."""

    verdict: str
    margin: float | None


def lesson_weather(engine: Engine, booking_id: int, lesson: Slot, settings: Settings) -> LessonWeather:
    """Return what the newest hour found for a lesson; nothing if it had the lesson at another time or place."""
    with engine.connect() as connection:
        hour = newest_written(connection, "at_risk_bookings")
        written = hour and written_at(connection, "at_risk_bookings", hour)
    if hour is None or written is None:
        return LessonWeather([], None)
    return _read(_Question(engine, booking_id, lesson, hour, written, settings))


def forecasts_of_alternatives(engine: Engine, booking_id: int) -> Mapping[Slot, AlternativeForecast]:
    """Return the newest hour's verdict on each slot that it found possible for a lesson."""
    with engine.connect() as connection:
        hour = newest_written(connection, "reschedule_candidates")
        if hour is None:
            return {}
        table = PIPELINE_TABLES["reschedule_candidates"]
        found = read_partition(connection, table, [hour], table.c.booking_id == booking_id)
    margins = [None if pd.isna(margin) else float(margin) for margin in found["margin"]]
    rows = zip(slots_of(found), found["verdict"].tolist(), margins, strict=True)
    return {slot: AlternativeForecast(verdict, margin) for slot, verdict, margin in rows}


@dataclass(frozen=True, slots=True)
class _Question:
    """A lesson at an hour as it was written at a time: the answer stays the same."""

    engine: Engine
    booking_id: int
    lesson: Slot
    hour: datetime
    written_at: datetime
    settings: Settings = field(compare=False)


@lru_cache(maxsize=MAX_REMEMBERED)
def _read(question: _Question) -> LessonWeather:
    hour, snapshot = question.hour, PIPELINE_TABLES["booking_snapshot"]
    with question.engine.connect() as connection:
        known = read_partition(connection, snapshot, [hour], snapshot.c.booking_id == question.booking_id)
        if slots_of(known) != [question.lesson]:
            return LessonWeather([], None)
        breaches = breaches_at(connection, question.booking_id, hour)
    return LessonWeather(breaches, _forecast(question.engine, known, breaches, hour, question.settings))


def _forecast(
    engine: Engine, lesson: pd.DataFrame, breaches: list[Breach], hour: datetime, settings: Settings
) -> LessonForecast | None:
    ahead = hourly_steps.lessons_ahead(lesson, hour, settings.lookahead_hours)
    if ahead.empty:
        return None
    table = PIPELINE_TABLES["forecasts"]
    here = table.c.airport.in_(sorted(hourly_steps.airports_of(ahead)))
    forecasts = read_partition(engine, table, [hour], table.c.governs, here)
    limits = hourly_steps.assess_lessons(engine, ahead, forecasts, hour, settings).limits(0)
    row = ahead.iloc[0]
    airport = breaches[0].airport if breaches else str(row["departure"])
    buffer = timedelta(minutes=settings.booking_buffer_minutes)
    during = row["starts_at_utc"].to_pydatetime() - buffer, row["ends_at_utc"].to_pydatetime() + buffer
    found = lesson_forecast(forecasts, limits, airport, during, hour)
    return found if found.quantities else None
