"""An hour's screen names the commands that show more of it."""

from datetime import UTC, datetime

import pytest

from flightsched_pipelines.cli.hourly.report import SHOWN_LESSONS, print_report
from flightsched_pipelines.services.hourly.hour_summary import HourSummary, ThreatenedLesson

HOUR = datetime(2026, 11, 10, 14, tzinfo=UTC)
LESSON = ThreatenedLesson(
    booking_id=1, reference="PAO-1001", starts_at_utc=HOUR, time_zone="America/Los_Angeles", departure="KPAO",
    training_level="student_pilot", solo=True, why="", gravest="ceiling 200 ft", alternatives=(),
)  # fmt: skip
SUMMARY = HourSummary(
    hour_utc=HOUR, weather_source="simulated", lookahead_hours=72, bookings=9, not_assessed=0, ok=0, watch=0, unknown=0,
    unknown_within_24_hours=0, beyond_reach=0, at_risk=9, with_three_alternatives=0, without_alternatives=9,
    proposals=0, ranked_by_llm=0, unplaceable={}, seconds=1.0, weather_failures=(),
    lessons=(LESSON,) * (SHOWN_LESSONS + 1),
)  # fmt: skip


def test_it_names_the_commands_that_show_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(SUMMARY)
    told = " ".join(capsys.readouterr().out.split())
    assert "and 1 more: `flightsched board` shows them all" in told
    assert "why, hour by hour: `flightsched explain PAO-1001`" in told
