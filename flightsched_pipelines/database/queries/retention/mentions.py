"""Find and replace what names a person in every text and JSON column of a database, whichever tables it has."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    any_,
    case,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import array

from flightsched_pipelines.domain.retention.identifiers import ERASED, Mention

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

    schema: str
    table: str
    name: str
    type: str
    is_key: bool


def text_columns(connection: Connection) -> Iterator[TextColumn]:
    """Yield every such column of every table."""
    for row in connection.execute(_COLUMNS).all():
        yield TextColumn(row.schema, row.name, row.column, row.type, row.is_key)


def mentions(said: ColumnElement[str], mention: Mention, pattern: str | None = None) -> ColumnElement[bool]:
    """Return whether a text has a mention, or what a narrower pattern finds of it.

    Patterns are slow: one is tried only where a plain word stands.
    """
    words = array([func.lower(literal(f"%{_plain(word)}%", Text)) for word in mention.words])
    return case((func.lower(said).like(any_(words)), said.regexp_match(pattern or mention.pattern, "i")), else_=false())


def _plain(word: str) -> str:
    """Return a word for ``LIKE``, which finds it as it is."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def replace_mentions(
    connection: Connection, mention: Mention, but: Collection[str] = (), *, dry_run: bool = False
) -> dict[str, int]:
    """Replace mentions, but in some tables; returns the number of changed rows by table.

    The names of tables, columns and types come from the database's own catalog. A dry run counts, and so locks no row.
    """
    changed: dict[str, int] = {}
    for found in text_columns(connection):
        name = f"{found.schema}.{found.table}"
        if name in but:
            continue
        target = table(found.table, column(found.name), schema=found.schema)
        said = cast(target.c[found.name], Text)
        has = mentions(said, mention)
        if dry_run:
            rows = connection.execute(select(func.count()).select_from(target).where(has)).scalar_one()
        else:
            value = func.regexp_replace(said, mention.pattern, ERASED, "gi", type_=Text)
            if found.is_key:  # two keys that name one person stay two
                value = value + cast(literal_column("ctid"), Text)
            typed = value.op("::", precedence=100)(literal_column(found.type))
            rows = connection.execute(update(target).values({found.name: typed}).where(has)).rowcount
        if rows:
            changed[name] = changed.get(name, 0) + rows
    return changed
