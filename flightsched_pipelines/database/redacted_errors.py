"""Remove quoted rows from errors of PostgreSQL: they reach logs, Dagster's event log and terminals.

"Failing row contains (7, Ada, ada@example.com)" is a DETAIL, and a value that cannot be read is in the message itself.
Names of constraints, tables and columns stay, so that the row can be looked up in the database.
"""

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Result = TypeVar("Result")

QUOTING_CLASSES = ("22", "P0")
"""Classes of SQLSTATE whose messages quote values: data exceptions, and errors raised by triggers."""


class DiscreetConnection(psycopg.Connection[Any]):
    """A connection whose errors quote no row. Everything that waits for the server, COPY too, waits in ``wait``."""

    def wait(self, gen: PQGen[Result], *arguments: Any, **named: Any) -> Result:  # noqa: ANN401, psycopg's own
        """Wait for the server; the errors it raises quote no row."""
        try:
            return super().wait(gen, *arguments, **named)
        except psycopg.Error as error:
            error.args = (discreet_message(error),)
            raise


def discreet_message(error: psycopg.Error) -> str:
    """Return an error's message without values of rows."""
    if error.sqlstate is None:
        return str(error)  # of the connection: the server sent nothing
    diag = error.diag
    quotes = error.sqlstate.startswith(QUOTING_CLASSES)
    words = "its message may quote a row, so it is left out" if quotes else diag.message_primary or "no message"
    table = ".".join(name for name in (diag.schema_name, diag.table_name) if name)
    where = [
        f"{kind} {name}"
        for kind, name in (("table", table), ("column", diag.column_name), ("constraint", diag.constraint_name))
        if name
    ]
    return f"{words} (SQLSTATE {', '.join([error.sqlstate, *where])})"
