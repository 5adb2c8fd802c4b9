"""State the constraints on slots: rows, each a set of slots of which only a limited weight can be chosen together.

Each instructor, aircraft and student has a row for every moment at which one more lesson would begin (not one for each
pair); the duty hours of each instructor have a row for every 24 hours that could be the heaviest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.solver.duty_hours import Minutes, overlap
from flightsched_pipelines.domain.rescheduling.solver.search_state import NOBODY, SlotAssignmentState
from flightsched_pipelines.durations import MINUTES_PER_DAY

Places = NDArray[np.int64]

Row = tuple[Places, Places, int]
"""Slots in ascending order, the weight of each, and the maximum weight of those chosen together."""


@dataclass(frozen=True, slots=True)
class ConstraintMatrix:
    """Many rows, flat: an entry is the ``weight`` of a ``slot`` in a ``row``; ``room`` is by row."""

    row: Places
    slot: Places
    weight: Places
    room: Places

    @classmethod
    def joined(cls, parts: Iterable["ConstraintMatrix"]) -> "ConstraintMatrix":
        """Return the rows of some matrices, one after another."""
        given = list(parts)
        none = np.empty(0, dtype=np.int64)
        before = np.cumsum([0, *(part.room.size for part in given)]).tolist()
        return cls(
            np.concatenate([none, *(part.row + rows for part, rows in zip(given, before, strict=False))]),
            np.concatenate([none, *(part.slot for part in given)]),
            np.concatenate([none, *(part.weight for part in given)]),
            np.concatenate([none, *(part.room for part in given)]),
        )

    @classmethod
    def on(cls, board: SlotAssignmentState) -> "ConstraintMatrix":
        """Return all constraints on the open slots."""
        open_slots = np.flatnonzero(np.isfinite(board.price))
        return cls.joined([*_cliques(board, open_slots), *_duty(board, open_slots)])

    @property
    def edges(self) -> Sequence[int]:
        """Return the first entry of each row that has any, and one past the last entry."""
        return np.flatnonzero(np.diff(self.row, prepend=-1, append=-1)).tolist()

    def __iter__(self) -> Iterator[Row]:
        for first, last in pairwise(self.edges):
            yield self.slot[first:last], self.weight[first:last], int(self.room[self.row[first]])

    def those(self, wanted: NDArray[np.bool_]) -> "ConstraintMatrix":
        """Return some of the rows."""
        here = wanted[self.row]
        return ConstraintMatrix(self.row[here], self.slot[here], self.weight[here], self.room)

    def may_exceed(self, share: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return for each row whether shares of its slots may weigh more than its room, or any of its heaviest do."""
        first = np.array(self.edges[:-1], dtype=np.int64)
        may = np.zeros(self.room.size, dtype=bool)
        if first.size:
            total = np.bincount(self.row, weights=share[self.slot], minlength=self.room.size)
            rows = self.row[first]
            may[rows] = total[rows] > self.room[rows] // np.maximum.reduceat(self.weight, first)
        return may

    def beside(
        self, board: SlotAssignmentState, held: Sequence[int], wanted: Places
    ) -> tuple[Places, "ConstraintMatrix"]:
        """Return the positions of the wanted slots that fit beside those held, and the rows that still bind them.

        A row in which the heaviest slots of all its lessons fit together binds nothing.
        """
        is_held, fits = np.zeros((2, len(board.price)), dtype=bool)
        is_held[list(held)] = True
        fits[wanted] = True
        room = self.room - _sums(self.row, self.weight * is_held[self.slot], self.room.size)
        fits[self.slot[self.weight > room[self.row]]] = False
        here = fits[self.slot]
        row, slot, weight = self.row[here], self.slot[here], self.weight[here]
        first = np.flatnonzero(np.diff(row * len(board.blocks) + board.lesson[slot], prepend=-1))
        heaviest = np.maximum.reduceat(weight, first) if first.size else weight
        binds = (_sums(row[first], heaviest, room.size) > room)[row]
        return np.flatnonzero(fits), ConstraintMatrix(row[binds], slot[binds], weight[binds], room)


def _sums(row: Places, weight: Places, rows: int) -> Places:
    return np.bincount(row, weights=weight, minlength=rows).astype(np.int64)


def _cliques(board: SlotAssignmentState, open_slots: Places) -> Iterator[ConstraintMatrix]:
    """Sets of slots that all use one instructor, aircraft or student at one moment; none is a subset of another."""
    slots = board.slots
    ends = slots.end + board.buffer
    for needed in slots.needs:
        order = open_slots[np.lexsort((slots.start[open_slots], needed[open_slots]))]
        edges = np.flatnonzero(np.diff(needed[order], prepend=np.iinfo(np.int64).min)).tolist()
        for first, last in pairwise([*edges, order.size]):
            mine = np.sort(order[first:last])
            if needed[mine[0]] == NOBODY:
                continue
            starts, until = slots.start[mine], ends[mine]
            moments = np.unique(starts)
            # Only if one ends before the next begins: otherwise the next moment has all of this one's, and more.
            ended = np.searchsorted(np.sort(until), [*moments, np.iinfo(np.int64).max], side="right")
            closing = moments[np.diff(ended) > 0, None]
            there = (starts <= closing) & (until > closing)
            lessons = board.lesson[mine]  # in ascending order, as the slots are
            one, other = lessons[there.argmax(axis=1)], lessons[mine.size - 1 - there[:, ::-1].argmax(axis=1)]
            row, place = np.nonzero(there[one != other])
            rows = np.count_nonzero(one != other)
            yield ConstraintMatrix(row, mine[place], np.ones(row.size, dtype=np.int64), np.ones(rows, dtype=np.int64))


def _duty(board: SlotAssignmentState, open_slots: Places) -> Iterator[ConstraintMatrix]:
    """The 24 hours that could be heaviest, instructor by instructor: they begin or end with a lesson or a slot."""
    slots = board.slots
    for instructor in np.unique(slots.instructor[open_slots]).tolist():
        if instructor != NOBODY:
            mine = open_slots[slots.instructor[open_slots] == instructor]
            edges = (slots.start[mine], slots.end[mine] - MINUTES_PER_DAY, board.teaching.windows(instructor))
            yield _rows_of(board, mine, instructor, np.unique(np.concatenate(edges)))


def _rows_of(board: SlotAssignmentState, mine: Places, instructor: int, windows: Minutes) -> ConstraintMatrix:
    """Return a row for each 24 hours; a lesson already counted there weighs only what it would add.

    A row that is implied by the one before or after it is left out.
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
    asked = load[:, needed].T
    row, place = np.nonzero(asked)
    return ConstraintMatrix(row, mine[place], asked[row, place], room[needed])
