"""An hour's rows of a materialised table as a Parquet file, and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from io import BytesIO
from typing import Any

import pyarrow
import pyarrow.parquet
from sqlalchemy import ARRAY, BigInteger, Boolean, Date, DateTime, Double, Integer, Table, Text
from sqlalchemy.types import TypeEngine

arrow: Any = pyarrow  # it declares no types
arrow_files: Any = pyarrow.parquet

_TYPES: Sequence[tuple[type[TypeEngine[Any]], Any]] = (
    (DateTime, arrow.timestamp("us", "UTC")),
    (Boolean, arrow.bool_()),
    (BigInteger, arrow.int64()),
    (Integer, arrow.int32()),
    (Double, arrow.float64()),
    (Text, arrow.string()),
    (ARRAY, arrow.list_(arrow.string())),
    (Date, arrow.date32()),
)
"""Arrow's types by the database's; the first that fits."""


def encode(table: Table, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows of a table, its columns in their order, as a Parquet file with the columns' types and comments."""
    fields: list[Any] = [
        arrow.field(
            one.name, _arrow_type(one.type), nullable=bool(one.nullable), metadata={"comment": one.comment or ""}
        )
        for one in table.columns
    ]
    values = zip(*rows, strict=True) if rows else [()] * len(fields)
    arrays: list[Any] = [
        arrow.array(list(of_column), type=field.type) for of_column, field in zip(values, fields, strict=True)
    ]
    buffer = BytesIO()
    arrow_files.write_table(arrow.Table.from_arrays(arrays, schema=arrow.schema(fields)), buffer, compression="zstd")
    return buffer.getvalue()


def decode(content: bytes) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """Return the columns and the rows of a Parquet file, as Python has them.

    Raises:
        ValueError: it is not a whole Parquet file.
    """
    try:
        read: Any = arrow_files.read_table(BytesIO(content))
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"it is not a whole Parquet file: {error!s}") from None
    columns: Mapping[str, list[Any]] = read.to_pydict()
    return list(columns), list(zip(*columns.values(), strict=True))


def checksum(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a digest of rows with their columns' names; instants count as such, whatever their zone's class."""
    digest = sha256(repr(list(names)).encode())
    for row in rows:
        digest.update(repr([_plain(value) for value in row]).encode())
    return digest.hexdigest()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _arrow_type(kind: TypeEngine[Any]) -> Any:  # noqa: ANN401
    return next(of_arrow for of_sql, of_arrow in _TYPES if isinstance(kind, of_sql))
