"""Archive the hours whose window is over, and delete them from the database.

Each hour of each table is a file of its own. It is written, read back and compared, row by row, and only then are the
rows deleted, in the transaction that notes the file. So an interruption leaves the rows in the database, or in the
archive and noted, or in both and not noted: then the next time finds the file and goes on from there.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, Table, text

from flightsched_pipelines.clients.archive.store import Archive, ArchiveError
from flightsched_pipelines.database import parquet
from flightsched_pipelines.database.queries.retention import archived_hours
from flightsched_pipelines.database.schema import PIPELINE_TABLES, hourly_metrics
from flightsched_pipelines.domain.retention import due
from flightsched_pipelines.domain.retention.windows import archived_tables
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.retention.outcomes import IsTimeUp, Outcome
from flightsched_pipelines.settings import Settings

TABLES: Mapping[str, Table] = {**PIPELINE_TABLES, hourly_metrics.name: hourly_metrics}
"""The tables that are archived, by name."""

ONE_AT_A_TIME = text("SELECT pg_try_advisory_lock(hashtext('flightsched retention'))")
RELEASE = text("SELECT pg_advisory_unlock(hashtext('flightsched retention'))")


class ArchiveBusyError(PlainError, RuntimeError):
    """Another process archives and deletes now."""


@contextmanager
def the_only_one(engine: Engine) -> Generator[None]:
    """Archive and delete in one process at a time; the lock has a connection of its own, beside those of the pool.

    Raises:
        ArchiveBusyError: another one does.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # the pool may have no other, which the work needs
        if not connection.execute(ONE_AT_A_TIME).scalar_one():
            raise ArchiveBusyError("another process archives and deletes now; wait until it has ended")
        try:
            yield
        finally:
            connection.execute(RELEASE)


def hours_due(engine: Engine, settings: Settings, now_utc: datetime) -> dict[str, Sequence[tuple[datetime, int]]]:
    """Return by table the hours that are no longer kept, the oldest first, each with its number of rows."""
    with engine.connect() as connection:
        newest = archived_hours.newest_hour(connection)
        if newest is None:
            return {}
        oldest = archived_hours.oldest_open_case(connection)
        return {
            name: archived_hours.hours_with_rows(
                connection, TABLES[name], due.due_before(name, days, newest, oldest, now_utc)
            )
            for name, days in archived_tables(settings.keep_days).items()
        }


def archive_hours(
    engine: Engine, archive: Archive, settings: Settings, now_utc: datetime, is_time_up: IsTimeUp
) -> list[Outcome]:
    """Archive and delete every hour that is no longer kept, hour by hour, until the time is up.

    An hour that cannot be archived stays, with a sentence among the problems of its table; the others go on.
    """
    outcomes = {name: Outcome(name, days) for name, days in archived_tables(settings.keep_days).items()}
    found = hours_due(engine, settings, now_utc)
    for hour, name in sorted((hour, name) for name, hours in found.items() for hour, _ in hours):
        outcome = outcomes[name]
        if is_time_up():
            outcome.left += 1
            continue
        try:
            rows, size = archive_hour(engine, archive, TABLES[name], hour, now_utc)
        except (ArchiveError, archived_hours.HourChangedError) as error:
            outcome.problems.append(str(error))
            outcome.left += 1
        else:
            outcome.hours, outcome.rows, outcome.bytes = outcome.hours + 1, outcome.rows + rows, outcome.bytes + size
    return list(outcomes.values())


def archive_hour(engine: Engine, archive: Archive, table: Table, hour: datetime, now_utc: datetime) -> tuple[int, int]:
    """Archive an hour of a table and delete its rows; returns their number, and the bytes of the file.

    Raises:
        ArchiveError: the file cannot be written, or holds other rows; the rows stay.
        HourChangedError: the hour was written meanwhile; the rows stay.
    """
    name = file_of(table.name, hour)
    stored = archived_hours.read_hour(engine, table, hour)
    if archive.read(name) is None:
        archive.add(name, parquet.encode(table, stored.rows))
    content = archive.read(name)
    if content is None:
        raise ArchiveError(f"{name} is not in the archive after it was written; see that nothing removes it")
    _compare(table, stored.rows, content, name)
    digest = sha256(content).hexdigest()
    return archived_hours.delete_hour(engine, table, hour, stored.digest, name, digest, now_utc), len(content)


def file_of(table: str, hour: datetime) -> str:
    """Return the place of an hour's file in the archive, by Hive's convention."""
    return f"table={table}/date={hour:%Y-%m-%d}/hour={hour:%H}/rows.parquet"


def _compare(table: Table, rows: Sequence[Sequence[Any]], content: bytes, name: str) -> None:
    """Compare a file, as it was read back, with the rows: their number, and a checksum of every value.

    Raises:
        ArchiveError: it holds anything else.
    """
    names = [column.name for column in table.columns]
    try:
        held_names, held = parquet.decode(content)
    except ValueError as error:
        raise ArchiveError(f"{name} in the archive is damaged: {error}; move it away, and archive again") from None
    if len(held) != len(rows) or parquet.checksum(held_names, held) != parquet.checksum(names, rows):
        raise ArchiveError(
            f"{name} in the archive holds other rows ({len(held):,}) than the database ({len(rows):,}), which stay "
            "there; another database may use this archive: move the file away, or give this one its own ARCHIVE"
        )
