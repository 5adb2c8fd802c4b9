"""Choose one more alternative for each lesson by regret: the lesson that would lose most by waiting goes first."""

from collections.abc import Iterable

import numpy as np

from flightsched_pipelines.domain.rescheduling.solver.search_state import SlotAssignmentState


def fill(board: SlotAssignmentState, lessons: Iterable[int]) -> list[int]:
    """Choose one more slot for each of these lessons that has one left; return the slots.

    The lesson whose second-best open slot costs most more than its best goes first; one with a single slot left goes
    before all others.
    """
    waiting = np.zeros(len(board.bookings), dtype=bool)
    waiting[list(lessons)] = True
    regret = np.full(len(board.bookings), -np.inf)
    for lesson in np.flatnonzero(waiting).tolist():
        regret[lesson] = _regret(board, lesson)
    picks: list[int] = []
    while waiting.any():
        lesson = int(np.where(waiting, regret, -np.inf).argmax())
        waiting[lesson] = False
        slot = _cheapest(board, lesson)
        if slot is None:
            continue
        picks.append(slot)
        for felt in board.hold(slot):
            regret[felt] = _regret(board, felt)
    return picks


def _regret(board: SlotAssignmentState, lesson: int) -> float:
    prices = np.partition(board.price[board.blocks[lesson]], 1)[:2] if _size(board, lesson) > 1 else [np.inf, np.inf]
    best, second = (float(price) for price in prices)
    return float("inf") if np.isinf(second) else second - best


def _size(board: SlotAssignmentState, lesson: int) -> int:
    block = board.blocks[lesson]
    return block.stop - block.start


def _cheapest(board: SlotAssignmentState, lesson: int) -> int | None:
    """A lesson's cheapest slot that duty hours allow; slots they do not allow are closed."""
    block = board.blocks[lesson]
    while True:
        slot = block.start + int(board.price[block].argmin())
        if np.isinf(board.price[slot]):
            return None
        if board.may_hold(slot):
            return slot
        board.price[slot] = np.inf
