"""An hour's findings become cases and messages: once, the newest only, and again only when something has changed."""

from datetime import timedelta
from typing import Any, get_args

import pandas as pd
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import frames
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot, StepEvent
from flightsched_pipelines.services.hourly import hourly_steps, proposal_validation
from flightsched_pipelines.services.hourly.hour_summary import summarise_hour
from flightsched_pipelines.services.notifications import dispatch as desk
from flightsched_pipelines.services.notifications.case_notification import CaseNotification
from flightsched_pipelines.services.notifications.dispatch import DispatchRefusedError, DispatchResult, dispatch
from flightsched_pipelines.services.responses.overdue import count_to_end, end_overdue
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    NOW,
    book_for_another,
    next_hour,
    one,
    rows,
    run,
    stored,
)

SETTINGS = settings_for(aws_region="us-east-1", redis_url="redis://127.0.0.1:1", slack_webhook_url="http://127.0.0.1:1")
LESSON = Slot(NOW, NOW + HOUR, None, None)


def tell(engine: Engine, n: int = 0, settings: Settings = SETTINGS) -> DispatchResult:
    return dispatch(engine, NOW + n * HOUR, settings)


@pytest.fixture
def told(ticked_engine: Engine) -> Engine:
    """A database in which the first hour was dispatched."""
    tell(ticked_engine)
    return ticked_engine


def first_case(engine: Engine) -> Any:
    """An open case with three alternatives, of the lesson that is latest, far from its deadline."""
    query = (
        "SELECT c.id, c.booking_id FROM school.reschedule_cases c JOIN school.case_offers o ON o.case_id = c.id "
        "GROUP BY c.id HAVING count(*) = 3 ORDER BY c.starts_at_utc DESC LIMIT 1"
    )
    return rows(engine, query)[0]


def test_each_threatened_lesson_gets_a_case_its_booking_a_hold_and_its_people_a_message(ticked_engine: Engine) -> None:
    result = tell(ticked_engine)
    at_risk = stored(ticked_engine, "at_risk_bookings").query("verdict == 'at_risk'")["booking_id"].nunique()
    opened = result.steps["opened"]
    assert opened + result.unchanged.get("too late for a case", 0) == at_risk
    assert opened > 20
    assert one(ticked_engine, "SELECT count(*) FROM school.bookings WHERE status = 'weather_hold'") == opened
    assert one(ticked_engine, "SELECT count(*) FROM school.case_events WHERE event = 'opened'") == opened
    by_channel = dict(rows(ticked_engine, "SELECT channel, count(*) FROM school.outbox GROUP BY 1"))
    assert by_channel["sns"] == by_channel["redis"] == by_channel["sqs"] == opened
    assert by_channel["slack"] == 2
    assert by_channel == result.queued
    missed = rows(
        ticked_engine,
        "SELECT c.id FROM school.reschedule_cases c JOIN school.bookings b ON b.id = c.booking_id WHERE NOT EXISTS "
        "(SELECT FROM school.outbox o WHERE o.case_id = c.id AND o.role = 'student' AND o.person_id = b.student_id)",
    )
    assert missed == []
    deadlines = rows(ticked_engine, "SELECT deadline_utc, starts_at_utc FROM school.reschedule_cases")
    assert all(deadline <= starts - timedelta(minutes=30) for deadline, starts in deadlines)


def test_the_same_hour_twice_tells_nobody_anything(told: Engine) -> None:
    before = one(told, "SELECT count(*) FROM school.outbox")
    assert tell(told).repeated
    assert one(told, "SELECT count(*) FROM school.outbox") == before


def test_an_hour_with_the_same_findings_tells_nobody_anything(told: Engine) -> None:
    before = one(told, "SELECT count(*) FROM school.outbox")
    next_hour(told)
    result = tell(told, 1)
    assert {event: count for event, count in result.steps.items() if count and event != "expired"} == {}
    people = "SELECT count(*) FROM school.outbox WHERE event IN ('opened', 'updated') AND role <> 'system'"
    first = "SELECT count(*) FROM school.outbox WHERE event = 'opened' AND role <> 'system'"
    assert one(told, people) == one(told, first)
    assert one(told, "SELECT count(*) FROM school.outbox") >= before


def test_an_older_hour_never_speaks(told: Engine) -> None:
    next_hour(told, 2)
    tell(told, 2)
    next_hour(told, 1)
    assert desk.newest_to_dispatch(told, NOW + 2 * HOUR, SETTINGS) is None
    assert dispatch(told, NOW + 2 * HOUR, SETTINGS, SEED_HOUR + HOUR).repeated


