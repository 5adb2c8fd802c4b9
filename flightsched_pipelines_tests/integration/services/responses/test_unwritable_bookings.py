"""A booking from before a condition takes no change: whoever asks for one reads that, and not that a slot is taken."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.services.responses import weather_hold
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    NOW,
    cases,
    events,
    held,
    one,
    place,
    refuse_changes_of,
    rows,
    say,
    state,
)

SENTENCE = "the school has to correct an entry of this booking before it can change; nothing was changed."
CHECK_VIOLATION = "23514"


def order(engine: Engine, what: weather_hold.Order, booking_id: int) -> ResponseOutcome:
    return weather_hold.order(engine, f"{what}-it", what, str(booking_id), "Air show", "job", LATER)


@pytest.mark.parametrize(
    "answer",
    [
        lambda engine, case_id: say(engine, case_id, "keep", reason="It will do."),
        lambda engine, case_id: say(engine, case_id, "cancel", role="dispatcher", reason="No aircraft."),
    ],
    ids=["keep", "cancel"],
)
def test_an_answer_that_would_change_it_is_refused(
    told_engine: Engine, answer: Callable[[Engine, int], ResponseOutcome]
) -> None:
    case_id, booking_id = cases(told_engine)[0]
    refuse_changes_of(told_engine, "bookings", "id", booking_id, CHECK_VIOLATION)
    before = place(told_engine, booking_id), state(told_engine, case_id), events(told_engine, case_id)
    queued = one(told_engine, "SELECT count(*) FROM school.outbox")

    refused = answer(told_engine, case_id)

    assert (refused.outcome, refused.sentence) == ("to_correct", SENTENCE)
    assert (place(told_engine, booking_id), state(told_engine, case_id), events(told_engine, case_id)) == before
    assert one(told_engine, "SELECT count(*) FROM school.outbox") == queued
    recorded = rows(told_engine, "SELECT outcome, sentence FROM school.responses WHERE case_id = :id", id=case_id)
    assert [tuple(row) for row in recorded] == [("to_correct", SENTENCE)]


def test_a_lesson_that_cannot_move_keeps_its_held_slot(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    assert say(told_engine, case_id, "accept", number=1).applied
    refuse_changes_of(told_engine, "bookings", "id", booking_id, CHECK_VIOLATION)
    before = place(told_engine, booking_id)

    refused = say(told_engine, case_id, "confirm")

    assert (refused.outcome, refused.sentence) == ("to_correct", SENTENCE)
    assert (place(told_engine, booking_id), held(told_engine, booking_id)) == (before, 1)
    assert state(told_engine, case_id) == "student_accepted"


def test_a_slot_that_cannot_be_held_is_not_called_taken(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    refuse_changes_of(told_engine, "bookings", "holds_for", booking_id, CHECK_VIOLATION)

    refused = say(told_engine, case_id, "accept", number=1)

    assert (refused.outcome, refused.sentence) == ("to_correct", SENTENCE)
    assert state(told_engine, case_id) == "proposed"


def test_a_condition_that_another_table_violates_is_an_error(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    before = place(told_engine, booking_id), state(told_engine, case_id)
    refuse_changes_of(told_engine, "outbox", "case_id", case_id, CHECK_VIOLATION)

    with pytest.raises(IntegrityError):
        say(told_engine, case_id, "keep", reason="It will do.")

    assert (place(told_engine, booking_id), state(told_engine, case_id)) == before


@pytest.mark.parametrize("violated", [CHECK_VIOLATION, "23505", "23503"])
def test_another_tables_constraint_is_never_a_slot_that_is_taken(told_engine: Engine, violated: str) -> None:
    case_id, booking_id = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    assert say(told_engine, case_id, "accept", number=1).applied
    refuse_changes_of(told_engine, "freed_slots", "booking_id", booking_id, violated)
    before = place(told_engine, booking_id)

    with pytest.raises(IntegrityError):
        say(told_engine, case_id, "confirm")

    assert (place(told_engine, booking_id), held(told_engine, booking_id)) == (before, 1)


@pytest.mark.parametrize("what", ["hold", "release"])
def test_a_dispatchers_order_is_refused(told_engine: Engine, what: weather_hold.Order) -> None:
    free = "SELECT id FROM school.bookings WHERE status = 'scheduled' AND lower(period) > :now ORDER BY id LIMIT 1"
    booking_id = one(told_engine, free, now=NOW)
    if what == "release":
        assert order(told_engine, "hold", booking_id).applied
    before = place(told_engine, booking_id)
    refuse_changes_of(told_engine, "bookings", "id", booking_id, CHECK_VIOLATION)

    refused = order(told_engine, what, booking_id)

    assert (refused.outcome, refused.sentence) == ("to_correct", SENTENCE)
    assert place(told_engine, booking_id) == before
