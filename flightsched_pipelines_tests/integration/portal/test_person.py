"""A person's own page: what waits, the lessons with their verdict, and nothing of anybody else's."""

import re
from datetime import timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, case_of, link, person, words
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    SETTINGS,
    cases,
    one,
    place,
    rows,
    run,
    say,
    state,
)

EARLIER = """
INSERT INTO pipeline.{table}
SELECT (jsonb_populate_record(t, jsonb_build_object('partition_hour', t.partition_hour - :hours * interval '1 h'))).*
FROM pipeline.{table} t WHERE booking_id = :id AND partition_hour = :seed
"""
"""The rows of a lesson as some hours before had them."""


def own(reader: Person) -> str:
    """Return the path of a person's page."""
    url = person_url(SETTINGS, reader, LATER)
    assert url is not None
    return url.removeprefix("https://flights.example.com")


def button(html: str, case_id: int, engine: Engine) -> str:
    """Return the link of a case on a page."""
    reference = _reference(engine, case_id)
    cards = [card for card in html.split('<li class="card">') if f">: {reference}</span>" in card]
    assert len(cards) == 1, "it is listed once"
    found = re.search(r'href="https://flights.example.com(/respond/[^"]+)"', cards[0])
    assert found is not None
    return found[1]


def test_from_the_list_to_the_moved_booking(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")

    page = visitor.get(own(student)).text
    assert "Choose a time" in words(page)
    visitor.press(button(page, case_id, told_engine), "accept", number=1)

    assert "Waiting for an instructor" in words(visitor.get(own(student)).text)
    instructor = person(told_engine, case_id, "instructor")
    page = visitor.get(own(instructor)).text
    assert "Confirm or decline" in words(page)
    visitor.press(button(page, case_id, told_engine), "confirm")

    assert state(told_engine, case_id) == "rescheduled"
    assert place(told_engine, booking_id)[0] == "scheduled"


def test_a_release_is_listed_for_the_instructor_who_is_asked_alone(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine, solo=True)[0]
    say(told_engine, case_id, "accept", number=1)
    case = case_of(told_engine, case_id)
    assert case.hold is not None
    asked = case.confirmer_of(case.hold.slot)
    with told_engine.connect() as connection:
        teachers = contacts.named_in(connection, [case.booking_id]).instructors
    visitor = Visitor(told_engine)
    pages = {key: visitor.get(own(teacher)).text for key, teacher in teachers.items()}

    reference = _reference(told_engine, case_id)

    listed = [key for key, page in pages.items() if reference in page.partition("Lessons</h2>")[0]]
    assert listed == [asked]


def test_lessons_have_the_stored_verdict_only_where_they_are_now(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")
    reference = _reference(told_engine, case_id)

    def verdict() -> str:
        card = visitor.get(own(student)).text.partition("Lessons</h2>")[2].partition(f"{reference},")[2]
        return card.partition("</li>")[0]

    assert "below the school&#39;s minimums. On weather hold" in verdict()
    visitor.clock.at = LATER + timedelta(hours=6)
    assert "Not compared with a forecast yet" in verdict(), "no hour has come in for too long"
    visitor.clock.at = LATER
    run(
        told_engine,
        "UPDATE school.bookings SET aircraft_id = (SELECT id FROM school.aircraft a WHERE a.school_id ="
        " bookings.school_id AND a.id <> bookings.aircraft_id AND NOT EXISTS (SELECT 1 FROM school.bookings o"
        " WHERE o.aircraft_id = a.id AND o.period && bookings.period) LIMIT 1) WHERE id = :id",
        id=booking_id,
    )
    assert "Not compared with a forecast yet" in verdict(), "the verdict was about another aircraft"


def test_a_lesson_has_the_trend_of_its_verdict_as_it_is_now(told_engine: Engine) -> None:
    school = "SELECT school_id FROM school.bookings WHERE id = :id"
    case_id, booking_id = next(found for found in cases(told_engine) if one(told_engine, school, id=found[1]) == 1)
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")
    for hours, verdict in ((2, "watch"), (1, "watch"), (7, "ok")):
        at = {"hours": hours, "id": booking_id, "seed": SEED_HOUR}
        run(told_engine, EARLIER.format(table="booking_snapshot"), **at)
        run(told_engine, EARLIER.format(table="lesson_verdicts"), **at)
        changed = "UPDATE pipeline.lesson_verdicts SET verdict = :now WHERE booking_id = :id AND partition_hour = :hour"
        run(told_engine, changed, now=verdict, id=booking_id, hour=SEED_HOUR - timedelta(hours=hours))

    page = words(visitor.get(own(student)).text)
    assert "Worse since Tue 10 Nov 06:00 PST: to watch before." in page
    assert "W 04:00 to watch W 05:00 to watch B 06:00 below the minimums" in page

    moved = (
        "UPDATE pipeline.booking_snapshot SET ends_at_utc = ends_at_utc + interval '1 h' WHERE partition_hour = :hour"
    )
    run(told_engine, moved, hour=SEED_HOUR - timedelta(hours=1))
    assert "W 04:00 to watch B 06:00 below the minimums" in words(visitor.get(own(student)).text)


def test_nobody_elses_lessons_are_on_a_page(told_engine: Engine) -> None:
    visitor = Visitor(told_engine)
    students = [person(told_engine, case_id, "student") for case_id, _ in cases(told_engine)[:6]]
    names = [name for (name,) in rows(told_engine, "SELECT name FROM school.students")]
    references = {
        student.person_id: {
            row[0]
            for row in rows(
                told_engine, "SELECT reference FROM school.bookings WHERE student_id = :id", id=student.person_id
            )
        }
        for student in students
    }

    for student in students:
        html = visitor.get(own(student)).text
        assert {name for name in names if name in html} == {student.name}
        assert set(re.findall(r"\b(?:PAO|APA)-\d+\b", html)) <= references[student.person_id]


def test_a_link_to_a_page_opens_no_case_and_the_other_way_round(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor = Visitor(told_engine)
    mine, response = own(person(told_engine, case_id, "student")), link(told_engine, case_id)

    assert visitor.get(mine.replace("/me/", "/respond/")).status_code == 404
    assert visitor.get(response.replace("/respond/", "/me/")).status_code == 404
    visitor.clock.at = LATER + timedelta(days=SETTINGS.link_days, minutes=1)
    assert visitor.get(mine).status_code == 410


def test_whoever_is_unknown_has_no_page(told_engine: Engine) -> None:
    stranger = Person(10**9, "student", "X", "x@example.com", None, True, False, False, None, "UTC")

    unknown = Visitor(told_engine).get(own(stranger))

    assert unknown.status_code == 404
    assert "This link does not work" in words(unknown.text)


def test_whoever_has_left_the_school_has_no_page(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")
    mine, response = own(student), link(told_engine, case_id)
    forms = visitor.form(mine, "contact"), visitor.form(response, "accept", number=1)
    run(told_engine, "UPDATE school.students SET ended_at = :at WHERE id = :id", at=LATER, id=student.person_id)

    assert [visitor.get(path).status_code for path in (mine, response)] == [404, 404]
    assert visitor.send(mine, {**forms[0], "digest": "yes"}).status_code == 404
    assert not contact(told_engine, student.person_id)[2]
    assert visitor.send(response, forms[1]).status_code == 404
    assert state(told_engine, case_id) == "proposed"


def test_a_mail_leads_to_the_page_of_its_reader(told_engine: Engine) -> None:
    told = "SELECT payload ->> 'person_url' FROM school.outbox WHERE channel = 'email' AND event = 'opened' LIMIT 1"
    assert one(told_engine, told).startswith("http://127.0.0.1:3002/me/"), "with nothing set, this machine's"


def _reference(engine: Engine, case_id: int) -> str:
    query = (
        "SELECT reference FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id WHERE c.id = :id"
    )
    return one(engine, query, id=case_id)


def contact(engine: Engine, student_id: int) -> tuple[object, ...]:
    """Return how a student is notified."""
    query = (
        "SELECT email, sms, digest, quiet_from::text, quiet_to::text, time_zone FROM school.contact_preferences "
        "WHERE student_id = :id"
    )
    return tuple(rows(engine, query, id=student_id)[0])


def test_channels_and_quiet_hours_are_changed_and_the_change_is_on_record(told_engine: Engine) -> None:
    student = person(told_engine, cases(told_engine)[0][0], "student")
    zone = "UPDATE school.contact_preferences SET time_zone = 'America/Denver' WHERE student_id = :id"
    run(told_engine, zone, id=student.person_id)
    visitor, mine = Visitor(told_engine), own(student)

    after = visitor.press(mine, "contact", email="yes", digest="yes", quiet_from="21:30", quiet_to="06:00")

    assert "Your channels and quiet hours are saved." in words(after.text)
    stored = (True, False, True, "21:30:00", "06:00:00", "America/Denver")
    assert contact(told_engine, student.person_id) == stored
    assert 'value="21:30"' in after.text
    visitor.press(mine, "contact", email="yes", digest="yes", quiet_from="21:30", quiet_to="06:00")
    record = "SELECT student_id, kind, before ->> 'digest', after ->> 'digest' FROM school.settings_changes"
    assert rows(told_engine, record) == [(student.person_id, "contact", "false", "true")], (
        "the same again changes nothing"
    )
    visitor.press(mine, "contact", email="yes", quiet_from="", quiet_to="")
    assert contact(told_engine, student.person_id)[2:5] == (False, None, None)


def test_preferences_are_changed_and_the_preferred_instructor_stays(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    student, teacher = person(told_engine, case_id, "student"), person(told_engine, case_id, "instructor")
    run(told_engine, "DELETE FROM school.student_preferences WHERE student_id = :id", id=student.person_id)
    prefers = "INSERT INTO school.student_preferences (student_id, instructor_id) VALUES (:id, :teacher)"
    run(told_engine, prefers, id=student.person_id, teacher=teacher.person_id)
    visitor, mine = Visitor(told_engine), own(student)

    after = visitor.press(
        mine, "preferences", days=["sat", "sun"], parts=["morning"], latest="2026-12-24", notice="24",
        note="Checkride on Christmas Eve.\r\nThanks",
    )  # fmt: skip

    assert "Your preferences are saved." in words(after.text)
    assert ">Checkride on Christmas Eve.\nThanks</textarea>" in after.text, "it can be changed without loss"
    query = (
        "SELECT days, parts_of_day, latest_date::text, notice_hours, note, instructor_id "
        "FROM school.student_preferences WHERE student_id = :id"
    )
    assert rows(told_engine, query, id=student.person_id) == [
        (["sat", "sun"], ["morning"], "2026-12-24", 24, "Checkride on Christmas Eve.\nThanks", teacher.person_id)
    ]
    assert one(told_engine, "SELECT count(*) FROM school.settings_changes WHERE kind = 'preferences'") == 1


BAD = (
    ("contact", {"quiet_from": "22:00"}, "only one end"),
    ("contact", {"quiet_from": "22:00", "quiet_to": "22:00"}, "same time"),
    ("contact", {"quiet_from": "25:00", "quiet_to": "07:00"}, "is not a time"),
    ("contact", {"sms": "yes"}, "no phone number"),
    ("preferences", {"days": "someday"}, "unknown"),
    ("preferences", {"notice": "337"}, "between 0 and 336 hours; got 337"),
    ("preferences", {"notice": "-1"}, "not a number of hours"),
    ("preferences", {"latest": "2026-02-30"}, "is not a date"),
    ("preferences", {"latest": "9999-01-01"}, "is not between"),
    ("preferences", {"note": "x" * 501}, "501 characters"),
    ("preferences", {"note": "nul\x00"}, "NUL"),
    ("everything", {}, "nothing that can be done"),
)


def test_settings_that_cannot_be_are_refused_and_what_was_typed_is_kept(told_engine: Engine) -> None:
    student = person(told_engine, cases(told_engine)[0][0], "student")
    run(told_engine, "UPDATE school.students SET phone = NULL WHERE id = :id", id=student.person_id)
    visitor, mine = Visitor(told_engine), own(student)
    before = contact(told_engine, student.person_id)

    for action, fields, why in BAD:
        form = visitor.form(mine, "contact")
        answer = visitor.send(mine, {**form, "action": action, "note": "kept", **fields})
        assert (answer.status_code, why in words(answer.text)) == (422, True), (action, fields)
        assert action != "preferences" or "note" in fields or ">kept</textarea>" in answer.text
    assert contact(told_engine, student.person_id) == before
    assert one(told_engine, "SELECT count(*) FROM school.settings_changes") == 0


def test_instructors_have_channels_and_no_preferences(told_engine: Engine) -> None:
    instructor = person(told_engine, cases(told_engine)[0][0], "instructor")
    visitor, mine = Visitor(told_engine), own(instructor)
    form = visitor.form(mine, "contact")

    assert "When lessons suit you" not in visitor.get(mine).text
    refused = visitor.send(mine, {**form, "action": "preferences", "days": "mon"})
    assert (refused.status_code, "only students" in words(refused.text).lower()) == (422, True)
    saved = visitor.press(mine, "contact", email="yes", quiet_from="20:00", quiet_to="08:00")
    assert "are saved" in words(saved.text)
    query = "SELECT quiet_from::text FROM school.contact_preferences WHERE instructor_id = :id"
    assert one(told_engine, query, id=instructor.person_id) == "20:00:00"
