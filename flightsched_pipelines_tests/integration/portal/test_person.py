"""A person's own page: what waits, the lessons with their verdict, and nothing of anybody else's."""

import re
from datetime import timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.services.notifications.links import person_url
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
        teachers = contacts.instructors(connection, schools={case.school_id})
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


def test_a_mail_leads_to_the_page_of_its_reader(told_engine: Engine) -> None:
    told = "SELECT payload ->> 'person_url' FROM school.outbox WHERE channel = 'email' AND event = 'opened' LIMIT 1"
    assert one(told_engine, told).startswith("http://127.0.0.1:3002/me/"), "with nothing set, this machine's"


def _reference(engine: Engine, case_id: int) -> str:
    query = (
        "SELECT reference FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id WHERE c.id = :id"
    )
    return one(engine, query, id=case_id)
