"""Count the rows of each table, to be named before any of it is refused, replaced or removed."""

from collections.abc import Collection, Mapping

from sqlalchemy import Select, Table, func, inspect, select

from flightsched_pipelines.database import schema
from flightsched_pipelines.database.engine import Source, reading
from flightsched_pipelines.domain.risk.rules import AUTHORITIES

OWN_RECORDS = frozenset(
    table.name
    for table in (
        schema.alerts, schema.dispatches, schema.llm_calls, schema.reference_contents,
        schema.standings,
    )
)  # fmt: skip
"""Tables that the platform itself fills, even before a school enters anything."""


_MINIMUMS = schema.weather_minimums
_DEFAULT_MINIMUMS = select(func.count()).select_from(_MINIMUMS).where(_MINIMUMS.c.authority.in_(AUTHORITIES[:2]))
"""The regulation's and the defaults, which come with the schema."""


def rows_of(source: Source) -> dict[str, int]:
    """Return the rows of each table that has any, in the order of the schema; tables may be missing."""
    with reading(source) as connection:
        inspector = inspect(connection)
        present = {name for name in ("school", "pipeline") for name in _named(inspector.get_table_names(name), name)}
        tables = [table for table in schema.metadata.sorted_tables if table.fullname in present]
        counted = {table.fullname: connection.execute(_count(table)).scalar_one() for table in tables}
    return {name: count for name, count in counted.items() if count}


def entered(source: Source) -> dict[str, int]:
    """Return the rows of the school's tables that have any, without the platform's own records and default minimums."""
    rows = rows_of(source)
    if minimums := rows.pop("school.weather_minimums", 0):
        with reading(source) as connection:
            if of_schools := minimums - connection.execute(_DEFAULT_MINIMUMS).scalar_one():
                rows["school.weather_minimums"] = of_schools
    return {
        name.removeprefix("school."): count
        for name, count in rows.items()
        if name.startswith("school.") and name.removeprefix("school.") not in OWN_RECORDS
    }


def has_schools(source: Source) -> bool:
    """Return whether a school exists."""
    with reading(source) as connection:
        return bool(connection.execute(select(func.count()).select_from(schema.schools)).scalar_one())


def in_words(rows: Mapping[str, int]) -> str:
    """Return the tables with their rows, such as ``schools (2), students (60)``."""
    return ", ".join(f"{name} ({count:,})" for name, count in rows.items()) or "nothing"


def _named(tables: Collection[str], schema_name: str) -> set[str]:
    return {f"{schema_name}.{table}" for table in tables}


def _count(table: Table) -> Select[int]:
    return select(func.count()).select_from(table)
