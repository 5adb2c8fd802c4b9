"""Two lessons that take each other's places."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.services.responses.swap import swap
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    SETTINGS,
    cases,
    place,
    refuse_changes_of,
    rows,
    run,
    say,
    state,
)


class Pair(NamedTuple):
    """Two cases, each with its booking, whose lessons may take each other's places."""

    first: int
    one_booking: int
    second: int
    other_booking: int


def alike(engine: Engine) -> Pair:
    """Return two cases of a school whose lessons differ in student and place, and not in what they need."""
    query = (
        "SELECT c.id, c.booking_id, d.id, d.booking_id FROM school.reschedule_cases c JOIN school.reschedule_cases d "
        "ON c.id < d.id JOIN school.bookings b ON b.id = c.booking_id JOIN school.bookings e ON e.id = d.booking_id "
        "JOIN school.aircraft f ON f.id = b.aircraft_id JOIN school.aircraft g ON g.id = e.aircraft_id "
        "WHERE f.type = g.type AND b.school_id = e.school_id AND NOT b.solo AND NOT e.solo "
        "AND b.student_id <> e.student_id AND c.starts_at_utc > :soon AND d.starts_at_utc > :soon ORDER BY c.id, d.id"
    )
    return Pair(*rows(engine, query, soon=LATER + 8 * HOUR)[0])


def let_them_swap(engine: Engine, pair: Pair) -> None:
    """Let nothing else stand in the way."""
    run(engine, "DELETE FROM pipeline.forecasts")
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id NOT IN (:a, :b)", a=pair.one_booking,
        b=pair.other_booking)  # fmt: skip
    run(engine, "DELETE FROM school.availability_exceptions")
    run(engine, "UPDATE school.availability SET starts = '00:00', ends = '23:59'")


def test_two_lessons_take_each_others_places_or_neither_moves(told_engine: Engine) -> None:
    pair = first, one_booking, second, other_booking = alike(told_engine)
    refused = swap(told_engine, "no-swap-yet", (first, second), "terminal", LATER, SETTINGS)
    assert refused.outcome == "no_longer", refused
    let_them_swap(told_engine, pair)
    before = place(told_engine, one_booking), place(told_engine, other_booking)
    outcome = swap(told_engine, "swap-them", (first, second), "terminal", LATER, SETTINGS)
    assert outcome.applied, outcome
    assert before[0] != before[1]
    assert place(told_engine, one_booking) == ("scheduled", *before[1][1:])
    assert place(told_engine, other_booking) == ("scheduled", *before[0][1:])
    assert {state(told_engine, first), state(told_engine, second)} == {"rescheduled"}
    assert swap(told_engine, "swap-them", (first, second), "terminal", LATER, SETTINGS).repeated


@pytest.mark.parametrize(("state_of_database", "outcome"), [("23514", "to_correct"), ("23P01", "taken")])
def test_a_swap_that_the_database_refuses_moves_neither(
    told_engine: Engine, state_of_database: str, outcome: str
) -> None:
    pair = alike(told_engine)
    let_them_swap(told_engine, pair)
    before = place(told_engine, pair.one_booking), place(told_engine, pair.other_booking)
    refuse_changes_of(told_engine, "bookings", "id", pair.other_booking, state_of_database)

    refused = swap(told_engine, "swap-them", (pair.first, pair.second), "terminal", LATER, SETTINGS)

    assert refused.outcome == outcome, refused
    assert (place(told_engine, pair.one_booking), place(told_engine, pair.other_booking)) == before


def test_an_error_of_ours_is_never_a_slot_that_is_taken(told_engine: Engine) -> None:
    pair = alike(told_engine)
    let_them_swap(told_engine, pair)
    refuse_changes_of(told_engine, "case_events", "case_id", pair.first, "23505")

    with pytest.raises(IntegrityError):
        swap(told_engine, "swap-them", (pair.first, pair.second), "terminal", LATER, SETTINGS)


def test_a_swap_and_a_response_whose_key_looks_like_it_are_both_taken(told_engine: Engine) -> None:
    first, second, third = (case_id for case_id, _ in cases(told_engine)[:3])
    assert say(told_engine, third, "none_suit", key="K/other").outcome
    at = LATER + timedelta(minutes=2)
    swapped = swap(told_engine, "K", (first, second), "terminal", at, SETTINGS)
    assert swapped.outcome
    assert swap(told_engine, "K", (first, second), "terminal", at, SETTINGS).repeated
    records = "SELECT case_id FROM school.responses WHERE action = 'swap' ORDER BY case_id"
    assert [row[0] for row in rows(told_engine, records)] == sorted([first, second])
    swap(told_engine, "L", (first, second), "terminal", at, SETTINGS)
    late = say(told_engine, third, "withdraw", key="L/other")
    assert not late.repeated
