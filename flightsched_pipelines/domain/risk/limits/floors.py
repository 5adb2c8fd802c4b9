"""Compare a limit with those that it must not be looser than: the regulation's, and for a student also the school's."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from flightsched_pipelines.domain.risk.limits.effective_limits import (
    ANOTHER_TYPE,
    BLOCK,
    MEASURES,
    NO_ROW,
    Limits,
    Profiles,
    resolve,
    rule_of,
    threshold_of,
)
from flightsched_pipelines.domain.risk.limits.minimums import in_force, regulations
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, RULE_BOOK, TRAINING_LEVELS, stated_limit

_CIRCUMSTANCES = [*product((False, True), range(len(LESSON_KINDS)), (False, True))]
_A_DAY = timedelta(days=1)


class Floor:
    """Minimums (``MINIMUM_COLUMNS``) that other limits must not be looser than."""

    def __init__(self, minimums: pd.DataFrame) -> None:
        """Take minimums of every day; students' own ones do not count."""
        self._minimums = minimums[minimums["student_id"].isna()]
        changes = [
            *self._minimums["effective_from"],
            *(day + _A_DAY for day in self._minimums["effective_to"].dropna()),
        ]
        self._changes = sorted({day for day in changes if not pd.isna(day)})
        self._found: dict[tuple[int | None, str, date], tuple[pd.DataFrame, Profiles, Limits]] = {}

    def above(self, limit: Mapping[str, Any], school_id: int | None, levels: Collection[str]) -> str | None:
        """Return the first minimum that a limit is looser than, in words; ``None`` if there is none.

        Args:
            limit: rule, comparison, limit_value, unit, solo, lesson_kind, night, and its days.
            school_id: the school whose lessons it is for; ``None`` for any.
            levels: the training levels that it is for.
        """
        for day, level in product(self._days(limit), levels):
            found = self._stricter(limit, school_id, level, day)
            if found is not None:
                return found
        return None

    def _days(self, limit: Mapping[str, Any]) -> Iterator[date]:
        """The first day of a limit, and those on which the minimums change while it is in force."""
        first, last = limit["effective_from"], limit.get("effective_to")
        yield first
        yield from (day for day in self._changes if day > first and (last is None or day <= last))

    def _stricter(self, limit: Mapping[str, Any], school_id: int | None, level: str, day: date) -> str | None:
        minimums, profiles, limits = self._in_force(school_id, level, day)
        own = threshold_of({**limit, "limit_value": _in_its_unit(limit)})
        applies = np.ones(len(profiles.solo), dtype=bool)
        for name, values in (("solo", profiles.solo), ("night", profiles.night)):
            applies &= True if limit.get(name) is None else values == limit[name]
        if limit.get("lesson_kind") is not None:
            applies &= profiles.kind == LESSON_KINDS.index(limit["lesson_kind"])
        for measure in (number for number, name in enumerate(MEASURES) if rule_of(name) == limit["rule"]):
            for profile in np.flatnonzero(applies & (limits.thresholds[BLOCK, :, measure] > own)).tolist():
                row = limits.rows[BLOCK, profile, measure]
                if row != NO_ROW:
                    stricter = minimums.iloc[[row]].to_dict("records")[0]
                    whom = f"{level}, {'solo' if profiles.solo[profile] else 'dual'}, by {_night(profiles, profile)}"
                    return f"{stated_limit(stricter)} ({whom}; {stricter['reference']})"
        return None

    def _in_force(self, school_id: int | None, level: str, day: date) -> tuple[pd.DataFrame, Profiles, Limits]:
        key = school_id, level, day
        if key not in self._found:
            solo, kind, night = (np.array(values) for values in zip(*_CIRCUMSTANCES, strict=True))
            same = np.ones(len(_CIRCUMSTANCES))
            profiles = Profiles(
                school=same * (np.nan if school_id is None else school_id),
                student=same * np.nan,
                aircraft_type=np.full(len(same), ANOTHER_TYPE, dtype=object),
                level=(same * TRAINING_LEVELS.index(level)).astype(np.int64),
                solo=solo,
                kind=kind,
                night=night,
            )
            minimums = in_force(self._minimums, day)
            self._found[key] = minimums, profiles, resolve(minimums, profiles)
        return self._found[key]


_REGULATION = Floor(regulations())


def below_regulation(limit: Mapping[str, Any], levels: Collection[str]) -> str | None:
    """Return why a limit for some training levels is below the regulation, with the paragraph, or ``None``."""
    found = _REGULATION.above(limit, None, levels)
    return found and f"the regulation requires {found}, and no minimum may be below it"


def looser_than_school(limit: Mapping[str, Any], school: Floor, school_id: int, level: str) -> str | None:
    """Return why a student's own limit is looser than the school's minimums for the level, or ``None``."""
    found = school.above(limit, school_id, [level])
    return found and f"the school's minimum is {found}, and a student's own limit can only be stricter"


def _in_its_unit(limit: Mapping[str, Any]) -> float | None:
    rule = RULE_BOOK[limit["rule"]]
    return None if rule.plausible is None else limit["limit_value"] * rule.units[limit["unit"]]


def _night(profiles: Profiles, profile: int) -> str:
    return "night" if profiles.night[profile] else "day"
