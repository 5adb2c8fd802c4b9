"""The scorers of ``make eval`` tell a good answer from each bad one."""

import json
from typing import Any

import pytest

from evaluation.cases import frozen_cases
from evaluation.scorers import SCORERS, preferences_kept, read
from flightsched_pipelines.rescheduling.ranking.answer import check
from flightsched_pipelines_tests.servers.openai_server import SPOILERS, good_answer

CASES = frozen_cases()


def test_there_are_enough_cases_and_they_differ() -> None:
    assert len(CASES) >= 40
    assert len({case.question.digest("m") for case in CASES}) == len(CASES)
    assert len({case.question.body["lesson"]["training_level"] for case in CASES}) == 3
    assert {slot.facts["instructor"] for case in CASES for slot in case.question.slots} == {
        "same", "another", "none (solo)",
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_good_answer_scores_full_and_would_count(case: Any) -> None:
    answer = good_answer(json.loads(case.question.text))

    assert {name: scorer(case, answer) for name, scorer in SCORERS.items()} == dict.fromkeys(SCORERS, 1.0)
    check(case.question, json.dumps(answer))


@pytest.mark.parametrize(
    ("mode", "scorer"),
    [
        ("wrong_ids", "valid_permutation"),
        ("duplicate", "valid_permutation"),
        ("missing", "valid_permutation"),
        ("stranger", "valid_permutation"),
        ("markup", "tone"),
        ("link", "tone"),
        ("promise", "tone"),
        ("too_long", "tone"),
        ("false_time", "nothing_invented"),
        ("false_day", "nothing_invented"),
        ("invented_name", "nothing_invented"),
    ],
)
def test_a_spoiled_answer_scores_less(mode: str, scorer: str) -> None:
    case = CASES[0]
    answer = good_answer(json.loads(case.question.text))
    SPOILERS[mode](answer)

    assert SCORERS[scorer](case, answer) < 1


def test_the_order_turned_round_keeps_fewer_preferences() -> None:
    kept = [
        preferences_kept(case, {**answer, "ranking": answer["ranking"][::-1]})
        for case in CASES
        for answer in [good_answer(json.loads(case.question.text))]
    ]

    assert sum(kept) / len(kept) < 0.8


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"ranking": 5}'])
def test_what_is_no_answer_is_none(text: str) -> None:
    assert read(text) is None
