"""Frames in and out of the materialised tables: a partition is replaced in one transaction, by COPY."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
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
    Table,
    Text,
    cast,
    delete,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import NULLTYPE, TypeEngine

from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.database.schema import partitions

PARTITION = "partition_hour"

_DTYPES: Sequence[tuple[type[TypeEngine[Any]], str, str]] = (
    (DateTime, "datetime64[us, UTC]", "datetime64[us, UTC]"),
    (Boolean, "bool", "boolean"),
    (Integer, "int64", "Int64"),
    (BigInteger, "int64", "Int64"),
    (Double, "float64", "float64"),
    (Text, "str", "str"),
    (ARRAY, "object", "object"),
    (Date, "object", "object"),
)


class FrameError(ValueError):
    """A frame that does not fit its table; the message names the columns."""


def write_partition(engine: Engine, table: Table, frame: pd.DataFrame, hours: Sequence[datetime]) -> int:
    """Replace the table's rows of these hours by the frame's; all of it happens, or nothing.

    Two writers of one table take turns, so that an hour holds the rows of one of them.

    Returns:
        The number of rows written.

    Raises:
        FrameError: a column is missing, or too many; or a row belongs to none of the hours.
    """
    names = [column.name for column in table.columns]
    missing, extra = sorted(set(names) - set(frame.columns)), sorted(set(frame.columns) - set(names))
    if missing or extra:
        raise FrameError(f"{table.fullname}: missing columns {missing}, columns it does not have {extra}")
    strangers = set(frame[PARTITION]) - {pd.Timestamp(hour) for hour in hours}
    if strangers:
        raise FrameError(f"{table.fullname}: rows of {min(strangers)}, which is none of the hours being written")
    columns = ", ".join(f'"{name}"' for name in names)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": table.fullname})
        connection.execute(delete(table).where(table.c[PARTITION].in_(list(hours))))
        cursor = connection.connection.cursor()
        # COPY takes no parameters; the names come from our own schema.
        with cursor.copy(f"COPY {table.fullname} ({columns}) FROM STDIN") as copy:
            for row in _rows(_whole(frame[names], table)):
                copy.write_row(row)
        counts = frame[PARTITION].value_counts()
        for hour in hours:
            record_partition(connection, table.name, hour, int(counts.get(pd.Timestamp(hour), 0)))
    return len(frame)


def record_partition(connection: Connection, name: str, hour_utc: datetime, rows: int) -> None:
    """Note that an hour of a table was written, or that a check of an hour was passed."""
    note = upsert(partitions).values(name=name, partition_hour=hour_utc, rows=rows)
    key = [partitions.c.name, partitions.c.partition_hour]
    connection.execute(note.on_conflict_do_update(index_elements=key, set_={"rows": rows, "at": func.now()}))


def read_partition(
    source: Source, table: Table, hours: Sequence[datetime], *which: ColumnElement[bool]
) -> pd.DataFrame:
    """The table's rows of these hours, or ``which`` of them, in their declared types; lists come back as lists."""
    columns = [_read_fast(column) for column in table.columns]
    query = select(*columns).where(table.c[PARTITION].in_(list(hours)), *which)
    with reading(source) as connection:
        return typed(connection.execute(query).all(), table)


def partition_rows(
    connection: Connection, table: Table, columns: Sequence[str], hour: datetime, *which: ColumnElement[bool]
) -> Sequence[Mapping[Any, Any]]:
    """Columns of some of the table's rows of an hour, as they are stored."""
    query = select(*(table.c[name] for name in columns)).where(table.c[PARTITION] == hour, *which)
    return connection.execute(query).mappings().all()


def newest_partition(engine: Engine, table: Table) -> datetime | None:
    """The newest hour that the table has rows of."""
    with engine.connect() as connection:
        return connection.execute(select(func.max(table.c[PARTITION]))).scalar()


def newest_written(connection: Connection, name: str) -> datetime | None:
    """The newest hour of which a table was written, whether or not it has rows."""
    query = select(func.max(partitions.c.partition_hour)).where(partitions.c.name == name)
    return connection.execute(query).scalar()


def typed(rows: Sequence[Sequence[Any]], table: Table) -> pd.DataFrame:
    """Rows of a table as a frame with the types that its columns declare; instants in microseconds of the epoch."""
    columns = zip(*rows, strict=True) if rows else [()] * len(table.columns)
    return pd.DataFrame(
        {
            column.name: _typed(values, column.type, nullable=bool(column.nullable))
            for column, values in zip(table.columns, columns, strict=True)
        }
    )


def _typed(values: Sequence[Any], type_: TypeEngine[Any], *, nullable: bool) -> "pd.Series[Any]":
    required, optional = next((required, optional) for kind, required, optional in _DTYPES if isinstance(type_, kind))
    if isinstance(type_, DateTime):
        micros = pd.array(values, dtype="Int64").to_numpy(dtype="datetime64[us]", na_value=np.datetime64("NaT"))
        return pd.Series(pd.DatetimeIndex(micros, tz="UTC"))
    if isinstance(type_, ARRAY):
        return pd.Series(list(values), dtype=object)
    return pd.Series(values, dtype=pd.api.types.pandas_dtype(optional if nullable else required))


def _read_fast(column: Column[Any]) -> ColumnElement[Any]:
    """A column as it costs least to read: instants as numbers, and lists as the driver has made them already."""
    if isinstance(column.type, DateTime):
        return cast(func.extract("epoch", column) * 1_000_000, BigInteger)
    return type_coerce(column, NULLTYPE) if isinstance(column.type, ARRAY) else column


def _whole(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with whole numbers where the table has them: pandas makes floats of those when one is absent."""
    floats = [
        column.name
        for column in table.columns
        if isinstance(column.type, Integer) and pd.api.types.is_float_dtype(frame[column.name])
    ]
    return frame.astype(dict.fromkeys(floats, "Int64"))


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return zip(*(_plain(frame[name]) for name in frame.columns), strict=True)


def _plain(values: "pd.Series[Any]") -> Iterable[Any]:
    """A column as the driver takes it, with None for what is absent; instants in ISO 8601, which costs it least."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        instants = values.to_numpy(dtype="datetime64[us]")
        said = np.datetime_as_string(instants, timezone="UTC").astype(object)
        said[np.isnat(instants)] = None
        return said.tolist()
    if not isinstance(values.dtype, pd.StringDtype) and values.dtype != object:
        return values.astype(object).where(values.notna(), None).tolist()
    absent = values.isna().tolist()
    return [None if gone else _clean(value) for value, gone in zip(values.tolist(), absent, strict=True)]


def _clean(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "")  # PostgreSQL's text holds every character but this one
    if isinstance(value, list | tuple):
        return [str(item).replace("\x00", "") for item in value]
    return value
