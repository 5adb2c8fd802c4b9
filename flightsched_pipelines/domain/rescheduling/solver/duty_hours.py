"""Count each instructor's flight training in any 24 hours: booked lessons, and alternatives reserved for offers."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.durations import MINUTES_PER_DAY

Minutes = NDArray[np.int64]
"""Instants, in minutes from the epoch."""

_Place = tuple[int, int, int]
"""A booking, and the minutes at which it begins and ends."""


class DutyHours:
    """Dual lessons by instructor, limited by 14 CFR 61.195(a).

    A lesson may end up at any one of its places, booked or reserved: each 24 hours count the place with the most
    minutes in them.
    """

    def __init__(self, rules: SchedulingRules) -> None:
        self.limit = round(rules.duty_hours_per_24h * 60)
        self._places: defaultdict[int, list[_Place]] = defaultdict(list)

    def enter(self, lessons: pd.DataFrame) -> "DutyHours":
        """Count booked lessons (booking_id, instructor_id, solo, starts_at_utc, ends_at_utc) except solo flights."""
        dual = lessons[lessons["instructor_id"].notna() & ~lessons["solo"].astype(bool)]
        edges = (minutes_of(dual["starts_at_utc"]).tolist(), minutes_of(dual["ends_at_utc"]).tolist())
        for place in zip(dual["instructor_id"].tolist(), dual["booking_id"].tolist(), *edges, strict=True):
            self.hold(*place)
        return self

    def of(self, instructor_ids: Iterable[int]) -> "DutyHours":
        """Return a copy with the load of some instructors."""
        some = object.__new__(DutyHours)
        some.limit = self.limit
        some._places = defaultdict(list, {key: [*self._places[key]] for key in instructor_ids if key in self._places})
        return some

    def hold(self, instructor_id: int, booking_id: int, start: int, end: int) -> None:
        """Count one more place of a lesson."""
        self._places[instructor_id].append((booking_id, start, end))

    def allows(self, instructor_id: int, booking_id: int, start: int, end: int) -> bool:
        """Return whether an instructor may give a lesson beside all others; the lesson's own places do not count."""
        others = [
            place
            for place in self._places.get(instructor_id, ())
            if place[0] != booking_id and place[1] < end + MINUTES_PER_DAY and place[2] > start - MINUTES_PER_DAY
        ]
        windows = _windows([*others, (booking_id, start, end)])
        windows = windows[(windows < end) & (windows > start - MINUTES_PER_DAY)]
        _, weights = _weights(others, windows)
        own = overlap(windows, np.array([start]), np.array([end]))[0]
        return int((weights.sum(axis=0) + own).max(initial=0)) <= self.limit

    def windows(self, instructor_id: int) -> Minutes:
        """Return the starts of the 24-hour windows that could be an instructor's heaviest."""
        return _windows(self._places.get(instructor_id, []))

    def weights(self, instructor_id: int, windows: Minutes) -> tuple[NDArray[np.int64], Minutes]:
        """Return an instructor's bookings, and the minutes of each (a row) in the 24 hours from each window's start."""
        return _weights(self._places.get(instructor_id, []), windows)


def minutes_of(instants: "pd.Series[pd.Timestamp]") -> Minutes:
    """Return instants as minutes from the epoch."""
    return instants.to_numpy(dtype="datetime64[m]").astype(np.int64)


def overlap(windows: Minutes, starts: Minutes, ends: Minutes) -> Minutes:
    """Return the minutes of each span (a row) within the 24 hours from each window's start (a column)."""
    inside = np.minimum(ends[:, None], windows + MINUTES_PER_DAY) - np.maximum(starts[:, None], windows)
    return np.maximum(inside, 0)


def _windows(places: list[_Place]) -> Minutes:
    """The possible starts of the heaviest 24 hours: they begin with a lesson, or end with one."""
    return np.unique(
        np.array([edge for _, start, end in places for edge in (start, end - MINUTES_PER_DAY)], dtype=np.int64)
    )


def _weights(places: list[_Place], windows: Minutes) -> tuple[NDArray[np.int64], Minutes]:
    if not places:
        return np.empty(0, dtype=np.int64), np.zeros((0, len(windows)), dtype=np.int64)
    booking, start, end = np.array(sorted(places), dtype=np.int64).T
    bookings, firsts = np.unique(booking, return_index=True)
    return bookings, np.maximum.reduceat(overlap(windows, start, end), firsts, axis=0)
