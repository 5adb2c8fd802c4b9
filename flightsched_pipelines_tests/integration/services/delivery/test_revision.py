"""Messages that have waited for the morning say what is so then: nobody reads what is not so any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines.services.responses import weather_hold
from flightsched_pipelines.services.responses.overdue import end_overdue
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    SETTINGS,
    all_ok,
    cases,
    nothing_assessed,
    one,
    place,
    rows,
    run,
    say,
    stored,
    tell,
)
from flightsched_pipelines_tests.integration.services.responses.test_missing_forecast import no_weather

MINUTE = timedelta(minutes=1)
NIGHT = SEED_HOUR + HOUR + 30 * MINUTE
"""In the hour after the first."""

MORNING = SEED_HOUR + 2 * HOUR + 30 * MINUTE
"""In the hour after that."""

TO_STUDENT = "SELECT status, attempts, due_at, last_error FROM school.outbox WHERE role = 'student' AND case_id = :id"


class Lesson(NamedTuple):
    """A case and its lesson's booking."""

    case_id: int
    booking_id: int


def a_lesson(engine: Engine) -> Lesson:
    """A lesson on hold, whose people have read of its case."""
    sent(engine, NIGHT - 25 * MINUTE)
    return Lesson(*cases(engine, where="c.instructor_id IS NOT NULL")[0])


def sent(engine: Engine, at: datetime = MORNING) -> list[Message]:
    """Deliver what waits; return what was sent to students and instructors."""
    found: list[Message] = []

    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        if message.role in {"student", "instructor"}:
            found.append(message)
        return "taken"

    drain(engine, {"email": Channel(send, knows_keys=True)}, SETTINGS, now=lambda: at)
    return found


def events_sent(engine: Engine, lesson: Lesson, at: datetime = MORNING) -> set[str]:
    """The events about a lesson of which a mail was sent."""
    return {
        message.event for message in sent(engine, at) if message.payload["lesson"]["booking_id"] == lesson.booking_id
    }


def order(engine: Engine, what: Any, lesson: Lesson) -> None:
    assert weather_hold.order(engine, f"order-{what}", what, str(lesson.booking_id), "Air show", "job", NIGHT).applied


def cleared(engine: Engine, lesson: Lesson) -> None:
    """An hour finds the lesson above the minimums, or any other."""
    tell(engine, 1, **all_ok(engine, lesson.booking_id))


def expired(engine: Engine, lesson: Lesson) -> None:
    """Nobody answers in time."""
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id"
    run(engine, soon, id=lesson.case_id, at=NIGHT - 10 * MINUTE)
    assert end_overdue(engine, NIGHT - 10 * MINUTE, SETTINGS)["expired"] == 1
    assert place(engine, lesson.booking_id)[0] == "weather_hold"


def school_cancels(engine: Engine, lesson: Lesson) -> None:
    cancel(engine, lesson)
    assert end_overdue(engine, NIGHT - 10 * MINUTE, SETTINGS)["cancelled"] == 1


def moved(engine: Engine, lesson: Lesson) -> None:
    """The student takes an alternative, and the instructor confirms it."""
    assert say(engine, lesson.case_id, "accept", NIGHT - 20 * MINUTE, number=1).applied
    assert say(engine, lesson.case_id, "confirm", NIGHT - 10 * MINUTE).applied


def kept(engine: Engine, lesson: Lesson) -> None:
    assert say(engine, lesson.case_id, "keep", NIGHT - 10 * MINUTE, reason="It will do.").applied


def cancel(engine: Engine, lesson: Lesson) -> None:
    run(engine, "UPDATE school.bookings SET status = 'cancelled' WHERE id = :id", id=lesson.booking_id)


def move_away(engine: Engine, lesson: Lesson) -> None:
    later = "tstzrange(lower(period) + interval '40 days', upper(period) + interval '40 days')"
    run(engine, f"UPDATE school.bookings SET period = {later} WHERE id = :id", id=lesson.booking_id)  # noqa: S608, our SQL


def below_again(engine: Engine, lesson: Lesson) -> None:
    broken = stored(engine, "at_risk_bookings")
    assert lesson.booking_id in set(broken["booking_id"])
    tell(engine, 2, at_risk_bookings=broken)


def unknown(engine: Engine, lesson: Lesson) -> None:
    broken = stored(engine, "at_risk_bookings").assign(verdict="unknown")
    assert lesson.booking_id in set(broken["booking_id"])
    tell(engine, 2, at_risk_bookings=broken)


def not_assessed(engine: Engine, lesson: Lesson) -> None:
    tell(engine, 2, **nothing_assessed(engine))
    assert place(engine, lesson.booking_id)[0] == "scheduled"


def above_still(engine: Engine, lesson: Lesson) -> None:
    tell(engine, 2, **all_ok(engine, lesson.booking_id))


def hold(engine: Engine, lesson: Lesson) -> None:
    order(engine, "hold", lesson)


def release(engine: Engine, lesson: Lesson) -> None:
    order(engine, "release", lesson)


