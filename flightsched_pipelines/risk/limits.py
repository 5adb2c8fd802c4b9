"""Which limit holds for whom: minimums resolved to thresholds, a row a profile and a column a quantity."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.risk.bookings import LESSON_KINDS, TRAINING_LEVELS
from flightsched_pipelines.risk.minimums import EFFECTS, RULES, threshold
from flightsched_pipelines.risk.sky import QUANTITIES

MEASURES = (*QUANTITIES, "aircraft_crosswind", "daylight")
"""What a limit can be set for: the sky's quantities, and two that depend on the booking itself."""

AIRCRAFT_CROSSWIND, DAYLIGHT = MEASURES.index("aircraft_crosswind"), MEASURES.index("daylight")
BLOCK, WARN = EFFECTS.index("block"), EFFECTS.index("warn")
NO_ROW = -1

_KEY = ("training_level", "solo", "lesson_kind", "night", "rule")


@dataclass(frozen=True, slots=True)
class Profiles:
    """Who flies what, aligned arrays: the school (NaN for none), indices of level and kind, solo, night."""

    school: NDArray[np.float64]
    level: NDArray[np.int64]
    solo: NDArray[np.bool_]
    kind: NDArray[np.int64]
    night: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """The strictest threshold, oriented (-inf for none), and its row in the minimums: (effects, profiles, measures)."""

    thresholds: NDArray[np.float64]
    rows: NDArray[np.int64]


def rule_of(measure: str) -> str:
    """The rule that a measure belongs to; icing has a measure for each kind of lesson."""
    return "icing" if measure.startswith("icing_") else measure


def resolve(minimums: pd.DataFrame, profiles: Profiles) -> Limits:
    """The limits of each profile.

    A school's own row replaces the default row with the same level, solo, kind, night and rule; of all other rows
    that apply, whatever their authority, the strictest counts.
    """
    shape = (len(EFFECTS), len(profiles.school), len(MEASURES))
    limits = Limits(np.full(shape, -np.inf), np.full(shape, NO_ROW, dtype=np.int64))
    records: list[dict[Any, Any]] = minimums.astype(object).where(minimums.notna(), None).to_dict("records")
    own: dict[tuple[Any, ...], set[float]] = defaultdict(set)
    for record in records:
        if record["authority"] == "school":
            own[_key(record)].add(record["school_id"])
    for number, record in enumerate(records):
        applies = _applies(record, profiles)
        if record["authority"] == "default":
            applies &= ~np.isin(profiles.school, list(own[_key(record)]))
        value = threshold(RULES[record["rule"]], record["comparison"], _limit(record))
        for measure, name in enumerate(MEASURES):
            if rule_of(name) == record["rule"]:
                flown = profiles.kind == _kind_of(name) if record["rule"] == "icing" else True
                _tighten(limits, EFFECTS.index(record["effect"]), measure, applies & flown, value, number)
    return limits


def _tighten(
    limits: Limits, effect: int, measure: int, applies: NDArray[np.bool_], value: float, number: int
) -> None:
    stricter = applies & (value > limits.thresholds[effect, :, measure])
    limits.thresholds[effect, stricter, measure] = value
    limits.rows[effect, stricter, measure] = number


def _applies(record: dict[Any, Any], profiles: Profiles) -> NDArray[np.bool_]:
    applies = np.ones(len(profiles.school), dtype=bool)
    if record["school_id"] is not None:
        applies &= profiles.school == record["school_id"]
    if record["training_level"] is not None:
        applies &= profiles.level == TRAINING_LEVELS.index(record["training_level"])
    if record["solo"] is not None:
        applies &= profiles.solo == record["solo"]
    if record["lesson_kind"] is not None:
        applies &= profiles.kind == LESSON_KINDS.index(record["lesson_kind"])
    if record["night"] is not None:
        applies &= profiles.night == record["night"]
    return applies


def _key(record: dict[Any, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in _KEY)


def _kind_of(measure: str) -> int:
    return LESSON_KINDS.index(measure.removeprefix("icing_"))


def _limit(record: dict[Any, Any]) -> float:
    """The row's limit; that of ``aircraft_crosswind`` is the aircraft's own, so any row's threshold is the same."""
    return 0.0 if record["rule"] == "aircraft_crosswind" or record["limit_value"] is None else record["limit_value"]
