"""Lay bookings and availability on a time grid, once for all threatened lessons."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.rules import RELEASED_STATUSES, SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.time_grid import CELL, Cells, TimeGrid, heaviest_day, running_sums

_Span = tuple[int, int, int]
"""A row, the first quarter hour and one past the last."""


def holding_bookings(bookings: pd.DataFrame) -> pd.DataFrame:
    """Return the bookings that occupy their aircraft, instructor and student; one of unknown status does."""
    return bookings[~bookings["status"].isin(RELEASED_STATUSES).to_numpy(dtype=bool)]


class ResourceCalendar:
    """One kind of resource: a row for each resource and school, with its closed and its taken quarter hours.

    ``ids`` contains the id of each row's resource, ``attributes`` the other columns of its availability.
    """

    def __init__(self, kind: str, availability: pd.DataFrame, timeline: TimeGrid) -> None:
        periods = availability[availability["resource"] == kind]
        key = ["school_id", "resource_id"]
        self.attributes = periods.drop_duplicates(key).sort_values(key).reset_index(drop=True)
        self.ids = self.attributes["resource_id"].to_numpy(dtype=np.int64)
        self._of_school = {
            school: np.asarray(rows) for school, rows in self.attributes.groupby("school_id").indices.items()
        }
        self._timeline = timeline
        self._position = self.attributes[key].assign(row=np.arange(len(self.ids)))
        line = periods[key].merge(self._position, how="left", on=key)["row"].to_numpy(dtype=np.int64)
        opened = timeline.inward(periods["starts_at_utc"], periods["ends_at_utc"])
        self._closed = timeline.cover(line, opened, len(self.ids)) == 0
        self._taken = np.zeros(self._closed.shape, dtype=np.int32)
        self._spans: dict[int, list[_Span]] = {}

    def enter(self, bookings: pd.DataFrame, id_column: str, buffer_minutes: int) -> "ResourceCalendar":
        """Enter bookings, each with a buffer before and after."""
        held = bookings[["booking_id", id_column, "starts_at_utc", "ends_at_utc"]].dropna(subset=[id_column])
        held = held.merge(self._position[["resource_id", "row"]], left_on=id_column, right_on="resource_id")
        spans = self._timeline.outward(held["starts_at_utc"], held["ends_at_utc"], buffer_minutes)
        rows = held["row"].to_numpy(dtype=np.int64)
        self._taken += self._timeline.cover(rows, spans, len(self.ids))
        first, last = (np.clip(edge, 0, self._timeline.length).tolist() for edge in spans)
        for booking_id, *span in zip(held["booking_id"].tolist(), rows.tolist(), first, last, strict=True):
            self._spans.setdefault(booking_id, []).append((span[0], span[1], span[2]))
        return self

    def of_school(self, school_id: int | None) -> Cells:
        """Return the rows that serve a school."""
        return self._of_school.get(school_id, np.array([], dtype=np.int64))

    def free(self, rows: Cells, starts: Cells, cells: int, *, moving: int) -> NDArray[np.bool_]:
        """Return whether rows are free for ``cells`` quarter hours from each start; ``moving`` leaves its own place."""
        places, ends = rows[:, None], starts + cells
        free = self._blocked[places, ends] == self._blocked[places, starts]
        for row in {row for row, _, _ in self._spans.get(moving, ())}.intersection(rows.tolist()):
            taken = self._taken[row].copy()
            for _, first, last in (span for span in self._spans[moving] if span[0] == row):
                taken[first:last] -= 1
            (blocked,) = running_sums((self._closed[row] | (taken > 0))[None])
            free[rows == row] = blocked[ends] == blocked[starts]
        return free

    @cached_property
    def _blocked(self) -> NDArray[np.int32]:
        """Running sums of the closed or taken quarter hours; requested after everything is entered."""
        return running_sums(self._closed | (self._taken > 0))


class DutyHoursCalendar:
    """Flight training by instructor: dual lessons on a time grid, limited by 14 CFR 61.195(a)."""

    def __init__(self, instructor_ids: Iterable[int], timeline: TimeGrid, rules: SchedulingRules) -> None:
        self._row = {identity: row for row, identity in enumerate(sorted(set(instructor_ids)))}
        self._taught = np.zeros((len(self._row), timeline.length), dtype=np.int32)
        self._spans: dict[int, list[_Span]] = {}
        self._timeline = timeline
        self._limit = timedelta(hours=rules.duty_hours_per_24h) // CELL

    def enter(self, lessons: pd.DataFrame) -> "DutyHoursCalendar":
        """Count lessons (booking_id, instructor_id, solo, starts_at_utc, ends_at_utc) except solo flights."""
        known = np.asarray(lessons["instructor_id"].isin(list(self._row)), dtype=np.bool_)
        dual = lessons[known & ~np.asarray(lessons["solo"], dtype=np.bool_)]
        first, last = self._timeline.outward(dual["starts_at_utc"], dual["ends_at_utc"])
        for booking_id, instructor_id, begin, end in zip(
            dual["booking_id"].tolist(), dual["instructor_id"].tolist(), first.tolist(), last.tolist(), strict=True
        ):
            self.count(booking_id, instructor_id, begin, end)
        return self

    def count(self, booking_id: int, instructor_id: int, first: int, last: int) -> None:
        """Count one lesson, from its first quarter hour to one past its last."""
        row, first, last = self._row[instructor_id], max(first, 0), max(last, 0)
        self._taught[row, first:last] += 1
        self._spans.setdefault(booking_id, []).append((row, first, last))

    def allows(self, instructor_ids: Iterable[int], starts: Cells, cells: int, *, moving: int) -> NDArray[np.bool_]:
        """Return whether each instructor may give a lesson at each start; places of ``moving`` itself do not count."""
        rows = np.array([self._row[identity] for identity in instructor_ids], dtype=np.int64)
        if cells > self._limit:
            return np.zeros((len(rows), len(starts)), dtype=bool)
        taught = self._taught[rows]
        for row, first, last in self._spans.get(moving, ()):
            taught[rows == row, first:last] -= 1
        return heaviest_day(taught, starts, cells) + cells <= self._limit
