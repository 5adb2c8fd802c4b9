"""Hours of the materialised tables on their way to the archive: read, compared and deleted, each in a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from flightsched_pipelines.database.frames import PARTITION_HOUR, delete_hours, take_turns
from flightsched_pipelines.database.schema import OPEN_STATES, hourly_metrics, partitions, reschedule_cases


class HourChangedError(RuntimeError):
    """An hour was written again while it was archived; its rows stay."""


@dataclass(frozen=True, slots=True)
class StoredHour:
    """An hour's rows, in one order for equal rows, and the database's own digest of them."""

    rows: Sequence[Sequence[Any]]
    digest: str


def newest_hour(connection: Connection) -> datetime | None:
    """Return the newest hour of which any table was written."""
    return connection.execute(select(func.max(partitions.c.partition_hour))).scalar()


def oldest_open_case(connection: Connection) -> datetime | None:
    """Return the hour that opened the oldest open case."""
    c = reschedule_cases.c
    return connection.execute(select(func.min(c.opened_hour)).where(c.state.in_(OPEN_STATES))).scalar()


def hours_with_rows(connection: Connection, table: Table, before: datetime) -> Sequence[tuple[datetime, int]]:
    """Return the hours before one of which a table has rows, the oldest first, with their number."""
    p, hour = partitions.c, table.c[PARTITION_HOUR]
    noted = select(p.partition_hour, p.rows).where(
        p.name == table.name, p.partition_hour < before, p.rows > 0, p.archived_at.is_(None)
    )
    counted = select(hour.label("partition_hour"), func.count().label("rows")).where(hour < before).group_by(hour)
    query = counted if table is hourly_metrics else noted
    return [(row.partition_hour, row.rows) for row in connection.execute(query.order_by("partition_hour"))]


def read_hour(engine: Engine, table: Table, hour: datetime) -> StoredHour:
    """Return an hour's rows and their digest, both of one moment."""
    whole = literal_column(table.name).cast(Text)
    query = select(*table.columns).where(table.c[PARTITION_HOUR] == hour).order_by(whole)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return StoredHour(
            [tuple(row) for row in connection.execute(query)], connection.execute(_digest(table, hour)).scalar_one()
        )


def delete_hour(
    engine: Engine, table: Table, hour: datetime, digest: str, file: str, sha256: str, now_utc: datetime
) -> int:
    """Delete an hour's rows and note their file, unless they are not those that were read; returns how many.

    Raises:
        HourChangedError: they are not; nothing was deleted.
    """
    with engine.begin() as connection:
        # As a writer of the hour does: who is second waits for milliseconds.
        take_turns(connection, table)
        if connection.execute(_digest(table, hour)).scalar_one() != digest:
            raise HourChangedError(f"{table.name} of {hour:%Y-%m-%d %H:%M}Z was written again while it was archived")
        deleted = delete_hours(connection, table, [hour])
        archived = {"archived_at": now_utc, "archive_file": file, "archive_sha256": sha256}
        note = upsert(partitions).values(name=table.name, partition_hour=hour, rows=deleted, **archived)
        key = [partitions.c.name, partitions.c.partition_hour]
        connection.execute(note.on_conflict_do_update(index_elements=key, set_=archived))
    return deleted


def _digest(table: Table, hour: datetime) -> Select[str]:
    """Return a query for the digest of an hour's rows, in whatever order they lie."""
    whole = literal_column(table.name).cast(Text)
    lines = func.string_agg(whole, aggregate_order_by(literal_column("E'\\n'", Text()), whole))
    return (
        select(func.coalesce(func.encode(func.sha256(func.convert_to(lines, "UTF8")), "hex"), ""))
        .where(table.c[PARTITION_HOUR] == hour)
        .select_from(table)
    )
