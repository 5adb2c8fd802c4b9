"""Minimums as data: which limits hold for a pilot, a lesson and an hour of the day, under whose authority.

One row states one limit. The school's own row replaces the default for the same lesson; a regulation lies beneath
both, and whichever is strictest counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

UNITS: Mapping[str, str] = MappingProxyType(
    {"visibility": "SM", "ceiling": "ft", "daylight": "min", **dict.fromkeys(AT_MOST_RULES, "kt")}
)


class MinimumsError(ValueError):
    """Minimums that contradict themselves; the message names the row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of every profile (school, level, solo, kind, night), one array a rule, indexed by profile.

    ``thresholds`` hold the strictest limit as a number that is itself allowed: a strict "> 5" is the next float above
    5. At-least rules are broken below theirs, at-most rules above; hazard rules where theirs is 0. An infinite
    threshold never breaks. ``stated`` is the limit as written, ``references`` who says so; ``warns`` whether only so.
    """

    profiles: Mapping[tuple[int, str, bool, str, bool], int]
    thresholds: Mapping[str, NDArray[np.float64]]
    stated: Mapping[str, NDArray[np.float64]]
    warns: Mapping[str, NDArray[np.bool_]]
    references: Mapping[str, Sequence[str]]


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


def limits_for(minimums: pd.DataFrame, school_ids: Sequence[int]) -> Limits:
    """Resolve minimums into the strictest limit for each profile of each school."""
    keys = list(product(school_ids, TRAINING_LEVELS, (False, True), LESSON_KINDS, (False, True)))
    rows = _rows_by_rule(minimums)
    thresholds: dict[str, NDArray[np.float64]] = {}
    stated: dict[str, NDArray[np.float64]] = {}
    warns: dict[str, NDArray[np.bool_]] = {}
    references: dict[str, Sequence[str]] = {}
    for rule in RULES:
        chosen = [_strictest(rows.get(rule, []), rule, key) for key in keys]
        thresholds[rule] = np.array([threshold for threshold, _ in chosen])
        stated[rule] = np.array([np.nan if row is None else row.limit_value for _, row in chosen], dtype=float)
        warns[rule] = np.array([row is not None and row.effect == "warn" for _, row in chosen])
        references[rule] = ["" if row is None else row.reference for _, row in chosen]
    return Limits({key: n for n, key in enumerate(keys)}, thresholds, stated, warns, references)


@dataclass(frozen=True, slots=True)
class _Row:
    school_id: int | None
    authority: str
    training_level: str | None
    solo: bool | None
    lesson_kind: str | None
    night: bool | None
    comparison: str
    limit_value: float
    effect: str
    reference: str

    def applies(self, key: tuple[int, str, bool, str, bool]) -> bool:
        mine = (self.school_id, self.training_level, self.solo, self.lesson_kind, self.night)
        return all(own is None or own == other for own, other in zip(mine, key, strict=True))


def _rows_by_rule(minimums: pd.DataFrame) -> dict[str, list[_Row]]:
    rows: dict[str, list[_Row]] = {}
    plain = minimums.astype(object).where(minimums.notna(), None)
    for row in plain.to_dict("records"):
        rows.setdefault(str(row["rule"]), []).append(
            _Row(
                row["school_id"], row["authority"], row["training_level"], row["solo"], row["lesson_kind"],
                row["night"], row["comparison"], np.nan if row["limit_value"] is None else float(row["limit_value"]),
                row["effect"], row["reference"],
            )
        )  # fmt: skip
    return rows


def _strictest(rows: Sequence[_Row], rule: str, key: tuple[int, str, bool, str, bool]) -> tuple[float, _Row | None]:
    """The strictest limit that applies: the school's own rows replace the default ones, regulations always count."""
    applying = [row for row in rows if row.applies(key)]
    own = [row for row in applying if row.authority == "school"]
    counting = [row for row in applying if row.authority == "regulation"]
    counting += own or [row for row in applying if row.authority == "default"]
    at_least = rule in AT_LEAST_RULES
    best: tuple[float, _Row | None] = (-np.inf if at_least else np.inf, None)
    for row in counting:
        threshold = _threshold(row)
        stricter = threshold > best[0] if at_least else threshold < best[0] or best[1] is None
        if stricter:
            best = (threshold, row)
    return best


def _threshold(row: _Row) -> float:
    if row.comparison == "none":
        return 0.0
    toward = {">": np.inf, "<": -np.inf}.get(row.comparison)
    if np.isnan(row.limit_value):
        return np.inf  # the limit is the aircraft's own
    return row.limit_value if toward is None else float(np.nextafter(row.limit_value, toward))
