"""Messages are true: about begun, cancelled and moved lessons, about dispatchers' holds, in every digest."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, inspect

from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.queries.schedule.person_lessons import stored_verdicts
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.services.responses import deadlines, weather_hold
from flightsched_pipelines.services.responses.overdue import count_to_end, end_overdue
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    SETTINGS,
    all_ok,
    cases,
    events,
    next_hour,
    nothing_assessed,
    one,
    place,
    rows,
    run,
    say,
    state,
    stored,
    tell,
    told,
)

MINUTE = timedelta(minutes=1)


MOVE = (
    "UPDATE school.bookings SET period = tstzrange(lower(period) + interval '9 days', "
    "upper(period) + interval '9 days')"
)


MAILS = "SELECT event FROM school.outbox WHERE case_id = :id AND role IN ('student', 'instructor') ORDER BY id"


SLACK = settings_for(slack_webhook_url="http://127.0.0.1:1")


def delivered(engine: Engine) -> None:
    """Send all waiting messages."""
    run(engine, "UPDATE school.outbox SET status = 'sent', settled_at = now() WHERE status = 'waiting'")


def deadline_of(engine: Engine, case_id: int) -> datetime:
    return one(engine, "SELECT deadline_utc FROM school.reschedule_cases WHERE id = :id", id=case_id)


def start_of(engine: Engine, booking_id: int) -> datetime:
    return one(engine, "SELECT lower(period) FROM school.bookings WHERE id = :id", id=booking_id)


def hour_after(at: datetime) -> int:
    """The number, from the seed's hour, of the first hour that begins after a moment."""
    return int((at - SEED_HOUR) / HOUR) + 1


def earliest(engine: Engine) -> tuple[int, int]:
    """The case of the lesson that is first to start: its id and booking."""
    return tuple(
        rows(engine, "SELECT id, booking_id FROM school.reschedule_cases ORDER BY starts_at_utc, id LIMIT 1")[0]
    )


def test_lessons_that_an_hour_did_not_assess_are_told_nothing(told_engine: Engine) -> None:
    before = one(told_engine, "SELECT count(*) FROM school.outbox")
    result = tell(told_engine, 1, **nothing_assessed(told_engine))
    assert not result.steps.get("cleared")
    assert not result.steps["released"]
    assert one(told_engine, "SELECT count(*) FROM school.outbox") == before
    assert result.unchanged["still not assessed"] > 20


@pytest.mark.parametrize("weather", ["none", "ok before it began", "ok of the begun lesson"])
def test_a_lesson_that_stayed_on_hold_and_has_begun_is_told_nothing(told_engine: Engine, weather: str) -> None:
    case_id, booking_id = earliest(told_engine)
    end_overdue(told_engine, deadline_of(told_engine, case_id), SETTINGS)
    start = start_of(told_engine, booking_id)
    mails = rows(told_engine, MAILS, id=case_id)

    tables = nothing_assessed(told_engine) if weather == "none" else all_ok(told_engine, booking_id)
    number = hour_after(start) - 1 if weather == "ok before it began" else hour_after(start)
    hour = next_hour(told_engine, number, **tables)
    result = dispatch(told_engine, max(start, hour), SETTINGS)

    assert result.steps["released"] == 0
    assert state(told_engine, case_id) == "expired"
    assert place(told_engine, booking_id)[0] == "weather_hold", "flown or not is for the school to say"
    assert rows(told_engine, MAILS, id=case_id) == mails


@pytest.mark.parametrize("by", ["an hour", "the clock"])
def test_an_open_case_whose_lesson_has_begun_ends_and_nobody_gets_a_mail(told_engine: Engine, by: str) -> None:
    case_id, booking_id = earliest(told_engine)
    start, mails = start_of(told_engine, booking_id), rows(told_engine, MAILS, id=case_id)
    if by == "an hour":
        tell(told_engine, hour_after(start), **all_ok(told_engine, booking_id))
    else:
        end_overdue(told_engine, start, SETTINGS)
    assert events(told_engine, case_id)[-1] == "begun"
    assert state(told_engine, case_id) == "expired"
    assert place(told_engine, booking_id)[0] == "weather_hold"
    assert rows(told_engine, MAILS, id=case_id) == mails