def test_an_hour_that_is_not_the_newest_is_refused(ticked_engine: Engine) -> None:
    next_hour(ticked_engine)
    with pytest.raises(DispatchRefusedError, match="not the newest validated hour"):
        dispatch(ticked_engine, NOW + HOUR, SETTINGS, SEED_HOUR)


def test_a_stale_hour_is_refused_and_the_sensor_skips_it(ticked_engine: Engine) -> None:
    assert desk.newest_to_dispatch(ticked_engine, NOW, SETTINGS) == SEED_HOUR
    assert desk.newest_to_dispatch(ticked_engine, NOW + 3 * HOUR, SETTINGS) is None
    with pytest.raises(DispatchRefusedError, match="DISPATCH_MAX_AGE_HOURS"):
        tell(ticked_engine, 3)


def test_an_hour_that_was_not_proven_is_refused(ticked_engine: Engine) -> None:
    run(ticked_engine, "DELETE FROM pipeline.partitions WHERE name = 'proposals_are_valid'")
    with pytest.raises(DispatchRefusedError, match="validated"):
        tell(ticked_engine)


def test_proposals_that_were_written_anew_are_to_be_proven_anew(ticked_engine: Engine) -> None:
    frame = stored(ticked_engine, "reschedule_proposals")
    frames.write_partition(ticked_engine, PIPELINE_TABLES["reschedule_proposals"], frame, [SEED_HOUR])
    with pytest.raises(DispatchRefusedError, match="validated"):
        tell(ticked_engine)


@pytest.mark.parametrize(
    ("verdict", "state", "status"),
    [("ok", "cleared", "scheduled"), ("watch", "proposed", "weather_hold"), ("unknown", "proposed", "weather_hold")],
)
def test_only_a_verdict_of_ok_clears_a_case(told: Engine, verdict: str, state: str, status: str) -> None:
    case_id, booking_id = first_case(told)
    broken = stored(told, "at_risk_bookings")
    if verdict == "ok":
        broken = broken[broken["booking_id"] != booking_id]
    else:
        broken.loc[broken["booking_id"] == booking_id, "verdict"] = verdict
    next_hour(told, at_risk_bookings=broken)
    tell(told, 1)
    assert one(told, "SELECT state FROM school.reschedule_cases WHERE id = :id", id=case_id) == state
    assert one(told, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id) == status


def without(engine: Engine, table: str, lesson: int, keep: int) -> pd.DataFrame:
    """Return a table's rows without a booking's first alternative, in which candidates and proposals agree."""
    frame = stored(engine, table)
    gone = stored(engine, "reschedule_proposals").query(f"booking_id == {lesson}").sort_values("rank").head(3 - keep)
    keys = ["booking_id", "starts_at_utc", "aircraft_id"]
    merged = frame.merge(gone[keys], how="left", on=keys, indicator=True)
    return frame[(merged["_merge"] == "left_only").to_numpy()]


def test_a_lost_alternative_is_told_with_the_new_round(told: Engine) -> None:
    case_id, booking_id = first_case(told)
    tables = {name: without(told, name, booking_id, 2) for name in ("reschedule_candidates", "reschedule_proposals")}
    next_hour(told, 1, **tables)
    assert tell(told, 1).steps["updated"] == 1
    assert one(told, "SELECT round FROM school.reschedule_cases WHERE id = :id", id=case_id) == 2
    held = "SELECT count(*) FROM school.case_offers WHERE case_id = :id AND withdrawn_hour IS NULL"
    assert one(told, held, id=case_id) == 2
    changes = (
        "SELECT payload -> 'changes' ->> 0 FROM school.outbox "
        "WHERE case_id = :id AND event = 'updated' AND role = 'student'"
    )
    sent = rows(told, changes, id=case_id)
    # Whoever was not told the first time, for it was night, is told the new state as if it were the first.
    assert not sent or sent[0][0] == "1 of the 3 alternatives you were given is no longer available."


def test_no_alternative_left_opens_the_case_again(told: Engine) -> None:
    case_id, booking_id = first_case(told)
    tables = {name: without(told, name, booking_id, 0) for name in ("reschedule_candidates", "reschedule_proposals")}
    next_hour(told, 1, **tables)
    tell(told, 1)
    assert one(told, "SELECT state FROM school.reschedule_cases WHERE id = :id", id=case_id) == "open"


