"""A lesson that the school gives to another student ends its case: that one was never asked, and the first hears so."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.queries.live.live_events import Audience
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.messages import calendar, sms
from flightsched_pipelines.messages.email import render_digest, render_notice
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines.services.live import stream
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.responses.overdue import count_to_end, end_overdue
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import (
    SETTINGS,
    cases,
    events,
    held,
    one,
    place,
    rows,
    run,
    say,
    state,
    tell,
)

MINUTE = timedelta(minutes=1)
SOON = SEED_HOUR + 20 * MINUTE

GIVE = """
UPDATE school.bookings b SET student_id = (
    SELECT max(s.id) FROM school.students s, school.students first
    WHERE first.id = b.student_id AND s.school_id = b.school_id AND s.training_level = first.training_level
    AND s.id <> b.student_id AND NOT EXISTS (SELECT FROM school.bookings o WHERE o.student_id = s.id
    AND o.period && tstzrange(lower(b.period) - interval '3 hours', upper(b.period) + interval '3 hours')))
WHERE b.id = :id
"""

LATER = """
UPDATE school.bookings SET period = tstzrange(lower(period) + interval '60 days', upper(period) + interval '60 days')
WHERE id = :id
"""

MAILS = (
    "SELECT role, person_id, event, payload FROM school.outbox WHERE case_id = :id AND channel = 'email' "
    "AND role IN ('student', 'instructor') AND id > :after ORDER BY role DESC"
)


def student_of(engine: Engine, booking_id: int) -> int:
    return one(engine, "SELECT student_id FROM school.bookings WHERE id = :id", id=booking_id)


def name_of(engine: Engine, student_id: int) -> str:
    return one(engine, "SELECT name FROM school.students WHERE id = :id", id=student_id)


def give_away(engine: Engine, booking_id: int) -> tuple[int, int]:
    """Give a lesson to another student, when all have read of it; return who had it and who has it."""
    run(engine, "UPDATE school.outbox SET status = 'sent', settled_at = now() WHERE status = 'waiting'")
    first = student_of(engine, booking_id)
    run(engine, GIVE, id=booking_id)
    return first, student_of(engine, booking_id)


def last_mail(engine: Engine) -> int:
    return one(engine, "SELECT max(id) FROM school.outbox")


def iso(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def dual(engine: Engine) -> tuple[int, int]:
    wanted = "NOT EXISTS (SELECT FROM school.contact_preferences p WHERE p.digest AND p.student_id = b.student_id)"
    return cases(engine, where=wanted)[0]


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("by_an_hour", [False, True])
def test_its_case_ends_the_first_student_is_told_and_the_new_one_never_reads_that_nobody_answered(
    told_engine: Engine, accepted: bool, by_an_hour: bool
) -> None:
    case_id, booking_id = dual(told_engine)
    deadline: datetime = one(told_engine, "SELECT deadline_utc FROM school.reschedule_cases WHERE id = :id", id=case_id)
    if accepted:
        assert say(told_engine, case_id, "accept", number=1).applied
    first, new = give_away(told_engine, booking_id)
    before = last_mail(told_engine)

    if by_an_hour:
        tell(told_engine, 1)
    else:
        assert count_to_end(told_engine, SOON) == 1
        assert deadlines.process_deadlines(told_engine, SOON, SETTINGS)["cases changed"] == 1
        assert count_to_end(told_engine, SOON) == 0
    end_overdue(told_engine, deadline, SETTINGS)

    assert (state(told_engine, case_id), events(told_engine, case_id)[-1]) == ("cancelled", "changed")
    assert (place(told_engine, booking_id)[0], held(told_engine, booking_id)) == ("scheduled", 0)
    told = rows(told_engine, MAILS, id=case_id, after=before)
    assert [mail.event for mail in told] == ["changed"] * 2
    assert [mail.person_id for mail in told if mail.role == "student"] == [first]
    notice = Notice.model_validate(told[0].payload)
    mail = render_notice(notice)
    assert "given this lesson to another student" in mail.text
    assert "given to another student by the school" in mail.subject
    assert notice.case_url is None
    assert "given to another student" in sms.sms_text(notice)
    _, method = calendar.entry(notice, organizer="s@example.com", attendee="a@example.com", base_uid_domain="x.org")
    assert method == "CANCEL"
    for words in (mail.text, mail.html, notice.model_dump_json()):
        assert name_of(told_engine, new) not in words
    of_instructor = Notice.model_validate(told[1].payload)
    assert (of_instructor.given_away, of_instructor.lesson.student) == (False, name_of(told_engine, new))


def test_a_student_who_wants_digests_reads_it_in_one_line(told_engine: Engine) -> None:
    case_id, booking_id = dual(told_engine)
    run(
        told_engine,
        "INSERT INTO school.contact_preferences (student_id, digest) VALUES (:id, true) "
        "ON CONFLICT (student_id) DO UPDATE SET digest = true",
        id=student_of(told_engine, booking_id),
    )
    first, new = give_away(told_engine, booking_id)
    before = last_mail(told_engine)

    end_overdue(told_engine, SOON, SETTINGS)

    query = "SELECT payload FROM school.outbox WHERE event = 'digest' AND id > :after AND role = 'student' "
    [digest] = rows(told_engine, query + "AND person_id = :id", after=before, id=first)
    text = render_digest(Digest.model_validate(digest.payload)).text
    assert "Given to another student by the school" in text
    assert name_of(told_engine, new) not in text
    assert case_id == digest.payload["lines"][0]["case_id"]


def test_an_event_of_the_first_student_is_of_the_lesson_as_it_was_and_the_others_of_the_lesson_as_it_is(
    told_engine: Engine,
) -> None:
    case_id, booking_id = dual(told_engine)
    before = "SELECT lower(period) AS at, instructor_id, school_id FROM school.bookings WHERE id = :id"
    [was] = rows(told_engine, before, id=booking_id)
    first, new = give_away(told_engine, booking_id)
    run(told_engine, LATER, id=booking_id)
    last = stream.last_position(told_engine)

    end_overdue(told_engine, SOON, SETTINGS)

    found = [event for event in stream.newer_events(told_engine, last) if event.payload["case_id"] == case_id]
    said = {tuple(event.people): event.payload for event in found}
    assert set(said) == {(f"instructor-{was.instructor_id}",), (f"student-{first}",)}
    now, then = said[f"instructor-{was.instructor_id}",], said[f"student-{first}",]
    assert (now["event"], now["starts_at_utc"]) == ("changed", iso(was.at + timedelta(days=60)))
    assert now["moved_from"]["starts_at_utc"] == iso(was.at)
    assert (then["event"], then["starts_at_utc"], then["moved_from"]) == ("given_away", iso(was.at), None)
    for person in (first, new):
        own = Audience(was.school_id, f"student-{person}")
        heard = [event.payload["event"] for event in found if event.is_for(own)]
        assert heard == (["given_away"] if person == first else [])


@pytest.mark.parametrize("action", ["accept", "confirm", "keep"])
def test_a_response_is_refused_before_the_case_has_ended(told_engine: Engine, action: str) -> None:
    case_id, booking_id = dual(told_engine)
    if action == "confirm":
        assert say(told_engine, case_id, "accept", number=1).applied
    was = place(told_engine, booking_id)
    give_away(told_engine, booking_id)

    refused = say(told_engine, case_id, action, number=1 if action == "accept" else None, reason="It will do.")

    assert (refused.outcome, refused.sentence) == (
        "changed", "the school has changed the lesson since; nothing was changed."
    )  # fmt: skip
    assert place(told_engine, booking_id) == was


def test_the_new_student_has_a_case_of_their_own_at_the_hour_that_assessed_the_lesson_for_them(
    told_engine: Engine,
) -> None:
    case_id, booking_id = dual(told_engine)
    _, new = give_away(told_engine, booking_id)
    end_overdue(told_engine, SOON, SETTINGS)
    tell(told_engine, 1)
    assert case_id == one(
        told_engine, "SELECT max(id) FROM school.reschedule_cases WHERE booking_id = :id", id=booking_id
    ), "that hour judged it for the first"
    run(
        told_engine,
        "UPDATE pipeline.booking_snapshot SET student_id = :new WHERE booking_id = :id",
        new=new, id=booking_id,
    )  # fmt: skip

    tell_again = tell(told_engine, 2)

    assert tell_again.steps["opened"] == 1
    [own] = rows(
        told_engine, "SELECT id, student_id FROM school.reschedule_cases WHERE booking_id = :id AND id > :case",
        id=booking_id, case=case_id,
    )  # fmt: skip
    assert own.student_id == new
    opened = "SELECT person_id FROM school.outbox WHERE case_id = :id AND role = 'student' AND channel = 'email'"
    assert one(told_engine, opened, id=own.id) == new


def test_what_waited_for_the_first_student_is_not_sent_as_if_the_lesson_were_theirs(told_engine: Engine) -> None:
    case_id, booking_id = dual(told_engine)
    run(told_engine, GIVE, id=booking_id)
    sent: list[Message] = []

    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        sent.append(message)
        return "taken"

    drain(told_engine, {"email": Channel(send, knows_keys=True)}, SETTINGS, now=lambda: SOON + 10 * 60 * MINUTE)

    assert sent
    assert case_id not in {message.case_id for message in sent if message.role in {"student", "instructor"}}
    why = "SELECT DISTINCT last_error FROM school.outbox WHERE case_id = :id AND role = 'student' AND channel = 'email'"
    assert "the lesson is another student's now" in one(told_engine, why, id=case_id)


def test_what_an_instructor_kept_for_one_student_is_not_kept_for_another(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine, where="c.instructor_id IS NOT NULL")[0]
    assert say(told_engine, case_id, "keep", reason="It will do.").applied
    assert tell(told_engine, 1).unchanged["kept by the instructor"] == 1
    _, new = give_away(told_engine, booking_id)
    snapshot = "UPDATE pipeline.booking_snapshot SET student_id = :new WHERE booking_id = :id"
    run(told_engine, snapshot, new=new, id=booking_id)

    result = tell(told_engine, 2)

    assert (result.steps["opened"], result.unchanged.get("kept by the instructor")) == (1, None)


def test_cases_of_an_older_release_are_their_lessons_students(told_engine: Engine) -> None:
    case_id, booking_id = dual(told_engine)
    migrations.downgrade(told_engine, "0062")
    migrations.upgrade(told_engine)
    assert one(told_engine, "SELECT student_id FROM school.reschedule_cases WHERE id = :id", id=case_id) == student_of(
        told_engine, booking_id
    )
    run(told_engine, "UPDATE school.reschedule_cases SET student_id = NULL")
    run(told_engine, GIVE, id=booking_id)
    assert count_to_end(told_engine, SOON) == 0, "what an older process opened meanwhile is nobody else's"
