"""Revalidate one slot, within a transaction: with the newest forecast, and the present schedule."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flightsched_pipelines.database.frames import newest_written, partition_rows
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule import credentials as credential_rows
from flightsched_pipelines.database.queries.schedule.availability import availability_of
from flightsched_pipelines.database.queries.schedule.booking_moves import Move, resources_of
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Revalidated
from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_descriptions
from flightsched_pipelines.domain.rescheduling.validation.area_validation import LOOKED_AT_AREAS
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation import examine
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    Proposal,
    Records,
    Row,
    read_proposal,
)
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import LOOKED_AT, ForecastRecords
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.domain.weather.daylight import SUN_COLUMNS, suns_over
from flightsched_pipelines.durations import DAY, HOUR, MINUTE
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings


def revalidate(
    connection: Connection,
    moving: Move,
    school_id: int,
    student_id: int,
    offered_utc: datetime,
    now_utc: datetime,
    settings: Settings,
    *,
    leaving: Sequence[int] = (),
) -> Revalidated:
    """Revalidate a slot: with the newest forecast, and the present schedule.

    Args:
        connection: the transaction that is to move it; the slot's resources are locked.
        moving: the booking and its slot.
        school_id: its school.
        student_id: its student.
        offered_utc: notice counts from when the slot was offered: to take it is to agree to the time that is left.
        now_utc: now; a forecast of an hour that began too long ago does not count.
        settings: the bounds of a new time.
        leaving: other bookings that leave their places in the same transaction.
    """
    slot, resources = moving.slot, resources_of(student_id, moving.slot)
    near = slot.starts_at_utc - DAY - HOUR, slot.ends_at_utc + DAY + HOUR
    bookings = [
        row
        for row in schedule.lessons_beside(connection, moving.booking_id, resources, *near)
        if row["booking_id"] not in leaving
    ]
    lesson = next((row for row in bookings if row["booking_id"] == moving.booking_id), None)
    if lesson is None:
        return Revalidated(["the booking is no longer in the schedule"], "missing", "there is no such booking")
    idents = sorted({str(lesson["departure"]), *lesson["route"]})
    flies = slot.aircraft_id is not None and not schedule.is_simulator(connection, slot.aircraft_id)
    proposal = read_proposal(_proposal(moving, lesson, "unforecast" if flies else NOT_FLOWN))
    records = Records(bookings, [proposal] if isinstance(proposal, Proposal) else [])
    whose = [*resources, ("school", school_id)]
    records.learn(availability_of(connection, whose, slot.starts_at_utc - DAY, slot.ends_at_utc + DAY))
    hour = _recent_hour(connection, now_utc, settings)
    buffer = timedelta(minutes=settings.booking_buffer_minutes)
    whom = school_id, int(lesson["student_id"])
    sky = _forecast_records(connection, slot, whom, idents, hour or now_utc, buffer)
    required = credential_rows.credentials(
        connection, near[0], near[1], school_ids=[school_id], only=whose, leaving=[moving.booking_id, *leaving]
    )
    _, violations = examine(
        [proposal], records, sky, scheduling_rules(settings), offered_utc, CredentialRecords(required)
    )
    objections = [sentence for _, _, sentence in violations]
    if not isinstance(proposal, Proposal):
        return Revalidated(objections, "missing", proposal.problem)
    if not proposal.flies:
        return Revalidated(objections, NOT_FLOWN, "it does not depend on the weather")
    verdict, why = sky.judge(records.bookings[moving.booking_id], proposal.span)
    if hour is None and verdict != "at_risk":
        verdict, why = "missing", "there has been no forecast for some hours"
    return Revalidated(objections, verdict, why)


def _recent_hour(connection: Connection, now_utc: datetime, settings: Settings) -> datetime | None:
    """Return the newest hour with a forecast, unless it is too old to notify people of."""
    hour = newest_written(connection, "forecasts")
    recent = hour is not None and now_utc - hour <= timedelta(hours=settings.dispatch_max_age_hours)
    return hour if recent else None


def _forecast_records(
    connection: Connection, slot: Slot, whom: tuple[int, int], idents: Sequence[str], hour: datetime, buffer: timedelta
) -> ForecastRecords:
    """Return an hour's forecast for some airports about the time of a slot, the sun times, and the minimums that apply.

    Args:
        connection: the transaction of the response.
        slot: the time that counts.
        whom: the school and the student.
        idents: the airports.
        hour: the hour of the forecast.
        buffer: weather this long before and after counts too.
    """
    forecasts = PIPELINE_TABLES["forecasts"].c
    airports, runways = schedule.airfields(connection, idents)
    first_day = (slot.starts_at_utc - 2 * DAY).date()
    return ForecastRecords(
        partition_rows(
            connection, PIPELINE_TABLES["forecasts"], LOOKED_AT, hour, forecasts.governs, forecasts.airport.in_(idents),
            forecasts.hour_utc.between(slot.starts_at_utc - buffer - HOUR, slot.ends_at_utc + buffer + HOUR),
        ),
        schedule.minimums_of(connection, *whom, hour.date()),
        airports,
        runways,
        [
            dict(zip(SUN_COLUMNS, day, strict=True))
            for at in airports
            for day in suns_over(at["airport"], at["latitude_deg"], at["longitude_deg"], first_day, 5)
        ],
        hour,
        buffer,
        partition_rows(connection, PIPELINE_TABLES["hazard_areas"], LOOKED_AT_AREAS, hour),
    )  # fmt: skip


def describe_move(connection: Connection, moving: Move, student_id: int, verdict: str) -> str:
    """Return the facts about a move in one sentence."""
    slot, student = moving.slot, ("student", student_id)
    found = schedule.bookings_beside(connection, moving.booking_id, [student], slot.starts_at_utc, slot.ends_at_utc)
    lesson = found[found["booking_id"] == moving.booking_id]
    proposal = pd.DataFrame([_proposal(moving, lesson.iloc[0], verdict)]).astype(dict(PROPOSAL_COLUMNS))
    return slot_descriptions(proposal, lesson)[0]


def _proposal(moving: Move, lesson: "Row | pd.Series[Any]", verdict: str) -> dict[str, Any]:
    """Return the move as validation reads proposals: it objects where the forecast is worse than the verdict."""
    slot = moving.slot
    starts = lesson["starts_at_utc"]
    return {
        "booking_id": moving.booking_id, "rank": 1, "starts_at_utc": slot.starts_at_utc,
        "ends_at_utc": slot.ends_at_utc, "instructor_id": slot.instructor_id, "aircraft_id": slot.aircraft_id,
        "verdict": verdict, "margin": None, "same_instructor": _same(slot.instructor_id, lesson["instructor_id"]),
        "same_aircraft": _same(slot.aircraft_id, lesson["aircraft_id"]),
        "minutes_moved": (slot.starts_at_utc - starts) / MINUTE, "score": 0.0, "ranked_by": "planner",
        "reason": "",
    }  # fmt: skip


def _same(proposed: int | None, booked: Any) -> bool:  # noqa: ANN401, a cell
    return proposed == (None if pd.isna(booked) else booked)