def test_an_alternative_that_somebody_booked_since_is_not_offered(ticked_engine: Engine) -> None:
    proposal = stored(ticked_engine, "reschedule_proposals").sort_values(["starts_at_utc"]).iloc[-1]
    alternative = proposal["starts_at_utc"].to_pydatetime(), None, int(proposal["aircraft_id"])
    book_for_another(ticked_engine, int(proposal["booking_id"]), alternative)
    tell(ticked_engine)
    held = rows(
        ticked_engine,
        "SELECT o.starts_at_utc FROM school.case_offers o JOIN school.reschedule_cases c ON c.id = o.case_id "
        "WHERE c.booking_id = :id",
        id=int(proposal["booking_id"]),
    )
    assert proposal["starts_at_utc"].to_pydatetime() not in [row[0] for row in held]


def test_a_lesson_whose_slots_all_went_to_others_is_told_so(ticked_engine: Engine) -> None:
    proposals = stored(ticked_engine, "reschedule_proposals")
    booking_id = int(proposals.sort_values("starts_at_utc")["booking_id"].iloc[-1])
    left = proposals[proposals["booking_id"] != booking_id]
    frames.write_partition(ticked_engine, PIPELINE_TABLES["reschedule_proposals"], left, [SEED_HOUR])
    proposal_validation.record_validated(ticked_engine, SEED_HOUR, len(left))

    tell(ticked_engine)

    told = "SELECT DISTINCT payload ->> 'no_offer_because' FROM school.outbox o JOIN school.reschedule_cases c "
    told += "ON c.id = o.case_id WHERE o.channel = 'email' AND c.booking_id "
    assert rows(ticked_engine, told + "= :id", id=booking_id) == [("no slot left",)]
    assert ("no slot left",) not in rows(ticked_engine, told + "<> :id", id=booking_id)
    assert summarise_hour(ticked_engine, SEED_HOUR, SETTINGS, 0.0).unplaceable["no slot left"] == 1


@pytest.mark.parametrize(
    ("change", "event"),
    [
        ("UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", "cancelled"),
        (("UPDATE school.bookings SET period = tstzrange(last + interval '1 day', "
         "last + interval '1 day' + (upper(period) - lower(period))) "
         "FROM (SELECT max(upper(period)) AS last FROM school.bookings) booked WHERE id = :id"), "changed"),
    ],
)  # fmt: skip
def test_a_booking_that_the_school_changed_ends_its_case(told: Engine, change: str, event: str) -> None:
    case_id, booking_id = first_case(told)
    run(told, change, id=booking_id)
    next_hour(told)
    tell(told, 1)
    last = "SELECT event, to_state, why FROM school.case_events WHERE case_id = :id ORDER BY id DESC LIMIT 1"
    assert rows(told, last, id=case_id)[0][:2] == (event, "cancelled")
    status = one(told, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id)
    assert status == ("cancelled" if event == "cancelled" else "scheduled")


def test_a_case_that_nobody_answers_expires_and_a_dispatcher_has_it(told: Engine) -> None:
    case_id, booking_id = first_case(told)
    deadline = one(told, "SELECT deadline_utc FROM school.reschedule_cases WHERE id = :id", id=case_id)
    assert count_to_end(told, deadline - timedelta(seconds=1)) < count_to_end(told, deadline)
    assert end_overdue(told, deadline, SETTINGS)["expired"] >= 1
    assert count_to_end(told, deadline) == end_overdue(told, deadline, SETTINGS).total() == 0
    assert one(told, "SELECT state FROM school.reschedule_cases WHERE id = :id", id=case_id) == "expired"
    assert one(told, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id) == "weather_hold"
    hours = int((deadline - SEED_HOUR) / HOUR) + 1
    next_hour(told, hours)
    result = dispatch(told, SEED_HOUR + hours * HOUR, SETTINGS)
    assert result.unchanged["with a dispatcher"] >= 1
    broken = stored(told, "at_risk_bookings")
    next_hour(told, hours + 1, at_risk_bookings=broken[broken["booking_id"] != booking_id])
    dispatch(told, SEED_HOUR + (hours + 1) * HOUR, SETTINGS)
    assert one(told, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id) == "scheduled"


def let_students_sleep(engine: Engine) -> None:
    run(engine, "DELETE FROM school.contact_preferences")
    run(
        engine,
        "INSERT INTO school.contact_preferences (student_id, quiet_from, quiet_to) SELECT id, '00:00', '23:59' "
        "FROM school.students",
    )


