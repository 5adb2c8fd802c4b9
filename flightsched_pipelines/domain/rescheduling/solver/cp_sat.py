"""Choose one more alternative for each lesson with OR-Tools: the cheapest choice that can be held all at once.

The linear relaxation comes first: its value bounds every choice from below, and the reduced cost of a slot is the
least distance from the bound of any choice with it. A starting choice that meets the bound is optimal, and the search
ends. Otherwise CP-SAT chooses among the slots of least reduced cost: an optimum no further from the bound than these is
one of the whole problem. Without such a proof it chooses anew for some lessons at a time, the others fixed. When that
stops improving, it takes more lessons and dearer slots, and at last all lessons, with every slot whose reduced cost
does not rule it out: an optimum there is one of the whole problem, too.

Effort is counted in deterministic units, of half a second or less, so that one problem has one solution on every
machine; the wall clock is only a safety net.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from flightsched_pipelines.domain.rescheduling.solver.constraints import ConstraintMatrix, Places
from flightsched_pipelines.domain.rescheduling.solver.relaxation import ROUNDING, Relaxation, relax
from flightsched_pipelines.domain.rescheduling.solver.search_state import UNPLACED_PRICE, SlotAssignmentState
from flightsched_pipelines.durations import MINUTES_PER_DAY

FIRST_DAYS, FIRST_SHARE, FIRST_EFFORT = 0.5, 0.4, 0.03
"""The slots that CP-SAT gets for all lessons at first: up to this reduced cost, in days, and this share in its order,
the fewer before the more; and the share of the effort for each.
"""

NEAR = 0.06
"""Relative gap below which a choice is improved for all lessons at once: the proof is within reach."""

SEEDS, NEIGHBOURS = 2, 30
"""Number of lessons a step starts from, and number of lessons in their way that it moves at first."""

STEP_DAYS = 2.0
"""Largest reduced cost, in days, of the slots that a step chooses from at first."""

PATIENCE, GROWTH = 12, 1.5
"""Steps in a row without improvement before a step moves more lessons, to dearer slots, and the factor of both."""

STEP_EFFORT = 0.5
"""Maximum effort of one step; the step for all lessons takes the rest."""

EFFORT_PER_ENTRY = 8e-6
"""Effort to state a model, per entry of its rows."""

MILLI = 1_000
"""CP-SAT uses integers: costs are in thousandths of a day."""

RANDOM_SEED = 1

WALL_SECONDS_PER_UNIT = 10.0
"""Wall-clock limit per unit of effort, as a safety net: a busy machine is slow."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The chosen slots (at most one a lesson), the bound on the optimum, and the effort spent."""

    picks: list[int]
    status: str
    bound: float
    effort: float


def solve(board: SlotAssignmentState, effort: float, start: Sequence[int] = ()) -> Solution:
    """Choose one more slot for each lesson.

    Args:
        board: prices and the slots already chosen; not changed.
        effort: bound of the search, in deterministic units.
        start: a valid choice; it is kept if nothing cheaper exists, or is found.

    Returns:
        The choice. ``status`` is ``optimal``, or ``feasible`` if the effort ended before the proof.
    """
    picks = list(start)
    if _cost(board, picks) <= _cheapest(board).sum() + ROUNDING:
        return Solution(picks, "optimal", _cost(board, picks), 0.0)
    rows = ConstraintMatrix.on(board)
    relaxed = relax(board, rows)
    spent = relaxed.effort
    if _cost(board, picks) <= relaxed.bound + ROUNDING:
        return Solution(picks, "optimal", _cost(board, picks), spent)
    everyone = np.arange(len(board.bookings))
    for above in sorted([FIRST_DAYS, relaxed.above_bound(FIRST_SHARE)]):
        wanted = relaxed.possible(min(relaxed.bound + above, _cost(board, picks)))
        found = _choose(board, rows, everyone, (), wanted, FIRST_EFFORT * effort)
        spent += found.effort
        picks = _cheaper(board, picks, found)
        if found.status != "optimal":
            break  # nor is it with more slots
        if _cost(board, picks) <= relaxed.bound + above + ROUNDING:
            return Solution(picks, "optimal", _cost(board, picks), spent)
    return _improve(board, rows, relaxed, picks, effort, spent)


def _improve(
    board: SlotAssignmentState,
    rows: ConstraintMatrix,
    relaxed: Relaxation,
    picks: list[int],
    effort: float,
    spent: float,
) -> Solution:
    """Choose anew for some lessons at a time, at last for all, for as long as the effort lasts."""
    random = np.random.default_rng(RANDOM_SEED)
    everyone, bound = len(board.bookings), relaxed.bound
    size = float(everyone if _cost(board, picks) <= (1 + NEAR) * bound else NEIGHBOURS)
    days = STEP_DAYS
    in_vain, whole, found = 0, False, Solution([], "none", -np.inf, 0.0)
    while spent < effort:
        whole = size + SEEDS >= everyone
        free = np.arange(everyone) if whole else _neighbours(board, relaxed.reduced, picks, round(size), random)
        is_free = np.isin(np.arange(everyone), free)
        held = [slot for slot in picks if not is_free[board.lesson[slot]]]
        before = _cost(board, picks)
        wanted = relaxed.possible(before if whole else min(before, bound + days))
        wanted = np.union1d(wanted[is_free[board.lesson[wanted]]], np.setdiff1d(picks, held))
        left = effort - spent
        found = _choose(board, rows, free, held, wanted, left if whole else min(STEP_EFFORT, left))
        spent += found.effort
        picks = _cheaper(board, picks, found)
        if whole:
            break
        in_vain = 0 if _cost(board, picks) < before - ROUNDING else in_vain + 1
        if found.status != "optimal":
            size, days, in_vain = max(size / GROWTH, 1.0), days / GROWTH, 0
        elif in_vain == PATIENCE:
            size, days, in_vain = size * GROWTH, days * GROWTH, 0
    cost = _cost(board, picks)
    if whole and found.status == "optimal":
        return Solution(picks, "optimal", cost, spent)
    return Solution(picks, "feasible", min(max(bound, found.bound if whole else bound), cost), spent)


