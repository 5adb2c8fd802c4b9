"""Choose one more alternative for each lesson with OR-Tools: the cheapest choice that can be held all at once.

The linear relaxation comes first: its value bounds every choice from below, and the reduced cost of a slot is the
least distance from the bound of any choice with it. A starting choice that meets the bound is optimal, and the search
ends. Otherwise CP-SAT chooses among the slots that cost least; then it chooses anew for some lessons at a time, the
others fixed. When that stops improving, it takes more lessons at a time, and at last all of them, with every slot whose
reduced cost does not rule it out: an optimum there is an optimum of the whole problem.

Effort is counted in deterministic units, about a second each, so that one problem has one solution on every machine;
the wall clock is only a safety net.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from flightsched_pipelines.domain.rescheduling.solver.constraints import ConstraintMatrix, Places, Row
from flightsched_pipelines.domain.rescheduling.solver.lp import LinearProgram, LpRow
from flightsched_pipelines.domain.rescheduling.solver.search_state import UNPLACED_PRICE, SlotAssignmentState
from flightsched_pipelines.durations import MINUTES_PER_DAY

FIRST_SHARE, FIRST_EFFORT = 0.4, 0.03
"""Share of the slots, in order of reduced cost, that CP-SAT gets first; and share of the effort for that."""

NEAR = 0.06
"""Relative gap below which a choice is improved for all lessons at once: the proof is within reach."""

SEEDS, NEIGHBOURS = 2, 30
"""Number of lessons a step starts from, and number of lessons in their way that it moves at first."""

PATIENCE, GROWTH = 12, 1.5
"""Steps in a row without improvement before a step moves more lessons, and the factor of that."""

STEP_EFFORT = 0.5
"""Maximum effort of one step; the step for all lessons takes the rest."""

EFFORT_PER_ENTRY, EFFORT_PER_PIVOT = 8e-6, 4e-8
"""Effort to state a model, per entry of its rows; and to solve a relaxation, per pivot and row."""

MAX_CUTS, MIN_RISE = 5, 0.01
"""Times that duty hours are added to the relaxation, and the least rise of its value that justifies another time."""

ROUNDING = 1e-6
"""Costs that differ by less are equal."""

MILLI = 1_000
"""CP-SAT uses integers: costs are in thousandths of a day."""

RANDOM_SEED = 1

WALL_SECONDS_PER_UNIT = 10.0
"""Wall-clock limit per unit of effort, as a safety net: presolve counts little, and a busy machine is slow."""


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
    bound, reduced, spent = _relax(board, rows)
    if _cost(board, picks) <= bound + ROUNDING:
        return Solution(picks, "optimal", _cost(board, picks), spent)
    everyone = np.arange(len(board.bookings))
    open_slots = np.flatnonzero(np.isfinite(reduced))
    order = open_slots[np.argsort(reduced[open_slots], kind="stable")]
    first = np.sort(order[: max(round(FIRST_SHARE * order.size), everyone.size)])
    found = _choose(board, rows, everyone, (), first, FIRST_EFFORT * effort)
    spent += found.effort
    picks = _cheaper(board, picks, found)
    possible = _possible(reduced, _cost(board, picks) - bound)
    if found.status == "optimal" and np.isin(possible, first, assume_unique=True).all():
        return Solution(picks, "optimal", _cost(board, picks), spent)
    return _improve(board, rows, picks, bound, reduced, effort, spent)


def _improve(
    board: SlotAssignmentState,
    rows: ConstraintMatrix,
    picks: list[int],
    bound: float,
    reduced: NDArray[np.float64],
    effort: float,
    spent: float,
) -> Solution:
    """Choose anew for some lessons at a time, at last for all, for as long as the effort lasts."""
    random = np.random.default_rng(RANDOM_SEED)
    everyone = len(board.bookings)
    size = float(everyone if _cost(board, picks) <= (1 + NEAR) * bound else NEIGHBOURS)
    in_vain, whole, found = 0, False, Solution([], "none", -np.inf, 0.0)
    while spent < effort:
        whole = size + SEEDS >= everyone
        free = np.arange(everyone) if whole else _neighbours(board, picks, round(size), random)
        is_free = np.isin(np.arange(everyone), free)
        held = [slot for slot in picks if not is_free[board.lesson[slot]]]
        possible = _possible(reduced, _cost(board, picks) - bound)
        wanted = possible[is_free[board.lesson[possible]]]
        left = effort - spent
        found = _choose(board, rows, free, held, wanted, left if whole else min(STEP_EFFORT, left))
        spent += found.effort
        before, picks = _cost(board, picks), _cheaper(board, picks, found)
        if whole:
            break
        in_vain = 0 if _cost(board, picks) < before - ROUNDING else in_vain + 1
        if found.status != "optimal":
            size, in_vain = max(size / GROWTH, 1.0), 0
        elif in_vain == PATIENCE:
            size, in_vain = size * GROWTH, 0
    cost = _cost(board, picks)
    if whole and found.status == "optimal":
        return Solution(picks, "optimal", cost, spent)
    return Solution(picks, "feasible", min(max(bound, found.bound if whole else bound), cost), spent)


def _cost(board: SlotAssignmentState, picks: Sequence[int]) -> float:
    return float(board.price[list(picks)].sum()) + UNPLACED_PRICE * (len(board.bookings) - len(picks))


def _cheapest(board: SlotAssignmentState) -> NDArray[np.float64]:
    """The least cost of each lesson: its cheapest slot, or no slot."""
    return np.array([board.price[block].min(initial=UNPLACED_PRICE) for block in board.blocks])


def _possible(reduced: NDArray[np.float64], above: float) -> Places:
    """The slots that a choice at most ``above`` over the bound may contain."""
    return np.flatnonzero(reduced <= above + ROUNDING)


def _cheaper(board: SlotAssignmentState, picks: list[int], found: Solution) -> list[int]:
    """The cheaper of two choices; the second if they cost the same, so that the search moves on."""
    return found.picks if found.status != "none" and _cost(board, found.picks) <= _cost(board, picks) else picks


def _neighbours(board: SlotAssignmentState, picks: Sequence[int], size: int, random: np.random.Generator) -> Places:
    """Some lessons, and those whose slots block cheaper ones for them.

    A lesson much dearer than its cheapest slot is drawn more often.
    """
    paid = np.full(len(board.bookings), UNPLACED_PRICE)
    paid[board.lesson[picks]] = board.price[picks]
    loss = np.maximum(paid - _cheapest(board), 0) + 0.1
    seeds = random.choice(loss.size, size=min(SEEDS, loss.size), replace=False, p=loss / loss.sum())
    held = np.array(picks, dtype=np.int64)
    in_the_way = np.zeros(held.size)
    for lesson in map(int, seeds):
        block: slice = board.blocks[lesson]
        cheaper = block.start + np.flatnonzero(board.price[block] < paid[lesson])
        near = np.abs(board.slots.start[cheaper][:, None] - board.slots.start[held]) < MINUTES_PER_DAY / 2
        for needed in board.slots.needs:
            in_the_way += ((needed[cheaper][:, None] == needed[held]) & near).sum(axis=0)
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
    solver.parameters.cp_model_probing_level = 0  # more presolve takes longer than it saves
    solver.parameters.symmetry_level = 0
    solver.parameters.max_presolve_iterations = 1
    solver.parameters.max_deterministic_time = max(effort, 0.01)
    solver.parameters.max_time_in_seconds = WALL_SECONDS_PER_UNIT * max(effort, 1.0)
    status = solver.solve(program)
    spent = float(solver.response_proto.deterministic_time) + EFFORT_PER_ENTRY * (binding.slot.size + fits.size)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution([], "none", -np.inf, spent)
    picks = [slot for slot, variable in taken.items() if solver.boolean_value(variable)]
    name = "optimal" if status == cp_model.OPTIMAL else "feasible"
    return Solution([*held, *picks], name, solver.best_objective_bound / MILLI, spent)


def _relax(board: SlotAssignmentState, rows: ConstraintMatrix) -> tuple[float, NDArray[np.float64], float]:
    """A lower bound of every choice, the least distance from it of any choice with each slot, and the effort.

    Duty hours are added if the relaxed choice breaks them: in minutes, and as numbers of lessons of a least length.
    """
    open_slots = np.flatnonzero(np.isfinite(board.price))
    lessons = np.arange(len(board.bookings))
    edges = np.searchsorted(board.lesson[open_slots], lessons[1:])
    stated = [
        LpRow([*places.tolist(), without], [1.0] * (places.size + 1), 1.0, least=1.0)
        for without, places in enumerate(np.split(np.arange(open_slots.size), edges), start=open_slots.size)
    ]
    place = np.zeros(len(board.price), dtype=np.int64)
    place[open_slots] = np.arange(open_slots.size)
    duty = rows.those(rows.room != 1)
    stated += _stated(rows.those(rows.room == 1), place)
    program = LinearProgram(np.concatenate([board.price[open_slots], np.full(lessons.size, UNPLACED_PRICE)]), stated)
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
                program.add(LpRow(place[slots].tolist(), weights.astype(np.float64).tolist(), float(room)))
    return bound, reduced, spent


def _stated(rows: ConstraintMatrix, place: Places) -> Iterator[LpRow]:
    """Yield rows as bounds on the amounts at the slots' places."""
    places, weights = place[rows.slot].tolist(), rows.weight.astype(np.float64).tolist()
    for first, last in pairwise(rows.edges):
        yield LpRow(places[first:last], weights[first:last], float(rows.room[rows.row[first]]))


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
