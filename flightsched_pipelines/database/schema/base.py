"""The schemas, and helpers that define columns with a comment of meaning and unit."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    false,
)
from sqlalchemy.types import TypeEngine

SCHEMAS: Mapping[str, str] = MappingProxyType(
    {
        "school": "What a school keeps: people, aircraft, bookings, rules.",
        "pipeline": "What each hour materialised; column partition_hour says which.",
        "analytics": "Views that analysts are promised.",
    }
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


class Kind(Text):
    """Text with few distinct values, however many rows there are: frames use categories."""


INSTANT = DateTime(timezone=True)
WORDS = ARRAY(Text)
FIRST_DAY, LAST_DAY = "2000-01-01", "2200-01-01"
"""Every day that people enter is between these; an open period has no end rather than a distant one."""


def sound(name: str, of: str, condition: str, why: str) -> CheckConstraint:
    """Return a condition on what people enter in columns ``of``; ``why`` describes an older row that violates it."""
    return CheckConstraint(condition, name=name, info={"of": of, "why": why})


def sound_period() -> CheckConstraint:
    """Return the condition of a non-empty period, its ends, if any, on plausible days."""
    condition = (
        f"NOT isempty(period) AND lower(period) >= '{FIRST_DAY} 00:00+00'::timestamptz "
        f"AND upper(period) <= '{LAST_DAY} 00:00+00'::timestamptz"
    )
    return sound("days", "period", condition, "it is empty, or does not lie between 2000 and 2200; leave an end open")


def sound_words(column: str) -> CheckConstraint:
    """Return the condition of a plain list without nulls."""
    condition = (
        f"CASE WHEN coalesce(array_ndims({column}), 1) = 1 THEN array_position({column}, NULL) IS NULL ELSE false END"
    )
    return sound(f"{column}_list", column, condition, "it is not a plain list of words")


def column(name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]], comment: str, **options: Any) -> Column[Any]:  # noqa: ANN401, SQLAlchemy's own options
    """Return a column that is never null, with its meaning and unit."""
    options.setdefault("nullable", False)
    return Column(name, type_, comment=comment, **options)


def optional(
    name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]], comment: str, *, index: bool = False
) -> Column[Any]:
    """Return a column that may be null; the comment explains null."""
    return Column(name, type_, comment=comment, nullable=True, index=index)


def identifier() -> Column[int]:
    """Return the table's own key."""
    return Column("id", BigInteger, primary_key=True, autoincrement=True, comment="Identifier.")


def external_id() -> Column[str]:
    """The key that a school's own system has for a row."""
    return optional("external_id", Text, "The school's own id, by which an import knows the row again; null: none.")


def ended_at() -> Column[Any]:
    """Return the column for the time at which a complete file no longer had a row; the row stays on record."""
    return optional("ended_at", INSTANT, "When a complete import no longer had it; null: it counts.")


def imported() -> Column[Any]:
    """Return the column that says of a row without the school's id whether a file made it."""
    comment = "Whether an import made the row, or has had it since: a complete file ends no other."
    return column("imported", Boolean, comment, server_default=false())


def reference(name: str, target: str, comment: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    """Return a column that points to a row of a table in ``school`` and is deleted with it."""
    key = ForeignKey(f"school.{target}.id", ondelete="CASCADE")
    return Column(name, BigInteger, key, nullable=nullable, index=index, comment=comment)


def one_of(name: str, values: Sequence[str]) -> str:
    """Return the condition that a column has one of some values."""
    return f"{name} IN ({', '.join(map(repr, values))})"


def hour_of_row() -> Column[Any]:
    """Return the column for the hour that a row belongs to."""
    return column("partition_hour", INSTANT, "The hour that the row belongs to: what was known then, UTC.")


def hourly_table(name: str, comment: str, *columns: Column[Any], index: str) -> Table:
    """Return a materialised table: its hour first, and an index of hour and natural key."""
    return Table(
        name,
        metadata,
        hour_of_row(),
        *columns,
        Index(f"{name}_partition_hour_idx", "partition_hour", index),
        schema="pipeline",
        comment=comment,
    )
