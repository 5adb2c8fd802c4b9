"""Notifications of an alert: once, again at growing intervals, when it gets worse, and at the end."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.monitoring.alert_lifecycle import (
    Alert,
    AlertTransition,
    CheckStatus,
    alert_transitions,
    pause_after,
)

NOW = datetime(2026, 11, 10, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def standing(name: str, cause: str = "weather", severity: Literal["warn", "error"] = "error") -> CheckStatus:
    return CheckStatus(name, cause, severity, False, f"{name} is bad", "mend it", "section", NOW, NOW)


def alert(severity: Literal["warn", "error"] = "error", told: int = 1, next_tell_at: datetime = NOW + HOUR) -> Alert:
    return Alert(1, "weather", severity, NOW - HOUR, told, next_tell_at)


def only(found: list[AlertTransition]) -> AlertTransition:
    (step,) = found
    return step


def test_forty_failing_checks_of_a_cause_are_one_alert() -> None:
    step = only(alert_transitions([standing(f"check {n}") for n in range(40)], [], [], NOW))
    assert (step.key, step.word, len(step.failing)) == ("weather", "opened", 40)
    assert step.next_tell_at == NOW + HOUR


def test_causes_are_told_apart() -> None:
    found = alert_transitions([standing("a"), standing("b", "llm", "warn")], [], [], NOW)
    assert [(step.key, step.severity) for step in found] == [("llm", "warn"), ("weather", "error")]


def test_what_is_open_is_silent_until_it_is_time_and_then_for_longer() -> None:
    assert only(alert_transitions([standing("a")], [alert()], [], NOW)).word is None
    again = only(alert_transitions([standing("a")], [alert(told=2, next_tell_at=NOW)], [], NOW))
    assert (again.word, again.next_tell_at) == ("reminder", NOW + 4 * HOUR)
    assert [pause_after(n) / HOUR for n in (1, 2, 3, 4, 5, 6, 50)] == [1, 2, 4, 8, 16, 24, 24]


def test_what_gets_worse_is_told_at_once_and_what_gets_better_is_not() -> None:
    assert only(alert_transitions([standing("a")], [alert("warn")], [], NOW)).word == "worse"
    assert only(alert_transitions([standing("a", severity="warn")], [alert()], [], NOW)).word is None


def test_what_is_over_is_told_once() -> None:
    assert only(alert_transitions([], [alert()], [], NOW)).word == "resolved"
    assert alert_transitions([], [], [], NOW) == []
    assert only(alert_transitions([], [alert(told=0)], [], NOW)).word is None, (
        "who never heard of it need not hear of its end"
    )


def test_a_silenced_alert_is_kept_and_told_when_the_silence_ends() -> None:
    quiet = only(alert_transitions([standing("a")], [], ["weather"], NOW))
    assert (quiet.state, quiet.word) == ("open", None)
    assert only(alert_transitions([standing("a")], [alert(told=0, next_tell_at=NOW)], [], NOW)).word == "opened"
    assert only(alert_transitions([], [alert()], ["weather"], NOW)).word is None


@given(st.integers(1, 60))
def test_an_alert_that_stays_open_is_told_ever_more_rarely(days: int) -> None:
    told, next_tell_at, words = 0, NOW, 0
    for n in range(days * 24):
        now = NOW + n * HOUR
        step = only(alert_transitions([standing("a")], [alert(told=told, next_tell_at=next_tell_at)], [], now))
        if step.word is not None:
            words, told, next_tell_at = words + 1, told + 1, step.next_tell_at or now
    assert words <= 6 + days
