"""A move is described from its lesson's row, whatever the row holds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Revalidated
from flightsched_pipelines.domain.rescheduling.preferred_times import DAYS, PARTS_OF_DAY
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_descriptions
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.services.responses.slot_revalidation import describe_move
from flightsched_pipelines_tests.examples import examples

ZONES = ["America/Los_Angeles", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]

STARTS = datetime(2026, 11, 10, 18, tzinfo=UTC)
MOVE = Move(1, Slot(STARTS + timedelta(days=1), STARTS + timedelta(days=1, hours=2), 7, 9))
LESSON: dict[str, Any] = {
    "booking_id": 1, "starts_at_utc": STARTS, "ends_at_utc": STARTS + timedelta(hours=2), "instructor_id": 7,
    "aircraft_id": 8, "solo": False, "time_zone": "UTC", "preferred_days": None, "preferred_parts": None,
    "preferred_instructor_id": None, "latest_date": None, "notice_hours": None, "times_moved": 0,
}  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Mars/Olympus", "../../etc"])
def test_a_place_in_no_time_zone_is_described_in_utc(zone: str) -> None:
    found = Revalidated([], "ok", "", LESSON | {"time_zone": zone})
    sentence = describe_move(found, MOVE)
    assert sentence.startswith("Same instructor, another aircraft of the same type, 1 day later at the same time")


def test_a_lesson_that_is_gone_is_not_described() -> None:
    with pytest.raises(ValueError, match="booking 1 is not in the schedule"):
        describe_move(Revalidated([], "missing", ""), MOVE)


@examples(40, "a frame costs 40 ms of each, and what a sentence is made of are few words")
@given(
    hours=st.integers(0, 24 * 400), later=st.integers(-400, 400), zone=st.sampled_from(ZONES),
    days=st.none() | st.lists(st.sampled_from(DAYS)), parts=st.none() | st.lists(st.sampled_from([*PARTS_OF_DAY])),
    wished=st.none() | st.sampled_from([7, 8]), last=st.none() | st.dates(date(2026, 10, 1), date(2027, 12, 1)),
    slot=st.sampled_from([(7, 8), (7, 9), (6, 8), (None, 8), (7, None)]),
    verdict=st.sampled_from(["ok", "watch", "unforecast", "missing", "at_risk", NOT_FLOWN]),
)  # fmt: skip
def test_one_move_is_described_as_a_frame_of_moves_is(
    hours: int, later: int, zone: str, days: list[str] | None, parts: list[str] | None, wished: int | None,
    last: date | None, slot: tuple[int | None, int | None], verdict: str,
) -> None:  # fmt: skip
    starts = STARTS + timedelta(hours=hours)
    new = starts + timedelta(hours=later)
    instructor, aircraft = slot
    lesson = LESSON | {
        "starts_at_utc": starts, "time_zone": zone, "preferred_days": days, "preferred_parts": parts,
        "preferred_instructor_id": wished, "latest_date": last, "solo": instructor is None,
    }  # fmt: skip
    same_instructor, same_aircraft = instructor == 7, aircraft == 8
    frames = [
        pd.DataFrame([row]).astype(types)
        for row, types in (
            ({
                "starts_at_utc": new, "instructor_id": instructor, "aircraft_id": aircraft,
                "same_instructor": same_instructor, "same_aircraft": same_aircraft, "verdict": verdict, "margin": None,
            }, {"instructor_id": "Int64", "aircraft_id": "Int64", "margin": "float64"}),
            (lesson, {"preferred_instructor_id": "Int64", "preferred_days": "object", "latest_date": "object"}),
        )
    ]  # fmt: skip
    moved = Move(1, Slot(new, new + timedelta(hours=2), instructor, aircraft))
    assert [describe_move(Revalidated([], verdict, "", lesson), moved)] == slot_descriptions(*frames)
