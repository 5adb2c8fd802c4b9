"""Delete what is no longer kept: the archived hours, and records of the school's tables that have a window."""

from datetime import datetime

from sqlalchemy import Engine

from flightsched_pipelines.clients.archive.store import open_archive
from flightsched_pipelines.database.queries.retention import school_records
from flightsched_pipelines.domain.retention.windows import Kept, archived_tables
from flightsched_pipelines.services.retention import archive
from flightsched_pipelines.services.retention.outcomes import IsTimeUp, Outcome, before, with_windows
from flightsched_pipelines.settings import Settings


def due(engine: Engine, settings: Settings, now_utc: datetime) -> list[Outcome]:
    """Return what would be deleted now, and change nothing."""
    hours = archive.hours_due(engine, settings, now_utc)
    tables = [
        Outcome(name, days, sum(rows for _, rows in hours.get(name, ())), len(hours.get(name, ())))
        for name, days in archived_tables(settings.keep_days).items()
    ]
    with engine.connect() as connection:
        return tables + [
            Outcome(name, days, school_records.count(connection, name, before(days, now_utc)))
            for name, days in with_windows(settings, Kept.SCHOOL)
        ]


def apply(engine: Engine, settings: Settings, now_utc: datetime, is_time_up: IsTimeUp) -> list[Outcome]:
    """Archive and delete what is due, until the time is up.

    Raises:
        ArchiveBusyError: another process does.
    """
    store = open_archive(settings)
    with archive.the_only_one(engine):
        hours = [] if store is None else archive.archive_hours(engine, store, settings, now_utc, is_time_up)
        return hours + [
            _delete(engine, name, days, now_utc, is_time_up) for name, days in with_windows(settings, Kept.SCHOOL)
        ]


def _delete(engine: Engine, name: str, days: float, now_utc: datetime, is_time_up: IsTimeUp) -> Outcome:
    outcome = Outcome(name, days)
    while not is_time_up():
        deleted = school_records.delete_batch(engine, name, before(days, now_utc))
        outcome.rows += deleted
        if not deleted:
            return outcome
    outcome.left = 1
    return outcome