def test_a_lesson_that_the_school_marks_as_flown_is_not_called_cancelled(told_engine: Engine) -> None:
    case_id, booking_id = earliest(told_engine)
    run(told_engine, "UPDATE school.bookings SET status = 'completed' WHERE id = :id", id=booking_id)
    assert end_overdue(told_engine, SEED_HOUR + 9 * MINUTE, SETTINGS) == {"begun": 1}
    assert events(told_engine, case_id)[-1] == "begun"
    assert place(told_engine, booking_id)[0] == "completed"
    assert "cancelled" not in {row.event for row in rows(told_engine, MAILS, id=case_id)}


def test_a_freed_slot_stays_offered_to_a_lesson_on_hold_whose_time_is_over(told_engine: Engine) -> None:
    case_id, booking_id = earliest(told_engine)
    end_overdue(told_engine, deadline_of(told_engine, case_id), SETTINGS)
    start = start_of(told_engine, booking_id)
    later = start + timedelta(days=9)
    freed = (
        "INSERT INTO school.freed_slots (school_id, booking_id, why, starts_at_utc, ends_at_utc, aircraft_id, "
        "freed_at) SELECT school_id, id, 'cancelled', :later, :ends, aircraft_id, :start "
        "FROM school.bookings WHERE id = :id"
    )
    run(told_engine, freed, id=booking_id, start=start, later=later, ends=later + HOUR)
    offered = (
        "INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc, "
        "instructor_id, aircraft_id, deadline_utc, round, opened_at, freed_slot_id) SELECT id, 'proposed', :start, "
        ":start, lower(period), upper(period), instructor_id, aircraft_id, :later, 1, :start, "
        "(SELECT max(id) FROM school.freed_slots) FROM school.bookings WHERE id = :id"
    )
    run(told_engine, offered, id=booking_id, start=start, later=later)
    for number in (1, 2):
        tell(told_engine, hour_after(start) + number, **nothing_assessed(told_engine))
    assert rows(told_engine, "SELECT state FROM school.reschedule_cases WHERE freed_slot_id IS NOT NULL") == [
        ("proposed",)
    ]


def hold(engine: Engine, booking_id: int, what: Any = "hold", at: datetime = SEED_HOUR + 10 * MINUTE) -> str:
    """Give a dispatcher's order, by hand."""
    key = f"{what}-{booking_id}-{at.isoformat()}"
    return weather_hold.order(engine, key, what, str(booking_id), "Air show", "job", at).outcome


EARLIER = ["expired", "none", "released before", "held by the platform"]


@pytest.mark.parametrize("earlier", EARLIER)
def test_the_platform_leaves_a_dispatchers_own_hold_alone(told_engine: Engine, earlier: str) -> None:
    case_id, booking_id = cases(told_engine)[0]
    if earlier == "none":
        booking_id = one(
            told_engine,
            "SELECT id FROM school.bookings WHERE status = 'scheduled' AND lower(period) > :at ORDER BY period LIMIT 1",
            at=SEED_HOUR + 30 * HOUR,
        )
    else:
        run(
            told_engine,
            "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id",
            id=case_id,
            at=SEED_HOUR,
        )
        end_overdue(told_engine, SEED_HOUR + 9 * MINUTE, SETTINGS)
        if earlier != "held by the platform":
            assert hold(told_engine, booking_id, "release") == "applied"
    assert hold(told_engine, booking_id) == "applied"
    assert hold(told_engine, booking_id, at=SEED_HOUR + 11 * MINUTE) == "already_so"
    mails = one(told_engine, "SELECT count(*) FROM school.outbox")

    for number in (1, 2):
        tell(told_engine, number, **all_ok(told_engine, booking_id))

    assert place(told_engine, booking_id)[0] == "weather_hold"
    assert one(told_engine, "SELECT count(*) FROM school.outbox") == mails
    assert hold(told_engine, booking_id, "release", SEED_HOUR + 3 * HOUR) == "applied"
    assert place(told_engine, booking_id)[0] == "scheduled"
    assert one(told_engine, "SELECT weather_hold_by FROM school.bookings WHERE id = :id", id=booking_id) is None


