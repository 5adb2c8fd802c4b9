"""The joint choice: up to three alternatives a lesson, such that all of them can be held out at once.

Any lesson may take any of its alternatives, in any order, and none is in the way of another lesson's: no aircraft,
instructor or student twice, buffers kept, duty hours within 14 CFR 61.195(a) counting everything held out.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.rescheduling.diaries import DutyLog, holding
from flightsched_pipelines.rescheduling.frames import typed
from flightsched_pipelines.rescheduling.reasons import reasons
from flightsched_pipelines.rescheduling.rules import SchedulingRules
from flightsched_pipelines.rescheduling.timeline import Timeline, local_clock

PROPOSAL_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "rank": "int64",
        "starts_at_utc": "datetime64[us, UTC]",
        "ends_at_utc": "datetime64[us, UTC]",
        "instructor_id": "Int64",
        "aircraft_id": "int64",
        "verdict": "str",
        "margin": "float64",
        "same_instructor": "bool",
        "same_aircraft": "bool",
        "minutes_moved": "int64",
        "score": "float64",
        "ranked_by": "str",
        "reason": "str",
    }
)
"""Columns of the proposals: ``rank`` counts from 1, the best; ``ranked_by`` says who put them in that order."""

SAME_DAY_PRICE = 2.0
"""Who cannot come on a day can seldom come two hours later: an alternative on another day is worth two days' wait."""

SAME_TIME_PRICE = 1_000.0
"""Two starts less than ``_APART`` from each other are one alternative: only where there is nothing else."""

_APART = np.timedelta64(2, "h")


class Chooser(Protocol):
    """Chooses proposals among candidates: this greedy one, or a solver."""

    def __call__(
        self, candidates: pd.DataFrame, bookings: pd.DataFrame, rules: SchedulingRules, per_booking: int = 3
    ) -> pd.DataFrame:
        """Proposals (``PROPOSAL_COLUMNS``), at most ``per_booking`` for each booking, that can all be held at once."""
        ...


def choose(
    candidates: pd.DataFrame, bookings: pd.DataFrame, rules: SchedulingRules, per_booking: int = 3
) -> pd.DataFrame:
    """Choose greedily, rank by rank: every lesson its first alternative before any its second.

    Within a rank the lesson goes first that would lose most by going last: the one whose second-best free candidate
    costs most more than its best, and before all one that has a single candidate left.

    Args:
        candidates: ``CANDIDATE_COLUMNS``, in any order.
        bookings: every booking, for the students' other lessons and the instructors' duty hours.
        rules: buffers and duty hours.
        per_booking: how many alternatives to look for.

    Returns:
        ``PROPOSAL_COLUMNS``, ordered by booking and rank; the same for the same rows in any order.
    """
    if candidates.empty:
        return typed([], PROPOSAL_COLUMNS)
    pool = _Pool(candidates, bookings, rules)
    for _ in range(per_booking):
        waiting = np.ones(pool.lesson_count, dtype=bool)
        while waiting.any():
            lesson = pool.most_urgent(waiting)
            waiting[lesson] = False
            pool.hold_best(lesson)
    return _proposals(pool.slots.loc[sorted(pool.held)], bookings)


