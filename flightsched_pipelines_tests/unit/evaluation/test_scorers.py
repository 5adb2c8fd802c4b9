"""The scorers of ``make eval`` distinguish a good response from each bad one."""

import json
from typing import Any

import pytest

from evaluation.cases import frozen_cases
from evaluation.scorers import SCORERS, preferences_kept, read
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import RankingError, validate_ranking
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import ReasonCode
from flightsched_pipelines_tests.servers.llm_answers import SPOILERS, false_code, good_answer

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
    validate_ranking(case.question, json.dumps(answer))


@pytest.mark.parametrize(
    ("mode", "scorer"),
    [
        ("wrong_ids", "valid_permutation"),
        ("duplicate", "valid_permutation"),
        ("missing", "valid_permutation"),
        ("stranger", "valid_permutation"),
        ("free_text", "no_text"),
        ("message", "no_text"),
        ("text_as_code", "no_text"),
        ("unknown_code", "true_codes"),
        ("repeated_code", "reasons_given"),
        ("too_many_codes", "reasons_given"),
    ],
)
def test_a_spoiled_answer_scores_less(mode: str, scorer: str) -> None:
    case = CASES[0]
    answer = good_answer(json.loads(case.question.text))
    SPOILERS[mode](answer)

    assert SCORERS[scorer](case, answer) < 1


def test_a_code_that_is_not_true_scores_less_and_would_not_count() -> None:
    for case in CASES:
        question = json.loads(case.question.text)
        answer = good_answer(question)
        first = answer["ranking"][0]
        first["codes"] = [false_code(question, first["id"])]

        assert SCORERS["true_codes"](case, answer) < 1
        with pytest.raises(RankingError):
            validate_ranking(case.question, json.dumps(answer))


def test_scorer_and_check_agree_on_every_code_of_every_case() -> None:
    for case in CASES:
        ids = [slot.slot_id for slot in case.question.slots]
        for slot_id in ids:
            for code in ReasonCode:
                ranking = [{"id": one, "codes": [str(code)] if one == slot_id else []} for one in ids]
                scored = SCORERS["true_codes"](case, {"ranking": ranking})
                try:
                    validate_ranking(case.question, json.dumps({"ranking": ranking}))
                except RankingError:
                    assert scored == 0
                else:
                    assert scored == 1


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
