"""Resolve minimums to thresholds in force: a row for each profile and a column for each quantity."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.forecast_grid import QUANTITIES
from flightsched_pipelines.domain.risk.limits.minimums import cells_of
from flightsched_pipelines.domain.risk.rules import (
    AREA_RULES,
    AT_LEAST_RULES,
    EFFECTS,
    HAZARD_RULES,
    LESSON_KINDS,
    RULE_BOOK,
    TRAINING_LEVELS,
)

MEASURES = (*QUANTITIES, "aircraft_crosswind", "daylight", *AREA_RULES)
"""All that can be limited: the grid's quantities, two that depend on the booking itself, and areas of each hazard."""

AIRCRAFT_CROSSWIND, DAYLIGHT = MEASURES.index("aircraft_crosswind"), MEASURES.index("daylight")
BLOCK, WARN = EFFECTS.index("block"), EFFECTS.index("warn")
NO_ROW = -1
ANOTHER_TYPE, UNKNOWN_TYPE = "another type", "unknown type"


@dataclass(frozen=True, slots=True)
class Profiles:
    """Distinct combinations of school, student, aircraft type, level, solo, kind and night, as aligned arrays.

    NaN represents every school that has no minimums of its own, and every student without limits of their own. An
    aircraft type that no minimum names is `ANOTHER_TYPE`; one that is not known is `UNKNOWN_TYPE`, and may be any.
    """

    school: NDArray[np.float64]
    student: NDArray[np.float64]
    aircraft_type: NDArray[np.object_]
    level: NDArray[np.int64]
    solo: NDArray[np.bool_]
    kind: NDArray[np.int64]
    night: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """The strictest threshold, oriented (-inf for none), and its row in the minimums: (effects, profiles, measures).

    ``of_school`` has the blocking thresholds without the students' own limits, which no stored margin may show:
    (profiles, measures). ``ruled`` marks the profiles that have a blocking minimum of the school's or by default;
    ``faults`` marks for each faulty row the profiles to which it applies.
    """

    thresholds: NDArray[np.float64]
    rows: NDArray[np.int64]
    of_school: NDArray[np.float64]
    ruled: NDArray[np.bool_]
    faults: Mapping[str, NDArray[np.bool_]]

    @property
    def faulty(self) -> NDArray[np.bool_]:
        """Return the profiles to which a faulty row applies."""
        return np.any([*self.faults.values(), np.zeros_like(self.ruled)], axis=0)

    @property
    def unclear(self) -> NDArray[np.bool_]:
        """Return the profiles without minimums, or with a faulty row: their lessons are at best ``unknown``."""
        return ~self.ruled | self.faulty


def rule_of(measure: str) -> str:
    """Return the rule that a measure belongs to; icing and density altitude have several."""
    return next(rule for rule in (measure, measure.removesuffix("_unknown"), "icing") if rule in RULE_BOOK)


_MEASURES_OF = {
    rule: [n for n, name in enumerate(MEASURES) if rule_of(name) == rule] for rule in map(rule_of, MEASURES)
}


