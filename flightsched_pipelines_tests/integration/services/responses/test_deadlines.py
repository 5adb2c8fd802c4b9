"""The cases that are loaded for the clock are all in which anything is due."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import InternalError

from flightsched_pipelines.database.queries.cases.case_queries import case_clocks
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.deadlines import deadlines_due
from flightsched_pipelines.services.responses.deadlines import process_deadlines
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    SETTINGS,
    cases,
    place,
    refuse_changes_of,
    run,
    say,
    state,
)

ROUNDS = 40
SCATTER = """
UPDATE school.reschedule_cases SET
  deadline_utc = :now + (id * (:seed + 11) * 7919 % 240 - 60) * interval '1 minute',
  opened_at = :now - (id * (:seed + 13) * 6007 % 360) * interval '1 minute',
  accepted_at = CASE WHEN accepted_at IS NULL THEN NULL
                ELSE :now - (id * (:seed + 17) * 5003 % 600) * interval '1 second' END,
  reminded_at = CASE WHEN id * (:seed + 19) * 4001 % 10 < 3 THEN opened_at END
WHERE closed_at IS NULL
"""
HOLDS = """
UPDATE school.bookings SET held_until = :now + (id * (:seed + 23) * 3001 % 180 - 30) * interval '1 minute'
WHERE status = 'held'
"""
"""Other times in each round, the same in each run."""


def test_no_case_in_which_anything_is_due_is_left_out(told_engine: Engine) -> None:
    for case_id, _ in cases(told_engine)[:6]:
        say(told_engine, case_id, "accept", number=1)
    run(told_engine, "UPDATE school.instructors SET auto_confirm = (id % 2 = 0)")
    rules, found = response_rules(SETTINGS), set[Action]()
    for seed in range(ROUNDS):
        now: datetime = LATER + timedelta(minutes=15 * seed)
        run(told_engine, SCATTER, now=now, seed=seed)
        run(told_engine, HOLDS, now=now, seed=seed)
        with told_engine.connect() as connection:
            candidates = case_clocks(connection, now + rules.remind_before)
            every = case_clocks(connection, now + timedelta(days=365))
        due = deadlines_due(every, now, rules)
        assert deadlines_due(candidates, now, rules) == due
        assert len(candidates) < len(every)
        found |= {one.action for one in due}
    assert found == {Action.LAPSE, Action.CONFIRM, Action.REMIND}


def test_a_case_that_fails_keeps_no_other_from_being_processed_and_the_error_is_raised(told_engine: Engine) -> None:
    run(told_engine, "UPDATE school.instructors SET auto_confirm = true")
    (first, failing), (second, booking_id) = sorted(cases(told_engine)[:2])
    for case_id in (first, second):
        assert say(told_engine, case_id, "accept", number=1).applied
    refuse_changes_of(told_engine, "bookings", "id", failing)
    at = LATER + timedelta(minutes=SETTINGS.withdraw_minutes + 1)
    with pytest.raises(InternalError, match="it is to fail"):
        process_deadlines(told_engine, at, SETTINGS)
    assert (place(told_engine, failing)[0], place(told_engine, booking_id)[0]) == ("weather_hold", "scheduled")


def test_a_case_that_cannot_end_keeps_no_other_from_ending(told_engine: Engine) -> None:
    (failing, _), (other, _) = cases(told_engine)[:2]
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id IN (:failing, :other)"
    run(told_engine, soon, at=LATER, failing=failing, other=other)
    refuse_changes_of(told_engine, "reschedule_cases", "id", failing)

    with pytest.raises(InternalError, match="it is to fail"):
        process_deadlines(told_engine, LATER, SETTINGS)

    assert (state(told_engine, failing), state(told_engine, other)) == ("proposed", "expired")