def back(engine: Engine, lesson: Lesson) -> None:
    run(engine, "UPDATE school.bookings SET status = 'scheduled' WHERE id = :id", id=lesson.booking_id)


def nothing(engine: Engine, lesson: Lesson) -> None:
    """Let the night be quiet: the lesson is where it was."""
    assert place(engine, lesson.booking_id)


NIGHTS = {
    "cleared, nothing": (cleared, nothing, {"cleared"}),
    "cleared, above still": (cleared, above_still, {"cleared"}),
    "cleared, below again": (cleared, below_again, {"opened"}),
    "cleared, unknown": (cleared, unknown, set[str]()),
    "cleared, not assessed": (cleared, not_assessed, set[str]()),
    "cleared, held by a dispatcher": (cleared, hold, set[str]()),
    "cleared, cancelled": (cleared, cancel, set[str]()),
    "cleared, moved by the school": (cleared, move_away, set[str]()),
    "expired, nothing": (expired, nothing, {"expired"}),
    "expired, released": (expired, release, set[str]()),
    "expired, cancelled": (expired, cancel, set[str]()),
    "expired, moved by the school": (expired, move_away, set[str]()),
    "kept, nothing": (kept, nothing, {"kept"}),
    "kept, held by a dispatcher": (kept, hold, set[str]()),
    "kept, cancelled": (kept, cancel, set[str]()),
    "moved, nothing": (moved, nothing, {"moved"}),
    "moved, put on hold": (moved, hold, {"moved"}),
    "moved, cancelled": (moved, cancel, set[str]()),
    "cancelled, nothing": (school_cancels, nothing, {"cancelled"}),
    "cancelled, back in the schedule": (school_cancels, back, set[str]()),
}


@pytest.mark.parametrize(("evening", "night", "read"), NIGHTS.values(), ids=NIGHTS)
def test_in_the_morning_people_read_what_is_so_then(
    told_engine: Engine,
    evening: Callable[[Engine, Lesson], None],
    night: Callable[[Engine, Lesson], None],
    read: set[str],
) -> None:
    lesson = a_lesson(told_engine)
    run(told_engine, "UPDATE school.contact_preferences SET digest = instructor_id IS NOT NULL")
    evening(told_engine, lesson)
    night(told_engine, lesson)

    mails = sent(told_engine)

    digests = [mail.payload["lines"] for mail in mails if mail.event == "digest"]
    assert all(digests)
    for told in ([mail.payload for mail in mails if mail.event != "digest"], chain(*digests)):
        assert {part["event"] for part in told if part["lesson"]["booking_id"] == lesson.booking_id} == read


def test_a_better_forecast_is_told_once_an_hour_bears_it_out_again_and_is_not_late(told_engine: Engine) -> None:
    lesson = a_lesson(told_engine)
    cleared(told_engine, lesson)
    unknown(told_engine, lesson)

    assert "cleared" not in events_sent(told_engine, lesson)
    [waiting] = rows(told_engine, f"{TO_STUDENT} AND event = 'cleared'", id=lesson.case_id)
    assert (waiting.status, waiting.attempts, waiting.due_at > MORNING) == ("waiting", 0, True)
    tell(told_engine, 3, **all_ok(told_engine, lesson.booking_id))
    assert "cleared" in events_sent(told_engine, lesson, MORNING + HOUR)


def test_a_better_forecast_of_an_hour_that_is_too_old_is_not_told(told_engine: Engine) -> None:
    lesson = a_lesson(told_engine)
    cleared(told_engine, lesson)

    oldest = SEED_HOUR + HOUR + timedelta(hours=SETTINGS.dispatch_max_age_hours)
    assert events_sent(told_engine, lesson, oldest + MINUTE) == set()


def test_alternatives_that_waited_are_described_by_the_newest_forecast(told_engine: Engine) -> None:
    with_margin = "c.id IN (SELECT case_id FROM school.case_offers WHERE reason LIKE '%to spare%')"
    case_id, _ = cases(told_engine, where=with_margin)[0]
    no_weather(told_engine)

    mails = [mail for mail in sent(told_engine, NIGHT) if mail.case_id == case_id]

    told = [offer["reason"] for mail in mails for offer in mail.payload["offers"]]
    assert len(told) >= 3
    assert not [reason for reason in told if "to spare" in reason or "above the school's minimums" in reason]
    assert any("missing at present" in reason for reason in told)


