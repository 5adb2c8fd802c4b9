"""The request: its content, and what must never leave the platform."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.rescheduling.ranking.ranking_request import RankingRequest, prompt, ranking_requests
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import FORECASTS, ReasonCode, is_true
from flightsched_pipelines.domain.risk.breaches import BROKEN_COLUMNS
from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import LOST, NOW, School

HOUR = pd.Timestamp(NOW)
PLAN = School().propose()


def ask(**wishes: Any) -> RankingRequest:
    """Return the request about the school's one threatened lesson, with these preferences of its student."""
    lesson = LOST | wishes
    bookings = pd.DataFrame([lesson]).astype(
        {"starts_at_utc": "datetime64[us, UTC]", "ends_at_utc": "datetime64[us, UTC]"}
    )
    broken = pd.DataFrame(columns=list(BROKEN_COLUMNS))
    (question,) = ranking_requests(PLAN, bookings, broken, HOUR)
    return question


def test_a_question_tells_what_ranking_needs() -> None:
    body = ask(preferred_days=["tue"], latest_date=date(2026, 6, 9), last_lesson_at_utc=HOUR - timedelta(days=15)).body

    assert body["lesson"] == {
        "training_level": "student_pilot", "lesson_kind": "local", "solo": False, "length_minutes": 60,
        "local_start": "Monday 01 June 2026, 13:00",
    }  # fmt: skip
    assert body["student"] == {
        "preferred_days": ["tue"], "preferred_parts_of_day": [], "asked_for_an_instructor": False,
        "latest_date": "2026-06-09", "weeks_since_last_lesson": 2, "moved_before": 0,
    }  # fmt: skip
    slot = body["slots"][0]
    assert slot.keys() == {
        "id", "local_start", "local_end", "part_of_day", "days_later", "minutes_later_in_the_day", "instructor",
        "aircraft", "forecast", "wishes_kept", "wishes_not_kept",
    }  # fmt: skip
    assert slot["wishes_kept"] == ["day", "latest date"]
    assert slot["days_later"] == 1


def test_slots_stand_in_the_order_of_time_not_of_the_planner() -> None:
    starts = [slot["local_start"] for slot in ask().body["slots"]]

    assert len(starts) == 3
    assert starts == sorted(starts)


def test_the_same_question_has_the_same_digest_and_any_other_another(monkeypatch: pytest.MonkeyPatch) -> None:
    question = ask()

    assert question.digest("m") == ask().digest("m")
    assert question.digest("m") != question.digest("other-model")
    assert question.digest("m") != ask(preferred_days=["sat"]).digest("m")
    with monkeypatch.context() as older:
        older.setattr("flightsched_pipelines.domain.rescheduling.ranking.ranking_request.PROMPT_VERSION", "rank_v2")
        before = question.digest("m")
    assert question.digest("m") != before, "an answer to an older prompt is not used again"
    assert question.digest("m") == replace(question, booking_id=99).digest("m"), "a booking's number is not asked about"


@pytest.mark.parametrize("words", INJECTIONS)
def test_no_text_of_anybody_is_told(words: str) -> None:
    texts = ("reference", "student_name", "instructor_name", "aircraft_type", "note", "preference_note", "status")

    assert ask(**dict.fromkeys(texts, words)).body == ask().body


def test_the_prompt_holds_the_rules_that_matter() -> None:
    for rule in ("every slot id", "at most three codes", *ReasonCode):
        assert rule in prompt()


@pytest.mark.parametrize(
    ("verdict", "margin", "step"),
    [("ok", float("inf"), 0), ("ok", 0.5, 0), ("ok", 0.2, 1), ("ok", 0.1, 2), ("watch", 0.9, 3), ("unforecast", 0.9, 4),
     ("missing", 0.9, 5), ("at_risk", 0.9, 6), ("unknown", 0.9, 6)],
)  # fmt: skip
def test_no_verdict_but_ok_has_a_margin(verdict: str, margin: float, step: int) -> None:
    plan = PLAN.assign(verdict=verdict, margin=margin)
    bookings = pd.DataFrame([LOST]).astype(
        {"starts_at_utc": "datetime64[us, UTC]", "ends_at_utc": "datetime64[us, UTC]"}
    )
    (question,) = ranking_requests(plan, bookings, pd.DataFrame(columns=list(BROKEN_COLUMNS)), HOUR)

    assert {slot.facts["forecast"] for slot in question.slots} == {FORECASTS[step]}


def test_the_best_forecast_is_one_with_a_margin_that_no_other_reaches() -> None:
    facts = [{"forecast": words} for words in FORECASTS]

    assert [is_true(ReasonCode.BEST_FORECAST, one, facts[place + 1 :]) for place, one in enumerate(facts)] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip
    assert not is_true(ReasonCode.BEST_FORECAST, facts[0], [facts[0], facts[2]])
    assert not is_true(ReasonCode.BEST_FORECAST, facts[0], []), "one alone is not the best of several"
