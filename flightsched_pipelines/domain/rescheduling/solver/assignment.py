"""Choose jointly up to three alternatives a lesson, such that all of them can be held at once.

Any lesson may take any of its alternatives, in any order, without blocking another lesson's: no aircraft, instructor or
student twice, buffers kept, duty hours within 14 CFR 61.195(a) with all alternatives counted.

Lessons that share no resource are chosen for separately. Within such a component every lesson gets its first
alternative before any gets its second; each time the solver's choice and the greedy one are compared, and the better
is kept.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import fsum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS, typed
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.school_shards import ForEach, here
from flightsched_pipelines.domain.rescheduling.search.resource_calendars import holding_bookings
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_descriptions
from flightsched_pipelines.domain.rescheduling.solver.cp_sat import Solution, solve
from flightsched_pipelines.domain.rescheduling.solver.duty_hours import DutyHours
from flightsched_pipelines.domain.rescheduling.solver.greedy import fill
from flightsched_pipelines.domain.rescheduling.solver.search_state import (
    SlotArrays,
    SlotAssignmentState,
    assignment_cost,
    users_of,
)

RUN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "component": "int64",
        "rank": "int64",
        "lessons": "int64",
        "slots": "int64",
        "status": "str",
        "chosen_by": "str",
        "unplaced": "int64",
        "cost": "float64",
        "greedy_cost": "float64",
        "bound": "float64",
        "gap": "float64",
        "seconds": "float64",
    }
)
"""Columns of the solver's runs, one a component and rank. ``component`` is the number of its first booking.

``cost``, ``greedy_cost`` and ``bound`` are in days of waiting, lessons without an alternative included; ``gap`` is the
distance of the cost from the bound, as a share of the cost of the lessons that were placed.
"""

EFFORT_SHARES = (0.5, 0.25, 0.25)
"""Share of the effort that each rank may take; the unused part goes to the next."""

MORE_EFFORT = 1.25
"""Factor by which another round must raise the effort of components without a proof, to be worth choosing anew."""

Piece = tuple[pd.DataFrame, pd.DataFrame]
"""Candidates, and the bookings of the same schools."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The proposals (``PROPOSAL_COLUMNS``), and solver statistics (``RUN_COLUMNS``)."""

    proposals: pd.DataFrame
    runs: pd.DataFrame


@dataclass(frozen=True, slots=True)
class ComponentChoice:
    """The choice for the lessons of one component: rows of the candidates by label, a run a rank, and the effort."""

    lessons: NDArray[np.int64]
    slots: int
    picks: Sequence[int]
    runs: Sequence[Mapping[str, Any]]
    effort: float

    @property
    def number(self) -> int:
        """Return the number of its first booking."""
        return int(self.lessons[0])

    @property
    def is_proven(self) -> bool:
        """Return whether the solver proved each rank's choice to be the best."""
        return all(run["status"] == "optimal" for run in self.runs)

    @property
    def cost(self) -> tuple[float, ...]:
        """Return the cost of each rank, the first of which counts most."""
        return tuple(run["cost"] for run in self.runs)


def choose(
    candidates: pd.DataFrame,
    bookings: pd.DataFrame,
    rules: SchedulingRules,
    per_booking: int = 3,
    effort: float = 40.0,
    *,
    divide: Callable[[pd.DataFrame], Sequence[Piece]] | None = None,
    for_each: ForEach = here,
) -> Choice:
    """Choose alternatives, component by component and rank by rank.

    Args:
        candidates: ``CANDIDATE_COLUMNS``, in any order.
        bookings: every booking, for the students' other lessons and the instructors' duty hours.
        rules: buffers and duty hours.
        per_booking: maximum number of alternatives.
        effort: of the solver, in its deterministic units; shared among components by their slots,
            and what is left once more among those without a proof. 0 leaves the choice to the greedy rule.
        divide: divides candidates into pieces that have no component in common, each with the bookings it needs.
        for_each: does the work on each of these pieces.

    Returns:
        Proposals ordered by booking and rank; the same for the same rows in any order and any pieces, on any machine.
    """
    if candidates.empty:
        return Choice(typed([], PROPOSAL_COLUMNS), typed([], RUN_COLUMNS))
    order = ["booking_id", "score", "starts_at_utc", "instructor_id", "aircraft_id"]
    candidates = candidates.sort_values(order).reset_index(drop=True)
    pieces = [(candidates, bookings)] if divide is None else divide(candidates)
    best: dict[int, ComponentChoice] = {}
    efforts: list[float] = []
    waiting = candidates["booking_id"].to_numpy()
    per_slot = effort / len(candidates)
    while True:
        again = [
            (mine, theirs) for mine, theirs in ((_of(piece[0], waiting), piece[1]) for piece in pieces) if len(mine)
        ]
        found = for_each(choose_components, [(*piece, rules, per_booking, per_slot) for piece in again])
        for one in chain.from_iterable(found):
            efforts.append(one.effort)
            best[one.number] = min(best.get(one.number, one), one, key=lambda choice: choice.cost)
        unproven = [one for one in best.values() if not one.is_proven]
        slots = sum(one.slots for one in unproven)
        left = effort - fsum(efforts)  # the same in whatever order they were added
        if not unproven or left <= MORE_EFFORT * per_slot * slots:
            break
        waiting, per_slot = np.concatenate([one.lessons for one in unproven]), left / slots
    components = [best[number] for number in sorted(best)]
    held = sorted(chain.from_iterable(one.picks for one in components))
    runs = list(chain.from_iterable(one.runs for one in components))
    return Choice(_proposals(candidates.loc[held], bookings), typed(runs, RUN_COLUMNS))


