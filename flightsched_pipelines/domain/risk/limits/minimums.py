"""Minimums as data: limits by pilot, lesson and time of day, with their authority.

One row states one limit. The school's own row replaces the default for the same lesson; a regulation applies beneath
both, a student's own limit beside them, and the strictest counts. A row that cannot be applied is kept with its fault:
the lessons to which it applies are ``unknown``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.rules import (
    AUTHORITIES,
    EFFECTS,
    LESSON_KINDS,
    RULE_BOOK,
    TRAINING_LEVELS,
    UNITS,
)

STATED_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "school_id": "Int64",
        "student_id": "Int64",
        "authority": "str",
        "training_level": "str",
        "solo": "boolean",
        "lesson_kind": "str",
        "night": "boolean",
        "aircraft_type": "str",
        "rule": "str",
        "comparison": "str",
        "limit_value": "float64",
        "unit": "str",
        "effect": "str",
        "effective_from": "object",
        "effective_to": "object",
        "reference": "str",
    }
)
"""Columns that a row states. A null school, student, level, solo, kind, night or aircraft type means any.

``comparison`` states what is allowed: "> 5 SM" is breached by exactly 5. ``none`` allows no such hazard at all.
``effective_to`` is the last day, null for open. ``effect`` is ``block`` (below it the lesson is at risk) or ``warn``.
"""

MINIMUM_COLUMNS: Mapping[str, str] = MappingProxyType({"minimum_id": "Int64", **STATED_COLUMNS, "fault": "str"})
"""Columns of the minimums: those that a row states, with its limit in the rule's own unit (`UNITS`).

``minimum_id`` is the row's key, null for rows that come with the code. ``fault`` names the row and its error, null if
it can be applied; words, limits and days of a faulty row that cannot be read are null.
"""

DATE_COLUMNS = ("effective_from", "effective_to")

_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "authority": AUTHORITIES,
        "training_level": TRAINING_LEVELS,
        "lesson_kind": LESSON_KINDS,
        "effect": EFFECTS,
    }
)
_FOR_ANY = ("training_level", "lesson_kind")


def default_minimums() -> pd.DataFrame:
    """Return the minimums that a school starts with, and the regulations beneath them."""
    return _shipped().copy()


@cache
def _shipped() -> pd.DataFrame:
    with (files("flightsched_pipelines.domain.risk") / "default_minimums.csv").open(encoding="utf-8") as file:
        return typed_minimums(pd.read_csv(file))


def regulations() -> pd.DataFrame:
    """Return the regulations, which are beneath every minimum."""
    shipped = _shipped()
    return shipped[shipped["authority"] == "regulation"].reset_index(drop=True)


def with_regulations(minimums: pd.DataFrame) -> pd.DataFrame:
    """Return minimums with the shipped regulations, whether or not their rows are present."""
    return pd.concat([minimums, regulations()], ignore_index=True)


def typed_minimums(minimums: pd.DataFrame) -> pd.DataFrame:
    """Return minimums with their declared types (``MINIMUM_COLUMNS``), every limit in its rule's own unit.

    A row that means nothing is kept, with its error as its ``fault``.
    """
    given = [cells_of(minimums, name) for name in MINIMUM_COLUMNS]
    rows = [_read(*row) for row in zip(*given, strict=True)]
    columns = zip(*rows, strict=True) if rows else [()] * len(MINIMUM_COLUMNS)
    typed = zip(MINIMUM_COLUMNS.items(), columns, strict=True)
    return pd.DataFrame(
        {name: pd.Series(list(cells), dtype=kind).array for (name, kind), cells in typed}, minimums.index
    )


def cells_of(minimums: pd.DataFrame, name: str) -> Sequence[object]:
    """Return a column's values, ``None`` for those that are missing or if there is no such column."""
    if name not in minimums:
        return [None] * len(minimums)
    column = minimums[name]
    return [None if missing else cell for cell, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def in_force(minimums: pd.DataFrame, on: date) -> pd.DataFrame:
    """Return the minimums in force on a day; a faulty row with unreadable days is in force on every day."""
    since = minimums["effective_from"].map(lambda day: pd.isna(day) or day <= on).astype(bool)
    until = minimums["effective_to"].map(lambda day: pd.isna(day) or day >= on).astype(bool)
    return minimums[since & until].reset_index(drop=True)


@lru_cache(maxsize=10_000)  # the steps of an hour read the same rows
def _read(*cells: Any) -> tuple[Any, ...]:  # noqa: ANN401, of a row's columns
    """Return a row (``MINIMUM_COLUMNS``) in its rule's unit, or with its fault."""
    read = _in_its_unit(dict(zip(MINIMUM_COLUMNS, cells, strict=True)))
    return tuple(read[name] for name in MINIMUM_COLUMNS)


def _in_its_unit(row: dict[str, Any]) -> dict[str, Any]:
    if row["fault"] is not None:
        return row
    row = row | {name: _day(row[name]) for name in DATE_COLUMNS}
    faults = dict(_faults(row))
    if not faults:
        rule = RULE_BOOK[row["rule"]]
        limited = rule.plausible is not None
        unit = UNITS[row["rule"]] or None
        return row | {"limit_value": row["limit_value"] * rule.units[row["unit"]] if limited else None, "unit": unit}
    key = "" if row["minimum_id"] is None else f" row {row['minimum_id']}"
    personal = row["authority"] == "student"  # analysts read the fault, with the lessons that it makes unknown
    told = "; ".join(column if personal else f"{column}: {why}" for column, why in faults.items())
    blank = dict.fromkeys((*faults, "limit_value"))
    blank |= dict.fromkeys(DATE_COLUMNS) if faults.keys() & set(DATE_COLUMNS) else {}
    return row | blank | {"fault": f"school.weather_minimums{key}, {told}"}


def _day(value: object) -> object:
    """A cell as a date; any other value is left as it is."""
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _faults(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The columns of a row that cannot be read, each with the reason."""
    for name, words in _WORDS.items():
        if row[name] not in words and not (row[name] is None and name in _FOR_ANY):
            yield name, f"'{row[name]}' is not one of {', '.join(words)}"
    yield from _limit_faults(row)
    first, last = row["effective_from"], row["effective_to"]
    if not isinstance(first, date):
        yield "effective_from", "it has no first day"
    elif last is not None and not (isinstance(last, date) and first <= last):
        yield "effective_to", f"'{last}' is not a day on or after the first one, {first}"


def _limit_faults(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rule, limit = RULE_BOOK.get(row["rule"]), row["limit_value"]
    if rule is None:
        yield "rule", f"'{row['rule']}' is not one of {', '.join(RULE_BOOK)}"
        return
    if row["comparison"] not in rule.comparisons:
        yield "comparison", f"'{row['comparison']}' is not for {row['rule']}; give one of {', '.join(rule.comparisons)}"
    if rule.plausible is None:
        if limit is not None:
            yield "limit_value", f"{row['rule']} takes no limit; leave it empty"
        if row["unit"] and row["unit"] not in rule.units:
            yield "unit", f"{row['rule']} takes no unit; leave it empty"
        return
    least, most = rule.plausible
    if row["unit"] not in rule.units:
        yield "unit", f"'{row['unit'] or ''}' is not a unit of {row['rule']}; give one of {', '.join(rule.units)}"
    elif limit is None or not math.isfinite(limit):
        yield "limit_value", "it has no limit; give a number"
    elif not least <= limit * rule.units[row["unit"]] <= most:
        bounds = f"{least:g} and {most:g} {UNITS[row['rule']]}"
        yield "limit_value", f"{limit:g} {row['unit']} is not plausible; {row['rule']} must be between {bounds}"