def resolve(minimums: pd.DataFrame, profiles: Profiles) -> Limits:
    """Return the limits in force for each profile.

    If a school has blocking rows of its own for a rule, they replace the defaults; a warning row counts beside them. A
    regulation and a student's own limit always count. A row for an aircraft type counts for aircraft of unknown type,
    too, and replaces no default of theirs. The strictest of all rows that count applies; of a student's own
    limit and an equal one, the other does, which may be told.
    """
    everybody = len(profiles.school)
    shape = (len(EFFECTS), everybody, len(MEASURES))
    ruled, faults = np.zeros(everybody, dtype=bool), dict[str, NDArray[np.bool_]]()
    thresholds, of_school = np.full(shape, -np.inf), np.full(shape[1:], -np.inf)
    limits = Limits(thresholds, np.full(shape, NO_ROW, dtype=np.int64), of_school, ruled, faults)
    columns = [cells_of(minimums, name) for name in map(str, minimums)]
    records = [dict(zip(minimums.columns, row, strict=True)) for row in zip(*columns, strict=True)]
    sound: list[tuple[int, dict[Any, Any], NDArray[np.bool_]]] = []
    own: dict[str, NDArray[np.bool_]] = defaultdict(lambda: np.zeros(everybody, dtype=bool))
    for number, record in enumerate(records):
        applies = _applies(record, profiles)
        if record["fault"] is not None:
            faults[record["fault"]] = applies
            continue
        sound.append((number, record, applies))
        if record["authority"] == "school" and record["effect"] == EFFECTS[BLOCK]:
            own[record["rule"]] |= applies & _is_surely_of(record["aircraft_type"], profiles)
    for number, record, applies in sorted(sound, key=lambda one: one[1]["authority"] == "student"):
        if record["comparison"] == "any":
            continue  # it is in the place of a default, and limits nothing
        counts = applies & ~own[record["rule"]] if record["authority"] == "default" else applies
        if record["authority"] in {"default", "school"} and record["effect"] == EFFECTS[BLOCK]:
            ruled |= counts
        for measure in _MEASURES_OF[record["rule"]]:
            flown = counts & (profiles.kind == _kind_of(measure)) if record["rule"] == "icing" else counts
            _tighten(limits, EFFECTS.index(record["effect"]), measure, flown, threshold_of(record), number)
        if record["authority"] != "student":  # the students' own come last
            np.copyto(of_school, thresholds[BLOCK])
    return limits


def _tighten(limits: Limits, effect: int, measure: int, applies: NDArray[np.bool_], value: float, number: int) -> None:
    thresholds, rows = limits.thresholds[effect, :, measure], limits.rows[effect, :, measure]
    stricter = applies & (value > thresholds)
    np.copyto(thresholds, value, where=stricter)
    np.copyto(rows, number, where=stricter)


def _applies(record: dict[Any, Any], profiles: Profiles) -> NDArray[np.bool_]:
    applies = np.ones(len(profiles.school), dtype=bool)
    if record["school_id"] is not None:
        applies &= profiles.school == record["school_id"]
    if record["student_id"] is not None:
        applies &= profiles.student == record["student_id"]
    if record["aircraft_type"] is not None:
        applies &= _is_surely_of(record["aircraft_type"], profiles) | (profiles.aircraft_type == UNKNOWN_TYPE)
    if record["training_level"] is not None:
        applies &= profiles.level == TRAINING_LEVELS.index(record["training_level"])
    if record["solo"] is not None:
        applies &= profiles.solo == record["solo"]
    if record["lesson_kind"] is not None:
        applies &= profiles.kind == LESSON_KINDS.index(record["lesson_kind"])
    if record["night"] is not None:
        applies &= profiles.night == record["night"]
    return applies


def _is_surely_of(aircraft_type: str | None, profiles: Profiles) -> NDArray[np.bool_]:
    """True where the aircraft is known to be of a type; a null type is any."""
    return np.full(len(profiles.school), True) if aircraft_type is None else profiles.aircraft_type == aircraft_type


def _kind_of(measure: int) -> int:
    return LESSON_KINDS.index(MEASURES[measure].removeprefix("icing_"))


def threshold_of(record: Mapping[Any, Any]) -> float:
    """Return the number that a rule's oriented value must not be below.

    A strict comparison becomes the next number up, so that the strictest of several rows is their maximum, whatever
    their comparisons: ``value > 5`` is breached if, and only if, ``value < nextafter(5, inf)``.
    """
    rule, limit = record["rule"], record["limit_value"]
    if rule in HAZARD_RULES or rule == "aircraft_crosswind":
        return 0.0  # the aircraft's own limit is in the booking
    worst_allowed = limit if rule in AT_LEAST_RULES else -limit
    return float(np.nextafter(worst_allowed, np.inf)) if record["comparison"] in {">", "<"} else float(worst_allowed)
