"""Answers through the one door: held, confirmed, moved; refused with a sentence; each on record, each once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.desk.dispatch import dispatch
from flightsched_pipelines.desk.respond import Outcome, respond
from flightsched_pipelines.desk.taking import Received
from flightsched_pipelines.rescheduling.answers import Action, Answer, Role
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

NOW = SEED_HOUR + timedelta(minutes=8)
LATER = NOW + timedelta(minutes=10)
SETTINGS = settings_for(
    base_url="https://flights.example.com", secret_key="x" * 32, slack_webhook_url="http://127.0.0.1:1"
)


def rows(engine: Engine, query: str, **values: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(query), values))


def one(engine: Engine, query: str, **values: Any) -> Any:
    return rows(engine, query, **values)[0][0]


def run(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.fixture
def told(ticked_engine: Engine) -> Engine:
    """A database in which the first hour was dispatched, and nobody sleeps."""
    run(ticked_engine, "DELETE FROM school.contact_preferences")
    run(
        ticked_engine,
        "INSERT INTO school.contact_preferences (instructor_id) SELECT id FROM school.instructors",
    )
    dispatch(ticked_engine, NOW, SETTINGS)
    return ticked_engine


def cases(engine: Engine, solo: bool = False) -> list[Any]:
    """Cases with three alternatives, the latest lesson first: id and booking."""
    query = (
        "SELECT c.id, c.booking_id FROM school.reschedule_cases c JOIN school.case_offers o ON o.case_id = c.id "
        "JOIN school.bookings b ON b.id = c.booking_id WHERE b.solo = :solo "
        "GROUP BY c.id HAVING count(*) = 3 ORDER BY c.starts_at_utc DESC, c.id"
    )
    return rows(engine, query, solo=solo)


def say(
    engine: Engine, case_id: int, action: str, at: datetime = LATER, *, key: str = "", role: Role | None = None,
    door: str = "terminal", **answer: Any,
) -> Outcome:  # fmt: skip
    student = {Action.ACCEPT, Action.NONE_SUIT, Action.WITHDRAW}
    spoken: Role = role or ("student" if Action(action) in student else "instructor")
    said = Answer(Action(action), spoken, answer.pop("person_id", None), **answer)
    return respond(engine, Received(key or uuid4().hex, case_id, said, door), at, SETTINGS)


def test_a_student_accepts_an_instructor_confirms_and_the_booking_moves(told: Engine) -> None:
    case_id, booking_id = cases(told)[0]
    offered = rows(
        told,
        "SELECT starts_at_utc, ends_at_utc, instructor_id, aircraft_id FROM school.case_offers "
        "WHERE case_id = :id AND number = 2",
        id=case_id,
    )[0]

    held = say(told, case_id, "accept", number=2)

    assert held.applied, held
    hold = "SELECT lower(period), upper(period), instructor_id, aircraft_id FROM school.bookings WHERE holds_for = :id"
    assert rows(told, hold, id=booking_id) == [offered]
    assert one(told, "SELECT state FROM school.reschedule_cases WHERE id = :id", id=case_id) == "student_accepted"

    moved = say(told, case_id, "confirm", LATER + timedelta(minutes=1))

    assert moved.applied, moved
    now = "SELECT lower(period), upper(period), instructor_id, aircraft_id FROM school.bookings WHERE id = :id"
    assert rows(told, now, id=booking_id) == [offered]
    assert rows(told, hold, id=booking_id) == []
    status = "SELECT status, times_moved FROM school.bookings WHERE id = :id"
    assert rows(told, status, id=booking_id) == [("scheduled", 1)]
    trail = "SELECT event, actor, to_state FROM school.case_events WHERE case_id = :id ORDER BY id"
    assert rows(told, trail, id=case_id) == [
        ("opened", "platform", "proposed"),
        ("accepted", "student", "student_accepted"),
        ("confirmed", "instructor", "student_accepted"),
        ("moved", "platform", "rescheduled"),
    ]
