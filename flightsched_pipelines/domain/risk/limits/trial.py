"""Try another set of minimums: put it in the place of the one in force, and count which lessons it keeps or loses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS, typed_minimums

MOST_NAMED = 10
"""References of lessons that a group names."""

_BEFORE_ALL = "1900-01-01"
_KIND_OF_LESSON = ["training_level", "solo", "lesson_kind"]
_STANDS = ("ok", "watch")


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """Lessons of a level, solo or dual, and kind: counts by verdict with the minimums in force, and with those tried.

    ``kept``: at risk before, and not with the minimums tried. ``lost``: the other way round. Neither counts a lesson
    that is unknown before or after.
    """

    training_level: str
    solo: bool
    lesson_kind: str
    lessons: int
    at_risk_before: int
    at_risk_after: int
    unknown_before: int
    unknown_after: int
    kept: int
    lost: int
    kept_references: Sequence[str]
    lost_references: Sequence[str]


def tried(rows: Sequence[Mapping[str, Any]], authority: str) -> pd.DataFrame:
    """Return rows of a file as minimums (``MINIMUM_COLUMNS``) that are in force on every day, whatever theirs are."""
    always = {"authority": authority, "effective_from": _BEFORE_ALL, "effective_to": None}
    return typed_minimums(pd.DataFrame([{**row, **always} for row in rows], columns=list(MINIMUM_COLUMNS)))


def instead(minimums: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return minimums with another set in the place of the rows of its schools, or of its students."""
    whose = "student_id" if (other["authority"] == "student").any() else "school_id"
    same = minimums["authority"].isin(other["authority"].tolist())
    replaced = same & minimums[whose].isin(other[whose].tolist())
    return pd.concat([minimums[~replaced], other], ignore_index=True)


def compare(lessons: pd.DataFrame) -> list[TrialGroup]:
    """Return the groups of lessons with their counts, in the order of the levels.

    Args:
        lessons: a row a lesson: reference, training_level, solo, lesson_kind, and its verdicts ``before`` and
            ``after``.
    """
    return [
        _group(str(level), bool(solo), str(kind), rows.sort_values("reference"))
        for (level, solo, kind), rows in lessons.groupby(_KIND_OF_LESSON, observed=True)
    ]


def _group(level: str, solo: bool, kind: str, lessons: pd.DataFrame) -> TrialGroup:
    before, after = lessons["before"], lessons["after"]
    kept = lessons.loc[(before == "at_risk") & after.isin(_STANDS), "reference"].tolist()
    lost = lessons.loc[before.isin(_STANDS) & (after == "at_risk"), "reference"].tolist()
    return TrialGroup(
        level, solo, kind, len(lessons),
        at_risk_before=int((before == "at_risk").sum()), at_risk_after=int((after == "at_risk").sum()),
        unknown_before=int((before == "unknown").sum()), unknown_after=int((after == "unknown").sum()),
        kept=len(kept), lost=len(lost), kept_references=kept[:MOST_NAMED], lost_references=lost[:MOST_NAMED],
    )  # fmt: skip