def choose_components(
    candidates: pd.DataFrame, bookings: pd.DataFrame, rules: SchedulingRules, per_booking: int, effort_per_slot: float
) -> list[ComponentChoice]:
    """Choose for each component of some candidates, ordered as in `choose`, with an effort by its number of slots."""
    slots = SlotArrays.of(candidates, bookings)
    teaching = DutyHours(rules).enter(holding_bookings(bookings))
    found: list[ComponentChoice] = []
    for places in components(slots):
        board = SlotAssignmentState(slots.take(places), teaching, rules)
        number, share, spent = int(board.bookings[0]), effort_per_slot * len(places), 0.0
        runs: list[dict[str, Any]] = []
        for rank in range(1, per_booking + 1):
            allowed = share * sum(EFFORT_SHARES[:rank]) - spent
            board, run, took = _next_rank(board, allowed)
            spent += took
            runs.append({"component": number, "rank": rank, **run})
        picks = candidates.index[places[board.held]].tolist()
        found.append(ComponentChoice(board.bookings, len(places), picks, runs, spent))
    return found


def _of(candidates: pd.DataFrame, lessons: NDArray[np.int64]) -> pd.DataFrame:
    return candidates[np.isin(candidates["booking_id"], lessons)]


def components(slots: SlotArrays) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of slots whose lessons share an instructor, aircraft or student, even indirectly.

    The smallest come first, so that the effort they leave goes to the large ones.
    """
    bookings, lesson = np.unique(slots.booking, return_inverse=True)
    root = list(range(len(bookings)))

    def root_of(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for needed in slots.needs:
        for users in users_of(needed).values():
            first, *others = np.unique(lesson[users]).tolist()
            for other in others:
                root[root_of(other)] = root_of(first)
    roots = np.array([root_of(one) for one in range(len(bookings))])[lesson]
    names, sizes = np.unique(roots, return_counts=True)
    for name in names[np.argsort(sizes, kind="stable")]:
        yield np.flatnonzero(roots == name)


def _next_rank(board: SlotAssignmentState, effort: float) -> tuple[SlotAssignmentState, dict[str, Any], float]:
    """Add one more alternative for each lesson of a component: the state with it, the run's figures, and its effort."""
    began = time.perf_counter()
    everyone = range(len(board.bookings))
    greedy = board.copy()
    greedy_picks = fill(greedy, everyone)
    greedy_cost = best_cost = assignment_cost(board, greedy_picks)
    best, picks, chosen_by = greedy, greedy_picks, "greedy"
    solution = Solution([], "not run", float("-inf"), 0.0)
    if effort > 0:
        solution = solve(board, effort, greedy_picks)
        solved = board.copy()
        kept = [slot for slot in solution.picks if solved.may_hold(slot) and solved.hold(slot)]
        kept += fill(solved, set(everyone) - {int(board.lesson[slot]) for slot in kept})
        if assignment_cost(board, kept) < best_cost - 1e-6:
            best, picks, best_cost, chosen_by = solved, kept, assignment_cost(board, kept), "solver"
    placed_cost = assignment_cost(board, picks) - assignment_cost(board, []) * (1 - len(picks) / len(board.bookings))
    run = {
        "lessons": len(board.bookings),
        "slots": int(np.isfinite(board.price).sum()),
        "status": solution.status,
        "chosen_by": chosen_by,
        "unplaced": len(board.bookings) - len(picks),
        "cost": round(best_cost, 6),
        "greedy_cost": round(greedy_cost, 6),
        "bound": round(solution.bound, 6) if np.isfinite(solution.bound) else float("nan"),
        "gap": round(max(best_cost - solution.bound, 0.0) / max(placed_cost, 1.0), 6)
        if np.isfinite(solution.bound)
        else float("nan"),
        "seconds": time.perf_counter() - began,
    }
    return best, run, solution.effort


def _proposals(slots: pd.DataFrame, bookings: pd.DataFrame) -> pd.DataFrame:
    """The chosen candidates, in the order of their score, with the facts about each."""
    lessons = bookings.set_index("booking_id").loc[slots["booking_id"]]
    return typed(
        slots.assign(
            rank=slots.groupby("booking_id").cumcount() + 1,
            ranked_by="planner",
            reason=slot_descriptions(slots, lessons.set_index(slots.index)),
        ),
        PROPOSAL_COLUMNS,
    )
