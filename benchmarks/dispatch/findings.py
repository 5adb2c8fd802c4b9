"""An hour's findings as the hourly job would have stored them: many lessons at risk, with alternatives."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Engine, Table, text

from benchmarks.hour.world import HOUR
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services.hourly import proposal_validation

Row = dict[str, Any]


def slot_of(booking: Row) -> tuple[datetime, datetime, int, int]:
    """Return where a booking is."""
    return booking["starts"], booking["ends"], booking["instructor_id"], booking["aircraft_id"]


def alternatives(booking: Row) -> list[tuple[datetime, datetime, int, int]]:
    """Return three evenings on which nobody flies."""
    starts, ends, *who = slot_of(booking)
    later = [timedelta(hours=11, days=days) for days in range(3)]
    return [(starts + by, ends + by, *who) for by in later]  # pyright: ignore[reportReturnType]


def store_findings(engine: Engine, now_utc: datetime, count: int) -> list[Row]:
    """Store an hour in which the next lessons are at risk, from two hours after now on; return them."""
    query = text(
        "SELECT b.*, lower(b.period) AS starts, upper(b.period) AS ends, a.time_zone FROM school.bookings b "
        "JOIN school.airports a ON a.ident = b.departure WHERE lower(b.period) > :after ORDER BY lower(b.period), b.id"
    )
    with engine.connect() as connection:
        bookings = [dict(row) for row in connection.execute(query, {"after": now_utc + timedelta(hours=2)}).mappings()]
    threatened = bookings[:count]
    rules = (("visibility", 0.5, 3.0, -2.5, "SM"), ("ceiling", 300.0, 1_000.0, -700.0, "ft"))
    broken = [
        {
            "booking_id": booking["id"], "verdict": "at_risk", "rule": rule, "effect": "block", "value": value,
            "limit_value": limit, "margin": margin, "unit": unit, "airport": booking["departure"],
            "hour_utc": booking["starts"].replace(minute=0), "layer": "prevailing", "explanation": "At risk.",
            "breach_rank": rank,
        }
        for booking in threatened
        for rank, (rule, value, limit, margin, unit) in enumerate(rules)
    ]  # fmt: skip
    slots = [
        {
            "booking_id": booking["id"], "slot": rank, "rank": rank, "starts_at_utc": starts, "ends_at_utc": ends,
            "instructor_id": instructor, "aircraft_id": aircraft, "verdict": "ok", "margin": 0.2, "score": float(rank),
            "same_instructor": True, "same_aircraft": True, "minutes_moved": 660, "cost_days": float(rank),
            "reason": "Same instructor and aircraft, 11 h later; forecast above the school's minimums",
            "ranked_by": "planner",
        }
        for booking in threatened
        for rank, (starts, ends, instructor, aircraft) in enumerate(alternatives(booking), start=1)
    ]  # fmt: skip
    snapshot = [
        booking
        | {
            "booking_id": booking["id"], "training_level": "private_pilot", "starts_at_utc": booking["starts"],
            "ends_at_utc": booking["ends"],
        }
        for booking in bookings
    ]  # fmt: skip
    verdicts = [{"booking_id": booking["id"], "verdict": "at_risk"} for booking in threatened]
    for name, rows in (
        ("booking_snapshot", snapshot), ("lesson_verdicts", verdicts), ("at_risk_bookings", broken),
        ("reschedule_candidates", slots), ("reschedule_proposals", slots), ("unplaceable_bookings", []),
    ):  # fmt: skip
        write_partition(engine, PIPELINE_TABLES[name], _frame(rows, PIPELINE_TABLES[name]), [HOUR])
    proposal_validation.record_validated(engine, HOUR, len(slots))
    return threatened


def _frame(rows: Sequence[Row], table: Table) -> pd.DataFrame:
    """Return rows as a frame of the table's columns; what they do not say is absent."""
    frame = pd.DataFrame(list(rows)).reindex(columns=[column.name for column in table.columns])
    return frame.assign(partition_hour=pd.Timestamp(HOUR).as_unit("us"))
