"""The frozen instances: synthetic schools after a day of bad weather, made from a seed by numpy alone.

Nothing here comes from the package's own search, so that a change there moves no instance. ``fingerprint`` is kept
beside the proven optima: an instance that has changed is not compared with them.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
DAYS = 14
LOST_DAYS = 3
"""The first days, all of whose lessons are threatened."""

STARTS_PER_DAY = 20
"""Half hours from 08:00 to 17:30."""

CELLS_PER_DAY = 96
OPENS = 32
CLOSES = 80
BUFFER_CELLS = 1
TEACHING_CELLS = 28
"""Quarter hours that an instructor has already given at most on a day, as booked."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size and fullness of an instance's schools."""

    schools: int
    lessons: int
    instructors: int
    aircraft: int
    booked_share: float
    candidates: int
    seed: int


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "20 lessons x 10 schools": Shape(10, 20, 6, 8, 0.35, 60, 11),
        "200 lessons, one school, medium": Shape(1, 200, 40, 48, 0.35, 60, 12),
        "200 lessons, one school, tight": Shape(1, 200, 24, 28, 0.4, 60, 13),
        "2,000 lessons in 100 schools": Shape(100, 20, 6, 8, 0.35, 60, 14),
    }
)


@dataclass(frozen=True, slots=True)
class Instance:
    """Lessons (``BOOKING_COLUMNS`` in part) and their candidates (``CANDIDATE_COLUMNS``)."""

    name: str
    bookings: pd.DataFrame
    candidates: pd.DataFrame

    @property
    def fingerprint(self) -> str:
        """Return a digest of every number that matters to the choice."""
        numbers = self.candidates[["booking_id", "instructor_id", "aircraft_id", "score"]].to_numpy(dtype=np.float64)
        times = self.candidates["starts_at_utc"].astype("int64").to_numpy()
        return hashlib.sha256(numbers.tobytes() + times.tobytes()).hexdigest()[:16]


def instance(name: str) -> Instance:
    """One of ``SHAPES``, made."""
    shape = SHAPES[name]
    random = np.random.default_rng(shape.seed)
    bookings: list[dict[str, Any]] = []
    candidates: list[pd.DataFrame] = []
    for school in range(shape.schools):
        made = _School(shape, random, school)
        bookings += made.bookings
        candidates += made.candidates
    frame = pd.DataFrame(bookings)
    for column in ("starts_at_utc", "ends_at_utc"):
        frame[column] = _times(frame[column].to_numpy())
    frame = frame.astype({"instructor_id": "Int64"})
    return Instance(name, frame, pd.concat(candidates, ignore_index=True))


