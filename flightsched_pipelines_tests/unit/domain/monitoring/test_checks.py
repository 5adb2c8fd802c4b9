"""Checks: the catalogue keeps the old thresholds, an evaluation never passes on nothing, and the page is up to date."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.catalogue_markdown import markdown
from flightsched_pipelines.domain.monitoring.check_definition import Cause, Measurement, Section, evaluate
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS
from flightsched_pipelines.domain.monitoring.statistics import (
    ENOUGH_HOURS,
    max_in_window,
    outside_usual_range,
    share_percent,
    worst,
)
from flightsched_pipelines.messages.alert import TITLES
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import settings_for

NOW = datetime(2026, 11, 10, 14, 5, tzinfo=UTC)
FIVE = timedelta(minutes=5)
PAGE = Path(__file__).parents[4] / "docs" / "reference" / "alerts.md"

OLD_ALARMS = {
    "weather-monitor-errors": 3, "weather-monitor-duration": 90, "weather-monitor-dlq": 1, "ai-rescheduler-errors": 3,
    "ai-rescheduler-throttles": 5, "ai-rescheduler-dlq": 1,
}  # fmt: skip


def test_the_six_alarms_of_the_old_runbook_have_their_thresholds() -> None:
    found = {alarm.counterpart: alarm.limit for alarm in OPERATIONAL_CHECKS if alarm.counterpart in OLD_ALARMS}
    assert found == OLD_ALARMS


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), (
        "run `flightsched alerts --markdown > docs/reference/alerts.md`"
    )


def test_every_alarm_says_what_to_do_and_every_cause_has_a_title() -> None:
    assert len(CHECKS) == len(DATA_CHECKS) + len(OPERATIONAL_CHECKS)
    assert all(alarm.todo and alarm.watches and alarm.section in Section for alarm in CHECKS.values())
    assert set(TITLES) == set(Cause)


@given(st.sampled_from(list(CHECKS.values())), st.floats(0, 1e6), st.floats(0, 1e6))
def test_with_nothing_examined_no_alarm_passes(alarm: object, value: float, limit: float) -> None:
    verdict = evaluate(alarm, Measurement(value, 0, "rows"), limit)  # pyright: ignore[reportArgumentType]
    assert not verdict.passed
    assert "nothing was examined" in verdict.sentence


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_larger_value_never_passes_where_a_smaller_fails(value: float, more: float, limit: float) -> None:
    alarm = CHECKS["weather_monitor_errors"]
    here = evaluate(alarm, Measurement(value, 1, "steps"), limit)
    worse = evaluate(alarm, Measurement(value + more, 1, "steps"), limit)
    assert here.passed >= worse.passed


def test_three_errors_pass_and_a_fourth_does_not() -> None:
    alarm = CHECKS["weather_monitor_errors"]
    assert evaluate(alarm, Measurement(3, 10, "steps"), alarm.limit).passed
    fourth = evaluate(alarm, Measurement(4, 10, "steps"), alarm.limit)
    assert not fourth.passed
    assert fourth.sentence.endswith("4 errors, limit 3; steps examined: 10")


def test_a_burst_counts_wherever_its_five_minutes_begin() -> None:
    instants = [NOW + timedelta(minutes=n) for n in (0, 4, 6, 7, 8, 20)]
    assert max_in_window(instants, FIVE) == 4
    assert max_in_window([], FIVE) == 0


@given(st.lists(st.integers(0, 3600), max_size=30))
def test_a_burst_is_the_busiest_window(seconds: list[int]) -> None:
    instants = [NOW + timedelta(seconds=n) for n in seconds]
    counted = max((sum(one <= other <= one + FIVE for other in instants) for one in instants), default=0)
    assert max_in_window(instants, FIVE) == counted


def test_a_share_of_nothing_is_nothing() -> None:
    assert (share_percent(1, 4), share_percent(0, 0)) == (25, 0)


def test_what_is_usual_is_learned_after_a_day() -> None:
    assert outside_usual_range(70, []) == 10
    assert outside_usual_range(40, [10, 11] * ENOUGH_HOURS) == pytest.approx(29)
    assert outside_usual_range(10.5, [10, 11] * ENOUGH_HOURS) == 0


def test_of_several_hours_the_worst_counts_and_one_without_anything_spoils_all() -> None:
    good, bad, none = Measurement(1, 5, "rows"), Measurement(7, 5, "rows", ["a"]), Measurement(0, 0, "rows")
    assert worst([good, bad]) == Measurement(7, 10, "rows", ["a"])
    assert worst([good, none]).examined == worst([]).examined == 0


def test_a_limit_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARMS__WEATHER_MONITOR_ERRORS", "5")
    assert Settings().limit("weather_monitor_errors") == 5
    assert Settings().limit("ai_rescheduler_errors") == 3
    monkeypatch.setenv("ALARMS__WETHER_MONITOR_ERRORS", "5")
    with pytest.raises(ValidationError, match=r"no check wether_monitor_errors; docs/reference/alerts\.md lists them"):
        Settings()
    with pytest.raises(ValidationError):
        settings_for(alarms={"weather_monitor_errors": -1})
