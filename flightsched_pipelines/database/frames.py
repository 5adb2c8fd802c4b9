"""Read and write the materialised tables as frames: a partition is replaced in one transaction, by COPY."""

import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    Integer,
    Select,
    Table,
    Text,
    cast,
    delete,
    exists,
    func,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import NULLTYPE, TypeEngine

from flightsched_pipelines.database import availability_sets
from flightsched_pipelines.database.copying import array_literal, copy_rows
from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.database.given_rows import is_one_of
from flightsched_pipelines.database.schema import Kind, availability_snapshot, partitions
from flightsched_pipelines.errors import PlainError

PARTITION_HOUR = "partition_hour"
"""The column that says to which hour a row of a materialised table belongs."""

_DTYPES: Sequence[tuple[type[TypeEngine[Any]], str, str]] = (
    (DateTime, "datetime64[us, UTC]", "datetime64[us, UTC]"),
    (Boolean, "bool", "boolean"),
    (Integer, "int64", "Int64"),
    (BigInteger, "int64", "Int64"),
    (Double, "float64", "float64"),
    (Kind, "category", "category"),
    (Text, "str", "str"),
    (ARRAY, "object", "object"),
    (Date, "object", "object"),
)


class FrameError(PlainError, ValueError):
    """A frame that does not fit its table; the message names the columns."""


class ArchivedHourError(PlainError, LookupError):
    """An hour's rows are in the archive, and no longer in the table; the message names their file."""


def require_kept(connection: Connection, names: Sequence[str], hours: Sequence[datetime]) -> None:
    """Raise if rows of an hour were archived: without them it can be neither read nor run again.

    Raises:
        ArchivedHourError: they were.
    """
    refuse_archived(connection.execute(select_archived(names, partitions.c.partition_hour.in_(list(hours)))).all())


