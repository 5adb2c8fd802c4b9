"""Relax the choice of slots to a linear program: lessons may take parts of slots.

Its optimum bounds every choice from below, and the reduced cost of a slot is the least distance from that bound of any
choice with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.solver.constraints import ConstraintMatrix, Places, Row
from flightsched_pipelines.domain.rescheduling.solver.lp import LinearProgram, LpRow
from flightsched_pipelines.domain.rescheduling.solver.search_state import UNPLACED_PRICE, SlotAssignmentState

EFFORT_PER_PIVOT = 4e-8
"""Effort of the solver, per pivot and row."""

MAX_CUTS, MIN_RISE = 5, 0.01
"""Times that duty hours are added to the relaxation, and the least rise of its value that justifies another time."""

ROUNDING = 1e-6
"""Costs that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The bound, the reduced cost of each slot (infinite for closed slots), and the effort spent."""

    bound: float
    reduced: NDArray[np.float64]
    effort: float

    def possible(self, cost: float) -> Places:
        """Return the slots that a choice of at most this cost may contain."""
        return np.flatnonzero(self.reduced <= cost - self.bound + ROUNDING)

    def above_bound(self, share: float) -> float:
        """Return the reduced cost that a share of the open slots does not exceed."""
        return float(np.quantile(self.reduced[np.isfinite(self.reduced)], share))


def relax(board: SlotAssignmentState, rows: ConstraintMatrix) -> Relaxation:
    """Return the relaxed optimum of one more slot for each lesson, within the constraints on the open slots.

    Duty hours are added if the relaxed choice breaks them: in minutes, and as numbers of lessons of a least length.
    """
    open_slots = np.flatnonzero(np.isfinite(board.price))
    column = np.zeros(len(board.price), dtype=np.int64)
    column[open_slots] = np.arange(open_slots.size)
    cliques, duty = rows.those(rows.room == 1), rows.those(rows.room != 1)
    costs = np.concatenate([board.price[open_slots], np.full(len(board.bookings), UNPLACED_PRICE)])
    program = LinearProgram(costs, [*_one_a_lesson(board, open_slots), *_stated(cliques, column)])
    share, reduced = np.zeros(len(board.price)), np.full(len(board.price), np.inf)
    bound, reduced[open_slots] = -np.inf, board.price[open_slots]
    spent = 0.0
    for _ in range(MAX_CUTS):
        best = program.solve()
        if best is None:
            break
        rise, bound = best.cost - bound, best.cost
        spent += EFFORT_PER_PIVOT * best.pivots * best.rows
        reduced[open_slots] = best.reduced_costs[: open_slots.size]
        share[open_slots] = best.amounts[: open_slots.size]
        if rise < MIN_RISE * bound:
            break
        for row in duty.those(duty.may_exceed(share)):
            for slots, weights, room in _cuts(row, share):
                program.add(LpRow(column[slots].tolist(), weights.tolist(), room))
    return Relaxation(bound, reduced, spent)


def _one_a_lesson(board: SlotAssignmentState, open_slots: Places) -> Iterator[LpRow]:
    """Each lesson takes one slot, or none at a price; the columns of none come after those of the slots."""
    edges = np.searchsorted(board.lesson[open_slots], np.arange(len(board.bookings) + 1)).tolist()
    for without, (first, last) in enumerate(pairwise(edges), start=open_slots.size):
        yield LpRow([*range(first, last), without], [1] * (last - first + 1), most=1, least=1)


def _stated(rows: ConstraintMatrix, column: Places) -> Iterator[LpRow]:
    """Yield rows as bounds on the amounts in the slots' columns."""
    columns, weights = column[rows.slot].tolist(), rows.weight.tolist()
    for first, last in pairwise(rows.edges):
        yield LpRow(columns[first:last], weights[first:last], float(rows.room[rows.row[first]]))


def _cuts(row: Row, share: NDArray[np.float64]) -> Iterator[Row]:
    """Rows that a relaxed choice breaks: the row itself, or what follows from it for the heaviest slots."""
    slots, weights, room = row
    chosen = share[slots]
    if chosen @ weights > room + 1e-6:
        yield row
    for least in np.unique(weights[chosen > 0]).tolist():
        heavy = weights >= least
        if chosen[heavy].sum() > room // least + 1e-6:
            yield slots[heavy], np.ones(int(heavy.sum()), dtype=np.int64), room // least
