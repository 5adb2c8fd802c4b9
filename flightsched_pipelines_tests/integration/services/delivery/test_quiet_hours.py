"""A message that its channel has kept waiting wakes nobody: quiet hours that have begun meanwhile hold for it too."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import ChannelDownError, HandOver, MessageRefusedError
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import HOUR, SETTINGS, rows, run

TOLD = SEED_HOUR + timedelta(minutes=8)
BEGIN, END = SEED_HOUR + timedelta(minutes=30), SEED_HOUR + 4 * HOUR
"""The quiet hours of the tests."""

IN_THEM = SEED_HOUR + HOUR


LESSON = "(payload -> 'lesson' ->> 'starts_at_utc')::timestamptz"


@pytest.fixture
def quiet(told_engine: Engine) -> Engine:
    """A database with mails to students that are due before everybody's quiet hours begin."""
    quiet_hours = "UPDATE school.contact_preferences SET quiet_from = :begin, quiet_to = :end, time_zone = 'UTC'"
    run(told_engine, quiet_hours, begin=BEGIN.time(), end=END.time())
    run(
        told_engine, "DELETE FROM school.outbox WHERE role <> 'student' OR channel <> 'email' OR due_at <> :at", at=TOLD
    )
    return told_engine


def about(engine: Engine, *, near: bool) -> set[int]:
    """Return the mails about lessons that start within twelve hours of a time in the quiet hours, or about others."""
    which = f"({LESSON} < :overridden) = :near AND expires_at > :ends"
    found = {row.id for row in rows(
        engine, f"SELECT id FROM school.outbox WHERE {which}", overridden=IN_THEM + 12 * HOUR, near=near,  # noqa: S608, our own words
        ends=IN_THEM if near else END,
    )}  # fmt: skip
    assert len(found) > 1
    return found


def sent(engine: Engine, at: datetime) -> set[int]:
    """Deliver what is due; return the messages that were sent."""
    found: set[int] = set()

    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        found.add(message.message_id)
        return "taken"

    drain(engine, {"email": Channel(send, knows_keys=True)}, SETTINGS, now=lambda: at)
    return found


def test_what_waited_for_its_channel_is_sent_when_quiet_hours_end_and_is_not_late(quiet: Engine) -> None:
    far = about(quiet, near=False)

    def send(_: Message, __: HandOver) -> str:
        raise ChannelDownError("the server is down")

    drain(quiet, {"email": Channel(send, knows_keys=True)}, SETTINGS, now=lambda: BEGIN - timedelta(minutes=5))

    assert sent(quiet, IN_THEM).isdisjoint(far)
    waits = "SELECT id FROM school.outbox WHERE status = 'waiting' AND attempts = 0 AND due_at = :end"
    assert {row.id for row in rows(quiet, f"{waits} AND next_attempt_at = :end", end=END)} >= far
    assert sent(quiet, END) >= far


def test_a_near_lesson_overrides_quiet_hours_for_late_messages_too(quiet: Engine) -> None:
    assert sent(quiet, IN_THEM) >= about(quiet, near=True)


def test_a_message_that_is_of_no_use_when_quiet_hours_end_is_sent_in_them(quiet: Engine) -> None:
    useless, *others = sorted(about(quiet, near=False))
    run(quiet, "UPDATE school.outbox SET expires_at = :end WHERE id = :id", end=END, id=useless)

    found = sent(quiet, IN_THEM)

    assert useless in found
    assert found.isdisjoint(others)


def as_standby(row: int) -> str:
    """A statement that makes a message one about a freed slot."""
    return f"UPDATE school.outbox SET payload = jsonb_set(payload, '{{standby}}', 'true') WHERE id = {row}"  # noqa: S608, our own


def as_evening(row: int) -> str:
    """A statement that makes a message one of the evening before."""
    evening = "jsonb_build_object('day', '2026-11-11', 'lines', jsonb_build_array(payload))"
    payload = f"payload || jsonb_build_object('evening', {evening}, 'sent_at_utc', '{IN_THEM.isoformat()}')"
    return f"UPDATE school.outbox SET event = 'digest', case_id = NULL, payload = {payload} WHERE id = {row}"  # noqa: S608, our own


@pytest.mark.parametrize("kind", [as_standby, as_evening])
def test_tomorrows_lessons_and_freed_slots_wake_nobody_and_end_in_the_night(
    quiet: Engine, kind: Callable[[int], str]
) -> None:
    row = min(about(quiet, near=True))
    run(quiet, kind(row))
    run(quiet, "UPDATE school.outbox SET expires_at = :ends WHERE id = :id", ends=END - HOUR, id=row)

    assert row not in sent(quiet, IN_THEM)
    assert row not in sent(quiet, END)

    [found] = rows(quiet, "SELECT status, last_error FROM school.outbox WHERE id = :id", id=row)
    assert tuple(found) == ("suppressed", "too late to be of use")


def test_what_is_just_due_is_sent_though_quiet_hours_have_begun_a_moment_ago(quiet: Engine) -> None:
    run(quiet, "UPDATE school.outbox SET due_at = :due, next_attempt_at = :due", due=BEGIN - timedelta(minutes=2))

    assert sent(quiet, BEGIN + timedelta(minutes=3)) >= about(quiet, near=False)


def test_a_line_that_is_left_out_of_a_digest_wakes_nobody_for_the_others(quiet: Engine) -> None:
    near, row = min(about(quiet, near=True)), min(about(quiet, near=False))
    lines = "SELECT jsonb_agg(payload ORDER BY id) FROM school.outbox WHERE id IN (:near, :id)"
    digest = f"payload = jsonb_build_object('lines', ({lines}), 'sent_at_utc', payload ->> 'sent_at_utc')"
    run(quiet, f"UPDATE school.outbox SET event = 'digest', {digest} WHERE id = :id", near=near, id=row)  # noqa: S608, our own
    over = "UPDATE school.reschedule_cases SET state = 'expired', closed_at = :now"
    of_near = "WHERE id = (SELECT case_id FROM school.outbox WHERE id = :near)"
    run(quiet, f"{over} {of_near}", near=near, now=IN_THEM)
    run(quiet, "UPDATE school.outbox SET case_id = NULL WHERE id = :id", id=row)

    assert row not in sent(quiet, IN_THEM)
    assert row in sent(quiet, END)


def test_a_dead_letter_that_is_sent_again_in_the_night_wakes_nobody(quiet: Engine) -> None:
    far, near = about(quiet, near=False), about(quiet, near=True)

    def refuse(_: Message, __: HandOver) -> str:
        raise MessageRefusedError("no such user")

    drain(quiet, {"email": Channel(refuse, knows_keys=True)}, SETTINGS, now=lambda: BEGIN - timedelta(minutes=5))
    assert outbox.redrive(quiet, IN_THEM) >= len(far) + len(near)

    found = sent(quiet, IN_THEM)
    assert found >= near
    assert found.isdisjoint(far)
    assert sent(quiet, END) >= far
