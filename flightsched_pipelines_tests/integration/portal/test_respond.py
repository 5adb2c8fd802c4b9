"""A person opens the link of a message and responds: from the page to the moved booking, and every other status."""

import re
from datetime import timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.person_lessons import open_cases_of
from flightsched_pipelines.services.notifications.links import response_url
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, forms_of, link, person, words
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    SETTINGS,
    cases,
    events,
    held,
    offer,
    one,
    place,
    run,
    say,
    state,
)
from flightsched_pipelines_tests.integration.services.responses.test_given_away import give_away

MINUTE = timedelta(minutes=1)


def test_a_student_takes_a_time_an_instructor_confirms_and_the_booking_moves(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    chosen, visitor = offer(told_engine, case_id, 2), Visitor(told_engine)
    mine = link(told_engine, case_id, "student", 2)

    page = words(visitor.get(mine).text)
    assert "Choose another time for your lesson" in page
    assert "below the school's minimums" in page
    assert "Please answer by" in page
    assert state(told_engine, case_id) == "proposed", "to open a page changes nothing"

    after = visitor.press(mine, "accept", number=2)

    assert after.status_code == 200
    page = words(after.text)
    assert "Done. Alternative 2" in page
    assert f"Reference {case_id}-" in page
    assert "Your choice is held" in page
    assert "Take my choice back" in page
    assert held(told_engine, booking_id) == 1

    theirs = link(told_engine, case_id, "instructor")
    assert "A new time to confirm" in words(visitor.get(theirs).text)
    after = visitor.press(theirs, "confirm")

    assert "Done. The lesson has moved" in words(after.text)
    assert place(told_engine, booking_id) == ("scheduled", *chosen)
    assert "This lesson has moved" in words(visitor.get(mine).text)
    door = "SELECT DISTINCT entry_point FROM school.responses WHERE case_id = :id"
    assert one(told_engine, door.replace("entry_point", "door"), id=case_id) == "page"


def test_a_form_that_is_sent_twice_is_applied_once(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)

    pages = [words(visitor.send(mine, form).text) for _ in range(3)]

    assert pages[0] == pages[1] == pages[2]
    assert held(told_engine, booking_id) == 1
    assert events(told_engine, case_id) == ["opened", "accepted"]


def test_a_choice_is_taken_back_within_five_minutes(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    visitor.press(mine, "accept", number=1)
    visitor.clock.at = LATER + 4 * MINUTE

    after = words(visitor.press(mine, "withdraw").text)

    assert "Done. The slot" in after
    assert "Choose another time" in after
    assert held(told_engine, booking_id) == 0
    visitor.press(mine, "accept", number=1)
    visitor.clock.at = LATER + 10 * MINUTE
    assert "Take my choice back" not in words(visitor.get(mine).text)


def test_none_suits_with_days_and_parts_of_the_day(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    before = [offer(told_engine, case_id, number) for number in (1, 2, 3)]

    after = visitor.press(mine, "none_suit", days=["mon", "tue", "wed", "thu", "fri"], parts=["morning", "afternoon"])

    page = words(after.text)
    assert "Done." in page
    said = "SELECT outcome FROM school.responses WHERE case_id = :id"
    assert one(told_engine, said, id=case_id) == "applied"
    if state(told_engine, case_id) == "proposed":
        assert offer(told_engine, case_id, 1) not in before


def test_an_instructor_keeps_the_lesson_with_a_reason(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, theirs = Visitor(told_engine), link(told_engine, case_id, "instructor")
    assert "Your student has not chosen yet" in words(visitor.get(theirs).text)

    refused = words(visitor.press(theirs, "keep", reason="  ").text)
    assert "Not done." in refused
    assert re.search(r"reason is required|needs a reason", refused)

    after = words(visitor.press(theirs, "keep", reason="The fog lifts by nine.").text)

    assert "This lesson stays as booked" in after
    assert (state(told_engine, case_id), place(told_engine, booking_id)[0]) == ("kept", "scheduled")


def test_an_instructor_declines_and_the_student_is_offered_what_is_left(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    visitor.press(mine, "accept", number=1)

    after = words(visitor.press(link(told_engine, case_id, "instructor"), "decline").text)

    assert "Done. Alternative 1" in after
    assert "Choose another time" in words(visitor.get(mine).text)


def test_a_solo_flight_is_released(told_engine: Engine) -> None:
    solo = cases(told_engine, solo=True)
    assert solo, "the seeded hour threatens a solo flight that has three alternatives"
    case_id, booking_id = solo[0]
    visitor = Visitor(told_engine)
    visitor.press(link(told_engine, case_id), "accept", number=1)
    theirs = link(told_engine, case_id, "instructor")

    page = words(visitor.get(theirs).text)
    assert "A solo flight to release" in page
    assert "Release the solo flight" in page
    visitor.press(theirs, "confirm")

    assert place(told_engine, booking_id)[0] == "scheduled"
    assert state(told_engine, case_id) == "rescheduled"


def test_a_link_of_an_alternative_that_is_gone_shows_what_is_left(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id, "student", 1)
    say(told_engine, case_id, "none_suit")
    assert state(told_engine, case_id) == "proposed", "the seeded hour has other alternatives for this lesson"

    page = words(visitor.get(mine).text)

    assert "Alternative 1" in page
    assert "Here is what is left." in page
    assert "Times that you can choose" in page


def test_somebody_else_takes_the_slot_and_the_page_says_what_is_left(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)
    starts, instructor, aircraft = offer(told_engine, case_id, 1)
    ends = one(told_engine, "SELECT ends_at_utc FROM school.case_offers WHERE case_id = :id AND number = 1", id=case_id)
    run(
        told_engine,
        "INSERT INTO school.bookings (reference, school_id, student_id, instructor_id, aircraft_id, status, solo,"
        " lesson_kind, departure, route, period) SELECT 'OTHER-1', b.school_id, (SELECT id FROM school.students s"
        " WHERE s.school_id = b.school_id AND s.id <> b.student_id AND NOT EXISTS (SELECT 1 FROM school.bookings o"
        " WHERE o.student_id = s.id AND o.period && tstzrange(:starts, :ends)) LIMIT 1), :instructor, :aircraft,"
        " 'scheduled', b.solo, b.lesson_kind, b.departure, b.route, tstzrange(:starts, :ends)"
        " FROM school.bookings b JOIN school.reschedule_cases c ON c.booking_id = b.id WHERE c.id = :id",
        starts=starts, ends=ends, instructor=instructor, aircraft=aircraft, id=case_id,
    )  # fmt: skip

    page = words(visitor.send(mine, form).text)

    assert "Not done." in page
    assert "No longer available: somebody else has it now." in page
    offered = [form["number"] for form in forms_of(visitor.get(mine).text) if form["action"] == "accept"]
    assert offered[:2] == ["2", "3"], "what is left can be taken"


def test_after_the_deadline_nothing_can_be_taken(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)
    run(told_engine, "UPDATE school.reschedule_cases SET deadline_utc = :at WHERE id = :id", at=LATER, id=case_id)
    visitor.clock.at = LATER + MINUTE

    page = visitor.get(mine)
    assert "The time to answer is over" in words(page.text)
    assert not forms_of(page.text)
    assert "deadline" in words(visitor.send(mine, form).text)
    assert held(told_engine, booking_id) == 0


def test_a_link_dies_with_its_case(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)
    say(told_engine, case_id, "cancel", role="dispatcher")

    page = visitor.get(mine)
    assert "This question has ended" in words(page.text)
    assert not forms_of(page.text)
    assert "has ended" in words(visitor.send(mine, form).text)
    assert held(told_engine, booking_id) == 0


def test_a_students_link_shows_and_does_nothing_when_the_school_gave_the_lesson_to_another(
    told_engine: Engine,
) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)
    first = person(told_engine, case_id, "student")
    give_away(told_engine, booking_id)
    new = person(told_engine, case_id, "student")
    assert new.person_id != first.person_id

    for page in (visitor.get(mine), visitor.send(mine, form)):
        assert (page.status_code, "is not yours any more" in words(page.text)) == (410, True)
        assert new.name not in page.text
    theirs = response_url(SETTINGS, case_id, 1, new, LATER)
    assert theirs is not None
    assert visitor.get(theirs.removeprefix("https://flights.example.com")).status_code == 404, "of a case never theirs"
    assert held(told_engine, booking_id) == 0
    with told_engine.connect() as connection:
        assert case_id not in open_cases_of(connection, "student", new.person_id)


def test_a_link_expires(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    visitor.clock.at = LATER + timedelta(days=SETTINGS.link_days) - MINUTE
    assert visitor.get(mine).status_code == 200
    visitor.clock.at += 2 * MINUTE

    gone = visitor.get(mine)

    assert (gone.status_code, "This link has expired" in words(gone.text)) == (410, True)


def test_the_previous_key_stays_valid_while_it_is_set(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    mine = link(told_engine, case_id)
    rotated = {"secret_key": "y" * 32, "base_url": "https://flights.example.com"}
    both, new = (
        Visitor(told_engine, type(SETTINGS).model_validate(rotated | more))
        for more in ({"secret_key_previous": "x" * 32}, {})
    )

    assert both.get(mine).status_code == 200
    assert new.get(mine).status_code == 404
    renewed = response_url(both.settings, case_id, 1, person(told_engine, case_id, "student"), LATER)
    assert renewed is not None
    assert new.get(renewed.removeprefix("https://flights.example.com")).status_code == 200, "the newest key signs"


def test_a_form_that_was_open_for_too_long_changes_nothing(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    visitor, mine = Visitor(told_engine), link(told_engine, case_id)
    form = visitor.form(mine, "accept", number=1)
    visitor.clock.at = LATER + 13 * HOUR

    page = visitor.send(mine, form)

    assert (page.status_code, "open for too long" in words(page.text)) == (400, True)
    assert held(told_engine, booking_id) == 0


def test_the_forecast_is_drawn_and_told_as_a_table(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]

    html = Visitor(told_engine).get(link(told_engine, case_id)).text

    picture = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert picture is not None
    assert "<desc>" in picture[0]
    assert "at least" in picture[0] or "at most" in picture[0]
    table = html.partition("The forecast as a table")[2]
    assert table.count("<tr>") >= 3
    assert not re.search(r" style=|<script| on\w+=", html), "the policy allows none of them"
