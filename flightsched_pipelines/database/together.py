"""Statements that do not depend on each other, sent as one: each one sent costs as much as reading many rows.

Every query becomes a column of one row, its rows as JSON, which is quick to write and to read. All of them see the same
snapshot, so what is read about a lock must come in a later statement than the lock.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    CompoundSelect,
    Connection,
    CursorResult,
    Date,
    DateTime,
    Delete,
    Double,
    FromClause,
    Insert,
    Integer,
    Select,
    Text,
    Time,
    Update,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, psycopg
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import String, TypeEngine

Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | Insert | Update | Delete

_DIALECT = psycopg.dialect()
_AS_THEY_ARE = (Integer, Boolean, String, Text, ARRAY, JSONB)
_READ: Sequence[tuple[type[TypeEngine[Any]], Callable[[Any], Any]]] = (
    (DateTime, datetime.fromisoformat),
    (Date, date.fromisoformat),
    (Time, time.fromisoformat),
    (Double, float),  # 5 comes as an integer, NaN as a word
)


class Together:
    """Named statements that are sent as one; made once, as making it costs more than running it.

    Changes are made whether or not they return rows; none may depend on another's, nor change a row that another
    changes.
    """

    def __init__(self, **statements: Statement) -> None:
        """Combine statements, whose parameters are shared by name."""
        self._readers: dict[str, _Reader] = {}
        columns: list[ColumnElement[Any]] = []
        silent: list[Any] = []
        for name, statement in statements.items():
            if isinstance(statement, Select | CompoundSelect):
                rows: FromClause = statement.subquery(name)
            else:
                change = statement.cte(name)
                if not statement.exported_columns:
                    silent.append(change)
                    continue
                rows = select(change).subquery(f"{name}_rows")
            self._readers[name] = _Reader(name, list(rows.c))
            columns.append(select(func.json_agg(func.json_build_array(*rows.c))).scalar_subquery().label(name))
        self._sent = _Sent(select(*columns or [true()]).add_cte(*silent))

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
        """Run all, and return the rows of each by its name, in their order."""
        found = self._sent.run(connection, values).one()
        return {
            name: reader.rows(rows or []) for (name, reader), rows in zip(self._readers.items(), found, strict=False)
        }


class _Sent:
    """A statement as PostgreSQL gets it, and its parameters as the driver does; made once in a process.

    SQLAlchemy would do so for each engine, and compare the whole statement each time to find what it made.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        if "POSTCOMPILE" in self._text:
            raise ValueError("a list of values would change the text: give it by `among` or `is_one_of`")
        processors = {
            name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
            for bind, name in compiled.bind_names.items()
        }
        self._processors = [(name, process) for name, process in processors.items() if process is not None]
        self._constants = self._processed(
            {name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required}
        )

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        return connection.exec_driver_sql(self._text, {**self._constants, **self._processed(values)})

    def _processed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, **{name: process(values[name]) for name, process in self._processors if name in values}}


class _Reader:
    """Makes rows of JSON into rows as the driver would return them."""

    def __init__(self, name: str, columns: Sequence[ColumnElement[Any]]) -> None:
        if len({column.name for column in columns}) < len(columns):
            raise ValueError(f"two columns of '{name}' have the same name; label them")
        self._row = result_tuple([column.name for column in columns])
        readers = [(place, _reader_of(column)) for place, column in enumerate(columns)]
        self._readers = [(place, read) for place, read in readers if read is not None]

    def rows(self, found: Sequence[list[Any]]) -> Sequence[Any]:
        for values in found:
            for place, read in self._readers:
                if values[place] is not None:
                    values[place] = read(values[place])
        return [self._row(values) for values in found]


def _reader_of(column: ColumnElement[Any]) -> Callable[[Any], Any] | None:
    for type_, read in _READ:
        if isinstance(column.type, type_):
            return read
    if isinstance(column.type, _AS_THEY_ARE):
        return None
    raise TypeError(f"{column.key}: {column.type!r} cannot be read from JSON; cast it")