class _Pool:
    """The candidates, each with its price: infinite once it is held, or cannot be held beside those that are."""

    def __init__(self, candidates: pd.DataFrame, bookings: pd.DataFrame, rules: SchedulingRules) -> None:
        order = ["booking_id", "score", "starts_at_utc", "instructor_id", "aircraft_id"]
        self.slots = candidates.sort_values(order).reset_index(drop=True)
        self.held: list[int] = []
        numbers, self._lesson = np.unique(self.slots["booking_id"].to_numpy(dtype=np.int64), return_inverse=True)
        self.lesson_count = len(numbers)
        edges = np.searchsorted(self._lesson, np.arange(self.lesson_count + 1)).tolist()
        self._blocks = [slice(first, last) for first, last in pairwise(edges)]
        lessons = bookings.set_index("booking_id").loc[self.slots["booking_id"]].reset_index(drop=True)
        self._days = local_clock(self.slots["starts_at_utc"], lessons["time_zone"]).dt.normalize().to_numpy()
        self._starts = self.slots["starts_at_utc"].to_numpy(dtype="datetime64[us]")
        self._ends = self.slots["ends_at_utc"].to_numpy(dtype="datetime64[us]")
        self._buffer = np.timedelta64(rules.buffer_minutes, "m")
        self._needs = [
            (needed.tolist(), _positions(needed))
            for needed in (self.slots["instructor_id"], self.slots["aircraft_id"], lessons["student_id"])
        ]
        self._duty = _Duty(self.slots, bookings, rules)
        self._price = self.slots["score"].to_numpy(dtype=np.float64, copy=True)
        self._regret = np.zeros(self.lesson_count)
        self._feel_regret(range(self.lesson_count))

    def most_urgent(self, waiting: NDArray[np.bool_]) -> int:
        """The waiting lesson that would lose most by waiting on; the first booking of equals."""
        return int(np.where(waiting, self._regret, -np.inf).argmax())

    def hold_best(self, lesson: int) -> None:
        """Hold out a lesson's cheapest candidate, if it has one left that duty hours allow."""
        block = self._blocks[lesson]
        while True:
            slot = block.start + int(self._price[block].argmin())
            if np.isinf(self._price[slot]):
                return
            if self._duty.allows(slot):
                break
            self._price[slot] = np.inf
        self.held.append(slot)
        self._duty.count(slot)
        crossed = self._close_rivals(slot)
        self._set_apart(block, slot)
        self._feel_regret({lesson, *crossed})

    def _close_rivals(self, slot: int) -> list[int]:
        """Close other lessons' candidates that need the same aircraft, instructor or student; say whose they were."""
        crossed: list[int] = []
        for needed, holders in self._needs:
            rivals = holders.get(needed[slot])
            if rivals is None:  # a solo flight needs no instructor
                continue
            clash = rivals[
                (self._lesson[rivals] != self._lesson[slot])
                & (self._starts[rivals] < self._ends[slot] + self._buffer)
                & (self._ends[rivals] > self._starts[slot] - self._buffer)
            ]
            self._price[clash] = np.inf
            crossed += self._lesson[clash].tolist()
        return crossed

    def _set_apart(self, block: slice, slot: int) -> None:
        """Make a lesson's candidates that resemble the one held out dearer, and those at the same start impossible."""
        gap = np.abs(self._starts[block] - self._starts[slot])
        self._price[block] += SAME_DAY_PRICE * (self._days[block] == self._days[slot])
        self._price[block] += SAME_TIME_PRICE * (gap < _APART)
        self._price[block][gap == np.timedelta64(0)] = np.inf

    def _feel_regret(self, lessons: Iterable[int]) -> None:
        for lesson in lessons:
            best, second, *_ = *np.sort(self._price[self._blocks[lesson]])[:2].tolist(), np.inf
            self._regret[lesson] = np.inf if np.isinf(second) else second - best


def _positions(needed: "pd.Series[int]") -> dict[int, NDArray[np.int64]]:
    """Where each aircraft, instructor or student is needed; nobody is where it is null."""
    places: dict[int, list[int]] = {}
    for place, identity in enumerate(needed.tolist()):
        if not pd.isna(identity):
            places.setdefault(identity, []).append(place)
    return {identity: np.array(found, dtype=np.int64) for identity, found in places.items()}


class _Duty:
    """The duty hours of the instructors in question: lessons booked, and candidates held out."""

    def __init__(self, slots: pd.DataFrame, bookings: pd.DataFrame, rules: SchedulingRules) -> None:
        timeline = Timeline.between(slots["starts_at_utc"].min(), slots["ends_at_utc"].max())
        self._booking = slots["booking_id"].tolist()
        self._instructor = slots["instructor_id"].tolist()
        self._first, self._last = timeline.outward(slots["starts_at_utc"], slots["ends_at_utc"])
        self._log = DutyLog(slots["instructor_id"].dropna().tolist(), timeline, rules).enter(holding(bookings))

    def allows(self, slot: int) -> bool:
        """Whether the instructor of a candidate may give it beside all else; a solo flight has none."""
        instructor = self._instructor[slot]
        if pd.isna(instructor):
            return True
        first = self._first[slot : slot + 1]
        cells = int(self._last[slot] - first[0])
        return bool(self._log.allows([instructor], first, cells, moving=self._booking[slot])[0, 0])

    def count(self, slot: int) -> None:
        """Count a candidate that is held out."""
        if not pd.isna(self._instructor[slot]):
            span = int(self._first[slot]), int(self._last[slot])
            self._log.count(self._booking[slot], self._instructor[slot], *span)


def _proposals(slots: pd.DataFrame, bookings: pd.DataFrame) -> pd.DataFrame:
    """Candidates held out, in the order of their score, with the facts about each."""
    lessons = bookings.set_index("booking_id").loc[slots["booking_id"]]
    return typed(
        slots.assign(
            rank=slots.groupby("booking_id").cumcount() + 1,
            ranked_by="planner",
            reason=reasons(slots, lessons.set_index(slots.index)),
        ),
        PROPOSAL_COLUMNS,
    )
