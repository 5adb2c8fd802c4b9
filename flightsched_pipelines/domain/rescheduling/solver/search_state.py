"""Keep the candidates of some lessons with their prices, while alternatives are chosen one after another."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.time_grid import local_clock
from flightsched_pipelines.domain.rescheduling.solver.duty_hours import DutyHours, Minutes, minutes_of

NOBODY = -1

SAME_DAY_PRICE = 2.0
"""Penalty for a second alternative on the same day; an alternative on another day is worth two days' wait."""

SAME_TIME_PRICE = 50.0
"""Penalty for two starts less than ``APART`` minutes from each other: used only if there is nothing else."""

UNPLACED_PRICE = 200.0
"""A lesson without an alternative costs more than any drawback of one."""

APART = 120


@dataclass(frozen=True, slots=True)
class SlotArrays:
    """Candidates as arrays, one element a slot: ids (``NOBODY`` for none), minutes from the epoch, the local day."""

    booking: NDArray[np.int64]
    instructor: NDArray[np.int64]
    aircraft: NDArray[np.int64]
    student: NDArray[np.int64]
    start: Minutes
    end: Minutes
    day: NDArray[np.int64]
    score: NDArray[np.float64]

    @classmethod
    def of(cls, candidates: pd.DataFrame, bookings: pd.DataFrame) -> "SlotArrays":
        """Read candidates (``CANDIDATE_COLUMNS``), in the order of their rows."""
        lessons = bookings.set_index("booking_id").loc[candidates["booking_id"]].reset_index(drop=True)
        starts = candidates["starts_at_utc"].reset_index(drop=True)
        days = local_clock(starts, lessons["time_zone"]).to_numpy(dtype="datetime64[D]").astype(np.int64)
        return cls(
            booking=candidates["booking_id"].to_numpy(dtype=np.int64),
            instructor=candidates["instructor_id"].fillna(NOBODY).to_numpy(dtype=np.int64),
            aircraft=candidates["aircraft_id"].to_numpy(dtype=np.int64),
            student=lessons["student_id"].fillna(NOBODY).to_numpy(dtype=np.int64),
            start=minutes_of(candidates["starts_at_utc"]),
            end=minutes_of(candidates["ends_at_utc"]),
            day=days,
            score=candidates["score"].to_numpy(dtype=np.float64),
        )

    def take(self, places: NDArray[np.int64]) -> "SlotArrays":
        """Return some of the slots."""
        return SlotArrays(*(getattr(self, field.name)[places] for field in fields(self)))

    @property
    def needs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the resources of each slot: instructor, aircraft, student."""
        return self.instructor, self.aircraft, self.student


class SlotAssignmentState:
    """Slots with their prices: infinite once chosen, or if impossible beside the chosen ones.

    The slots are ordered lesson by lesson. A slot chosen for one lesson is closed to every other, with the buffer; to
    that lesson it stays open, since it will take only one of its alternatives.
    """

    def __init__(self, slots: SlotArrays, teaching: DutyHours, rules: SchedulingRules) -> None:
        self.slots = slots
        self.buffer = rules.buffer_minutes
        self.bookings, self.lesson = np.unique(slots.booking, return_inverse=True)
        edges = np.searchsorted(self.lesson, np.arange(len(self.bookings) + 1)).tolist()
        self.blocks: Sequence[slice] = [slice(first, last) for first, last in pairwise(edges)]
        self.users = [users_of(needed) for needed in slots.needs]
        self.teaching = teaching.of(np.unique(slots.instructor).tolist())
        self.price = slots.score.copy()
        self.held: list[int] = []

    def copy(self) -> "SlotAssignmentState":
        """Return a copy to try something out on."""
        other = copy(self)
        other.price = self.price.copy()
        other.held = [*self.held]
        other.teaching = self.teaching.of(np.unique(self.slots.instructor).tolist())
        return other

    def may_hold(self, slot: int) -> bool:
        """Return whether a slot is open, and its instructor may give it beside all others."""
        instructor, booking = int(self.slots.instructor[slot]), int(self.slots.booking[slot])
        return bool(np.isfinite(self.price[slot])) and (
            instructor == NOBODY
            or self.teaching.allows(instructor, booking, int(self.slots.start[slot]), int(self.slots.end[slot]))
        )

    def hold(self, slot: int) -> set[int]:
        """Choose a slot, and update the prices of the rest; return the lessons affected."""
        self.held.append(slot)
        instructor = int(self.slots.instructor[slot])
        if instructor != NOBODY:
            span = int(self.slots.start[slot]), int(self.slots.end[slot])
            self.teaching.hold(instructor, int(self.slots.booking[slot]), *span)
        crossed = self._close_rivals(slot)
        self._set_apart(slot)
        return crossed | {int(self.lesson[slot])}

    def _close_rivals(self, slot: int) -> set[int]:
        """Close other lessons' slots that need the same instructor, aircraft or student at the time."""
        crossed: set[int] = set()
        slots = self.slots
        for needed, users in zip(slots.needs, self.users, strict=True):
            rivals = users.get(int(needed[slot]))
            if rivals is None:
                continue
            clash = rivals[
                (self.lesson[rivals] != self.lesson[slot])
                & (slots.start[rivals] < slots.end[slot] + self.buffer)
                & (slots.end[rivals] > slots.start[slot] - self.buffer)
            ]
            self.price[clash] = np.inf
            crossed.update(self.lesson[clash].tolist())
        return crossed

    def _set_apart(self, slot: int) -> None:
        """Raise the price of a lesson's slots that resemble the chosen one, and exclude those at the same start."""
        block: slice = self.blocks[int(self.lesson[slot])]
        gap = np.abs(self.slots.start[block] - self.slots.start[slot])
        self.price[block] += SAME_DAY_PRICE * (self.slots.day[block] == self.slots.day[slot])
        self.price[block] += SAME_TIME_PRICE * (gap < APART)
        self.price[block][gap == 0] = np.inf


def users_of(needed: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Return the slots that use each instructor, aircraft or student."""
    order = np.argsort(needed, kind="stable")
    names, firsts = np.unique(needed[order], return_index=True)
    groups = np.split(order, firsts[1:])
    return {name: group for name, group in zip(names.tolist(), groups, strict=True) if name != NOBODY}


def assignment_cost(board: SlotAssignmentState, picks: Iterable[int]) -> float:
    """Return the cost of one more alternative a lesson at the present prices, lessons without one included."""
    prices = [float(board.price[slot]) for slot in picks]
    return sum(prices) + UNPLACED_PRICE * (len(board.bookings) - len(prices))
