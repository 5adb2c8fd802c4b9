"""Find how often verdicts like those on lessons came true."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from flightsched_pipelines.database.frames import partition_rows
from flightsched_pipelines.database.queries.verification import verdicts_come_true
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.verification.track_record import (
    UNOBSERVED_RULES,
    Likeness,
    TrackRecord,
    lead_like,
    track_record,
)
from flightsched_pipelines.durations import DAY

RECORD_DAYS = 365
"""Older verdicts do not count: minimums and forecasts change."""


def track_records(
    connection: Connection, lessons: Mapping[int, tuple[int, datetime, Breach]], hour_utc: datetime
) -> dict[int, TrackRecord]:
    """Return the records that are long enough, by booking; of lessons that the hour found below the minimums alone.

    Args:
        connection: the transaction.
        lessons: the school, start and gravest breach of lessons, by booking.
        hour_utc: the hour of their verdicts.
    """
    alike = {
        booking_id: Likeness(school_id, breach.rule, breach.airport, lead)
        for booking_id, (school_id, starts_at_utc, breach) in lessons.items()
        if breach.rule not in UNOBSERVED_RULES and (lead := lead_like(starts_at_utc, hour_utc)) is not None
    }
    verdicts = PIPELINE_TABLES["lesson_verdicts"]
    which = verdicts.c.booking_id.in_(alike), verdicts.c.verdict == "at_risk"
    at_risk = {row["booking_id"] for row in partition_rows(connection, verdicts, ["booking_id"], hour_utc, *which)}
    alike = {booking_id: like for booking_id, like in alike.items() if booking_id in at_risk}
    if not alike:
        return {}
    schools = {like.school_id for like in alike.values()}
    counts = verdicts_come_true(connection, schools, hour_utc - RECORD_DAYS * DAY)
    found = {booking_id: track_record(counts, like) for booking_id, like in alike.items()}
    return {booking_id: record for booking_id, record in found.items() if record is not None}
