"""Airports and their runways: what is new is added, what differs is changed, nothing is taken away."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import insert

from flightsched_pipelines.database.schema import airports, runways

Row = Mapping[str, Any]


def airports_stored(connection: Connection) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the stored airports by their key."""
    return _stored(connection, airports)


def runways_stored(connection: Connection) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the stored runway ends by their key."""
    return _stored(connection, runways)


def store_airports(connection: Connection, rows: Sequence[Row]) -> None:
    """Add airports, or change them; each row has all that it needs."""
    for row in rows:  # few, and not all with the same columns
        _store(connection, airports, [row])


def store_runways(connection: Connection, rows: Sequence[Row]) -> None:
    """Add runway ends, or change them."""
    if rows:
        _store(connection, runways, rows)


def _store(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    keys = [column.name for column in table.primary_key]
    statement = insert(table).values([dict(row) for row in rows])
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def _stored(connection: Connection, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    rows = connection.execute(select(table)).mappings()
    return {tuple(row[name] for name in keys): dict(row) for row in rows}
