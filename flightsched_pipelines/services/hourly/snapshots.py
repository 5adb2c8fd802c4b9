"""Schedule and reference data as an hour knew them: read while it runs, and kept for when it is run again."""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.database.frames import read_partition, tables_written
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule.availability import availability
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.durations import DAY, HOUR
from flightsched_pipelines.services.hourly.reference import take_snapshot
from flightsched_pipelines.settings import Settings


def snapshot_bookings(engine: Engine, hour_utc: datetime, now_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the bookings at an hour, from a day before (duty hours) to the rescheduling horizon."""
    stored = _stored_if_past(engine, "booking_snapshot", hour_utc, now_utc)
    if stored is not None:
        return stored
    return schedule.bookings(engine, hour_utc - DAY, horizon_of(hour_utc, settings.reschedule_horizon_days), hour_utc)


def snapshot_availability(engine: Engine, hour_utc: datetime, now_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the availability of each school, student, instructor and aircraft at an hour, on whole UTC days.

    It is the same for all hours of a day in which nothing changes, and so stored once. `within` cuts it to the hour's
    own time.
    """
    stored = _stored_if_past(engine, "availability_snapshot", hour_utc, now_utc)
    if stored is not None:
        return stored
    last_day = horizon_of(hour_utc, settings.reschedule_horizon_days).astimezone(UTC).date()
    return availability(engine, _midnight(hour_utc.astimezone(UTC).date()), _midnight(last_day + DAY))


def snapshot_reference(engine: Engine, hour_utc: datetime, now_utc: datetime, settings: Settings) -> pd.DataFrame:
    """Return the hour's reference data, a row a part, with the digest of its content."""
    stored = _stored_if_past(engine, "reference_snapshot", hour_utc, now_utc)
    return take_snapshot(engine, hour_utc, settings) if stored is None else stored


def horizon_of(hour_utc: datetime, days: int) -> datetime:
    """Return the end of the time in which an hour looks at the schedule, to find slots for some days."""
    return hour_utc + timedelta(days=days + 1)


def _stored_if_past(engine: Engine, table: str, hour_utc: datetime, now_utc: datetime) -> pd.DataFrame | None:
    if now_utc < hour_utc + HOUR:
        return None
    stored = read_partition(engine, PIPELINE_TABLES[table], [hour_utc])
    with engine.connect() as connection:  # an hour without any booking counts, too
        known = not stored.empty or tables_written(connection, [table], hour_utc)
    return stored.drop(columns="partition_hour") if known else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
