"""Minimums as data: which limits hold for a pilot, a lesson and an hour of the day, under whose authority.

One row states one limit. The school's own row replaces the default for the same lesson; a regulation lies beneath
both, and whichever is strictest counts.
"""

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

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
        MinimumsError: a rule or comparison that does not exist, or one that contradicts the other.
    """
    typed = minimums[list(MINIMUM_COLUMNS)].copy()
    for column in ("effective_from", "effective_to"):
        days = pd.to_datetime(typed[column])
        typed[column] = pd.Series(
            [None if pd.isna(day) else day.date() for day in days], dtype=object, index=days.index
        )
    typed = typed.astype(dict(MINIMUM_COLUMNS))
    allowed = {
        **{key: {">", ">="} for key in AT_LEAST_RULES},
        **{key: {"<", "<="} for key in AT_MOST_RULES},
        **{key: {"none"} for key in HAZARD_RULES},
    }
    for row in typed.itertuples():
        if str(row.comparison) not in allowed.get(str(row.rule), set()):
            raise MinimumsError(
                f"minimum {row.Index}: rule '{row.rule}' with comparison '{row.comparison}' means nothing; "
                f"rules are {', '.join(RULES)}; at-least rules take > or >=, winds < or <=, hazards none"
            )
    return typed


def in_force(minimums: pd.DataFrame, on: date) -> pd.DataFrame:
    """The minimums that hold on a day."""
    since = minimums["effective_from"].map(lambda day: day <= on).astype(bool)
    until = minimums["effective_to"].map(lambda day: day is None or pd.isna(day) or day >= on).astype(bool)
    return minimums[since & until].reset_index(drop=True)