def test_an_alternative_that_is_not_on_offer_any_more_is_not_stated(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    gone = "UPDATE school.case_offers SET withdrawn_hour = :hour WHERE case_id = :id AND number = 2"
    run(told_engine, gone, id=case_id, hour=SEED_HOUR)

    mails = [mail for mail in sent(told_engine, NIGHT) if mail.case_id == case_id]

    assert mails
    for mail in mails:
        numbers = [offer["number"] for offer in mail.payload["offers"]]
        assert numbers == [number for number in range(1, max(numbers) + 1) if number != 2]


def test_in_their_own_hour_alternatives_keep_their_words(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    stated = "SELECT reason FROM school.case_offers WHERE case_id = :id ORDER BY number"

    mails = [mail for mail in sent(told_engine, SEED_HOUR + 20 * MINUTE) if mail.case_id == case_id]

    assert mails
    for mail in mails:
        assert [offer["reason"] for offer in mail.payload["offers"]] == [
            row.reason for row in rows(told_engine, stated, id=case_id)
        ]


def test_a_message_that_cannot_be_brought_up_to_date_keeps_no_other_from_its_reader(told_engine: Engine) -> None:
    broken, other = (Lesson(*pair) for pair in cases(told_engine)[:2])
    run(told_engine, "UPDATE school.outbox SET payload = payload - 'lesson' WHERE case_id = :id", id=broken.case_id)

    assert events_sent(told_engine, other) == {"opened"}

    [row] = rows(told_engine, TO_STUDENT, id=broken.case_id)
    assert (row.status, row.attempts) == ("waiting", 1)
    assert row.last_error == "KeyError while the message was brought up to date"


def two_of_one_instructor(engine: Engine) -> tuple[Lesson, Lesson]:
    """Two lessons of one instructor, whose people have read of their cases, and who gets digests from now on."""
    of_one = (
        "SELECT id, booking_id FROM school.reschedule_cases WHERE instructor_id = (SELECT instructor_id "
        "FROM school.reschedule_cases GROUP BY instructor_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1) ORDER BY id"
    )
    first, second = rows(engine, of_one)[:2]
    sent(engine, NIGHT - 25 * MINUTE)
    run(engine, "UPDATE school.contact_preferences SET digest = instructor_id IS NOT NULL")
    return Lesson(*first), Lesson(*second)


def lines_sent(engine: Engine, at: datetime = MORNING) -> list[tuple[str, int]]:
    """The event and the case of each line of the digests that go out."""
    digests = [mail.payload["lines"] for mail in sent(engine, at) if mail.event == "digest"]
    assert all(digests)
    return [(line["event"], line["case_id"]) for line in chain(*digests)]


def test_of_a_digest_only_what_is_not_so_any_more_is_left_out(told_engine: Engine) -> None:
    first, second = two_of_one_instructor(told_engine)
    soon = "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id IN (:first, :second)"
    run(told_engine, soon, at=NIGHT - 10 * MINUTE, first=first.case_id, second=second.case_id)
    end_overdue(told_engine, NIGHT - 10 * MINUTE, SETTINGS)
    cancel(told_engine, first)

    told = lines_sent(told_engine)

    assert ("expired", second.case_id) in told
    assert first.case_id not in {case_id for _, case_id in told}


def test_what_nothing_bears_out_waits_in_a_digest_of_its_own_and_the_rest_goes_out(told_engine: Engine) -> None:
    first, second = two_of_one_instructor(told_engine)
    tell(told_engine, 1, **all_ok(told_engine, first.booking_id, second.booking_id))
    broken = stored(told_engine, "at_risk_bookings").query("booking_id == @first.booking_id")
    verdicts = pd.DataFrame({"booking_id": [*first[1:], *second[1:]], "verdict": ["unknown", "ok"]})
    tell(told_engine, 2, at_risk_bookings=broken.assign(verdict="unknown"), lesson_verdicts=verdicts)

    assert [line for line in lines_sent(told_engine) if line[1] in {first.case_id, second.case_id}] == [
        ("cleared", second.case_id)
    ]
    assert lines_sent(told_engine, MORNING + 15 * MINUTE) == []
    ends = "SELECT max(upper(period)) FROM school.bookings WHERE id = :id"
    [apart] = rows(told_engine, "SELECT expires_at FROM school.outbox WHERE status = 'waiting' AND event = 'digest'")
    assert apart.expires_at == one(told_engine, ends, id=first.booking_id)
    tell(told_engine, 3, **all_ok(told_engine, first.booking_id, second.booking_id))
    assert lines_sent(told_engine, MORNING + HOUR) == [("cleared", first.case_id)]
    assert lines_sent(told_engine, MORNING + 2 * HOUR) == []


def test_what_waits_for_a_verdict_does_not_come_in_the_night(told_engine: Engine) -> None:
    far = "b.period >> tstzrange(NULL, :soon)".replace(":soon", f"'{MORNING + 24 * HOUR}'")
    lesson = Lesson(*cases(told_engine, where=far)[0])
    sent(told_engine, NIGHT - 25 * MINUTE)
    cleared(told_engine, lesson)
    unknown(told_engine, lesson)
    quiet = "UPDATE school.contact_preferences SET quiet_from = :begin, quiet_to = :end, time_zone = 'UTC'"
    begin, end = MORNING + 5 * MINUTE, MORNING + 8 * HOUR
    run(told_engine, quiet, begin=begin.time(), end=end.time())

    assert events_sent(told_engine, lesson) == set()

    [waiting] = rows(told_engine, f"{TO_STUDENT} AND event = 'cleared'", id=lesson.case_id)
    assert waiting.due_at == end
