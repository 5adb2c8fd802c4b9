"""An hour's screen names commands that work on the data it is about."""

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


@pytest.mark.parametrize(("demo", "command"), [(False, "flightsched"), (True, "flightsched --demo")])
def test_the_commands_that_it_names_work_on_the_data_of_the_hour(
    demo: bool, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(SUMMARY, demo=demo)
    told = " ".join(capsys.readouterr().out.split())
    assert f"and 1 more: {command} board shows them all" in told
    assert f"why, hour by hour: {command} explain PAO-1001" in told
