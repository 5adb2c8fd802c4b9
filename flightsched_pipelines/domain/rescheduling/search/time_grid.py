"""Cut time into quarter hours, so that "free throughout" is one subtraction of running sums.

A time between quarter hours is rounded against the planner: a lesson from 10:05 to 11:20 occupies its aircraft from
10:00 to 11:30, and an opening at 08:05 counts from 08:15.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.durations import DAY

Cells = NDArray[np.int64]
CELL = timedelta(minutes=15)
CELLS_PER_DAY = DAY // CELL
_CELL_US = CELL // timedelta(microseconds=1)
_EPOCH = pd.Timestamp(0, tz="UTC").to_pydatetime()


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Quarter hours, numbered from 0 at ``first``, itself counted in quarter hours from the epoch."""

    first: int
    length: int

    @classmethod
    def between(cls, from_utc: datetime, to_utc: datetime) -> "TimeGrid":
        """Return the quarter hours that touch a period, and one more day on either side for looking back or ahead."""
        first = (from_utc - _EPOCH) // CELL - CELLS_PER_DAY
        return cls(first, -((_EPOCH - to_utc) // CELL) + CELLS_PER_DAY - first)

    def at_or_after(self, moment_utc: datetime) -> int:
        """Return the first quarter hour that starts at or after a moment."""
        return -((_EPOCH - moment_utc) // CELL) - self.first

    def times_utc(self, cells: Cells) -> pd.DatetimeIndex:
        """Return the starts of quarter hours."""
        micros = (cells + self.first) * _CELL_US
        return pd.DatetimeIndex(micros.astype("datetime64[us]")).tz_localize("UTC")

    def outward(self, starts: "pd.Series[Any]", ends: "pd.Series[Any]", margin_minutes: int = 0) -> tuple[Cells, Cells]:
        """Return the quarter hours that periods touch, each widened by a margin: first, and one past the last."""
        margin = margin_minutes * 60_000_000
        return self._floor(_micros(starts) - margin), self._ceil(_micros(ends) + margin)

    def inward(self, starts: "pd.Series[Any]", ends: "pd.Series[Any]") -> tuple[Cells, Cells]:
        """Return the quarter hours wholly within periods: first, and one past the last."""
        return self._ceil(_micros(starts)), self._floor(_micros(ends))

    def cover(self, rows: Cells, spans: tuple[Cells, Cells], row_count: int) -> NDArray[np.int32]:
        """Return the number of spans that cover each quarter hour of each row; parts off the grid are cut off."""
        first = np.clip(spans[0], 0, self.length)
        last = np.clip(spans[1], first, self.length)
        edges = np.zeros((row_count, self.length + 1), dtype=np.int32)
        np.add.at(edges, (rows, first), 1)
        np.add.at(edges, (rows, last), -1)
        return edges.cumsum(axis=1, dtype=np.int32)[:, :-1]

    def _floor(self, micros: Cells) -> Cells:
        return micros // _CELL_US - self.first

    def _ceil(self, micros: Cells) -> Cells:
        return -(-micros // _CELL_US) - self.first


def running_sums(blocked: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the number of blocked quarter hours before each, by row: a span with equal sums at its ends is free."""
    sums = np.zeros((blocked.shape[0], blocked.shape[1] + 1), dtype=np.int32)
    np.cumsum(blocked, axis=1, out=sums[:, 1:])
    return sums


def heaviest_day(taught: NDArray[np.int32], starts: Cells, cells: int) -> Cells:
    """Return the most quarter hours already taught in any 24 hours that contain a lesson from each start whole.

    A window with only part of the lesson never counts more: it gains beyond its other end at most what it loses of the
    lesson.
    """
    sums = np.zeros((taught.shape[0], taught.shape[1] + 1), dtype=np.int64)
    np.cumsum(taught, axis=1, out=sums[:, 1:])
    load = sums[:, CELLS_PER_DAY:] - sums[:, :-CELLS_PER_DAY]
    windows = CELLS_PER_DAY - cells + 1
    reach = 1
    while reach * 2 <= windows:
        load = np.maximum(load[:, :-reach], load[:, reach:])
        reach *= 2
    earliest = starts + cells - CELLS_PER_DAY
    return np.maximum(load[:, earliest], load[:, earliest + windows - reach])


def local_clock(times_utc: "pd.Series[pd.Timestamp]", zones: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """Return instants as shown on each zone's clock, without a zone."""
    clock = times_utc.dt.tz_localize(None)
    there = clock.to_numpy(copy=True)
    utc = pd.DatetimeIndex(times_utc)
    which, names = pd.factorize(zones)
    for place, name in enumerate(names):
        mine = np.flatnonzero(which == place)
        there[mine] = utc.take(mine).tz_convert(str(name)).tz_localize(None)
    return pd.Series(there, index=clock.index, name=clock.name)


def _micros(times: "pd.Series[Any]") -> Cells:
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)
