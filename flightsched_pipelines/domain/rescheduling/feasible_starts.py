"""Find the starts that school, student, instructor, aircraft and their rules allow a lesson, weather aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.preferences import with_preferences
from flightsched_pipelines.domain.rescheduling.resource_calendars import (
    DutyHoursCalendar,
    ResourceCalendar,
    holding_bookings,
)
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.time_grid import CELL, Cells, TimeGrid

Obstacle = Literal[
    "school closed",
    "student not available",
    "no instructor",
    "no aircraft",
    "no daylight",
    "no weather",
    "no slot left",
]
"""The reason why a lesson has no other time: the constraint that ruled out the last one.

``no slot left`` means that there were some, all of which are reserved for other lessons.
"""

NO_SLOT_LEFT: Obstacle = "no slot left"


@dataclass(frozen=True, slots=True)
class LessonToMove:
    """A booking that needs another time. ``instructor_id`` is ``None`` for a solo flight."""

    booking_id: int
    school_id: int | None
    student_id: int | None
    instructor_id: int | None
    aircraft_id: int | None
    aircraft_type: str | None
    training_level: str
    solo: bool
    starts_at_utc: datetime
    ends_at_utc: datetime
    time_zone: str
    notice_hours: int | None = None
    preferred_instructor_id: int | None = None

    @property
    def cells(self) -> int:
        """Return the number of quarter hours that it occupies when it starts on one."""
        return -(-(self.ends_at_utc - self.starts_at_utc) // CELL)


def lessons_to_move(threatened: pd.DataFrame) -> list[LessonToMove]:
    """Return the lessons of a frame of bookings, one a row."""
    columns = list(LessonToMove.__dataclass_fields__)
    rows = with_preferences(threatened)[columns].astype(object)
    return [LessonToMove(**row) for row in rows.where(rows.notna(), None).to_dict("records")]  # pyright: ignore


@dataclass(frozen=True, slots=True)
class FeasibleStarts:
    """The starts that all but weather allows, with the instructors and aircraft free then, in order of preference."""

    lesson: LessonToMove
    starts: Cells
    instructors: list[int | None]
    instructor_free: NDArray[np.bool_]
    aircraft: list[int]
    aircraft_free: NDArray[np.bool_]


class ScheduleCalendars:
    """The calendars of all resources, and the possible starts of each lesson."""

    def __init__(
        self,
        bookings: pd.DataFrame,
        availability: pd.DataFrame,
        rules: SchedulingRules,
        now_utc: datetime,
        longest: timedelta,
    ) -> None:
        self.rules = rules
        self._now_utc = now_utc
        earliest = now_utc + timedelta(hours=rules.earliest_hours)
        latest = now_utc + timedelta(days=rules.horizon_days)
        self.timeline = TimeGrid.between(earliest, latest + longest)
        self._starts = np.arange(self.timeline.at_or_after(earliest), self.timeline.at_or_after(latest) + 1)
        self._starts = self._starts[self.timeline.times_utc(self._starts) <= pd.Timestamp(latest)]
        held = holding_bookings(bookings)
        self._schools = ResourceCalendar("school", availability, self.timeline)
        self._students, self._instructors, self._aircraft = (
            ResourceCalendar(kind, availability, self.timeline).enter(held, f"{kind}_id", rules.buffer_minutes)
            for kind in ("student", "instructor", "aircraft")
        )
        levels = self._instructors.attributes["may_teach"]
        self._levels: list[Sequence[str]] = levels.where(levels.notna(), "").tolist()
        self._types: list[str] = self._aircraft.attributes["aircraft_type"].fillna("").tolist()
        self._duty = DutyHoursCalendar(self._instructors.ids.tolist(), self.timeline, rules).enter(held)
        self._on_grid = cache(self._starts_on_grid)

    def openings(self, lesson: LessonToMove) -> FeasibleStarts | Obstacle:
        """Return the starts that everything but weather allows, or the constraint that ruled out the last one."""
        starts = self._on_grid(lesson.time_zone)
        starts = starts[starts != self.timeline.at_or_after(lesson.starts_at_utc)]
        if lesson.notice_hours:
            starts = starts[starts >= self.timeline.at_or_after(self._now_utc + timedelta(hours=lesson.notice_hours))]
        gates: tuple[tuple[Obstacle, ResourceCalendar, int | None], ...] = (
            ("school closed", self._schools, lesson.school_id),
            ("student not available", self._students, lesson.student_id),
        )
        for reason, diary, resource_id in gates:
            rows = diary.of_school(lesson.school_id)
            row = rows[diary.ids[rows] == resource_id]
            starts = starts[diary.free(row, starts, lesson.cells, moving=lesson.booking_id).any(axis=0)]
            if not starts.size:
                return reason
        instructors, instructor_free = self._who_may_teach(lesson, starts)
        staffed = instructor_free.any(axis=0)
        if not staffed.any():
            return "no instructor"
        starts, instructor_free = starts[staffed], instructor_free[:, staffed]
        aircraft, aircraft_free = self._what_may_fly(lesson, starts)
        equipped = aircraft_free.any(axis=0)
        if not equipped.any():
            return "no aircraft"
        return FeasibleStarts(
            lesson, starts[equipped], instructors, instructor_free[:, equipped], aircraft, aircraft_free[:, equipped]
        )

    def _starts_on_grid(self, time_zone: str) -> Cells:
        local = self.timeline.times_utc(self._starts).tz_convert(time_zone)
        return self._starts[(local.hour * 60 + local.minute) % self.rules.step_minutes == 0]

    def _who_may_teach(self, lesson: LessonToMove, starts: Cells) -> tuple[list[int | None], NDArray[np.bool_]]:
        if lesson.solo:
            return [None], np.ones((1, len(starts)), dtype=bool)
        diary = self._instructors
        rows = [row for row in diary.of_school(lesson.school_id) if lesson.training_level in self._levels[row]]
        rows, names = _by_preference(rows, diary.ids, lesson.instructor_id, lesson.booking_id)
        free = diary.free(rows, starts, lesson.cells, moving=lesson.booking_id)
        return [*names], free & self._duty.allows(names, starts, lesson.cells, moving=lesson.booking_id)

    def _what_may_fly(self, lesson: LessonToMove, starts: Cells) -> tuple[list[int], NDArray[np.bool_]]:
        diary = self._aircraft
        rows = [
            row
            for row in diary.of_school(lesson.school_id)
            if diary.ids[row] == lesson.aircraft_id or self._types[row] == lesson.aircraft_type
        ]
        rows, names = _by_preference(rows, diary.ids, lesson.aircraft_id, lesson.booking_id)
        return names, diary.free(rows, starts, lesson.cells, moving=lesson.booking_id)


def _by_preference(
    rows: Sequence[int], ids: NDArray[np.int64], present: int | None, turn: int
) -> tuple[Cells, list[int]]:
    """The present one first; the others from an offset that differs by booking, so that not all request the same."""
    first = turn % max(len(rows), 1)
    ordered = sorted([*rows[first:], *rows[:first]], key=lambda row: ids[row] != present)
    return np.array(ordered, dtype=np.int64), [int(ids[row]) for row in ordered]
