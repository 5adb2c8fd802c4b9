"""A message is outdated when its lesson is not as it says any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.cases.lifecycle import CASE_EVENTS
from flightsched_pipelines.domain.cases.statements import LessonNow, needs_verdict, statement_of, why_outdated

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
MOVED = AT + timedelta(days=1)
BEFORE = AT - timedelta(hours=2)
CANCELLED = "the lesson was cancelled or moved since"

JUDGED = {
    "cleared, and nothing happened": ("cleared", ("scheduled", AT, False, False), ""),
    "cleared, cancelled": ("cleared", ("cancelled", AT, False, False), CANCELLED),
    "cleared, moved": ("cleared", ("scheduled", MOVED, False, False), CANCELLED),
    "cleared, below again": ("cleared", ("weather_hold", AT, False, True), "a later case of the lesson is open"),
    "cleared, put on hold": ("cleared", ("weather_hold", AT, False, False), "the lesson was put on hold since"),
    "kept, and nothing happened": ("kept", ("scheduled", AT, False, False), ""),
    "kept, below by more": ("kept", ("weather_hold", AT, False, True), "a later case of the lesson is open"),
    "expired, and nothing happened": ("expired", ("weather_hold", AT, False, False), ""),
    "expired, released": ("expired", ("scheduled", AT, False, False), "the lesson is no longer on hold"),
    "expired, cancelled": ("expired", ("cancelled", AT, False, False), CANCELLED),
    "declined, released": ("declined", ("scheduled", AT, False, False), "the lesson is no longer on hold"),
    "declined, and nothing happened": ("declined", ("weather_hold", AT, False, False), ""),
    "moved, and nothing happened": ("moved", ("scheduled", AT, False, False), ""),
    "moved, below at its new time": ("moved", ("weather_hold", AT, False, True), ""),
    "moved, cancelled": ("moved", ("cancelled", AT, False, False), CANCELLED),
    "changed, moved again": ("changed", ("scheduled", MOVED, False, False), CANCELLED),
    "changed, put on hold": ("changed", ("weather_hold", AT, False, False), ""),
    "cancelled": ("cancelled", ("cancelled", AT, False, False), ""),
    "cancelled, and back": ("cancelled", ("scheduled", AT, False, False), "the lesson is in the schedule again"),
    "opened, and its case is over": ("opened", ("scheduled", AT, False, False), "its case is over"),
    "opened, and it goes on": ("opened", ("weather_hold", AT, True, False), ""),
    "accepted, and moved": ("accepted", ("scheduled", MOVED, False, False), "its case is over"),
    "withdrawn, and its case is over": ("withdrawn", ("weather_hold", AT, False, False), ""),
    "released, and its case is over": ("hold_released", ("cancelled", AT, False, False), ""),
    "accepted, and it goes on": ("accepted", ("weather_hold", AT, True, False), ""),
}


@pytest.mark.parametrize(("event", "lesson", "why"), JUDGED.values(), ids=JUDGED)
def test_a_message_is_outdated_when_its_lesson_is_not_as_it_says(event: str, lesson: Any, why: str) -> None:
    assert why_outdated(statement_of(event, AT), LessonNow(*lesson), BEFORE) == why


@pytest.mark.parametrize(
    ("event", "status"), [("cleared", "scheduled"), ("kept", "scheduled"), ("expired", "weather_hold")]
)
def test_nobody_reads_that_a_lesson_stays_as_booked_once_its_time_has_come(event: str, status: Any) -> None:
    lesson = LessonNow(status, AT, False, False)
    assert why_outdated(statement_of(event, AT), lesson, AT - timedelta(seconds=1)) == ""
    assert why_outdated(statement_of(event, AT), lesson, AT) == "the lesson's time has come"


def test_whose_choice_was_not_confirmed_before_the_lesson_hears_of_it() -> None:
    assert why_outdated(statement_of("declined", AT), LessonNow("weather_hold", AT, False, False), AT) == ""


ANOTHERS = "the lesson is another student's now"


@pytest.mark.parametrize(
    ("event", "status", "why"),
    [
        *((event, "weather_hold", ANOTHERS) for event in ("opened", "updated", "accepted", "reminded", "expired")),
        *((event, "scheduled", ANOTHERS) for event in ("cleared", "kept", "moved")),
        ("cancelled", "scheduled", ""),
        ("withdrawn", "weather_hold", ""),
    ],
)
def test_of_a_lesson_that_was_given_to_another_student_nothing_is_told_as_if_it_were_not(
    event: str, status: Any, why: str
) -> None:
    assert why_outdated(statement_of(event, AT), LessonNow(status, AT, True, False, given_away=True), BEFORE) == why


@pytest.mark.parametrize(("given_away", "why"), [(True, ""), (False, "the lesson is this student's again")])
def test_that_a_lesson_was_given_away_is_told_wherever_it_is_unless_it_is_the_students_again(
    given_away: bool, why: str
) -> None:
    said = statement_of("changed", AT, given_away=True)
    assert why_outdated(said, LessonNow("scheduled", MOVED, False, True, given_away=given_away), BEFORE) == why


@pytest.mark.parametrize(("status", "why"), [("weather_hold", ""), ("scheduled", "the lesson is no longer on hold")])
def test_a_cleared_lesson_that_stays_on_a_dispatchers_hold_is_on_hold(status: Any, why: str) -> None:
    assert (
        why_outdated(statement_of("cleared", AT, hold_stays=True), LessonNow(status, AT, False, False), BEFORE) == why
    )


@given(st.sampled_from(sorted(CASE_EVENTS)), st.sampled_from(["scheduled", "weather_hold", "completed"]), st.booleans())
def test_a_freed_slots_messages_say_nothing_of_holds_or_of_other_cases(event: str, status: Any, later: bool) -> None:
    said = statement_of(event, AT, standby=True)
    assert why_outdated(said, LessonNow(status, AT, True, later), BEFORE) == ""
    over = why_outdated(said, LessonNow(status, AT, False, later), BEFORE)
    assert over == ("its case is over" if event in {"opened", "updated", "accepted", "reminded"} else "")


@given(st.sampled_from(sorted(CASE_EVENTS)))
def test_only_a_message_of_a_better_forecast_needs_a_verdict(event: str) -> None:
    assert needs_verdict(statement_of(event, AT)) is (event == "cleared")
