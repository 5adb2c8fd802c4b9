"""A move is described from its lesson's row, whatever the row holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Revalidated
from flightsched_pipelines.services.responses.slot_revalidation import describe_move

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
