"""A response that cannot be applied gets one sentence, is on record and changes nothing."""

from typing import Any

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    NOW,
    book_for_another,
    cases,
    events,
    held,
    offer,
    one,
    place,
    rows,
    run,
    say,
    state,
)


@pytest.mark.parametrize(
    ("said", "outcome", "words"),
    [
        ({"action": "accept", "number": 9}, "not_offered", "alternative 9 was not offered. Still offered: 1:"),
        ({"action": "accept", "number": 1, "round": 7}, "not_offered", "was not offered"),
        ({"action": "accept", "number": 1, "person_id": 999_999}, "wrong_person", "another student's lesson"),
        ({"action": "accept", "number": 1, "role": "instructor"}, "wrong_person", "'accept' is for a student"),
        ({"action": "confirm"}, "out_of_order", "has not chosen"),
        ({"action": "withdraw"}, "out_of_order", "nothing to withdraw"),
        ({"action": "keep", "reason": "x", "person_id": 999_999}, "wrong_person", "another instructor"),
        ({"action": "cancel"}, "wrong_person", "'cancel' is for a dispatcher"),
        ({"action": "accept", "number": 1, "at": NOW + 13 * HOUR}, "late", "deadline"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_is_on_record_and_changes_nothing(
    told_engine: Engine, said: dict[str, Any], outcome: str, words: str
) -> None:
    case_id, booking_id = cases(told_engine)[0]
    before = place(told_engine, booking_id), state(told_engine, case_id), events(told_engine, case_id)
    queued = one(told_engine, "SELECT count(*) FROM school.outbox")

    refused = say(told_engine, case_id, **said)

    assert (refused.outcome, words in refused.sentence) == (outcome, True), refused
    assert (place(told_engine, booking_id), state(told_engine, case_id), events(told_engine, case_id)) == before
    assert one(told_engine, "SELECT count(*) FROM school.outbox") == queued
    on_record = rows(told_engine, "SELECT outcome, sentence FROM school.responses")
    assert on_record == [(refused.outcome, refused.sentence)]


def test_an_unknown_and_a_finished_case_are_refused(told_engine: Engine) -> None:
    assert say(told_engine, 10**9, "accept", number=1).outcome == "unknown_case"
    assert say(told_engine, 10**30, "accept", number=1).sentence == f"there is no case {10**30}."
    assert say(told_engine, cases(told_engine)[0][0], "accept", number=10**12).outcome == "not_offered"
    case_id, _ = cases(told_engine)[0]
    say(told_engine, case_id, "cancel", role="dispatcher")
    ended = say(told_engine, case_id, "accept", number=1)
    assert (ended.outcome, "ended (cancelled)" in ended.sentence) == ("ended", True)


def test_a_second_choice_waits_until_the_first_is_withdrawn(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    say(told_engine, case_id, "accept", number=1)
    assert say(told_engine, case_id, "accept", number=1).outcome == "already_answered"
    assert "withdraw it first" in say(told_engine, case_id, "accept", number=2).sentence
    assert "withdraw it first" in say(told_engine, case_id, "none_suit").sentence
    assert held(told_engine, booking_id) == 1


def test_an_answer_to_a_lesson_that_the_school_changed_is_refused(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    run(told_engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", id=booking_id)
    assert say(told_engine, case_id, "accept", number=1).outcome == "changed"


def test_a_slot_that_somebody_booked_meanwhile_is_refused_with_what_is_left(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    book_for_another(told_engine, booking_id, offer(told_engine, case_id, 1))
    outcome = say(told_engine, case_id, "accept", number=1)
    assert outcome.outcome == "taken", outcome
    left = outcome.sentence.partition("Still offered: ")[2]
    assert left.startswith("2: ")
    assert "1: " not in left, "what was refused is not among what is left"
    assert held(told_engine, booking_id) == 0