class _School:
    """One school's fortnight: existing bookings, and the lessons of the first two days that must move."""

    def __init__(self, shape: Shape, random: np.random.Generator, number: int) -> None:
        self._shape, self._random, self._number = shape, random, number
        cells = DAYS * CELLS_PER_DAY
        self._instructor_busy = np.zeros((shape.instructors, cells), dtype=bool)
        self._aircraft_busy = np.zeros((shape.aircraft, cells), dtype=bool)
        self._types = np.arange(shape.aircraft) % 2
        self.bookings: list[dict[str, Any]] = []
        self.candidates: list[pd.DataFrame] = []
        self._book_others()
        for _ in range(shape.lessons):
            self._threaten()

    def _book_others(self) -> None:
        for day in range(LOST_DAYS, DAYS):
            for instructor in range(self._shape.instructors):
                taught = 0
                for start in range(OPENS, CLOSES - 8, 9):
                    if self._random.random() > self._shape.booked_share or taught + 8 > TEACHING_CELLS:
                        continue
                    first = day * CELLS_PER_DAY + start
                    busy = self._aircraft_busy[:, first - BUFFER_CELLS : first + 8 + BUFFER_CELLS].any(axis=1)
                    if busy.all():
                        continue
                    aircraft = int(self._random.choice(np.flatnonzero(~busy)))
                    taught += 8
                    self._instructor_busy[instructor, first : first + 8] = True
                    self._aircraft_busy[aircraft, first : first + 8] = True
                    self._book(instructor, aircraft, 1_000 + len(self.bookings), first, 8)

    def _threaten(self) -> None:
        random, shape = self._random, self._shape
        length = int(random.choice([6, 8, 10]))
        while True:  # until someone and something is free
            instructor, aircraft = int(random.integers(shape.instructors)), int(random.integers(shape.aircraft))
            day = int(random.integers(LOST_DAYS))
            first = day * CELLS_PER_DAY + OPENS + 2 * int(random.integers(STARTS_PER_DAY - 4))
            taken = slice(first - BUFFER_CELLS, first + length + BUFFER_CELLS)
            taught = self._instructor_busy[instructor, day * CELLS_PER_DAY : (day + 1) * CELLS_PER_DAY].sum()
            if taught + length <= TEACHING_CELLS and not (
                self._instructor_busy[instructor, taken].any() or self._aircraft_busy[aircraft, taken].any()
            ):
                break
        self._instructor_busy[instructor, first : first + length] = True
        self._aircraft_busy[aircraft, first : first + length] = True
        student = int(random.integers(shape.lessons))
        booking_id = self._book(instructor, aircraft, student, first, length)
        self.candidates.append(self._slots(booking_id, instructor, aircraft, first, length))

    def _slots(self, booking_id: int, instructor: int, aircraft: int, usual: int, length: int) -> pd.DataFrame:
        random, shape = self._random, self._shape
        available = random.random((DAYS, 2)) < 0.6  # of the student, by day and half day
        rows: list[tuple[int, int, int, float]] = []
        for day in range(DAYS):
            for start in range(OPENS, CLOSES - length + 1, 2):
                first = day * CELLS_PER_DAY + start
                if not available[day, int(start >= 50)] or first < usual + 24:
                    continue
                span = slice(first - BUFFER_CELLS, first + length + BUFFER_CELLS)
                who = _first_free(self._instructor_busy[:, span], instructor, booking_id)
                what = _first_free(
                    self._aircraft_busy[:, span] | (self._types != self._types[aircraft])[:, None],
                    aircraft,
                    booking_id,
                )
                waiting = (first - usual) / CELLS_PER_DAY
                off_usual = abs(start - usual % CELLS_PER_DAY) / 4
                sky = 0.0 if day < 3 else 4.0
                rows += [
                    (first, i, a, waiting + 0.1 * off_usual + 3.0 * (i != instructor) + 0.5 * (a != aircraft) + sky)
                    for i in who
                    for a in what
                ]
        rows = _spread(sorted(rows, key=lambda row: (row[3], row[0], row[1], row[2])), shape.candidates)
        cells, instructors, aircraft_ids, scores = (np.array(column) for column in zip(*rows, strict=True))
        base = self._number * 1_000
        return pd.DataFrame(
            {
                "booking_id": booking_id,
                "slot": np.arange(1, len(rows) + 1),
                "starts_at_utc": _times(cells),
                "ends_at_utc": _times(cells + length),
                "instructor_id": pd.array(instructors + base, dtype="Int64"),
                "aircraft_id": aircraft_ids + base,
                "verdict": np.where(cells < 3 * CELLS_PER_DAY, "ok", "unforecast"),
                "margin": 0.5,
                "same_instructor": instructors == instructor,
                "same_aircraft": aircraft_ids == aircraft,
                "minutes_moved": (cells - usual) * 15,
                "score": np.round(scores, 6),
            }
        )

    def _book(self, instructor: int, aircraft: int, student: int, first: int, length: int) -> int:
        base = self._number * 1_000
        booking_id = self._number * 100_000 + len(self.bookings)
        self.bookings.append(
            {
                "booking_id": booking_id,
                "student_id": self._number * 100_000 + student,
                "instructor_id": base + instructor,
                "aircraft_id": base + aircraft,
                "solo": False,
                "status": "scheduled",
                "time_zone": "UTC",
                "starts_at_utc": first,
                "ends_at_utc": first + length,
            }
        )
        return booking_id


def _first_free(busy: NDArray[np.bool_], present: int, turn: int) -> list[int]:
    """The present one if free and one more, from an offset that differs by booking."""
    order = np.roll(np.arange(len(busy)), -turn)
    free = [int(row) for row in order if not busy[row].any()]
    return sorted(free, key=lambda row: row != present)[:2]


def _spread(rows: list[tuple[int, int, int, float]], count: int) -> list[tuple[int, int, int, float]]:
    """The first rows, of one day at most as many as leave room for a week of days."""
    of_day: Counter[int] = Counter()
    kept: list[tuple[int, int, int, float]] = []
    for row in rows:
        of_day[row[0] // CELLS_PER_DAY] += 1
        if of_day[row[0] // CELLS_PER_DAY] <= -(-2 * count // DAYS):
            kept.append(row)
    return kept[:count]


def _times(cells: NDArray[Any]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.Timestamp(MONDAY) + pd.to_timedelta(cells * 15, unit="min")).as_unit("us")
