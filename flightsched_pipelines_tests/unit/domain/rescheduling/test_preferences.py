"""Students' preferences: they make slots dearer or cheaper, and the notice they need rules slots out."""

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.rescheduling.preferences import (
    PREFERENCE_COLUMNS,
    kept_and_missed,
    waiting_cost,
    with_preferences,
)
from flightsched_pipelines.domain.rescheduling.preferred_times import part_of_day
from flightsched_pipelines.domain.rescheduling.search.candidates import CANDIDATE_COLUMNS
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import LOST, NOW, OPENS, School

LATER = pd.Timestamp(NOW)


def lessons(**wishes: Any) -> pd.DataFrame:
    """Return the school's threatened lesson, with these preferences."""
    return with_preferences(pd.DataFrame([LOST | wishes]))


def local(*times: str) -> "pd.Series[pd.Timestamp]":
    return pd.Series(pd.to_datetime(list(times)).astype("datetime64[us]"))


def kept(start: str, instructor: int | None = 11, **wishes: Any) -> tuple[list[str], list[str]]:
    rows = lessons(**wishes)
    return kept_and_missed(rows, local(start), pd.Series([instructor], dtype="Int64"))[0]


@pytest.mark.parametrize(
    ("wishes", "start", "expected"),
    [
        ({}, "2026-06-02 09:00", ([], [])),
        ({"preferred_days": ["tue"]}, "2026-06-02 09:00", (["day"], [])),
        ({"preferred_days": ["wed", "thu"]}, "2026-06-02 09:00", ([], ["day"])),
        ({"preferred_days": []}, "2026-06-02 09:00", ([], [])),
        ({"preferred_parts": ["morning"]}, "2026-06-02 11:59", (["time of day"], [])),
        ({"preferred_parts": ["morning"]}, "2026-06-02 12:00", ([], ["time of day"])),
        ({"preferred_parts": ["afternoon", "evening"]}, "2026-06-02 18:00", (["time of day"], [])),
        ({"latest_date": date(2026, 6, 2)}, "2026-06-02 23:00", (["latest date"], [])),
        ({"latest_date": date(2026, 6, 1)}, "2026-06-02 00:30", ([], ["latest date"])),
        ({"preferred_instructor_id": 11}, "2026-06-02 09:00", (["instructor"], [])),
        ({"preferred_instructor_id": 12}, "2026-06-02 09:00", ([], ["instructor"])),
    ],
)
def test_wishes_are_kept_or_not(wishes: dict[str, Any], start: str, expected: tuple[list[str], list[str]]) -> None:
    assert kept(start, **wishes) == expected


def test_a_solo_flight_breaks_no_wish_for_an_instructor() -> None:
    assert kept("2026-06-02 09:00", instructor=None, preferred_instructor_id=12) == ([], [])


@pytest.mark.parametrize(("hour", "part"), [(0, "morning"), (11, "morning"), (12, "afternoon"), (17, "evening")])
def test_parts_of_the_day(hour: int, part: str) -> None:
    assert part_of_day(hour) == part


def test_who_has_not_flown_for_long_or_was_moved_before_waits_less_gladly() -> None:
    fresh = waiting_cost(lessons(last_lesson_at_utc=LATER - timedelta(days=1), times_moved=0), LATER)[0]
    idle = waiting_cost(lessons(last_lesson_at_utc=LATER - timedelta(days=21), times_moved=0), LATER)[0]
    moved = waiting_cost(lessons(last_lesson_at_utc=LATER - timedelta(days=1), times_moved=2), LATER)[0]
    unknown = waiting_cost(lessons(), LATER)[0]

    assert unknown < fresh < idle
    assert moved > fresh


def test_a_slot_that_keeps_a_wish_comes_first() -> None:
    plain = School().search().candidates
    afternoon = School(bookings=(LOST | {"preferred_parts": ["afternoon"]},)).search().candidates

    assert set(plain["starts_at_utc"]) == set(afternoon["starts_at_utc"]), "a wish rules nothing out"
    hours = afternoon["starts_at_utc"].dt.tz_convert("America/Los_Angeles").dt.hour
    assert hours.iloc[0] >= 12
    assert list(afternoon.columns) == list(CANDIDATE_COLUMNS)


def test_the_notice_that_a_student_needs_rules_slots_out() -> None:
    needed = int((OPENS - NOW) / timedelta(hours=1)) + 2
    offered = School(bookings=(LOST | {"notice_hours": needed},)).search().candidates

    assert not offered.empty
    assert offered["starts_at_utc"].min() >= pd.Timestamp(NOW + timedelta(hours=needed))


def test_wishes_that_nobody_stated_have_their_columns() -> None:
    assert set(PREFERENCE_COLUMNS) <= set(lessons().columns)
