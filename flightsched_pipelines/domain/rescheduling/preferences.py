"""Students' preferences as data: preferred slots, and the notice they need.

A preference makes a slot dearer or cheaper; only the notice rules a slot out, since an unwelcome time is better than
none. A student's free note is for dispatchers alone: nothing here depends on it, and no snapshot contains it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS, PARTS_OF_DAY, part_of_day
from flightsched_pipelines.domain.rescheduling.rules import PRICES, Prices

PREFERENCE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "preferred_days": "object",
        "preferred_parts": "object",
        "preferred_instructor_id": "Int64",
        "latest_date": "object",
        "notice_hours": "Int64",
        "last_lesson_at_utc": "datetime64[us, UTC]",
        "times_moved": "Int64",
    }
)
"""Columns that a frame of bookings may have beside ``BOOKING_COLUMNS``.

``preferred_days`` lists names of ``DAYS``, ``preferred_parts`` of ``PARTS_OF_DAY``; empty or null is no preference.
``latest_date`` is the last local day that suits. ``last_lesson_at_utc`` is the time of the student's last flight,
``times_moved`` the number of times that weather has moved this booking before.
"""

_STATED: Sequence[str] = ("preferred_days", "preferred_parts", "preferred_instructor_id", "latest_date")
"""The columns that a slot can meet or not."""

UNHURRIED_DAYS = 28
"""After this many days without flying, waiting costs a student most: skills fade."""


def with_preferences(bookings: pd.DataFrame) -> pd.DataFrame:
    """Return bookings with every column of ``PREFERENCE_COLUMNS``, null if absent."""
    absent = {name: pd.Series(None, index=bookings.index, dtype=kind) for name, kind in PREFERENCE_COLUMNS.items()}
    return bookings.assign(**{name: column for name, column in absent.items() if name not in bookings.columns})


def waiting_cost(lessons: pd.DataFrame, now_utc: pd.Timestamp, prices: Prices = PRICES) -> NDArray[np.float64]:
    """Return the cost of a day's waiting for each lesson: higher after a long pause, or if moved before."""
    idle_days = (now_utc - lessons["last_lesson_at_utc"]) / pd.Timedelta(days=1)
    idle = idle_days.clip(0, UNHURRIED_DAYS).fillna(0).to_numpy(dtype=np.float64) / UNHURRIED_DAYS
    moved = lessons["times_moved"].fillna(0).clip(0, 2).to_numpy(dtype=np.float64)
    return prices.per_day_moved * (1 + prices.idle * idle + prices.moved_before * moved)


def preference_cost(
    lessons: pd.DataFrame, new: "pd.Series[pd.Timestamp]", prices: Prices = PRICES
) -> NDArray[np.float64]:
    """Return the cost of times that do not match the student's preferences.

    Args:
        lessons: the booking of each time, with ``PREFERENCE_COLUMNS``.
        new: each start on the local clock.
        prices: the cost of each preference that is not met.
    """
    costs = (
        (prices.other_day, ~_day_kept(lessons, new)),
        (prices.other_part, ~_part_kept(lessons, new)),
        (prices.after_latest_date, ~_in_time(lessons, new)),
    )
    return np.sum([price * broken for price, broken in costs], axis=0)


def kept_and_missed(
    lessons: pd.DataFrame, new: "pd.Series[pd.Timestamp]", instructors: "pd.Series[int]"
) -> list[tuple[list[str], list[str]]]:
    """Return the preferences that each slot meets, and those it does not, as `kept_and_missed_by` of one."""
    stated = (lessons[name].tolist() for name in _STATED)
    rows = (dict(zip(_STATED, row, strict=True)) for row in zip(*stated, strict=True))
    return [
        kept_and_missed_by(lesson, start, instructor_id)
        for lesson, start, instructor_id in zip(rows, new.tolist(), instructors.tolist(), strict=True)
    ]


def kept_and_missed_by(
    lesson: Mapping[str, Any], new: datetime, instructor_id: int | None
) -> tuple[list[str], list[str]]:
    """Return the preferences that a slot meets, and those it does not: day, time, instructor, latest date.

    Args:
        lesson: the booking, with ``PREFERENCE_COLUMNS``.
        new: the slot's start on the local clock.
        instructor_id: the slot's instructor; a solo flight breaks no preference for one.
    """
    days, parts, wished, latest = (lesson[name] for name in _STATED)
    met: dict[str, bool] = {}
    if len(_names(days)):
        met["day"] = DAYS[new.weekday()] in days
    if len(_names(parts)):
        met["time of day"] = part_of_day(new.hour) in parts
    if not pd.isna(wished) and not pd.isna(instructor_id):
        met["instructor"] = wished == instructor_id
    if not pd.isna(latest):
        met["latest date"] = new.date() <= latest
    return [wish for wish, kept in met.items() if kept], [wish for wish, kept in met.items() if not kept]


def _day_kept(lessons: pd.DataFrame, new: "pd.Series[pd.Timestamp]") -> NDArray[np.bool_]:
    return _among(new.dt.day_of_week.to_numpy().astype(np.int64), lessons["preferred_days"], DAYS)


def _part_kept(lessons: pd.DataFrame, new: "pd.Series[pd.Timestamp]") -> NDArray[np.bool_]:
    part_of_hour = np.array([list(PARTS_OF_DAY).index(part_of_day(hour)) for hour in range(24)])
    return _among(part_of_hour[new.dt.hour.to_numpy(dtype=np.int64)], lessons["preferred_parts"], tuple(PARTS_OF_DAY))


def _in_time(lessons: pd.DataFrame, new: "pd.Series[pd.Timestamp]") -> NDArray[np.bool_]:
    place, days = pd.factorize(lessons["latest_date"])
    latest = np.array([day.toordinal() for day in days] + [date.max.toordinal()], dtype=np.int64)[place]
    since_epoch = new.to_numpy(dtype="datetime64[D]").astype(np.int64)
    return since_epoch + date(1970, 1, 1).toordinal() <= latest


def _among(names: NDArray[np.int64], wished: "pd.Series[list[str]]", known: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether each name (its index in ``known``) is preferred, or none is; slots of a lesson share a list."""
    lists = wished.tolist()
    _, examples, place = np.unique(np.fromiter(map(id, lists), np.int64), return_index=True, return_inverse=True)
    choices = [_names(lists[int(row)]) for row in examples]
    suits = np.array([[not some or name in some for name in known] for some in choices], dtype=bool)
    return suits.reshape(-1, len(known))[place, names]


def _names(value: object) -> Sequence[str]:
    return cast("Sequence[str]", value) if isinstance(value, list | tuple | np.ndarray) else []
