"""Sizes of the tables of both databases, indexes and long values included."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, text

from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.engine import dagster_url, ensure_dagster_database
from flightsched_pipelines.settings import Settings

SIZES = text("""
    SELECT n.nspname AS schema, c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
        greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
    WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
""")
"""``rows`` is PostgreSQL's own estimate: counting tables of millions of rows would take as long as it matters."""


DATABASES = text("""
    SELECT sum(pg_database_size(datname)) FROM pg_database
    WHERE datname IN (current_database(), current_database() || '_dagster')
        OR (current_database() = :application AND datname = :dagster)
""")
"""The application's database, and Dagster's if it is beside it under its usual name, or the embedded server's."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table's size in bytes, and about how many rows it has; of Dagster's database, ``schema`` is ``dagster``."""

    schema: str
    name: str
    bytes: int
    rows: int


def database_bytes(engine: Engine) -> int:
    """Return the size of the application's database and of Dagster's, if that is on the same server."""
    application, dagsters = embedded.DATABASES
    with engine.connect() as connection:
        return int(connection.execute(DATABASES, {"application": application, "dagster": dagsters}).scalar_one())


def table_sizes(engine: Engine, settings: Settings) -> Sequence[TableSize]:
    """Return the tables of the application's and of Dagster's database, the largest first."""
    ensure_dagster_database(settings)
    dagsters = create_engine(dagster_url(settings))
    try:
        found = _sizes(engine) + [TableSize("dagster", one.name, one.bytes, one.rows) for one in _sizes(dagsters)]
    finally:
        dagsters.dispose()
    return sorted(found, key=lambda one: (-one.bytes, one.schema, one.name))


def _sizes(engine: Engine) -> list[TableSize]:
    with engine.connect() as connection:
        return [TableSize(row.schema, row.name, row.bytes, row.rows) for row in connection.execute(SIZES)]
