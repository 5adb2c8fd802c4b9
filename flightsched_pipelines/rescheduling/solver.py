"""One alternative more for each lesson, by OR-Tools: the cheapest choice that can be held out all at once.

At most one slot a lesson; at most one lesson at a time for each instructor, aircraft and student (a clique for every
moment at which one more lesson would begin, not a row for every pair); and the duty hours of each instructor, a row
for every 24 hours that could be the heaviest.

The linear relaxation comes first: its value bounds every choice from below, and the reduced cost of a slot says by how
much any choice with it lies above. A choice to start from that meets the bound is best, and all is done. Else CP-SAT
chooses among the slots that cost least. Where that is not proven best, lessons are chosen for anew, some at a time; and
then CP-SAT chooses among all slots whose reduced cost does not rule them out: what is found optimal there is so on the
whole board.

Effort is counted in CP-SAT's deterministic units, about a second each, so that one board gives one answer on every
machine; the wall clock is only a net below.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from flightsched_pipelines.rescheduling.board import NOBODY, UNPLACED_PRICE, Board
from flightsched_pipelines.rescheduling.linear import LinearProgram
from flightsched_pipelines.rescheduling.teaching import DAY, Minutes, overlap

FIRST_SHARE = 0.4
"""Of the slots, in order of reduced cost, that CP-SAT is given first."""

FIRST_EFFORT, POLISH_EFFORT = 0.2, 0.7
"""Shares of the effort for that, and for choosing anew around single lessons; the rest goes to the proof."""

NEAR = 0.06
"""A choice that lies no further above the bound, as a share of it, is not polished: the proof is in reach."""

STEP_EFFORT, STEP_OVERHEAD = 0.5, 0.05
"""Effort of one step of polishing at most, and what making its model counts for."""

SEEDS, NEIGHBOURS = 2, 30
"""Lessons that a step of polishing is about, and how many of those in their way it moves."""

MOST_CUTS = 5
"""Times that duty hours are added to the relaxation."""

ROUND_SHARE, LAST_SHARE = 0.6, 0.8
"""Of what is left of the effort, for one round of a choice; and the share after which no other round begins."""

ROUNDING = 1e-6
"""Costs that differ by less are the same."""

MILLI = 1_000
"""CP-SAT counts whole numbers: prices in thousandths of a day."""

RANDOM_SEED = 1
WALL_SECONDS_PER_UNIT = 10.0

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Solution:
    """The slots chosen (at most one a lesson), what is known of the optimum, and the effort it took."""

    picks: list[int]
    status: str
    bound: float
    effort: float


@dataclass(frozen=True, slots=True)
class _DutyRow:
    """24 hours of an instructor: the ``minutes`` of these slots, as far as chosen, fit into ``room``."""

    day: tuple[int, int]
    slots: Places
    minutes: Minutes
    room: int


@dataclass(frozen=True, slots=True)
class _Model:
    """The open slots of a board, and what binds them."""

    board: Board
    open: Places
    cliques: list[Places]
    duty: list[_DutyRow]
    cuts: list[_DutyRow]

    @classmethod
    def of(cls, board: Board) -> "_Model":
        open_slots = np.flatnonzero(np.isfinite(board.price))
        return cls(board, open_slots, list(_cliques(board, open_slots)), list(_duty(board, open_slots)), [])

    def among(self, kept: Places) -> "_Model":
        """The same with some of the slots."""
        stays = np.zeros(len(self.board.price), dtype=bool)
        stays[kept] = True
        cliques = [left for clique in self.cliques if (left := clique[stays[clique]]).size > 1]
        duty, cuts = (
            [
                _DutyRow(row.day, row.slots[here], row.minutes[here], row.room)
                for row in rows
                if row.minutes[here := stays[row.slots]].sum() > row.room
            ]
            for rows in (self.duty, self.cuts)
        )
        return _Model(self.board, kept, cliques, duty, cuts)

    def choices(self) -> list[Places]:
        """The open slots of each lesson."""
        edges = np.searchsorted(self.board.lesson[self.open], np.arange(len(self.board.bookings) + 1))
        return [self.open[first:last] for first, last in pairwise(edges.tolist())]


def solve(board: Board, effort: float, start: Sequence[int] = ()) -> Solution:
    """Choose one more slot for each lesson of a board.

    Args:
        board: prices and what is held out; not changed.
        effort: bound of the search, in deterministic units.
        start: a choice that holds; it stays where nothing cheaper can be, or is found.

    Returns:
        The choice. ``status`` is ``optimal``, or ``feasible`` where the effort ended before the proof.
    """
    begun = _cost(board, start)
    if begun <= _cheapest(board).sum() + ROUNDING:
        return Solution(list(start), "optimal", begun, 0.0)
    model = _Model.of(board)
    bound, reduced, cuts = _relax(model)
    if begun <= bound + ROUNDING:
        return Solution(list(start), "optimal", begun, 0.0)
    model = _Model(board, model.open, model.cliques, model.duty, cuts)
    order = np.argsort(reduced, kind="stable")
    first = np.sort(order[: max(round(FIRST_SHARE * order.size), len(board.bookings))])
    days: set[tuple[int, int]] = set()
    found = _choose(model.among(model.open[first]), FIRST_EFFORT * effort, days)
    spent = found.effort
    picks = _cheaper(board, list(start), found)
    possible = _possible(reduced, _cost(board, picks) - bound)
    if found.status == "optimal" and np.isin(possible, first, assume_unique=True).all():
        return Solution(picks, "optimal", _cost(board, picks), spent)
    if _cost(board, picks) > (1 + NEAR) * bound:
        picks, took = _polish(model, picks, first, POLISH_EFFORT * effort, days)
        spent += took
    possible = _possible(reduced, _cost(board, picks) - bound)
    last = _choose(model.among(model.open[possible]), effort - spent, days)
    picks = _cheaper(board, picks, last)
    cost = _cost(board, picks)
    status = "optimal" if last.status == "optimal" else "feasible"
    return Solution(
        picks, status, cost if status == "optimal" else min(max(bound, last.bound), cost), spent + last.effort
    )


def _cheapest(board: Board) -> NDArray[np.float64]:
    """What each lesson costs at least: its cheapest slot, or to be left without."""
    return np.array([board.price[block].min(initial=UNPLACED_PRICE) for block in board.blocks])


def _possible(reduced: NDArray[np.float64], above: float) -> Places:
    """The open slots, by their place, that a choice may hold which lies less than so much above the bound."""
    return np.flatnonzero(reduced <= above + ROUNDING)


def _cheaper(board: Board, picks: list[int], found: Solution) -> list[int]:
    """Of two choices the cheaper, as far as the second holds."""
    holds = found.status in ("optimal", "feasible")
    return found.picks if holds and _cost(board, found.picks) <= _cost(board, picks) else picks


def _polish(
    model: _Model, picks: list[int], worthy: Places, effort: float, days: set[tuple[int, int]]
) -> tuple[list[int], float]:
    """Choose anew for some lessons at a time, the others staying where they are, for as long as the effort lasts.

    A lesson that stands much dearer than its cheapest slot is drawn more often; with it those that are in its way.
    """
    random = np.random.default_rng(RANDOM_SEED)
    board, spent = model.board, 0.0
    slots = model.open[worthy]
    while spent < effort:
        free = _neighbours(board, picks, random)
        stay = [slot for slot in picks if int(board.lesson[slot]) not in free]
        kept = np.union1d(slots[np.isin(board.lesson[slots], list(free))], np.array([*picks, *stay], dtype=np.int64))
        found = _choose(model.among(kept), min(STEP_EFFORT, effort - spent), days)
        spent += found.effort + STEP_OVERHEAD
        picks = _cheaper(board, picks, found)
    return picks, spent


def _neighbours(board: Board, picks: Sequence[int], random: np.random.Generator) -> set[int]:
    """A lesson, and those whose slots stand in the way of what would be cheaper for it."""
    paid = np.full(len(board.bookings), UNPLACED_PRICE)
    paid[board.lesson[picks]] = board.price[picks]
    loss = np.maximum(paid - _cheapest(board), 0) + 0.1
    seeds = random.choice(loss.size, size=min(SEEDS, loss.size), replace=False, p=loss / loss.sum())
    held = np.array(picks, dtype=np.int64)
    in_the_way = np.zeros(held.size)
    for lesson in map(int, seeds):
        block: slice = board.blocks[lesson]
        cheaper = block.start + np.flatnonzero(board.price[block] < paid[lesson])
        near = np.abs(board.slots.start[cheaper][:, None] - board.slots.start[held]) < DAY / 2
        for needed in board.slots.needs:
            in_the_way += ((needed[cheaper][:, None] == needed[held]) & near).sum(axis=0)
    order = np.argsort(-in_the_way * random.uniform(0.5, 1.0, held.size), kind="stable")[:NEIGHBOURS]
    return {*seeds.tolist(), *board.lesson[held[order]].tolist()}


def _cost(board: Board, picks: Sequence[int]) -> float:
    return float(board.price[list(picks)].sum()) + UNPLACED_PRICE * (len(board.bookings) - len(picks))


def _choose(model: _Model, effort: float, days: set[tuple[int, int]]) -> Solution:
    """Let CP-SAT choose; duty hours come in day by day, where a choice would break them: those days are added to.

    ``status`` is ``broken`` where the effort ended with duty hours still broken somewhere.
    """
    last = Solution([], "none", -np.inf, 0.0)
    spent = 0.0
    while True:
        duty = [row for row in model.duty if row.day in days]
        within = _Model(model.board, model.open, model.cliques, duty + model.cuts, [])
        found = _choose_within(within, ROUND_SHARE * (effort - spent))
        spent += found.effort
        if found.status == "none":
            return Solution(last.picks, last.status, -np.inf, spent)
        chosen = np.zeros(len(model.board.price), dtype=bool)
        chosen[found.picks] = True
        broken = {row.day for row in model.duty if row.minutes[chosen[row.slots]].sum() > row.room} - days
        if not broken:
            return Solution(found.picks, found.status, found.bound, spent)
        last = Solution(found.picks, "broken", found.bound, spent)
        if spent >= LAST_SHARE * effort:
            return last
        days |= broken


def _choose_within(model: _Model, effort: float) -> Solution:
    board, program = model.board, cp_model.CpModel()
    taken = {slot: program.new_bool_var("") for slot in model.open.tolist()}
    without = [program.new_bool_var("") for _ in board.bookings]
    for none, choices in zip(without, model.choices(), strict=True):
        program.add_exactly_one(none, *(taken[slot] for slot in choices.tolist()))
    for clique in model.cliques:
        program.add_at_most_one(taken[slot] for slot in clique.tolist())
    for row in model.duty:
        variables = [taken[slot] for slot in row.slots.tolist()]
        program.add(cp_model.LinearExpr.weighted_sum(variables, row.minutes.tolist()) <= row.room)
    prices = np.rint(board.price[model.open] * MILLI).astype(np.int64).tolist()
    program.minimize(
        cp_model.LinearExpr.weighted_sum(
            [*taken.values(), *without], [*prices, *[round(UNPLACED_PRICE * MILLI)] * len(without)]
        )
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = RANDOM_SEED
    solver.parameters.linearization_level = 2  # the relaxation is worth its price where duty hours bind
    solver.parameters.max_deterministic_time = max(effort, 0.01)
    solver.parameters.max_time_in_seconds = WALL_SECONDS_PER_UNIT * max(effort, 0.1)
    status = solver.solve(program)
    spent = float(solver.response_proto.deterministic_time)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution([], "none", -np.inf, spent)
    picks = [slot for slot, variable in taken.items() if solver.boolean_value(variable)]
    name = "optimal" if status == cp_model.OPTIMAL else "feasible"
    return Solution(picks, name, solver.best_objective_bound / MILLI, spent)


def _relax(model: _Model) -> tuple[float, NDArray[np.float64], list[_DutyRow]]:
    """A bound below every choice, and for each open slot how far above it any choice with the slot must lie.

    Duty hours come in where the relaxed choice breaks them: in minutes, and in lessons of at least so many minutes.
    """
    board, choices = model.board, model.choices()
    program = LinearProgram(np.concatenate([board.price[model.open], np.full(len(choices), UNPLACED_PRICE)]))
    for without, slots in enumerate(choices, start=model.open.size):
        places = np.append(np.searchsorted(model.open, slots), without)
        program.bound(places, np.ones(places.size), 1.0, least=1.0)
    for clique in model.cliques:
        program.bound(np.searchsorted(model.open, clique), np.ones(clique.size), 1.0)
    bound, reduced = -np.inf, board.price[model.open]
    share = np.zeros(len(board.price))
    known: list[_DutyRow] = []
    for _ in range(MOST_CUTS):
        best = program.solve()
        if best is None:
            break
        bound, reduced = best.cost, best.reduced_costs[: model.open.size]
        share[model.open] = best.amounts[: model.open.size]
        cuts = [cut for row in model.duty for cut in _cuts(row, share)]
        known += cuts
        if not cuts:
            break
        for cut in cuts:
            program.bound(np.searchsorted(model.open, cut.slots), cut.minutes.astype(np.float64), float(cut.room))
    return bound, reduced, known


def _cuts(row: _DutyRow, share: NDArray[np.float64]) -> Iterator[_DutyRow]:
    """What a relaxed choice breaks of a duty row: slots, loads and room."""
    chosen = share[row.slots]
    if chosen @ row.minutes > row.room + 1e-6:
        yield row
    for least in np.unique(row.minutes[chosen > 0]).tolist():
        long = row.minutes >= least
        if chosen[long].sum() > row.room // least + 1e-6:
            yield _DutyRow(row.day, row.slots[long], np.ones(int(long.sum()), dtype=np.int64), row.room // least)


def _cliques(board: Board, open_slots: Places) -> Iterator[Places]:
    """Sets of slots that all hold one instructor, aircraft or student at one moment; none lies in another."""
    slots = board.slots
    ends = slots.end + board.buffer
    for needed in slots.needs:
        order = open_slots[np.lexsort((slots.start[open_slots], needed[open_slots]))]
        edges = np.flatnonzero(np.diff(needed[order], prepend=np.iinfo(np.int64).min)).tolist()
        for first, last in pairwise([*edges, order.size]):
            mine = order[first:last]
            if needed[mine[0]] == NOBODY:
                continue
            moments = np.unique(slots.start[mine])
            for moment, following in zip(moments, [*moments[1:], np.iinfo(np.int64).max], strict=True):
                there = mine[(slots.start[mine] <= moment) & (ends[mine] > moment)]
                if (ends[there] <= following).any() and (board.lesson[there] != board.lesson[there[0]]).any():
                    yield there


def _duty(board: Board, open_slots: Places) -> Iterator[_DutyRow]:
    """The 24 hours that could be heaviest, instructor by instructor: they begin or end with a lesson or a slot."""
    slots = board.slots
    for instructor in np.unique(slots.instructor[open_slots]).tolist():
        if instructor != NOBODY:
            mine = open_slots[slots.instructor[open_slots] == instructor]
            edges = (slots.start[mine], slots.end[mine] - DAY, board.teaching.windows(instructor))
            yield from _duty_rows(board, mine, instructor, np.unique(np.concatenate(edges)))


def _duty_rows(board: Board, mine: Places, instructor: int, windows: Minutes) -> Iterator[_DutyRow]:
    """A row for each 24 hours; a lesson that already weighs there weighs only what it would take more.

    A row that asks no more than the one before or after it is left out.
    """
    bookings, weights = board.teaching.weights(instructor, windows)
    room = np.maximum(board.teaching.limit - weights.sum(axis=0), 0)
    load = overlap(windows, board.slots.start[mine], board.slots.end[mine])
    if bookings.size:
        place = np.minimum(np.searchsorted(bookings, board.slots.booking[mine]), bookings.size - 1)
        known = bookings[place] == board.slots.booking[mine]
        load = np.maximum(load - weights[place] * known[:, None], 0)
    asks = load.sum(axis=0) > room
    load, room, windows = load[:, asks], room[asks], windows[asks]
    milder_than_next = (load[:, :-1] <= load[:, 1:]).all(axis=0) & (room[:-1] >= room[1:])
    milder_than_last = (load[:, 1:] <= load[:, :-1]).all(axis=0) & (room[1:] >= room[:-1]) & ~milder_than_next
    needed = np.ones(room.size, dtype=bool)
    needed[:-1] &= ~milder_than_next
    needed[1:] &= ~milder_than_last
    for column in np.flatnonzero(needed).tolist():
        weighs = np.flatnonzero(load[:, column])
        yield _DutyRow((instructor, int(windows[column]) // DAY), mine[weighs], load[weighs, column], int(room[column]))
