"""Messages that are about to be sent, and the end of their reader's quiet hours: 22:00 to 07:00 here, UTC."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.domain.cases.evening_before import LessonStanding
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.delivery.quiet_wait import QuietWait
from flightsched_pipelines_tests.conftest import settings_for

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
EVENING = datetime(2026, 11, 10, 22, tzinfo=UTC)
"""The begin of the quiet hours."""

MORNING = EVENING + 9 * HOUR
IN_THEM = EVENING + 5 * MINUTE
BEFORE = EVENING - 2 * HOUR
"""The time at which a message was due that its channel has kept waiting."""

FAR, NEAR = EVENING + 3 * DAY, EVENING + 10 * HOUR


def lesson(starts: datetime) -> models.Lesson:
    """A lesson of 90 minutes."""
    return models.Lesson(
        booking_id=1, reference="B-1", school="Peninsula Flight Academy", airport="KPAO", time_zone="UTC",
        starts_at_utc=starts, ends_at_utc=starts + 1.5 * HOUR, student="A student", instructor=None, aircraft="N1",
    )  # fmt: skip


def period(starts: datetime) -> tuple[datetime, datetime]:
    """The start and end of such a lesson."""
    return starts, starts + 1.5 * HOUR


def notice(event: models.Event, starts: datetime, **more: Any) -> list[models.Notice]:
    """A message to a student."""
    return [
        models.Notice(
            event=event, case_id=1, role="student", name="A student", lesson=lesson(starts), sent_at_utc=BEFORE, **more
        )
    ]


def line(event: models.Event, starts: datetime, **more: Any) -> models.DigestLine:
    """A line of a digest."""
    return models.DigestLine(event=event, case_id=1, lesson=lesson(starts), **more)


def tomorrow(starts: datetime) -> list[models.EveningLine]:
    """A line of an evening before."""
    return [models.EveningLine(lesson=lesson(starts), standing=LessonStanding.STANDS)]


Parts = Sequence[models.Notice | models.DigestLine | models.EveningLine]


def quiet_until(
    parts: Parts, *, due: datetime = BEFORE, now: datetime = IN_THEM, expires: datetime | None = None,
    quiet: tuple[time, time] | None = (time(22), time(7)), evening: bool = False,
) -> datetime | None:  # fmt: skip
    """Return until when a message waits."""
    facts = [part.model_dump(mode="json") for part in parts]
    payload = {"evening": {"day": f"{date(2026, 11, 11)}", "lines": facts}} if evening else {"lines": facts}
    message = Message(
        1, "a key", "email", 1, None, "digest", "student", 1, payload, 0, False, due, expires, False, "a lease"
    )
    reader = Person(1, "student", "A student", "student@example.org", None, True, False, True, quiet, "UTC")
    return QuietWait(message, reader, settings_for()).end(parts=facts, now_utc=now)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(notice("opened", FAR, deadline_utc=MORNING + 3 * HOUR), id="there is time to answer"),
        pytest.param(notice("moved", FAR, moved_from_utc=period(FAR + DAY)), id="from far to far"),
        pytest.param(notice("moved", FAR, moved_from_utc=period(BEFORE - HOUR)), id="the time that it left is over"),
        pytest.param(notice("expired", FAR, deadline_utc=BEFORE), id="nothing to answer any more"),
        pytest.param(notice("opened", NEAR, deadline_utc=NEAR, standby=True), id="an offer of a freed slot"),
        pytest.param([line("cleared", BEFORE - HOUR), line("cleared", FAR)], id="the near lesson is over"),
    ],
)
def test_a_late_message_waits_for_the_morning(parts: Parts) -> None:
    assert quiet_until(parts) == MORNING


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(notice("cleared", NEAR), id="near"),
        pytest.param(notice("opened", FAR, deadline_utc=MORNING + HOUR), id="no time to answer in the morning"),
        pytest.param(notice("accepted", FAR, confirm_by_utc=MORNING), id="no time to confirm in the morning"),
        pytest.param([line("opened", FAR, deadline_utc=MORNING + HOUR)], id="no time to answer a digest's line"),
        pytest.param([line("cleared", FAR), line("opened", FAR, deadline_utc=MORNING)], id="nor one of its lines"),
        pytest.param(notice("moved", FAR, moved_from_utc=period(NEAR)), id="moved from tomorrow morning"),
        pytest.param(notice("changed", FAR, moved_from_utc=period(NEAR)), id="changed by the school"),
        pytest.param([line("moved", FAR, moved_from_utc=period(NEAR))], id="moved, in a digest"),
        pytest.param(notice("moved", NEAR, moved_from_utc=period(FAR), standby=True), id="moved to a freed slot"),
        pytest.param(notice("handed_over", NEAR, standby=True), id="another instructor's, for a freed slot"),
        pytest.param([line("cleared", NEAR), line("cleared", FAR)], id="one of two is near"),
    ],
)
def test_a_late_message_wakes_its_reader(parts: Parts) -> None:
    assert quiet_until(parts) is None


def test_what_would_come_after_the_lesson_or_after_its_use_is_sent_in_quiet_hours() -> None:
    long = time(22), time(12)

    assert quiet_until(notice("cleared", EVENING + 13 * HOUR), quiet=long) is None
    assert quiet_until(notice("cleared", EVENING + 15 * HOUR), quiet=long) == EVENING + 14 * HOUR
    assert quiet_until(notice("cleared", FAR), expires=MORNING) is None


def test_tomorrows_lessons_and_offered_slots_wait_though_they_end_before_the_morning() -> None:
    assert quiet_until(tomorrow(NEAR), evening=True, expires=MORNING - HOUR) == MORNING
    assert quiet_until(notice("opened", NEAR, standby=True), expires=MORNING - HOUR) == MORNING


def test_what_was_due_while_its_reader_was_awake_is_sent_if_it_is_not_late() -> None:
    assert quiet_until(notice("cleared", FAR), due=EVENING - 2 * MINUTE) is None
    assert quiet_until(notice("cleared", FAR), due=EVENING - 5 * MINUTE) == MORNING


def test_what_becomes_due_in_quiet_hours_waits_unless_it_is_near() -> None:
    assert quiet_until(notice("cleared", FAR), due=IN_THEM) == MORNING
    assert quiet_until(notice("cleared", NEAR), due=IN_THEM) is None


def test_nothing_waits_for_a_reader_who_is_awake() -> None:
    assert quiet_until(notice("cleared", FAR), quiet=None) is None
    assert quiet_until(notice("cleared", FAR), now=MORNING) is None
    assert quiet_until(tomorrow(NEAR), evening=True, now=EVENING - MINUTE) is None
