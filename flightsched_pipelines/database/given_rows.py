"""Rows given to a statement as one parameter: its text, and so its plan, is the same however many there are."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.types import TypeEngine

Row = TypeVar("Row")

MOST_ROWS = 2_000


def given(name: str, **columns: TypeEngine[Any] | type[TypeEngine[Any]]) -> FromClause:
    """Return the rows of the parameter ``name``, made by `as_parameter`, as a table with these columns.

    PostgreSQL cannot tell how few they are: with a large table they are joined by `among` besides, or it is read whole.
    """
    rows = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON))
    typed = (column(key, type_) for key, type_ in columns.items())
    return rows.table_valued(*typed, name=f"given_{name}").render_derived(with_types=True)


def insert_given(name: str, table: Table, names: Sequence[str]) -> Insert:
    """Return the insertion of the rows of the parameter ``name``, with these columns."""
    columns: list[Column[Any]] = [table.c[one] for one in names]
    rows = given(name, **{one.name: one.type for one in columns})
    return insert(table).from_select(list(names), select(*rows.c))


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return whether a number is one of the list that is the parameter ``name``."""
    return column == any_(bindparam(name, type_=ARRAY(BigInteger)))


def is_one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return whether a column has one of some values, which the statement spells out.

    PostgreSQL uses a partial index only if the statement shows that the index has the row; a plan that is kept for any
    values of parameters sees none of them.
    """
    return column.in_([spelled_out(value) for value in values])


def spelled_out(value: str) -> ColumnElement[str]:
    """Return text as the statement itself has it, in quotes, instead of a parameter."""
    doubled = value.replace("'", "''")
    return literal_column(f"'{doubled}'", Text)


def as_parameter(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as the parameter of a statement made with `given`."""
    return json.dumps(list(rows), default=_plain)


def in_batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield the rows in parts that are small enough for one parameter, whatever each holds."""
    for first in range(0, len(rows), MOST_ROWS):
        yield rows[first : first + MOST_ROWS]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be part of a given row")