def test_a_case_on_a_dispatchers_hold_ends_and_the_hold_stays_and_is_told_so(told_engine: Engine) -> None:
    at_risk = stored(told_engine, "at_risk_bookings")
    _, booking_id = cases(told_engine)[0]
    assert booking_id in set(at_risk["booking_id"])
    run(told_engine, "DELETE FROM school.reschedule_cases WHERE booking_id = :id", id=booking_id)
    run(told_engine, "UPDATE school.bookings SET status = 'scheduled' WHERE id = :id", id=booking_id)
    assert hold(told_engine, booking_id) == "applied"
    assert tell(told_engine, 1).steps["opened"] == 1
    case_id = one(told_engine, "SELECT max(id) FROM school.reschedule_cases WHERE booking_id = :id", id=booking_id)
    kept = say(told_engine, case_id, "keep", SEED_HOUR + HOUR + 9 * MINUTE, reason="It will do.")
    assert kept.outcome in {"on_hold", "wrong_person"}
    assert state(told_engine, case_id) in {"open", "proposed"}
    delivered(told_engine)

    tell(told_engine, 2, **all_ok(told_engine, booking_id))

    assert state(told_engine, case_id) == "cleared"
    assert place(told_engine, booking_id)[0] == "weather_hold"
    stays = "SELECT DISTINCT payload ->> 'stays_on_hold' FROM school.outbox WHERE case_id = :id AND event = 'cleared' "
    assert rows(told_engine, stays + "AND channel = 'email'", id=case_id) == [("true",)]


