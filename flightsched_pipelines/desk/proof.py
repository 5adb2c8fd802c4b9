"""One slot held against everything once more, within a transaction: the newest forecast, and the schedule as it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flightsched_pipelines.database import bookings as schedule
from flightsched_pipelines.database.frames import newest_written, read_partition
from flightsched_pipelines.database.moves import Move, resources_of
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.desk.hourly import rules_of
from flightsched_pipelines.rescheduling.assignment import PROPOSAL_COLUMNS
from flightsched_pipelines.rescheduling.reasons import reasons
from flightsched_pipelines.rescheduling.validation import validate
from flightsched_pipelines.risk.minimums import in_force
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.weather.daylight import sun_table

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def objections(
    connection: Connection,
    moving: Move,
    school_id: int,
    student_id: int,
    offered_utc: datetime,
    settings: Settings,
    *,
    leaving: Sequence[int] = (),
    at_worst: str = "unforecast",
) -> list[str]:
    """What stands against moving a booking; nothing if it may go there.

    Args:
        connection: the transaction that is to move it; the slot's resources are locked.
        moving: the booking and its slot.
        school_id: its school.
        student_id: its student.
        offered_utc: notice counts from when the slot was offered: whoever takes it agrees to the time that is left.
        settings: the bounds of a new time.
        leaving: other bookings that leave their places in the same transaction.
        at_worst: what the sky may be: ok, watch, or unforecast, of which only an ``at_risk`` sky is worse.
    """
    slot, resources = moving.slot, resources_of(student_id, moving.slot)
    near = slot.starts_at_utc - DAY - HOUR, slot.ends_at_utc + DAY + HOUR
    bookings = schedule.bookings_beside(connection, moving.booking_id, resources, *near)
    bookings = bookings[~bookings["booking_id"].isin(list(leaving))]
    mine = bookings[bookings["booking_id"] == moving.booking_id]
    if mine.empty:
        return ["the booking is no longer in the schedule"]
    lesson = mine.iloc[0]
    idents = sorted({str(lesson["departure"]), *lesson["route"]})
    hour = newest_written(connection, "forecasts")
    if hour is None:
        return ["no forecast is stored"]
    forecasts, buffer = PIPELINE_TABLES["forecasts"], timedelta(minutes=settings.booking_buffer_minutes)
    airports = schedule.airports(connection, idents)
    validation = validate(
        _proposal(moving, lesson, at_worst),
        bookings,
        schedule.availability(
            connection, slot.starts_at_utc - DAY, slot.ends_at_utc + DAY, only=[*resources, ("school", school_id)]
        ),
        read_partition(
            connection,
            forecasts,
            [hour],
            forecasts.c.airport.in_(idents),
            forecasts.c.hour_utc.between(slot.starts_at_utc - buffer - HOUR, slot.ends_at_utc + buffer + HOUR),
        ),
        in_force(schedule.minimums(connection), hour.date()),
        airports,
        schedule.runways(connection, idents),
        sun_table(airports, (slot.starts_at_utc - 2 * DAY).date(), 5),
        rules_of(settings),
        first_hour_utc=hour,
        now_utc=offered_utc,
        buffer_minutes=settings.booking_buffer_minutes,
    )
    return [str(sentence) for sentence in validation.violations["violation"]]


def in_words(connection: Connection, moving: Move, student_id: int, verdict: str) -> str:
    """The facts about a move in one sentence."""
    slot, student = moving.slot, ("student", student_id)
    found = schedule.bookings_beside(connection, moving.booking_id, [student], slot.starts_at_utc, slot.ends_at_utc)
    lesson = found[found["booking_id"] == moving.booking_id]
    return reasons(_proposal(moving, lesson.iloc[0], verdict), lesson)[0]


def _proposal(moving: Move, lesson: "pd.Series[Any]", verdict: str) -> pd.DataFrame:
    """The move as the proof reads proposals: it objects where the sky is worse than the verdict says."""
    slot = moving.slot
    starts = lesson["starts_at_utc"]
    row = {
        "booking_id": moving.booking_id, "rank": 1, "starts_at_utc": slot.starts_at_utc,
        "ends_at_utc": slot.ends_at_utc, "instructor_id": slot.instructor_id, "aircraft_id": slot.aircraft_id,
        "verdict": verdict, "margin": None, "same_instructor": _same(slot.instructor_id, lesson["instructor_id"]),
        "same_aircraft": _same(slot.aircraft_id, lesson["aircraft_id"]),
        "minutes_moved": (slot.starts_at_utc - starts) / timedelta(minutes=1), "score": 0.0, "ranked_by": "planner",
        "reason": "",
    }  # fmt: skip
    return pd.DataFrame([row]).astype(dict(PROPOSAL_COLUMNS))


def _same(proposed: int | None, booked: Any) -> bool:  # noqa: ANN401, a cell
    return proposed == (None if pd.isna(booked) else booked)
