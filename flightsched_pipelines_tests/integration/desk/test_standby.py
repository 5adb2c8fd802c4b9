"""Slots that come free: offered to who waits, one after another, proven; taken like any other alternative."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import moves
from flightsched_pipelines.database.moves import Move
from flightsched_pipelines.desk import standby
from flightsched_pipelines.desk.dispatch import expire_overdue
from flightsched_pipelines.desk.standby import offer_freed_slots
from flightsched_pipelines.rescheduling.cases import Slot
from flightsched_pipelines_tests.integration.desk.test_respond import (
    LATER,
    NOW,
    SETTINGS,
    one,
    rows,
    run,
    say,
)

MINUTE = timedelta(minutes=1)
LEAVING = 68
"""A dual lesson of school 2, 90 minutes in a C172S with instructor 8, tomorrow in weather above the minimums."""
STARTS = datetime(2026, 11, 11, 21, tzinfo=UTC)
WAITERS = (
    "SELECT DISTINCT ON (b.student_id) b.id FROM school.bookings b JOIN school.aircraft a ON a.id = b.aircraft_id "
    "JOIN school.students s ON s.id = b.student_id JOIN school.bookings l ON l.id = :leaving "
    "WHERE b.school_id = 2 AND a.type = :type AND b.status = 'scheduled' AND NOT b.solo AND b.lesson_kind <> "
    "'cross_country' AND upper(b.period) - lower(b.period) <= interval '90 min' AND lower(b.period) > "
    "'2026-11-13 12:00+0' AND s.training_level <> 'instrument_rated' AND b.student_id <> l.student_id AND NOT EXISTS "
    "(SELECT FROM school.bookings o WHERE o.student_id = b.student_id AND o.period && tstzrange(lower(l.period) - "
    "interval '1 hour', upper(l.period) + interval '1 hour')) ORDER BY b.student_id, b.id"
)


@pytest.fixture
def quiet(ticked_engine: Engine) -> Engine:
    """A database in which nobody was told anything yet; everybody can fly at any time, and nobody sleeps."""
    run(ticked_engine, "DELETE FROM school.student_preferences")
    run(ticked_engine, "DELETE FROM school.contact_preferences")
    run(ticked_engine, "INSERT INTO school.contact_preferences (student_id) SELECT id FROM school.students")
    run(ticked_engine, "INSERT INTO school.contact_preferences (instructor_id) SELECT id FROM school.instructors")
    run(
        ticked_engine,
        "INSERT INTO school.availability_exceptions (student_id, instructor_id, period, available) "
        "SELECT id, NULL::bigint, tstzrange('2026-11-10', '2026-11-20'), true FROM school.students "
        "UNION ALL SELECT NULL, id, tstzrange('2026-11-10', '2026-11-20'), true FROM school.instructors",
    )
    return ticked_engine


def waiters(engine: Engine, type_: str = "C172S") -> list[int]:
    """Later lessons of different students who could fly in the slot."""
    found = [row.id for row in rows(engine, WAITERS, leaving=LEAVING, type=type_)]
    assert len(found) >= 3
    return found


def wait(engine: Engine, booking_id: int, since: datetime = NOW) -> None:
    standby.join(
        engine, one(engine, "SELECT reference FROM school.bookings WHERE id = :id", id=booking_id), None, since
    )


def cancel(engine: Engine, booking_id: int = LEAVING) -> None:
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", id=booking_id)


def rule(engine: Engine, rule: str) -> None:
    run(engine, "UPDATE school.schools SET standby_rule = :rule", rule=rule)


def offered(engine: Engine) -> list[Any]:
    """The cases that offer a freed slot: id, booking and state, in their order."""
    return rows(
        engine,
        "SELECT id, booking_id, state FROM school.reschedule_cases WHERE freed_slot_id IS NOT NULL ORDER BY id",
    )


def test_a_cancelled_lessons_slot_is_offered_to_who_came_first_and_after_that_to_the_next(quiet: Engine) -> None:
    first, second, *_ = waiters(quiet)
    wait(quiet, second, NOW - MINUTE)
    wait(quiet, first, NOW - 2 * MINUTE)
    cancel(quiet)

    assert offer_freed_slots(quiet, NOW, SETTINGS).offered == 1

    [(case_id, booking_id, state)] = offered(quiet)
    assert (booking_id, state) == (first, "proposed")
    told = rows(
        quiet, "SELECT role, event, payload FROM school.outbox WHERE case_id = :id AND channel = 'email'", id=case_id
    )
    assert [(row.role, row.event) for row in told] == [("student", "opened")]
    assert told[0].payload["standby"] is True
    assert datetime.fromisoformat(told[0].payload["offers"][0]["starts_at_utc"]) == STARTS
    assert one(quiet, "SELECT status FROM school.bookings WHERE id = :id", id=first) == "scheduled"
    assert one(quiet, "SELECT opened_at FROM school.reschedule_cases WHERE id = :id", id=case_id) == NOW

    lapses = NOW + timedelta(minutes=SETTINGS.standby_answer_minutes)
    assert offer_freed_slots(quiet, lapses - MINUTE, SETTINGS).offered == 0
    assert expire_overdue(quiet, lapses, SETTINGS) == 1
    assert offer_freed_slots(quiet, lapses, SETTINGS).offered == 1

    assert [row[1:] for row in offered(quiet)] == [(first, "expired"), (second, "proposed")]
    refused = say(quiet, offered(quiet)[1].id, "none_suit", lapses + MINUTE)
    assert refused.applied, refused
    assert offer_freed_slots(quiet, lapses + 2 * MINUTE, SETTINGS).offered == 0
    assert [row.state for row in offered(quiet)] == ["expired", "declined"]
    waits = "SELECT count(*) FROM school.standby WHERE ended_at IS NULL AND put_by = 'dispatcher'"
    assert one(quiet, waits) == 2, "who lets a slot go still waits for another"


def test_a_moved_lessons_slot_is_taken_held_confirmed_and_the_lesson_moves_into_it(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    wait(quiet, waiter)
    with quiet.begin() as connection:
        aircraft_id = one(quiet, "SELECT aircraft_id FROM school.bookings WHERE id = :id", id=LEAVING)
        away = Slot(STARTS + timedelta(days=9), STARTS + timedelta(days=9, minutes=90), 8, aircraft_id)
        moves.move(connection, [Move(LEAVING, away)], NOW)
    before = rows(
        quiet, "SELECT lower(period), upper(period), instructor_id, aircraft_id FROM school.bookings WHERE id = :id",
        id=waiter,
    )[0]  # fmt: skip
    assert rows(quiet, "SELECT why, starts_at_utc FROM school.freed_slots") == [("moved", STARTS)]

    offer_freed_slots(quiet, NOW, SETTINGS)
    [(case_id, booking_id, _)] = offered(quiet)
    assert booking_id == waiter
    held = say(quiet, case_id, "accept", number=1)
    assert held.applied, held
    kept = say(quiet, case_id, "keep", reason="it will do")
    assert kept.outcome == "out_of_order"
    moved = say(quiet, case_id, "confirm", LATER + MINUTE)
    assert moved.applied, moved

    assert one(quiet, "SELECT lower(period) FROM school.bookings WHERE id = :id", id=waiter) == STARTS
    status = "SELECT status, times_moved FROM school.bookings WHERE id = :id"
    assert rows(quiet, status, id=waiter) == [("scheduled", 0)], "the weather did not move it"
    assert rows(quiet, "SELECT how, ended_at FROM school.standby") == [("moved", LATER + MINUTE)]
    freed = (
        "SELECT starts_at_utc, ends_at_utc, instructor_id, aircraft_id FROM school.freed_slots WHERE booking_id = :id"
    )
    assert rows(quiet, freed, id=waiter) == [before], "what it left is free in turn"
    assert offer_freed_slots(quiet, LATER + 2 * MINUTE, SETTINGS).offered == 0
    assert one(quiet, "SELECT count(*) FROM analytics.cases") == 0, "no conflict was detected"
    taken = "SELECT freed_by, times_offered, is_taken FROM analytics.freed_slots ORDER BY starts_at_utc"
    assert rows(quiet, taken) == [("moved", 1, True), ("moved", 0, False)]


@pytest.mark.parametrize(
    ("school_rule", "order"),
    [
        ("first_come", [0, 1, 2]),
        ("threatened_first", [1, 0, 2]),
        ("longest_without_lesson", [2, 0, 1]),
        ("nobody", []),
    ],
)
def test_the_schools_rule_says_who_is_first(quiet: Engine, school_rule: str, order: list[int]) -> None:
    three = waiters(quiet)[:3]
    for minutes, booking_id in enumerate(three):
        wait(quiet, booking_id, NOW - timedelta(minutes=9 - minutes))
    run(quiet, "UPDATE school.bookings SET status = 'weather_hold' WHERE id = :id", id=three[1])
    for booking_id in three[:2]:
        run(
            quiet,
            "UPDATE school.bookings SET status = 'completed', period = '[2026-11-05 12:00+0, 2026-11-05 13:00+0)', "
            "student_id = (SELECT student_id FROM school.bookings WHERE id = :id) WHERE id = (SELECT min(id) + :n FROM "
            "school.bookings WHERE school_id = 1)",
            id=booking_id, n=booking_id - three[0],
        )  # fmt: skip
    rule(quiet, school_rule)
    cancel(quiet)
    at = NOW
    for _ in three:
        offer_freed_slots(quiet, at, SETTINGS)
        at += timedelta(hours=1)
        expire_overdue(quiet, at, SETTINGS)
    assert [row.booking_id for row in offered(quiet)] == [three[place] for place in order]
