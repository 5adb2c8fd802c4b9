"""A choice that is lost, before or after the case's deadline: nobody reads "no answer" who has answered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.cases import case_queries
from flightsched_pipelines.services.imports import lost_holds
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, cases, one, rows, run, say, state

AFTER = LATER + timedelta(minutes=3)
"""Past the deadline, and within the time in which a choice can be withdrawn."""

Lose = Callable[[Engine, int, datetime], None]


@pytest.fixture
def answered(told_engine: Engine) -> int:
    """A case whose student has chosen another time two minutes before the deadline, which has passed."""
    run(told_engine, "UPDATE school.instructors SET auto_confirm = false")
    case_id, _ = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    assert say(told_engine, case_id, "accept", LATER, number=1).applied
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(told_engine, soon, id=case_id, at=LATER + timedelta(minutes=2))
    return case_id


def decline(engine: Engine, case_id: int, at: datetime) -> None:
    assert say(engine, case_id, "decline", at).applied


def withdraw(engine: Engine, case_id: int, at: datetime) -> None:
    assert say(engine, case_id, "withdraw", at).applied


def confirm_too_late(engine: Engine, case_id: int, at: datetime) -> None:
    """The instructor confirms a slot in which the student is not available any more."""
    student = "SELECT b.student_id FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id"
    run(engine, f"UPDATE school.availability SET ended_at = :at WHERE student_id = ({student} WHERE c.id = :id)",  # noqa: S608, our own
        id=case_id, at=at)  # fmt: skip
    assert not say(engine, case_id, "confirm", at).applied


def taken_by_the_school(engine: Engine, case_id: int, at: datetime) -> None:
    """A file gives the slot to another lesson."""
    with engine.begin() as connection:
        case = case_queries.load_case(connection, case_id)
        assert case is not None
        released = lost_holds.release(connection, [case.booking_id])
        lost_holds.offer_others(connection, released, at, SETTINGS)


WAYS: list[Lose] = [decline, withdraw, confirm_too_late, taken_by_the_school]


@pytest.mark.parametrize("lose", WAYS)
def test_after_the_deadline_a_dispatcher_takes_over_and_nobody_reads_of_no_answer(
    told_engine: Engine, answered: int, lose: Lose
) -> None:
    lose(told_engine, answered, AFTER)

    assert state(told_engine, answered) == "declined"
    end_overdue(told_engine, AFTER + timedelta(minutes=1), SETTINGS)
    require_handed_to_a_dispatcher(told_engine, answered)


def require_handed_to_a_dispatcher(engine: Engine, case_id: int) -> None:
    """Student and instructor read that a dispatcher takes over, not that nobody answered; the hold stays."""
    events = "SELECT event, role FROM school.outbox WHERE case_id = :id AND status = 'waiting' AND channel = 'email'"
    told = {tuple(row) for row in rows(engine, events, id=case_id)}
    assert {("declined", "student"), ("declined", "instructor")} <= told
    assert "expired" not in {event for event, _ in told}
    status = (
        "SELECT status FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id WHERE c.id = :id"
    )
    assert one(engine, status, id=case_id) == "weather_hold"


@pytest.mark.parametrize("lose", WAYS)
def test_before_the_deadline_the_student_can_choose_again(told_engine: Engine, answered: int, lose: Lose) -> None:
    later = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(told_engine, later, id=answered, at=AFTER + timedelta(hours=3))

    lose(told_engine, answered, AFTER)

    assert state(told_engine, answered) in {"proposed", "open"}
    end_overdue(told_engine, AFTER + timedelta(hours=3), SETTINGS)
    assert state(told_engine, answered) == "declined"
    require_handed_to_a_dispatcher(told_engine, answered)


def test_who_asked_for_other_times_has_answered(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    assert say(told_engine, case_id, "none_suit", LATER).applied
    assert state(told_engine, case_id) == "proposed"
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(told_engine, soon, id=case_id, at=AFTER)

    end_overdue(told_engine, AFTER, SETTINGS)

    assert state(told_engine, case_id) == "declined"
    require_handed_to_a_dispatcher(told_engine, case_id)


def test_who_never_answered_reads_that_there_was_no_answer(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(told_engine, soon, id=case_id, at=AFTER)

    end_overdue(told_engine, AFTER, SETTINGS)

    assert state(told_engine, case_id) == "expired"


def test_another_instructor_who_was_asked_hears_that_there_is_nothing_to_confirm(told_engine: Engine) -> None:
    run(told_engine, "UPDATE school.instructors SET auto_confirm = false")
    others = "o.instructor_id <> c.instructor_id AND o.withdrawn_hour IS NULL"
    with_other = f"EXISTS (SELECT FROM school.case_offers o WHERE o.case_id = c.id AND {others})"
    case_id, _ = cases(told_engine, where=with_other)[0]
    [offer] = rows(
        told_engine,
        "SELECT o.number, o.instructor_id FROM school.case_offers o JOIN school.reschedule_cases c ON c.id = o.case_id "  # noqa: S608, our own
        f"WHERE c.id = :id AND {others} ORDER BY o.number LIMIT 1", id=case_id,
    )  # fmt: skip
    assert say(told_engine, case_id, "accept", LATER, number=offer.number).applied
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(told_engine, soon, id=case_id, at=LATER + timedelta(minutes=2))

    withdraw(told_engine, case_id, AFTER)

    told = "SELECT person_id FROM school.outbox WHERE case_id = :id AND event = 'withdrawn' AND role = 'instructor'"
    assert {row.person_id for row in rows(told_engine, told, id=case_id)} == {offer.instructor_id}
