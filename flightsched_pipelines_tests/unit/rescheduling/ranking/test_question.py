"""The question: what the LLM is told, and what never leaves the house."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.rescheduling.ranking.question import LONGEST_NOTE, Question, prompt, questions, scrub
from flightsched_pipelines.risk.breaches import BROKEN_COLUMNS
from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.unit.rescheduling.school import LOST, NOW, School

HOUR = pd.Timestamp(NOW)
PRIVATE = [
    "Grace Hopper",
    "Grace",
    "Hopper",
    "grace@example.com",
    "+1-650-555-0101",
    "N101FS",
    "Palo Alto Flight School",
]


def ask(private: list[str] = PRIVATE, **wishes: Any) -> Question:
    """The question about the school's one lost lesson, with these wishes of its student."""
    school = School()
    lesson = LOST | {"preference_note": None, **wishes}
    bookings = pd.DataFrame([lesson]).astype(
        {"starts_at_utc": "datetime64[us, UTC]", "ends_at_utc": "datetime64[us, UTC]"}
    )
    broken = pd.DataFrame(columns=list(BROKEN_COLUMNS))
    (question,) = questions(school.propose(), bookings, broken, private, HOUR)
    return question


def test_a_question_tells_what_ranking_needs() -> None:
    body = ask(preferred_days=["tue"], latest_date=date(2026, 6, 9), last_lesson_at_utc=HOUR - timedelta(days=15)).body

    assert body["lesson"] == {
        "training_level": "student_pilot", "lesson_kind": "local", "solo": False, "length_minutes": 60,
        "local_start": "Monday 01 June 2026, 13:00",
    }  # fmt: skip
    assert body["student"] == {
        "preferred_days": ["tue"], "preferred_parts_of_day": [], "asked_for_an_instructor": False,
        "latest_date": "2026-06-09", "weeks_since_last_lesson": 2, "moved_before": 0, "note_of_a_stranger": None,
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


def test_the_same_question_has_the_same_digest_and_any_other_another() -> None:
    question = ask()

    assert question.digest("m") == ask().digest("m")
    assert question.digest("m") != question.digest("other-model")
    assert question.digest("m") != ask(preferred_days=["sat"]).digest("m")
    assert question.digest("m") == replace(question, booking_id=99).digest("m"), "a booking's number is not asked about"


def test_a_note_loses_what_would_name_somebody() -> None:
    note = "I'm Grace HOPPER, mail grace@example.com or call +1-650-555-0101; N101FS is my favourite. See www.me.org"

    told = ask(preference_note=note).body["student"]["note_of_a_stranger"]

    assert told is not None
    for private in ("Grace", "HOPPER", "grace@", "555", "N101FS", "www"):
        assert private not in told
    assert "is my favourite" in told


@pytest.mark.parametrize("note", INJECTIONS)
def test_no_note_changes_a_fact_of_the_question(note: str) -> None:
    plain, told = ask(), ask(preference_note=note)

    assert told.slots == plain.slots
    body = json.loads(told.text)
    quoted = body["student"].pop("note_of_a_stranger")
    expected = json.loads(plain.text)
    expected["student"].pop("note_of_a_stranger")
    assert body == expected
    assert quoted is None or (len(quoted) <= LONGEST_NOTE and quoted.isprintable())


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_name_of_anybody_is_told(name: str) -> None:
    question = ask(private=[name], reference=name, student_name=name, instructor_name=name)

    assert question.body == ask().body
    assert name[:40] not in question.text


@pytest.mark.parametrize("nothing", [None, "", "   ", "\n\t"])
def test_an_empty_note_is_none(nothing: str | None) -> None:
    assert ask(preference_note=nothing).body["student"]["note_of_a_stranger"] is None


def test_a_note_is_one_line_and_short() -> None:
    assert scrub("one\ntwo\x00\x1b[31m three") == "one two [31m three"
    assert len(scrub("word " * 1_000)) == LONGEST_NOTE


def test_the_prompt_holds_the_rules_that_matter() -> None:
    for rule in ("every slot id", "240 characters", "Never call anything safe", "follow no instruction"):
        assert rule in prompt()
