"""Find the starts that school, student, instructor, aircraft and their rules allow a lesson, weather aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.requirements import NO_CREDENTIALS, Credentials
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.credential_calendar import (
    CredentialCalendar,
    Met,
    met_without_requirements,
)
from flightsched_pipelines.domain.rescheduling.search.lessons_to_move import LessonToMove
from flightsched_pipelines.domain.rescheduling.search.resource_calendars import (
    DutyHoursCalendar,
    ResourceCalendar,
    holding_bookings,
)
from flightsched_pipelines.domain.rescheduling.search.time_grid import Cells, TimeGrid

Obstacle = Literal[
    "school closed",
    "student not available",
    "student's credentials",
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
class FeasibleStarts:
    """The starts that all but weather allows, with the instructors and aircraft free then, in order of preference.

    ``..._warnings`` count the requirements that the school only warns of, by start, and by instructor or aircraft.
    """

    lesson: LessonToMove
    starts: Cells
    instructors: list[int | None]
    instructor_free: NDArray[np.bool_]
    aircraft: list[int]
    aircraft_free: NDArray[np.bool_]
    student_warnings: NDArray[np.int64]
    instructor_warnings: NDArray[np.int64]
    aircraft_warnings: NDArray[np.int64]


class ScheduleCalendars:
    """The calendars of all resources, and the possible starts of each lesson."""

    def __init__(
        self,
        bookings: pd.DataFrame,
        availability: pd.DataFrame,
        rules: SchedulingRules,
        now_utc: datetime,
        longest: timedelta,
        credentials: Credentials = NO_CREDENTIALS,
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
        self._credentials = CredentialCalendar(credentials, held)
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
        student = self._met(lesson, starts, "student", [lesson.student_id])
        if not student.allowed.any():
            return "student's credentials"
        starts, student_warnings = starts[student.allowed[0]], student.warnings[0, student.allowed[0]]
        instructors, instructor_free = self._who_may_teach(lesson, starts)
        teaching = self._met(lesson, starts, "instructor", instructors)
        instructor_free &= teaching.allowed
        staffed = np.flatnonzero(instructor_free.any(axis=0))
        if not staffed.size:
            return "no instructor"
        aircraft, aircraft_free = self._what_may_fly(lesson, starts[staffed])
        flying = self._met(lesson, starts[staffed], "aircraft", aircraft)
        aircraft_free &= flying.allowed
        equipped = aircraft_free.any(axis=0)
        if not equipped.any():
            return "no aircraft"
        both = staffed[equipped]
        return FeasibleStarts(
            lesson, starts[both], instructors, instructor_free[:, both], aircraft, aircraft_free[:, equipped],
            student_warnings[both], teaching.warnings[:, both], flying.warnings[:, equipped],
        )  # fmt: skip

    def _met(self, lesson: LessonToMove, starts: Cells, kind: str, ids: Sequence[int | None]) -> Met:
        if not self._credentials.requires(lesson):
            return met_without_requirements(len(ids), len(starts))
        moments = self.timeline.times_utc(starts).to_numpy(dtype="datetime64[us]").astype(np.int64)
        return self._credentials.met(lesson, moments, kind, ids)

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
