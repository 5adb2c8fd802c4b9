"""Revalidate one slot, within a transaction: with the newest forecast, and the present schedule."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flightsched_pipelines.database.queries.schedule import credentials as credential_rows
from flightsched_pipelines.database.queries.schedule.booking_moves import Move, resources_of
from flightsched_pipelines.database.queries.schedule.slot_facts import SlotFacts, slot_facts
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Revalidated
from flightsched_pipelines.domain.rescheduling.preferences import kept_and_missed_by
from flightsched_pipelines.domain.rescheduling.requirements import Credentials
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_description
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation import examine
from flightsched_pipelines.domain.rescheduling.validation.validation_records import (
    Proposal,
    Records,
    Row,
    read_proposal,
)
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import ForecastRecords
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.domain.weather.daylight import SUN_COLUMNS, suns_over
from flightsched_pipelines.durations import DAY, HOUR, MINUTE
from flightsched_pipelines.services.rules import scheduling_rules
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.time_zones import zone_of


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
    buffer = timedelta(minutes=settings.booking_buffer_minutes)
    oldest = now_utc - timedelta(hours=settings.dispatch_max_age_hours)
    facts = slot_facts(connection, moving, school_id, student_id, resources, now_utc, oldest, buffer)
    bookings = [row for row in facts.lessons if row["booking_id"] not in leaving]
    lesson = next((row for row in bookings if row["booking_id"] == moving.booking_id), None)
    if lesson is None:
        return Revalidated(["the booking is no longer in the schedule"], "missing", "there is no such booking")
    flies = slot.aircraft_id is not None and not facts.in_simulator
    proposal = read_proposal(_proposal(moving, lesson, "unforecast" if flies else NOT_FLOWN))
    records = Records(bookings, [proposal] if isinstance(proposal, Proposal) else [])
    records.learn(facts.availability)
    sky = _forecast_records(facts, slot, now_utc, buffer)
    required = Credentials()
    if facts.requires:
        required = credential_rows.credentials(
            connection, slot.starts_at_utc - DAY - HOUR, slot.ends_at_utc + DAY + HOUR, school_ids=[school_id],
            only=[*resources, ("school", school_id)], leaving=[moving.booking_id, *leaving],
        )  # fmt: skip
    _, violations = examine(
        [proposal], records, sky, scheduling_rules(settings), offered_utc, CredentialRecords(required)
    )
    objections = [sentence for _, _, sentence in violations]
    if not isinstance(proposal, Proposal):
        return Revalidated(objections, "missing", proposal.problem, lesson)
    if not proposal.flies:
        return Revalidated(objections, NOT_FLOWN, "it does not depend on the weather", lesson)
    verdict, why = sky.judge(records.bookings[moving.booking_id], proposal.span)
    lacks = _missing_weather(facts)
    if lacks is not None and verdict != "at_risk":
        verdict, why = "missing", lacks
    return Revalidated(objections, verdict, why, lesson)


def _missing_weather(facts: SlotFacts) -> str | None:
    """Return why no slot can be judged by the newest hour, whatever the sky."""
    if facts.hour_utc is None:
        return "there has been no forecast for some hours"
    return None if facts.areas_written else "the hazard areas of the newest hour are missing"


def _forecast_records(facts: SlotFacts, slot: Slot, now_utc: datetime, buffer: timedelta) -> ForecastRecords:
    """Return the forecast for the airports of a lesson about the time of a slot, the sun times, and the minimums."""
    first_day = (slot.starts_at_utc - 2 * DAY).date()
    return ForecastRecords(
        facts.forecasts,
        facts.minimums,
        facts.airports,
        facts.runways,
        [
            dict(zip(SUN_COLUMNS, day, strict=True))
            for at in facts.airports
            for day in suns_over(at["airport"], at["latitude_deg"], at["longitude_deg"], first_day, 5)
        ],
        facts.hour_utc or now_utc,
        buffer,
        facts.areas,
    )


def describe_move(found: Revalidated, moving: Move) -> str:
    """Return the facts about a move in one sentence.

    Raises:
        ValueError: the lesson is no longer in the schedule.
    """
    if found.lesson is None:
        raise ValueError(f"booking {moving.booking_id} is not in the schedule")
    lesson, slot = found.lesson, moving.slot
    zone = zone_of(lesson["time_zone"])
    new = slot.starts_at_utc.astimezone(zone)
    return slot_description(
        lesson["starts_at_utc"].astimezone(zone), new, solo=lesson["solo"], without_aircraft=slot.aircraft_id is None,
        same_instructor=_same(slot.instructor_id, lesson["instructor_id"]),
        same_aircraft=_same(slot.aircraft_id, lesson["aircraft_id"]), verdict=found.verdict, margin=math.nan,
        wishes=kept_and_missed_by(lesson, new, slot.instructor_id),
    )  # fmt: skip


def _proposal(moving: Move, lesson: Row, verdict: str) -> dict[str, Any]:
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
