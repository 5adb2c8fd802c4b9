"""Every table and view as the database itself describes it, and as a page that says which of them analysts read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import Engine, text

from flightsched_pipelines.database.schema.base import SCHEMAS

DESCRIBED = ("analytics", "pipeline", "school")
OPEN = "analytics"
"""The one schema that role `analyst` reads."""

COLUMNS = text("""
    SELECT n.nspname AS schema, c.relname AS relation, obj_description(c.oid, 'pg_class') AS about, a.attname AS name,
        format_type(a.atttypid, a.atttypmod) AS type, c.relkind <> 'v' AND NOT a.attnotnull AS may_be_null,
        coalesce(a.attnum = ANY (k.conkey), false) AS is_key,
        n.nspname = :open AS analysts_read, coalesce(col_description(c.oid, a.attnum), '') AS meaning
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
    WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    ORDER BY n.nspname, c.relname COLLATE "C", a.attnum
""")

TYPES: Mapping[str, str] = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "double precision": "double",
}
"""PostgreSQL's own shorter names, which fit into a table."""

INTRODUCTION = """# Data dictionary

Made from the comments of the database: `flightsched db dictionary > docs/reference/data-dictionary.md`. A test compares
both.

Analysts are promised the views of `analytics`: [a contract](analytics-contract.odcs.yaml) has their keys, rules and
freshness. Role `analyst` reads these and nothing else. The tables of `pipeline` may change with any version; their
archive has the same columns. Those of `school` may change too, and hold people: `Personal.` marks what names or
concerns one. A view's column may be null where its meaning says so. Units are in the meaning or the name: `_kt` knots,
`_ft` feet, `_sm` statute miles, `_utc` an instant.
"""


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column of a table or view; a view's own columns have neither key nor null constraint."""

    schema: str
    relation: str
    about: str
    name: str
    type: str
    may_be_null: bool
    is_key: bool
    analysts_read: bool
    meaning: str


def described_columns(engine: Engine) -> Sequence[DescribedColumn]:
    """Return every column of the described schemas, by schema, relation and place."""
    with engine.connect() as connection:
        rows = connection.execute(COLUMNS, {"schemas": list(DESCRIBED), "open": OPEN}).mappings()
        return [replace(DescribedColumn(**row), type=_short(row["type"])) for row in rows]


def as_markdown(columns: Sequence[DescribedColumn]) -> str:
    """Return the page: a section a relation, a row a column."""
    parts = [INTRODUCTION]
    for (schema, reads), of_schema in groupby(columns, key=lambda one: (one.schema, one.analysts_read)):
        access = "Read by role `analyst`." if reads else "Closed to role `analyst`."
        parts.append(f"## Schema `{schema}`\n\n{SCHEMAS[schema]} {access}\n")
        for relation, group in groupby(of_schema, key=lambda one: one.relation):
            found = list(group)
            rows = "\n".join(_row(one) for one in found)
            parts.append(
                f"### {schema}.{relation}\n\n{found[0].about}\n\n| column | type | key, null | meaning |\n"
                f"|---|---|---|---|\n{rows}\n"
            )
    return "\n".join(parts)


def _row(column: DescribedColumn) -> str:
    marks = ", ".join(words for words, holds in (("key", column.is_key), ("may be null", column.may_be_null)) if holds)
    return f"| `{column.name}` | {column.type} | {marks} | {_cell(column.meaning)} |"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def _short(type_: str) -> str:
    for long, short in TYPES.items():
        type_ = type_.replace(long, short)
    return type_
