"""Freed slots: offered to waiting lessons one after another, validated; accepted like any other alternative."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import InternalError, OperationalError

from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.changes import standing_lessons
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines.services.standby.offers import offer_freed_slots
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    NOW,
    SETTINGS,
    next_hour,
    one,
    refuse_changes_of,
    rows,
    run,
    say,
    stored,
)
from flightsched_pipelines_tests.integration.services.standby.helpers import (
    LEAVING,
    MINUTE,
    STARTS,
    cancel,
    held_by_hand,
    hold_by_hand,
    offered,
    wait,
    waiters,
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
    assert end_overdue(quiet, lapses, SETTINGS) == {"expired": 1}
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
        booking_moves.move(connection, [Move(LEAVING, away)], standing_lessons(connection, [LEAVING]), NOW)
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
    told = "SELECT DISTINCT event, payload ->> 'standby' FROM school.outbox WHERE case_id = :id AND channel = 'email'"
    assert {tuple(row) for row in rows(quiet, told, id=case_id)} >= {("opened", "true"), ("moved", "true")}
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


IN_THE_WAY = {
    "the weather": "UPDATE pipeline.forecasts SET visibility_sm = 0.25 WHERE hour_utc = '2026-11-11 21:00+0'",
    "no forecast": "DELETE FROM pipeline.forecasts WHERE hour_utc = '2026-11-11 21:00+0'",
    "an instructor who is away": "UPDATE school.availability_exceptions SET available = false "
    "WHERE instructor_id IS NOT NULL",
    "a student who is away": "UPDATE school.availability_exceptions SET available = false WHERE student_id IS NOT NULL",
    "maintenance": "INSERT INTO school.downtime (aircraft_id, period, reason) SELECT aircraft_id, period, 'squawk' "
    "FROM school.bookings WHERE id = :leaving",
    "somebody else's booking": "INSERT INTO school.bookings (reference, school_id, student_id, aircraft_id, "
    "lesson_kind, solo, departure, period) SELECT 'NEW-1', school_id, student_id, aircraft_id, lesson_kind, true, "
    "departure, period FROM school.bookings WHERE id = :leaving",
    "an offer to a threatened lesson": "WITH c AS (INSERT INTO school.reschedule_cases (booking_id, state, "
    "opened_hour, last_hour, starts_at_utc, ends_at_utc, aircraft_id, deadline_utc, round, opened_at) SELECT id, "
    "'proposed', '2026-11-10 14:00+0', '2026-11-10 14:00+0', lower(period), upper(period), aircraft_id, lower(period), "
    "1, '2026-11-10 14:00+0' FROM school.bookings WHERE status = 'scheduled' AND school_id = 2 ORDER BY id DESC "
    "LIMIT 1 RETURNING id) INSERT INTO school.case_offers (case_id, round, number, starts_at_utc, ends_at_utc, "
    "aircraft_id, reason, ranked_by, offered_hour) SELECT c.id, 1, 1, lower(period), upper(period), aircraft_id, '', "
    "'planner', '2026-11-10 14:00+0' FROM c, school.bookings b WHERE b.id = :leaving",
    "a wish for another day": "INSERT INTO school.student_preferences (student_id, days) SELECT id, '{sat}' "
    "FROM school.students",
}


@pytest.mark.parametrize("obstacle", IN_THE_WAY)
def test_nothing_is_offered_that_is_not_proven_or_not_wanted(quiet: Engine, obstacle: str) -> None:
    [waiter, *_] = waiters(quiet)
    wait(quiet, waiter)
    cancel(quiet)
    statement = IN_THE_WAY[obstacle]
    run(quiet, statement, **({"leaving": LEAVING} if ":leaving" in statement else {}))
    assert offer_freed_slots(quiet, NOW, SETTINGS).offered == 0
    assert offered(quiet) == []
    assert one(quiet, "SELECT count(*) FROM school.outbox") == 0


@pytest.mark.parametrize(("wakes_at", "first"), [(19, 0), (20, 1)])
def test_nobody_is_woken_for_a_slot_and_whoever_could_not_answer_in_time_is_passed_over(
    quiet: Engine, wakes_at: int, first: int
) -> None:
    asleep, awake, *_ = waiters(quiet)
    wait(quiet, asleep, NOW - MINUTE)
    wait(quiet, awake, NOW)
    cancel(quiet)
    run(
        quiet,
        "UPDATE school.contact_preferences SET quiet_from = '06:00', quiet_to = make_time(:to, 0, 0), "
        "time_zone = 'UTC' WHERE student_id = (SELECT student_id FROM school.bookings WHERE id = :id)",
        id=asleep, to=wakes_at,
    )  # fmt: skip
    at = STARTS - timedelta(hours=6, minutes=30)
    hour = at.replace(minute=0)
    run(quiet, "UPDATE pipeline.forecasts SET partition_hour = :hour", hour=hour)
    moved = "UPDATE pipeline.partitions SET partition_hour = :hour WHERE name IN ('forecasts', 'hazard_areas')"
    run(quiet, moved, hour=hour)
    assert offer_freed_slots(quiet, at, SETTINGS).offered == 1
    assert [row.booking_id for row in offered(quiet)] == [(asleep, awake)[first]]
    sent = "SELECT next_attempt_at FROM school.outbox WHERE channel = 'email' AND role = 'student'"
    assert one(quiet, sent) == (at, datetime(2026, 11, 11, 19, tzinfo=UTC))[first == 0]


def test_a_slot_that_begins_too_soon_is_of_no_use(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    wait(quiet, waiter)
    cancel(quiet)
    at = STARTS - timedelta(hours=SETTINGS.reschedule_earliest_hours) + MINUTE
    assert offers.freed_slots_due(quiet, at, SETTINGS) == 0
    assert offer_freed_slots(quiet, at, SETTINGS).looked_at == 0


@pytest.mark.parametrize("name", ["forecasts", "hazard_areas"])
def test_a_slot_is_checked_again_once_newer_weather_is_stored(quiet: Engine, name: str) -> None:
    run(quiet, "UPDATE pipeline.partitions SET at = :at", at=NOW - MINUTE)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    assert offers.freed_slots_due(quiet, NOW, SETTINGS) == 0
    run(quiet, "UPDATE pipeline.partitions SET at = :at WHERE name = :name", at=NOW + MINUTE, name=name)
    assert offers.freed_slots_due(quiet, NOW + MINUTE, SETTINGS) == 1


def test_the_same_slot_twice_tells_nobody_twice_and_is_looked_at_again_when_something_has_changed(
    quiet: Engine,
) -> None:
    first, second, *_ = waiters(quiet)
    run(quiet, "UPDATE pipeline.partitions SET at = :at", at=NOW - MINUTE)
    cancel(quiet)
    assert offers.freed_slots_due(quiet, NOW, SETTINGS) == 1
    assert offer_freed_slots(quiet, NOW, SETTINGS).looked_at == 1
    assert offers.freed_slots_due(quiet, NOW, SETTINGS) == 0
    assert offer_freed_slots(quiet, NOW, SETTINGS).looked_at == 0, "nobody waits, and nothing has changed"
    wait(quiet, first, NOW + MINUTE)
    wait(quiet, second, NOW + MINUTE)
    with ThreadPoolExecutor(4) as hands:
        runs = [hands.submit(offer_freed_slots, quiet, NOW + 2 * MINUTE, SETTINGS) for _ in range(4)]
        assert sum(run.result().offered for run in runs) == 1
    assert len(offered(quiet)) == 1
    assert one(quiet, "SELECT count(*) FROM school.outbox WHERE channel = 'email'") == 1


def test_of_many_acceptances_one_counts_and_who_is_quicker_elsewhere_takes_the_slot_away(quiet: Engine) -> None:
    first, second, *_ = waiters(quiet)
    wait(quiet, first)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    [(case_id, _, _)] = offered(quiet)
    with ThreadPoolExecutor(6) as hands:
        said = [hands.submit(say, quiet, case_id, "accept", number=1) for _ in range(6)]
        outcomes = sorted(answer.result().outcome for answer in said)
    assert outcomes == ["already_answered"] * 5 + ["applied"]
    assert say(quiet, case_id, "withdraw", LATER + MINUTE).applied

    # The desk books somebody else there, while the offer is out.
    run(
        quiet,
        "INSERT INTO school.bookings (reference, school_id, student_id, aircraft_id, lesson_kind, solo, departure, "
        "period) SELECT 'NEW-1', school_id, (SELECT student_id FROM school.bookings WHERE id = :second), aircraft_id, "
        "lesson_kind, true, departure, period FROM school.bookings WHERE id = :id",
        second=second, id=LEAVING,
    )  # fmt: skip
    late = say(quiet, case_id, "accept", LATER + 2 * MINUTE, number=1)
    assert late.outcome == "taken"
    assert one(quiet, "SELECT count(*) FROM school.bookings WHERE holds_for IS NOT NULL") == 0
    next_hour(quiet)
    dispatch(quiet, NOW + timedelta(minutes=52), SETTINGS)
    events = "SELECT event, why FROM school.case_events WHERE case_id = :id ORDER BY id DESC LIMIT 1"
    assert rows(quiet, events, id=case_id) == [("cancelled", "another lesson has taken the slot")]


def test_an_instructor_who_cannot_ends_the_offer_and_the_next_in_line_gets_it(quiet: Engine) -> None:
    first, second, *_ = waiters(quiet)
    wait(quiet, first, NOW - MINUTE)
    wait(quiet, second, NOW)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    case_id = offered(quiet)[0].id
    assert say(quiet, case_id, "accept", number=1).applied
    cannot = say(quiet, case_id, "decline", LATER + MINUTE)
    assert cannot.applied
    assert cannot.sentence.endswith("The lesson stays on standby.")
    assert one(quiet, "SELECT count(*) FROM school.bookings WHERE holds_for IS NOT NULL") == 0
    offer_freed_slots(quiet, LATER + 2 * MINUTE, SETTINGS)
    assert [row[1:] for row in offered(quiet)] == [(first, "cancelled"), (second, "proposed")]


def test_an_hour_leaves_an_offer_alone_until_the_lesson_itself_is_threatened(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    wait(quiet, waiter)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    dispatch(quiet, NOW, SETTINGS)
    [(case_id, _, _)] = offered(quiet)
    told = "SELECT count(*) FROM school.outbox WHERE case_id = :id"
    before = one(quiet, told, id=case_id)

    next_hour(quiet)
    result = dispatch(quiet, NOW + timedelta(minutes=52), SETTINGS)
    assert result.unchanged["a freed slot is offered"] == 1
    assert [row.state for row in offered(quiet)] == ["proposed"]
    assert one(quiet, told, id=case_id) == before

    at_risk = stored(quiet, "at_risk_bookings")
    mine = at_risk[at_risk["verdict"] == "at_risk"].head(1).assign(booking_id=waiter)
    next_hour(quiet, 2, at_risk_bookings=pd.concat([at_risk, mine]))
    run(quiet, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", at=STARTS, id=case_id)
    dispatch(quiet, NOW + timedelta(hours=2), SETTINGS)
    assert [row.state for row in offered(quiet)] == ["cancelled"]
    cases = (
        "SELECT freed_slot_id IS NULL, state IN ('open', 'proposed') FROM school.reschedule_cases "
        "WHERE booking_id = :id ORDER BY id"
    )
    assert [tuple(row) for row in rows(quiet, cases, id=waiter)] == [(False, False), (True, True)]
    assert one(quiet, "SELECT status FROM school.bookings WHERE id = :id", id=waiter) == "weather_hold"


def test_a_slot_that_is_held_for_a_lesson_stays_so_when_the_lesson_is_threatened(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    wait(quiet, waiter)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    [(case_id, _, _)] = offered(quiet)
    assert say(quiet, case_id, "accept", number=1).applied
    at_risk = stored(quiet, "at_risk_bookings")
    mine = at_risk[at_risk["verdict"] == "at_risk"].head(1).assign(booking_id=waiter)
    next_hour(quiet, 1, at_risk_bookings=pd.concat([at_risk, mine]))
    result = dispatch(quiet, NOW + timedelta(hours=1), SETTINGS)
    assert result.unchanged["a freed slot is held for it"] == 1
    assert say(quiet, case_id, "confirm", NOW + timedelta(hours=1, minutes=1)).applied


def test_a_dispatchers_lesson_takes_a_freed_slot_and_stays_on_hold(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    hold_by_hand(quiet, waiter, NOW - MINUTE)
    wait(quiet, waiter)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    [(case_id, booking_id, _)] = offered(quiet)
    assert booking_id == waiter
    assert say(quiet, case_id, "accept", number=1).applied
    moved = say(quiet, case_id, "confirm", LATER + MINUTE)
    assert (moved.applied, "stays on weather hold until" in moved.sentence) == (True, True), moved
    assert held_by_hand(quiet) == [waiter]


def test_a_lesson_whose_offer_fails_keeps_no_other_from_being_offered_the_slot(quiet: Engine) -> None:
    first, second, *_ = waiters(quiet)
    wait(quiet, first, NOW - 2 * MINUTE)
    wait(quiet, second, NOW - MINUTE)
    cancel(quiet)
    refuse_changes_of(quiet, "reschedule_cases", "booking_id", first)
    with pytest.raises(InternalError, match="it is to fail"):
        offer_freed_slots(quiet, NOW, SETTINGS)
    assert [row.booking_id for row in offered(quiet)] == [second]
    assert offers.freed_slots_due(quiet, NOW, SETTINGS) == 0, "it would launch a run every two minutes"


def test_an_error_that_passes_leaves_the_first_in_line_its_place(quiet: Engine) -> None:
    first, second, *_ = waiters(quiet)
    wait(quiet, first, NOW - 2 * MINUTE)
    wait(quiet, second, NOW - MINUTE)
    cancel(quiet)
    refuse_changes_of(quiet, "reschedule_cases", "booking_id", first, code="40P01")
    with pytest.raises(OperationalError, match="it is to fail"):
        offer_freed_slots(quiet, NOW, SETTINGS)
    assert offered(quiet) == []
    assert offers.freed_slots_due(quiet, NOW, SETTINGS) == 1
    run(quiet, "DROP TRIGGER fails ON school.reschedule_cases")
    offer_freed_slots(quiet, NOW, SETTINGS)
    assert [row.booking_id for row in offered(quiet)] == [first]