def _cost(board: SlotAssignmentState, picks: Sequence[int]) -> float:
    return float(board.price[list(picks)].sum()) + UNPLACED_PRICE * (len(board.bookings) - len(picks))


def _cheapest(board: SlotAssignmentState) -> NDArray[np.float64]:
    """The least cost of each lesson: its cheapest slot, or no slot."""
    return np.array([board.price[block].min(initial=UNPLACED_PRICE) for block in board.blocks])


def _cheaper(board: SlotAssignmentState, picks: list[int], found: Solution) -> list[int]:
    """The cheaper of two choices; the second if they cost the same, so that the search moves on."""
    return found.picks if found.status != "none" and _cost(board, found.picks) <= _cost(board, picks) else picks


def _neighbours(
    board: SlotAssignmentState,
    reduced: NDArray[np.float64],
    picks: Sequence[int],
    size: int,
    random: np.random.Generator,
) -> Places:
    """Some lessons, and those whose slots block the slots that the relaxed choice would rather give them.

    A lesson whose slot has a large reduced cost is drawn more often.
    """
    paid = np.full(len(board.bookings), UNPLACED_PRICE)
    paid[board.lesson[picks]] = reduced[picks]
    loss = np.maximum(paid, 0) + 0.1
    seeds = random.choice(loss.size, size=min(SEEDS, loss.size), replace=False, p=loss / loss.sum())
    held = np.array(picks, dtype=np.int64)
    in_the_way = np.zeros(held.size)
    for lesson in map(int, seeds):
        block: slice = board.blocks[lesson]
        better = block.start + np.flatnonzero(reduced[block] < paid[lesson])
        attraction = 1 / (1 + reduced[better])[:, None]
        near = np.abs(board.slots.start[better][:, None] - board.slots.start[held]) < MINUTES_PER_DAY / 2
        for needed in board.slots.needs:
            in_the_way += (attraction * ((needed[better][:, None] == needed[held]) & near)).sum(axis=0)
    order = np.argsort(-in_the_way * random.uniform(0.5, 1.0, held.size), kind="stable")[:size]
    return np.union1d(seeds, board.lesson[held[order]])


def _choose(
    board: SlotAssignmentState,
    rows: ConstraintMatrix,
    lessons: Places,
    held: Sequence[int],
    wanted: Places,
    effort: float,
) -> Solution:
    """Let CP-SAT choose among the wanted slots for some lessons, with the others' slots fixed.

    ``picks`` includes the fixed slots; ``status`` is ``none`` if the effort ended before any choice was found.
    """
    fits, binding = rows.beside(board, held, wanted)
    program = cp_model.CpModel()
    taken = {slot: program.new_bool_var("") for slot in fits.tolist()}
    without = [program.new_bool_var("") for _ in lessons]
    edges = np.searchsorted(board.lesson[fits], lessons).tolist()
    for none, slots in zip(without, np.split(fits, edges[1:]), strict=True):
        program.add_exactly_one(none, *(taken[slot] for slot in slots.tolist()))
    for slots, weights, room in binding:
        variables = [taken[slot] for slot in slots.tolist()]
        if 2 * weights.min() > room:
            program.add_at_most_one(variables)
        else:
            program.add(cp_model.LinearExpr.weighted_sum(variables, weights.tolist()) <= room)
    prices = np.rint(board.price[fits] * MILLI).astype(np.int64).tolist()
    program.minimize(
        cp_model.LinearExpr.weighted_sum(
            [*taken.values(), *without], [*prices, *[round(UNPLACED_PRICE * MILLI)] * len(without)]
        )
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = RANDOM_SEED
    solver.parameters.linearization_level = 2  # the relaxation is worth its cost where duty hours bind
    solver.parameters.cp_model_presolve = False  # it takes longer than it saves
    solver.parameters.max_deterministic_time = max(effort, 0.01)
    solver.parameters.max_time_in_seconds = WALL_SECONDS_PER_UNIT * max(effort, 1.0)
    status = solver.solve(program)
    spent = float(solver.response_proto.deterministic_time) + EFFORT_PER_ENTRY * (binding.slot.size + fits.size)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution([], "none", -np.inf, spent)
    picks = [slot for slot, variable in taken.items() if solver.boolean_value(variable)]
    name = "optimal" if status == cp_model.OPTIMAL else "feasible"
    return Solution([*held, *picks], name, solver.best_objective_bound / MILLI, spent)
