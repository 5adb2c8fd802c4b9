"""Places on the standby list: who waits, for how long, and what leaves a slot for them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.changes import standing_lessons
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.messages import calendar
from flightsched_pipelines.messages.email import render_notice
from flightsched_pipelines.messages.models import Notice
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines.services.responses.swap import swap
from flightsched_pipelines.services.standby import places as standby
from flightsched_pipelines.services.standby.offers import offer_freed_slots
from flightsched_pipelines.services.standby.places import StandbyRefusedError
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    NOW,
    SETTINGS,
    cases,
    held,
    next_hour,
    one,
    rows,
    run,
    say,
)
from flightsched_pipelines_tests.integration.services.responses.test_given_away import give_away
from flightsched_pipelines_tests.integration.services.standby.helpers import (
    MINUTE,
    cancel,
    held_by_hand,
    hold_by_hand,
    offered,
    rule,
    wait,
    waiters,
    waiting,
)


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
        end_overdue(quiet, at, SETTINGS)
    assert [row.booking_id for row in offered(quiet)] == [three[place] for place in order]


def test_a_slot_is_offered_by_type_of_aircraft(quiet: Engine) -> None:
    other = one(
        quiet,
        "SELECT b.id FROM school.bookings b JOIN school.aircraft a ON a.id = b.aircraft_id WHERE b.school_id = 2 AND "
        "a.type = 'PA-28-181' AND b.status = 'scheduled' AND lower(b.period) > '2026-11-13' ORDER BY b.id LIMIT 1",
    )
    [alike, *_] = waiters(quiet)
    wait(quiet, other, NOW - 2 * MINUTE)
    wait(quiet, alike, NOW - MINUTE)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    assert [row.booking_id for row in offered(quiet)] == [alike]
    listed = standby.places(quiet, NOW)
    assert [place.waiting.booking_id for place in listed] == [other, alike]
    assert [place.waiting.booking_id for place in standby.places(quiet, NOW, "C172S")] == [alike]


def test_a_lesson_that_stays_on_hold_after_its_case_waits_until_it_moves_or_the_hold_is_lifted(quiet: Engine) -> None:
    dispatch(quiet, NOW, SETTINGS)
    ends = one(quiet, "SELECT min(deadline_utc) FROM school.reschedule_cases")
    ended = end_overdue(quiet, ends, SETTINGS)["expired"]
    assert ended >= 1
    assert offer_freed_slots(quiet, ends + MINUTE, SETTINGS).joined == ended
    places = rows(
        quiet,
        "SELECT s.booking_id, s.since, s.put_by, b.reference FROM school.standby s "
        "JOIN school.bookings b ON b.id = s.booking_id WHERE s.ended_at IS NULL",
    )
    assert {(row.since, row.put_by) for row in places} == {(ends, "platform")}
    standby.leave(quiet, places[0].reference, ends + 2 * MINUTE)
    assert offer_freed_slots(quiet, ends + 3 * MINUTE, SETTINGS).joined == 0, "whom a dispatcher took off stays off"
    standby.join(quiet, places[0].reference, None, ends + 4 * MINUTE)
    run(quiet, "UPDATE school.bookings SET status = 'scheduled' WHERE status = 'weather_hold'")
    offer_freed_slots(quiet, ends + 5 * MINUTE, SETTINGS)
    left = (
        "SELECT count(*) FILTER (WHERE put_by = 'platform' AND ended_at IS NULL), "
        "count(*) FILTER (WHERE how = 'lapsed' AND put_by = 'platform') FROM school.standby"
    )
    assert tuple(rows(quiet, left)[0]) == (0, ended - 1)


def test_a_place_lapses_with_its_last_day_and_with_its_lesson(quiet: Engine) -> None:
    first, second, third, *_ = waiters(quiet)
    for booking_id in (first, second, third):
        wait(quiet, booking_id)
    run(quiet, "UPDATE school.standby SET until = '2026-11-10' WHERE booking_id = :id", id=first)
    cancel(quiet, second)
    assert offer_freed_slots(quiet, NOW + timedelta(days=1), SETTINGS).lapsed == 2
    assert rows(quiet, "SELECT booking_id FROM school.standby WHERE ended_at IS NULL") == [(third,)]


def test_a_lesson_that_the_school_moved_leaves_a_slot(quiet: Engine) -> None:
    dispatch(quiet, NOW, SETTINGS)
    case_id, booking_id = rows(
        quiet,
        "SELECT id, booking_id FROM school.reschedule_cases ORDER BY starts_at_utc DESC LIMIT 1",
    )[0]
    was = one(quiet, "SELECT starts_at_utc FROM school.reschedule_cases WHERE id = :id", id=case_id)
    run(
        quiet,
        "UPDATE school.bookings SET period = tstzrange(lower(period) + interval '60 days', upper(period) + "
        "interval '60 days') WHERE id = :id",
        id=booking_id,
    )
    next_hour(quiet)
    dispatch(quiet, NOW + timedelta(hours=1), SETTINGS)
    freed = "SELECT booking_id, why, starts_at_utc FROM school.freed_slots"
    assert rows(quiet, freed) == [(booking_id, "changed", was)]


def test_two_who_swap_places_leave_none(quiet: Engine) -> None:
    one_, other, *_ = waiters(quiet)
    slots = {
        row.id: Slot(row.starts, row.ends, row.instructor_id, row.aircraft_id)
        for row in rows(
            quiet,
            "SELECT id, lower(period) AS starts, upper(period) AS ends, instructor_id, aircraft_id "
            "FROM school.bookings WHERE id IN (:one, :other)",
            one=one_, other=other,
        )
    }  # fmt: skip
    with quiet.begin() as connection:
        moves = [Move(one_, slots[other]), Move(other, slots[one_])]
        booking_moves.move(connection, moves, standing_lessons(connection, [one_, other]), NOW)
    assert rows(quiet, "SELECT * FROM school.freed_slots") == []


def test_an_offer_of_a_free_slot_is_no_lesson_to_swap(quiet: Engine) -> None:
    [first, *_] = waiters(quiet)
    wait(quiet, first)
    cancel(quiet)
    offer_freed_slots(quiet, NOW, SETTINGS)
    [(case_id, _, _)] = offered(quiet)
    stood = one(quiet, "SELECT period FROM school.bookings WHERE id = :id", id=first)
    refused = swap(quiet, "swap-standby", (case_id, case_id + 1), "terminal", LATER, SETTINGS)
    assert (refused.outcome, f"case {case_id} offers a freed slot" in refused.sentence) == ("standby", True), refused
    assert one(quiet, "SELECT period FROM school.bookings WHERE id = :id", id=first) == stood


def test_the_list_says_why_it_stays_as_it_is(quiet: Engine) -> None:
    [waiter, *_] = waiters(quiet)
    reference = one(quiet, "SELECT reference FROM school.bookings WHERE id = :id", id=waiter)
    wait(quiet, waiter)
    with pytest.raises(StandbyRefusedError, match="already"):
        wait(quiet, waiter)
    with pytest.raises(StandbyRefusedError, match="there is no booking 'nobody'"):
        standby.join(quiet, "nobody", None, NOW)
    standby.leave(quiet, reference, NOW)
    with pytest.raises(StandbyRefusedError, match="not on the standby list"):
        standby.leave(quiet, reference, NOW)
    with pytest.raises(StandbyRefusedError, match="2026-11-01 is over"):
        standby.join(quiet, reference, date(2026, 11, 1), NOW)
    with pytest.raises(StandbyRefusedError, match=r"the time of .* has come"):
        standby.join(quiet, reference, None, NOW + timedelta(days=30))
    with pytest.raises(StandbyRefusedError, match="no aircraft is a DC-3; there are C152"):
        standby.places(quiet, NOW, "DC-3")
    cancel(quiet, waiter)
    with pytest.raises(StandbyRefusedError, match="is cancelled"):
        standby.join(quiet, reference, None, NOW)


def test_the_standby_list_offers_nothing_to_a_lesson_that_was_flown(told_engine: Engine) -> None:
    (booking_id, reference), *_ = rows(
        told_engine,
        "SELECT b.id, b.reference FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id "
        "ORDER BY c.starts_at_utc, c.id",
    )
    standby.join(told_engine, reference, None, NOW)
    run(told_engine, "UPDATE school.bookings SET status = 'completed' WHERE id = :id", id=booking_id)
    assert offer_freed_slots(told_engine, NOW + MINUTE, SETTINGS).lapsed == 1


def test_a_lesson_that_a_dispatcher_put_on_hold_is_on_no_list_that_the_platform_fills(told_engine: Engine) -> None:
    """Two lessons whose case expired: one is put on hold by hand before it is on the list, one while it is there."""
    (first, before), (second, after), (third, never) = cases(told_engine)[:3]
    expire = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id IN (:a, :b, :c)"
    run(told_engine, expire, at=LATER, a=first, b=second, c=third)
    assert end_overdue(told_engine, LATER, SETTINGS)["expired"] >= 3
    hold_by_hand(told_engine, before, LATER + MINUTE)
    offer_freed_slots(told_engine, LATER + 2 * MINUTE, SETTINGS)
    assert waiting(told_engine) & {before, after, never} == {after, never}
    hold_by_hand(told_engine, after, LATER + 3 * MINUTE)
    offer_freed_slots(told_engine, LATER + 4 * MINUTE, SETTINGS)
    assert waiting(told_engine) & {before, after, never} == {never}
    assert held_by_hand(told_engine) == sorted([before, after])


def test_a_freed_slot_is_no_longer_offered_to_a_lesson_that_was_given_to_another_student(quiet: Engine) -> None:
    booking_id = waiters(quiet)[0]
    wait(quiet, booking_id)
    cancel(quiet)
    assert offer_freed_slots(quiet, NOW, SETTINGS).offered == 1
    [(case_id, _, _)] = offered(quiet)
    assert say(quiet, case_id, "accept", number=1).applied
    first, new = give_away(quiet, booking_id)
    assert say(quiet, case_id, "confirm").outcome == "changed"

    assert end_overdue(quiet, LATER, SETTINGS)["changed"] == 1

    assert held(quiet, booking_id) == 0
    mail = (
        "SELECT person_id, payload FROM school.outbox WHERE case_id = :id AND event = 'changed' AND channel = 'email'"
    )
    [told] = rows(quiet, mail, id=case_id)
    assert told.person_id == first
    assert told.person_id != new
    notice = Notice.model_validate(told.payload)
    assert "given this lesson to another student" in render_notice(notice).text
    assert calendar.changes_entry(notice)
