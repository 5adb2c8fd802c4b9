"""Find and replace what names a person in every text and JSON column of a database, whichever tables it has."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flightsched_pipelines.domain.retention.identifiers import ERASED

_COLUMNS = text("""
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column,
        format_type(a.atttypid, a.atttypmod) AS type,
        t.typcategory = 'S' AND EXISTS (
            SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)
        ) AS is_key
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND (coalesce(e.typcategory, t.typcategory) = 'S' OR coalesce(e.typname, t.typname) IN ('json', 'jsonb', 'xml'))
    ORDER BY 1, 2, a.attnum
""")


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of text or JSON, or of a list of them; ``is_key`` if its text must differ from other rows'."""

    table: str
    name: str
    type: str
    is_key: bool


def text_columns(connection: Connection) -> Iterator[TextColumn]:
    """Yield every such column of every table."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    for row in connection.execute(_COLUMNS).all():
        yield TextColumn(f"{quote(row.schema)}.{quote(row.name)}", quote(row.column), row.type, row.is_key)


def replace_mentions(
    connection: Connection, pattern: str, but: Collection[str] = (), *, dry_run: bool = False
) -> dict[str, int]:
    """Replace what a pattern finds, but in some tables; returns the number of changed rows by table.

    The names of tables and columns come from the database's own catalogue. A dry run counts, and so locks no row.
    """
    changed: dict[str, int] = {}
    for column in text_columns(connection):
        table = column.table.replace('"', "")
        if table in but:
            continue
        apart = " || CAST(ctid AS text)" if column.is_key else ""  # two keys that name one person stay two
        counted = text(f"SELECT count(*) FROM {column.table} WHERE CAST({column.name} AS text) ~* :pattern")  # noqa: S608
        statement = text(
            f"UPDATE {column.table} SET {column.name} = CAST(regexp_replace(CAST({column.name} AS text), :pattern, "  # noqa: S608
            f":erased, 'gi'){apart} AS {column.type}) WHERE CAST({column.name} AS text) ~* :pattern"
        )
        if dry_run:
            rows = connection.execute(counted, {"pattern": pattern}).scalar_one()
        else:
            rows = connection.execute(statement, {"pattern": pattern, "erased": ERASED}).rowcount
        if rows:
            changed[table] = changed.get(table, 0) + rows
    return changed
