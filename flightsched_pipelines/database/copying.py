"""Copy rows into a table, which is the fastest way to store many."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def copy_rows(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows to a table: a value for each of its columns, in their order, as the driver takes it."""
    # COPY takes no parameters; the names come from our own schema.
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    with connection.connection.cursor().copy(f"COPY {table.fullname} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def array_literal(items: Iterable[str]) -> str:
    """Return a list of texts as PostgreSQL writes it (its manual, 8.15.2)."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"