def test_a_hold_that_another_system_set_is_not_the_platforms_to_lift(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    run(told_engine, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", id=case_id, at=SEED_HOUR)
    end_overdue(told_engine, SEED_HOUR + 9 * MINUTE, SETTINGS)
    for status in ("scheduled", "weather_hold"):
        run(told_engine, "UPDATE school.bookings SET status = :status WHERE id = :id", id=booking_id, status=status)
    tell(told_engine, 1, **all_ok(told_engine, booking_id))
    assert place(told_engine, booking_id)[0] == "weather_hold"


@pytest.mark.parametrize(
    ("change", "event"),
    [("UPDATE school.bookings SET status = 'cancelled'", "cancelled"), (MOVE, "changed")],
)
@pytest.mark.parametrize("accepted", [False, True])
def test_between_the_hours_a_cancelled_or_moved_lessons_people_never_read_that_nobody_answered(
    told_engine: Engine, change: str, event: str, accepted: bool
) -> None:
    case_id, booking_id = cases(told_engine)[0]
    deadline = deadline_of(told_engine, case_id)
    if accepted:
        assert say(told_engine, case_id, "accept", number=1).applied
    delivered(told_engine)
    run(told_engine, f"{change} WHERE id = :id", id=booking_id)
    assert count_to_end(told_engine, SEED_HOUR + 20 * MINUTE) == 1
    assert deadlines.deadlines_due(told_engine, SEED_HOUR + 20 * MINUTE, SETTINGS) >= 1

    passed = deadlines.process_deadlines(told_engine, SEED_HOUR + 20 * MINUTE, SETTINGS)

    assert passed[f"cases {event}"] == 1
    assert count_to_end(told_engine, SEED_HOUR + 20 * MINUTE) == 0
    deadlines.process_deadlines(told_engine, deadline, SETTINGS)
    assert (state(told_engine, case_id), events(told_engine, case_id)[-1]) == ("cancelled", event)
    assert told(told_engine, case_id, event)
    assert told(told_engine, case_id, "expired") == []
    assert place(told_engine, booking_id)[0] == ("cancelled" if event == "cancelled" else "scheduled")
    assert one(told_engine, "SELECT count(*) FROM school.bookings WHERE holds_for = :id", id=booking_id) == 0


def test_a_case_that_expires_in_an_hours_first_second_leaves_the_hours_digest_be(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    hour = SEED_HOUR + HOUR
    run(told_engine, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", id=case_id, at=hour)
    assert end_overdue(told_engine, hour, SLACK)["expired"] >= 1
    booking_id = cases(told_engine)[0][1]
    next_hour(told_engine, 1, **all_ok(told_engine, booking_id))
    dispatch(told_engine, hour + 8 * MINUTE, SLACK)
    lines = (
        "SELECT line ->> 'event' FROM school.outbox, jsonb_array_elements(payload -> 'lines') AS line "
        "WHERE channel = 'slack' AND created_at > :at"
    )
    assert [row[0] for row in rows(told_engine, lines, at=hour)].count("cleared") == 1


def test_two_cases_that_end_in_one_moment_are_both_in_a_digest(told_engine: Engine) -> None:
    at = SEED_HOUR + HOUR
    both = [case_id for case_id, _ in cases(told_engine)[:2]]
    for case_id in both:
        run(told_engine, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", id=case_id, at=at)
        assert end_overdue(told_engine, at, SLACK)["expired"] >= 1
    told_of = "SELECT (line ->> 'case_id')::int FROM school.outbox, jsonb_array_elements(payload -> 'lines') AS line "
    found = [row[0] for row in rows(told_engine, told_of + "WHERE channel = 'slack'")]
    assert set(both) <= set(found)


def test_a_database_of_the_version_before_keeps_its_holds_and_whose_they_are(told_engine: Engine) -> None:
    case_ids = [booking_id for _, booking_id in cases(told_engine)[:2]]
    free = one(told_engine, "SELECT min(id) FROM school.bookings WHERE status = 'scheduled'")
    assert hold(told_engine, free) == "applied"
    strange = one(told_engine, "SELECT max(id) FROM school.bookings WHERE status = 'scheduled'")
    migrations.downgrade(told_engine, "0010")
    assert "lesson_verdicts" not in inspect(told_engine).get_table_names("pipeline")
    run(told_engine, "UPDATE school.bookings SET status = 'weather_hold' WHERE id = :id", id=strange)

    migrations.upgrade(told_engine)

    by = dict(rows(told_engine, "SELECT id, weather_hold_by FROM school.bookings WHERE status = 'weather_hold'"))
    assert {by[booking_id] for booking_id in case_ids} == {"platform"}
    assert (by[free], by[strange]) == ("dispatcher", None)
    tell(told_engine, 1, **all_ok(told_engine, *case_ids))
    assert [place(told_engine, booking_id)[0] for booking_id in case_ids] == ["scheduled"] * 2


CHANGES = {
    "moved": "period = tstzrange(lower(period) + interval '15 minutes', upper(period) + interval '15 minutes')",
    "solo": "solo = NOT solo",
    "another kind": "lesson_kind = CASE lesson_kind WHEN 'pattern' THEN 'local' ELSE 'pattern' END",
    "another route": "route = array_append(route, 'KHAF')",
    "another airport": "departure = (SELECT min(ident) FROM school.airports WHERE ident <> departure)",
    "another student": "student_id = (SELECT max(id) FROM school.students s WHERE s.school_id = bookings.school_id "
    "AND id <> student_id)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_lesson_that_has_changed_has_no_verdict_until_an_hour_has_assessed_it_as_it_is(
    told_engine: Engine, change: str
) -> None:
    case_id, booking_id = cases(told_engine)[0]
    hour = next_hour(told_engine, 1, **all_ok(told_engine, booking_id))
    assert verdict_on(told_engine, booking_id, hour) == "ok"
    run(told_engine, f"UPDATE school.bookings SET {change} WHERE id = :id", id=booking_id)  # noqa: S608, our SQL

    dispatch(told_engine, hour + 8 * MINUTE, SETTINGS)

    assert "cleared" not in events(told_engine, case_id)
    assert verdict_on(told_engine, booking_id, hour) is None


def verdict_on(engine: Engine, booking_id: int, hour: datetime) -> str | None:
    """Return the verdict on a lesson that the board and its people's pages show."""
    with engine.connect() as connection:
        newest, found = stored_verdicts(connection, [booking_id])
    assert newest == hour
    return found.get(booking_id)
