"""Bounds on a lesson's new time, and the costs that make one slot better than another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from flightsched_pipelines.durations import MINUTE

RELEASED_STATUSES: frozenset[str] = frozenset({"cancelled"})
"""A booking of such a status occupies no aircraft, instructor or student; every other one does."""

BUFFER = timedelta(minutes=15)
"""Between two lessons of the same aircraft, instructor or student."""

VERDICT_PRICE_DAYS: Mapping[str, float] = MappingProxyType({"ok": 0.0, "watch": 2.0, "unforecast": 4.0})
"""A doubtful forecast risks a second move. A time beyond every forecast is the least certain, so it costs most."""


@dataclass(frozen=True, slots=True)
class SchedulingRules:
    """Bounds on a new time.

    ``buffer_minutes`` are kept between two lessons of the same aircraft, instructor or student. ``duty_hours_per_24h``
    is the flight training that an instructor may give in any rolling 24 hours (14 CFR 61.195(a)). Lessons start on a
    grid of ``step_minutes`` of the local clock. ``per_booking`` is the number of candidates kept for each booking.

    Raises:
        ValueError: a number with which no schedule can be made.
    """

    earliest_hours: float = 6
    horizon_days: int = 14
    buffer_minutes: int = BUFFER // MINUTE
    duty_hours_per_24h: float = 8
    step_minutes: int = 30
    per_booking: int = 60

    def __post_init__(self) -> None:
        if self.step_minutes <= 0 or self.step_minutes % 15:
            raise ValueError(f"step_minutes is {self.step_minutes}; choose a multiple of 15")
        if self.buffer_minutes < 0 or self.earliest_hours < 0:
            raise ValueError("buffer_minutes and earliest_hours cannot be negative; use 0 for none")
        if self.per_booking < 1 or self.horizon_days < 1:
            raise ValueError("per_booking and horizon_days must be at least 1")
        if not 0 <= self.duty_hours_per_24h <= 24:
            raise ValueError(f"duty_hours_per_24h must be between 0 and 24; got {self.duty_hours_per_24h}")


@dataclass(frozen=True, slots=True)
class Prices:
    """The cost of each drawback of a new time, in days of waiting: the common unit of all of them.

    The order reflects people's values: the same instructor, then soon, then the same aircraft, the usual hour and
    weekday, and last a wider margin of the forecast (a slot at the minimums costs ``no_margin``, one at twice them
    nothing).

    Next come the student's preferences (``other_day`` to ``after_latest_date``). Waiting costs a share ``idle`` more
    for a student who has not flown for four weeks, and a share ``moved_before`` more for each time that weather has
    moved the lesson before (at most twice). ``other_than_sent`` is the cost of changing an earlier proposal, so that
    offers do not change every hour. ``warning`` is that of each of the school's requirements that is not met and only
    warns.
    """

    other_instructor: float = 3.0
    per_day_moved: float = 1.0
    other_aircraft: float = 0.5
    per_hour_off_usual: float = 0.1
    other_weekday: float = 0.25
    no_margin: float = 0.5
    other_day: float = 1.0
    other_part: float = 0.75
    not_preferred_instructor: float = 1.0
    after_latest_date: float = 10.0
    idle: float = 0.5
    moved_before: float = 0.5
    other_than_sent: float = 1.5
    warning: float = 0.5


PRICES = Prices()
