"""Results of asset checks in Dagster's database: nothing of Dagster's deletes them, not even with their run."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, column, delete, func, select, table

_EXECUTIONS = table(
    "asset_check_executions", column("id"), column("asset_key"), column("check_name"), column("partition"),
    column("create_timestamp"),
)  # fmt: skip
"""As Dagster 1.13 has it; a test lets Dagster write it."""

BATCH = 5000


def newest(connection: Connection) -> Collection[int]:
    """Return the newest result of each check, which the UI shows."""
    e = _EXECUTIONS.c
    query = select(func.max(e.id)).group_by(e.asset_key, e.check_name, e.partition)
    return list(connection.execute(query).scalars())


def count_older(connection: Connection, before: datetime, but: Collection[int]) -> int:
    """Return how many results are older than a moment, but for some."""
    query = select(func.count()).select_from(_EXECUTIONS).where(_older(before, but))
    return int(connection.execute(query).scalar_one())


def delete_older(connection: Connection, before: datetime, but: Collection[int]) -> int:
    """Delete at most a batch of them; returns how many, 0 at the end."""
    e = _EXECUTIONS.c
    batch = select(e.id).where(_older(before, but)).order_by(e.id).limit(BATCH)
    return connection.execute(delete(_EXECUTIONS).where(e.id.in_(batch))).rowcount


def _older(before: datetime, but: Collection[int]) -> ColumnElement[bool]:
    e = _EXECUTIONS.c
    return (e.create_timestamp < before.replace(tzinfo=None)) & e.id.not_in(list(but))
