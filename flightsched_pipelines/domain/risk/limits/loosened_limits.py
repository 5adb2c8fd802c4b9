"""Find limits that a school has set looser than the defaults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.limits.effective_limits import (
    ANOTHER_TYPE,
    BLOCK,
    MEASURES,
    NO_ROW,
    WARN,
    Profiles,
    resolve,
    rule_of,
)
from flightsched_pipelines.domain.risk.limits.minimums import default_minimums, in_force
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, TRAINING_LEVELS
from flightsched_pipelines.formatting import format_quantity

_LIMIT = (
    "training_level", "solo", "lesson_kind", "night", "aircraft_type", "rule", "comparison", "limit_value", "unit",
    "effect",
)  # fmt: skip
"""The columns by which a school's row is looser than the defaults or not, whichever school it is."""


@dataclass(frozen=True, slots=True)
class Loosened:
    """A limit that is looser than the default: the row that sets it, ``None`` if none does, and a sentence.

    ``school_id`` (``None``: every school), ``rule`` and ``who`` (level, solo, type of aircraft) are what it is about.
    """

    minimum_id: int | None
    sentence: str
    school_id: int | None
    rule: str
    who: str


def loosened(minimums: pd.DataFrame) -> Sequence[Loosened]:
    """Return every limit in force (``MINIMUM_COLUMNS``) that allows more than the defaults, by school and level."""
    types = [ANOTHER_TYPE, *minimums["aircraft_type"].dropna().unique()]
    every = product([np.nan, *minimums["school_id"].dropna().unique()], types, range(len(TRAINING_LEVELS)),
                    (False, True), range(len(LESSON_KINDS)), (False, True))  # fmt: skip
    school, type_, level, solo, kind, night = (np.array(values) for values in zip(*every, strict=True))
    no_student = np.full(len(level), np.nan)
    profiles = Profiles(school.astype(np.float64), no_student, type_.astype(object), level, solo, kind, night)
    shipped = default_minimums()
    usual = resolve(in_force(shipped, max(shipped["effective_from"])), profiles)
    ours = resolve(minimums, profiles)
    found: dict[Loosened, None] = {}
    for profile, measure, effect in _looser(ours.thresholds, usual.thresholds):
        limit = _row(minimums, ours.rows[effect, profile, measure])
        default = _row(shipped, usual.rows[effect, profile, measure])
        of_school = None if np.isnan(profiles.school[profile]) else int(profiles.school[profile])
        whose = "every school" if of_school is None else f"school {of_school}"
        who = f"{TRAINING_LEVELS[level[profile]]}{' solo' if solo[profile] else ''}"
        who += "" if type_[profile] == ANOTHER_TYPE else f", {type_[profile]}"
        rule = rule_of(MEASURES[measure])
        sentence = f"{whose}, {who}, {rule}: {_described(limit)}, default {_described(default)}"
        key = None if limit is None or pd.isna(limit["minimum_id"]) else int(limit["minimum_id"])
        found[Loosened(key, sentence, of_school, rule, who)] = None
    return [*_but_for_echoes(found)]


def loosening_rows(minimums: pd.DataFrame) -> Mapping[int, str]:
    """Return the sentences about each school's row in force (``MINIMUM_COLUMNS``) that loosens a default, by its id.

    Such a row is looser than the default beside the defaults alone, and still with all others of the school.
    """
    found = loosened(minimums)
    alone: dict[tuple[str, ...], set[str]] = {}
    rows: dict[int, str] = {}
    for place in np.flatnonzero(minimums["authority"] == "school").tolist():
        row = minimums.iloc[place]
        told = [one for one in found if (one.school_id, one.rule) == (row["school_id"], row["rule"])]
        if not told:
            continue
        limit = tuple(str(row[name]) for name in _LIMIT)  # many schools have the same
        if limit not in alone:
            beside = pd.concat([default_minimums(), minimums.iloc[[place]]], ignore_index=True)
            alone[limit] = {one.who for one in loosened(beside)}
        if sentences := dict.fromkeys(one.sentence for one in told if one.who in alone[limit]):
            rows[int(row["minimum_id"])] = "; ".join(sentences)
    return rows


def _looser(ours: NDArray[np.float64], usual: NDArray[np.float64]) -> Iterator[tuple[int, int, int]]:
    """Profile, measure and effect of the limits that block less, or of which nothing even warns any more."""
    blocks = ours[BLOCK] < usual[BLOCK]
    warns = ~blocks & (ours.max(axis=0) < usual.max(axis=0))
    for effect, looser in ((BLOCK, blocks), (WARN, warns)):
        yield from ((profile, measure, effect) for profile, measure in np.argwhere(looser).tolist())


def _but_for_echoes(found: Mapping[Loosened, None]) -> Iterator[Loosened]:
    """Drop the limits that a school only shares with every school."""
    everybody = {one.sentence.partition(", ")[2] for one in found if one.sentence.startswith("every school")}
    for one in found:
        whose, _, what = one.sentence.partition(", ")
        if whose == "every school" or what not in everybody:
            yield one


def _row(minimums: pd.DataFrame, number: int) -> Mapping[Any, Any] | None:
    return None if number == NO_ROW else minimums.iloc[number].to_dict()


def _described(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return "no limit"
    if pd.isna(row["limit_value"]):
        return "none allowed"
    return f"{row['comparison']} {format_quantity(row['limit_value'], row['unit'])}"