def select_archived(names: Sequence[str], which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query for the first hour of some tables whose rows were archived; `refuse_archived` reads it."""
    p = partitions.c
    query = select(p.name, p.partition_hour, p.archive_file)
    return query.where(is_one_of(p.name, names), which, p.archived_at.is_not(None)).order_by(p.partition_hour).limit(1)


def refuse_archived(archived: Sequence[Any]) -> None:
    """Raise if a row of `select_archived` was found.

    Raises:
        ArchivedHourError: it was.
    """
    for found in archived:
        raise ArchivedHourError(
            f"The rows of {found.name} of {found.partition_hour:%Y-%m-%d %H:%M}Z are in the archive, in "
            f"{found.archive_file}, and no longer in the database: read them there, or choose a later hour"
        )


def write_partition(
    engine: Engine, table: Table, frame: pd.DataFrame, hours: Sequence[datetime], *, is_of_a_run: bool = True
) -> pd.DataFrame:
    """Replace the table's rows of these hours by the frame's; all of them, or nothing.

    The hours count as written, unless the rows are not of a run (``is_of_a_run``). Two writers of one table take turns,
    so that an hour has the rows of one of them.

    Returns:
        The rows as stored: what `read_partition` returns for these hours.

    Raises:
        FrameError: a column is missing, or unknown; or a row belongs to none of the hours.
        ArchivedHourError: an hour was archived.
    """
    stored = _stored(table, frame)
    strangers = set(frame[PARTITION_HOUR].unique()) - {pd.Timestamp(hour) for hour in hours}
    if strangers:
        raise FrameError(f"{table.fullname}: rows of {min(strangers)}, which is not one of the hours being written")
    with engine.begin() as connection:
        take_turns(connection, table)
        require_kept(connection, [table.name], hours)
        if table is availability_snapshot:
            availability_sets.replace_hours(connection, stored, hours)
        else:
            delete_hours(connection, table, hours)
            _copy(connection, table, stored)
        counts = stored[PARTITION_HOUR].value_counts()
        for hour in hours if is_of_a_run else ():
            record_partition(connection, table.name, hour, int(counts.get(pd.Timestamp(hour), 0)))
    return stored


def delete_hours(connection: Connection, table: Table, hours: Sequence[datetime]) -> int:
    """Delete the table's rows of some hours; returns their number."""
    if table is availability_snapshot:
        return availability_sets.delete_hours(connection, hours)
    return connection.execute(delete(table).where(table.c[PARTITION_HOUR].in_(list(hours)))).rowcount


def take_turns(connection: Connection, table: Table) -> None:
    """Wait for every other writer of a table; until the transaction ends, they wait for this one."""
    connection.execute(text(f"LOCK TABLE {table.fullname} IN SHARE ROW EXCLUSIVE MODE"))


def add_to_partition(connection: Connection, table: Table, frame: pd.DataFrame, hour_utc: datetime) -> None:
    """Add rows to those that a table has of an hour; if a run wrote the hour, its noted number of rows grows.

    The caller has the table to itself (`take_turns`), and has left out what is there.

    Raises:
        FrameError: a column is missing, or unknown.
        ArchivedHourError: the hour was archived.
    """
    require_kept(connection, [table.name], [hour_utc])
    _copy(connection, table, _stored(table, frame))
    p = partitions.c
    noted = update(partitions).where(p.name == table.name, p.partition_hour == hour_utc)
    connection.execute(noted.values(rows=p.rows + len(frame)))


def _stored(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    names = [column.name for column in table.columns]
    missing, extra = sorted(set(names) - set(frame.columns)), sorted(set(frame.columns) - set(names))
    if missing or extra:
        raise FrameError(f"{table.fullname}: missing columns {missing}, columns it does not have {extra}")
    return pd.DataFrame({column.name: _as_stored(frame[column.name], column) for column in table.columns})


def _copy(connection: Connection, table: Table, stored: pd.DataFrame) -> None:
    columns = (_plain(stored[column.name], column) for column in table.columns)
    copy_rows(connection, table, zip(*columns, strict=True))


def record_partition(connection: Connection, name: str, hour_utc: datetime, rows: int) -> None:
    """Record that an hour of a table was written, or that a check of an hour passed."""
    note = upsert(partitions).values(name=name, partition_hour=hour_utc, rows=rows)
    key = [partitions.c.name, partitions.c.partition_hour]
    connection.execute(note.on_conflict_do_update(index_elements=key, set_={"rows": rows, "at": func.now()}))


def read_partition(
    source: Source,
    table: Table,
    hours: Sequence[datetime],
    *which: ColumnElement[bool],
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the table's rows of these hours, filtered by ``which``, in their declared types; lists come back as lists.

    ``names`` are the columns to read, if not all of them are needed.

    Raises:
        ArchivedHourError: an hour was archived.
    """
    columns = [table.c[name] for name in names] if names else list(table.columns)
    query = select(*map(_read_fast, columns)).where(table.c[PARTITION_HOUR].in_(list(hours)), *which)
    with reading(source) as connection:
        require_kept(connection, [table.name], hours)
        return _frame(connection.execute(query).all(), columns)


def partition_rows(
    connection: Connection, table: Table, names: Sequence[str], hour: datetime, *which: ColumnElement[bool]
) -> Sequence[Mapping[Any, Any]]:
    """Return columns of some of the table's rows of an hour, as they are stored."""
    columns = (type_coerce(column, NULLTYPE) if isinstance(column.type, ARRAY) else column
               for column in (table.c[name] for name in names))  # fmt: skip
    query = select(*columns).where(table.c[PARTITION_HOUR] == hour, *which)
    require_kept(connection, [table.name], [hour])
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query).all()]


def count_rows(engine: Engine, table: Table, hour: datetime) -> int:
    """Return the number of the table's rows of an hour."""
    query = select(func.count()).select_from(table).where(table.c[PARTITION_HOUR] == hour)
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()


def newest_partition(engine: Engine, table: Table) -> datetime | None:
    """Return the newest hour of which the table has rows."""
    with engine.connect() as connection:
        return connection.execute(select(func.max(table.c[PARTITION_HOUR]))).scalar()


def newest_written(connection: Connection, name: str, *others: str) -> datetime | None:
    """Return the newest hour of which a table, and all the others, were written, whether or not they have rows."""
    p = partitions.c
    query = select(p.partition_hour).where(p.name == name, *(is_written(other, p.partition_hour) for other in others))
    return connection.execute(query.order_by(p.partition_hour.desc()).limit(1)).scalar()


def is_written(name: str, hour: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a table was written for an hour, whether or not it has rows of it."""
    written = partitions.alias().c
    return exists().where(written.name == name, written.partition_hour == hour)


def hours_written(connection: Connection, name: str, from_utc: datetime, to_utc: datetime) -> list[datetime]:
    """Return the hours in ``[from_utc, to_utc)`` of which a table was written and has its rows, in their order."""
    p = partitions.c
    which = p.name == name, p.archived_at.is_(None), p.partition_hour >= from_utc, p.partition_hour < to_utc
    return list(connection.execute(select(p.partition_hour).where(*which).order_by(p.partition_hour)).scalars())


def first_written(connection: Connection) -> datetime | None:
    """The first hour of which any table was written."""
    return connection.execute(select(func.min(partitions.c.partition_hour))).scalar()


def written_at(connection: Connection, name: str, hour: datetime) -> datetime | None:
    """Return when an hour of a table was last written."""
    query = select(partitions.c.at).where(partitions.c.name == name, partitions.c.partition_hour == hour)
    return connection.execute(query).scalar()


def tables_written(connection: Connection, names: Sequence[str], hour: datetime) -> int:
    """Return how many of these tables were written for an hour, whether or not they have rows of it."""
    query = select(func.count()).where(partitions.c.name.in_(list(names)), partitions.c.partition_hour == hour)
    return int(connection.execute(query).scalar_one())


def typed(rows: Sequence[Sequence[Any]], table: Table) -> pd.DataFrame:
    """Return rows of a table as a frame with the types of its columns; instants in microseconds of the epoch."""
    return _frame(rows, list(table.columns))


def _frame(rows: Sequence[Sequence[Any]], columns: Sequence[Column[Any]]) -> pd.DataFrame:
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return pd.DataFrame(
        {column.name: _typed(of_column, column) for column, of_column in zip(columns, values, strict=True)}
    )


def _typed(values: Sequence[Any], column: Column[Any]) -> "pd.Series[Any]":
    if isinstance(column.type, DateTime):
        micros = pd.array(values, dtype="Int64").to_numpy(dtype="datetime64[us]", na_value=np.datetime64("NaT"))
        return pd.Series(pd.DatetimeIndex(micros, tz="UTC"))
    if isinstance(column.type, ARRAY):
        return pd.Series(list(values), dtype=object)
    if isinstance(column.type, Text) and not values:  # no value shows that the categories are text
        return typing.cast("pd.Series[Any]", pd.Series([], dtype="str").astype(_dtype(column)))
    return pd.Series(values, dtype=_dtype(column))


def _dtype(column: Column[Any], *, nullable: bool = False) -> Any:  # noqa: ANN401, of numpy or pandas
    kinds = (pair for kind, *pair in _DTYPES if isinstance(column.type, kind))
    required, optional = next(kinds)
    return pd.api.types.pandas_dtype(optional if nullable or column.nullable else required)


def _read_fast(column: Column[Any]) -> ColumnElement[Any]:
    """A column in the form that is cheapest to read: instants as numbers, and lists as made by the driver."""
    if isinstance(column.type, DateTime):
        return cast(func.extract("epoch", column) * 1_000_000, BigInteger)
    return type_coerce(column, NULLTYPE) if isinstance(column.type, ARRAY) else column


def _as_stored(values: "pd.Series[Any]", column: Column[Any]) -> "pd.Series[Any]":
    """A column as it will be read: in its declared type, without characters that PostgreSQL's text cannot contain."""
    values = values.reset_index(drop=True)
    if isinstance(column.type, ARRAY):
        return pd.Series([_words(items) for items in values.tolist()], dtype=object)
    if isinstance(column.type, Date):
        return values.astype(object).where(values.notna(), None)
    if isinstance(column.type, Text):
        said = values.astype("str")
        said = said.str.replace("\x00", "") if "\x00" in "".join(said.dropna().to_numpy(dtype=object)) else said
        return typing.cast("pd.Series[Any]", said.astype(_dtype(column)))
    # The database decides whether a value may be absent.
    return typing.cast("pd.Series[Any]", values.astype(_dtype(column, nullable=bool(values.hasnans))))


def _words(items: object) -> list[str] | None:
    if not isinstance(items, list | tuple | np.ndarray):
        return None
    return _list_of(tuple(map(str, typing.cast("Iterable[object]", items))))


@lru_cache(maxsize=10_000)  # most rows have the same, or nothing; a list of its own takes more than all it contains
def _list_of(items: tuple[str, ...]) -> list[str]:
    """Return a list without characters that PostgreSQL's text cannot contain; equal rows share it."""
    return [item.replace("\x00", "") for item in items]


def _plain(values: "pd.Series[Any]", column: Column[Any]) -> Iterable[Any]:
    """A column as the driver takes it, None if absent; instants and lists as text, which is cheapest for it."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        # Rows share few instants: each is written once. An absent one has index -1.
        factors = typing.cast("tuple[np.ndarray, np.ndarray]", pd.factorize(values.to_numpy(dtype="datetime64[us]")))
        texts: list[str] = np.datetime_as_string(factors[1], timezone="UTC").tolist()
        places: list[int] = factors[0].tolist()
        absent: list[str | None] = [*texts, None]
        return [absent[place] for place in places]
    if isinstance(column.type, ARRAY):
        return [None if items is None else _array_literal(tuple(items)) for items in values.tolist()]
    plain = values.astype(object)
    return (plain.where(values.notna(), None) if values.hasnans else plain).tolist()


_array_literal = lru_cache(maxsize=10_000)(array_literal)  # most rows say the same, or nothing