def test_a_night_that_clears_again_is_told_to_nobody_who_slept(ticked_engine: Engine) -> None:
    let_students_sleep(ticked_engine)
    tell(ticked_engine)
    case_id, booking_id = first_case(ticked_engine)
    broken = stored(ticked_engine, "at_risk_bookings")
    next_hour(ticked_engine, at_risk_bookings=broken[broken["booking_id"] != booking_id])
    result = tell(ticked_engine, 1)
    assert result.suppressed["over before the notification"] >= 1
    statuses = "SELECT DISTINCT status FROM school.outbox WHERE case_id = :id AND role = 'student'"
    assert rows(ticked_engine, statuses, id=case_id) == [("suppressed",)]


@pytest.mark.parametrize("event", ["expired", "declined"])
def test_who_slept_until_a_case_ended_hears_that_the_lesson_is_still_on_hold(ticked_engine: Engine, event: str) -> None:
    let_students_sleep(ticked_engine)
    tell(ticked_engine)
    case_id, booking_id = first_case(ticked_engine)
    if event == "declined":
        asked_for_others = (
            "INSERT INTO school.case_events (case_id, at, actor, event, to_state, why) "
            "VALUES (:id, :now, 'student', 'none_suit', 'open', 'none suited')"
        )
        run(ticked_engine, asked_for_others, id=case_id, now=NOW)
    deadline = one(ticked_engine, "SELECT deadline_utc FROM school.reschedule_cases WHERE id = :id", id=case_id)

    end_overdue(ticked_engine, deadline, SETTINGS)

    assert one(ticked_engine, "SELECT status FROM school.bookings WHERE id = :id", id=booking_id) == "weather_hold"
    mails = "SELECT event, status FROM school.outbox WHERE case_id = :id AND role = 'student' AND channel = 'email'"
    assert rows(ticked_engine, f"{mails} ORDER BY id", id=case_id) == [("opened", "suppressed"), (event, "waiting")]
    until = "SELECT o.expires_at = upper(b.period) FROM school.outbox o JOIN school.bookings b ON b.id = :id "
    assert one(ticked_engine, f"{until} WHERE o.case_id = :case AND o.event = :event AND o.role = 'student'",
               id=booking_id, case=case_id, event=event)  # fmt: skip


@pytest.mark.parametrize("standby", [False, True])
def test_a_lesson_left_on_hold_is_told_to_whoever_slept_and_a_freed_slot_that_has_gone_is_not(standby: bool) -> None:
    steps = [CaseNotification(1, 1, event, LESSON, 1, standby=standby) for event in get_args(StepEvent)]
    over = {"cleared", "cancelled", "changed", "begun"} | ({"expired"} if standby else set())
    assert {step.event for step in steps if step.needs_no_first_message} == over


def test_a_person_who_asked_for_digests_gets_one_mail(ticked_engine: Engine) -> None:
    run(ticked_engine, "DELETE FROM school.contact_preferences")
    run(
        ticked_engine,
        "INSERT INTO school.contact_preferences (instructor_id, digest) SELECT id, true FROM school.instructors",
    )
    result = tell(ticked_engine)
    mails = (
        "SELECT count(*), count(DISTINCT person_id) FROM school.outbox WHERE role = 'instructor' AND channel = 'email'"
    )
    total, people = rows(ticked_engine, mails)[0]
    assert total == people > 3
    assert result.held_back["in a digest"] > total


def test_what_was_offered_counts_as_sent_for_the_next_hours_choice(told: Engine) -> None:
    case_id, booking_id = first_case(told)
    sent = hourly_steps.offered_before(told, SEED_HOUR + HOUR)
    offered = one(told, "SELECT count(*) FROM school.case_offers WHERE case_id = :id", id=case_id)
    assert len(sent[sent["booking_id"] == booking_id].drop_duplicates(["starts_at_utc", "aircraft_id"])) == offered == 3


def test_nothing_personal_is_kept_outside_the_outbox(told: Engine) -> None:
    said = str(rows(told, "SELECT outcome FROM school.dispatches")) + str(
        rows(told, "SELECT why FROM school.case_events")
    )
    systems = str(rows(told, "SELECT payload FROM school.outbox WHERE channel IN ('sns', 'sqs', 'redis')"))
    for name, address in rows(
        told, "SELECT name, email FROM school.students UNION SELECT name, email FROM school.instructors"
    ):
        for outside in (said, systems):
            assert name not in outside
            assert address not in outside
