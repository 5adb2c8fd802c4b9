"""Minimums as data: which limits hold for a pilot, a lesson and an hour of the day, under whose authority.

One row states one limit. The school's own row replaces the default for the same lesson; a regulation lies beneath
both, and whichever is strictest counts.
"""

import math
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.risk.bookings import LESSON_KINDS, TRAINING_LEVELS

MINIMUM_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "school_id": "Int64",
        "authority": "str",
        "training_level": "str",
        "solo": "boolean",
        "lesson_kind": "str",
        "night": "boolean",
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
"""Columns of the minimums. A null school, level, solo, kind or night means any.

``comparison`` states what is allowed: "> 5 SM" is broken by exactly 5. ``none`` allows no such hazard at all.
``effective_to`` is the last day, null for open. ``effect`` is ``block`` (below it the lesson is at risk) or ``warn``.
"""

AT_LEAST_RULES = ("visibility", "ceiling", "daylight")
AT_MOST_RULES = ("wind", "gust", "gust_spread", "crosswind", "aircraft_crosswind")
HAZARD_RULES = ("thunderstorm", "icing", "wind_shear")
RULES = (*AT_LEAST_RULES, *AT_MOST_RULES, *HAZARD_RULES)

DATE_COLUMNS = ("effective_from", "effective_to")

LIMITLESS_RULES = (*HAZARD_RULES, "aircraft_crosswind")
"""Rules whose row states no limit: none is allowed, or the aircraft's own holds."""

_COMPARISONS = {
    **dict.fromkeys(AT_LEAST_RULES, (">", ">=")),
    **dict.fromkeys(AT_MOST_RULES, ("<", "<=")),
    **dict.fromkeys(HAZARD_RULES, ("none",)),
}
_WORDS: Mapping[str, tuple[str | None, ...]] = MappingProxyType(
    {
        "authority": ("regulation", "default", "school"),
        "training_level": (*TRAINING_LEVELS, None),
        "lesson_kind": (*LESSON_KINDS, None),
        "effect": ("block", "warn"),
    }
)

UNITS: Mapping[str, str] = MappingProxyType(
    {"visibility": "SM", "ceiling": "ft", "daylight": "min", **dict.fromkeys(AT_MOST_RULES, "kt")}
)


class MinimumsError(ValueError):
    """Minimums that contradict themselves; the message names the row."""


def default_minimums() -> pd.DataFrame:
    """The minimums that a school starts with, and the regulations beneath them."""
    with (files("flightsched_pipelines.risk") / "default_minimums.csv").open(encoding="utf-8") as file:
        return typed_minimums(pd.read_csv(file))


def typed_minimums(minimums: pd.DataFrame) -> pd.DataFrame:
    """Minimums with their declared types, dates as dates.

    Raises:
        MinimumsError: a row that says nothing: words that do not exist or contradict each other, or no limit or
            first day.
    """
    days = {name: pd.Series(_days(minimums[name]), minimums.index, dtype=object) for name in DATE_COLUMNS}
    typed = minimums.assign(**days)[list(MINIMUM_COLUMNS)].astype(dict(MINIMUM_COLUMNS))
    checked = zip(
        *(typed[name].tolist() for name in ("rule", "comparison", "limit_value", "effective_from")), strict=True
    )
    for row, (rule, comparison, limit, effective_from) in enumerate(checked):
        if comparison not in _COMPARISONS.get(rule, ()):
            raise MinimumsError(
                f"minimum {row}: rule '{rule}' with comparison '{comparison}' means nothing; "
                f"rules are {', '.join(RULES)}; at-least rules take > or >=, winds < or <=, hazards none"
            )
        if rule not in LIMITLESS_RULES and not math.isfinite(limit):
            raise MinimumsError(f"minimum {row}: rule '{rule}' has no limit_value; give a number")
        if effective_from is None:
            raise MinimumsError(f"minimum {row}: rule '{rule}' has no effective_from; give its first day")
    for column, words in _WORDS.items():
        strange = typed.loc[~typed[column].isin(words), column]
        if len(strange):
            raise MinimumsError(
                f"minimum {strange.index[0]}: {column} is '{strange.iloc[0]}'; give one of "
                f"{', '.join(word for word in words if word)}"
            )
    return typed


def _days(column: pd.Series) -> list[date | None]:
    return [None if pd.isna(day) else day.date() for day in pd.to_datetime(column)]


def in_force(minimums: pd.DataFrame, on: date) -> pd.DataFrame:
    """The minimums that hold on a day."""
    since = minimums["effective_from"].map(lambda day: day <= on).astype(bool)
    until = minimums["effective_to"].map(lambda day: day is None or pd.isna(day) or day >= on).astype(bool)
    return minimums[since & until].reset_index(drop=True)
