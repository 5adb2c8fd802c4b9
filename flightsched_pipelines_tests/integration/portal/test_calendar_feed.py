"""Calendar feeds at their secret addresses, and the button on a person's own page that makes one."""

# icalendar types a property as any of its values
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import re
from datetime import timedelta

import pytest
from icalendar import Calendar, Component
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.services.calendar_feeds import (
    FeedError,
    FeedOwner,
    list_feeds,
    make_feed,
    read_feed,
    revoke_feed,
    write_feed,
)
from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, person, words
from flightsched_pipelines_tests.integration.services.helpers import (
    LATER,
    SETTINGS,
    cases,
    one,
    place,
    rows,
    run,
    say,
)

SITE = "https://flights.example.com"
ADDRESS = re.compile(r'href="https://flights.example.com(/calendar/[0-9a-f]{64}\.ics)"')


def entries(body: bytes) -> dict[str, Component]:
    """Return the entries of a calendar by their UIDs."""
    return {str(event["uid"]): event for event in Calendar.from_ical(body).walk("VEVENT")}


def own_page(reader: Person) -> str:
    url = person_url(SETTINGS, reader, LATER)
    assert url is not None
    return url.removeprefix(SITE)


def student_of(engine: Engine, booking_id: int) -> FeedOwner:
    (row,) = rows(engine, "SELECT school_id, student_id FROM school.bookings WHERE id = :id", id=booking_id)
    return FeedOwner(row[0], student_id=row[1])


def test_a_lesson_on_hold_its_held_slot_and_its_move_keep_the_uid_of_the_mails(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    owner = student_of(told_engine, booking_id)
    uid = f"booking-{booking_id}@{SETTINGS.mail_from.rpartition('@')[2].rstrip('>')}"

    before = entries(write_feed(told_engine, owner, LATER, SETTINGS))[uid]
    assert (str(before["status"]), "on weather hold" in str(before["summary"])) == ("TENTATIVE", True)
    assert say(told_engine, case_id, "accept", number=1).applied
    held = entries(write_feed(told_engine, owner, LATER, SETTINGS))
    assert "held, not confirmed" in str(held[f"held-{uid}"]["summary"])
    assert str(held[f"held-{uid}"]["status"]) == "TENTATIVE"
    assert say(told_engine, case_id, "confirm").applied

    after = entries(write_feed(told_engine, owner, LATER, SETTINGS))
    assert f"held-{uid}" not in after
    moved = after[uid]
    assert str(moved["status"]) == "CONFIRMED"
    assert moved["dtstart"].dt == held[f"held-{uid}"]["dtstart"].dt != before["dtstart"].dt
    assert int(moved["sequence"]) >= int(before["sequence"])
    assert int(moved["sequence"]) == one(
        told_engine, "SELECT calendar_sequence FROM school.bookings WHERE id = :id", id=booking_id
    )
    assert place(told_engine, booking_id)[0] == "scheduled"


def test_a_feed_has_the_lessons_of_its_owner_alone_and_an_aircrafts_names_nobody(told_engine: Engine) -> None:
    people = {
        name
        for (name,) in rows(told_engine, "SELECT name FROM school.students UNION SELECT name FROM school.instructors")
    }
    (key, name, school_id) = rows(told_engine, "SELECT id, name, school_id FROM school.students ORDER BY id")[0]
    body = write_feed(told_engine, FeedOwner(school_id, student_id=key), LATER, SETTINGS)
    theirs = rows(
        told_engine, "SELECT i.name FROM school.bookings b JOIN school.instructors i ON i.id = b.instructor_id "
        "WHERE b.student_id = :id", id=key,
    )  # fmt: skip
    assert entries(body)
    text = body.replace(b"\r\n ", b"").decode()
    assert {one for one in people if one in text} - {row[0] for row in theirs} == {name}
    aircraft_id = one(told_engine, "SELECT min(id) FROM school.aircraft WHERE school_id = :id", id=school_id)
    plain = write_feed(told_engine, FeedOwner(school_id, aircraft_id=aircraft_id), LATER, SETTINGS)
    assert entries(plain)
    assert not {one for one in people if one in plain.replace(b"\r\n ", b"").decode()}
    whole = write_feed(told_engine, FeedOwner(school_id), LATER, SETTINGS)
    assert {*entries(body), *entries(plain)} <= set(entries(whole))
    others = write_feed(told_engine, FeedOwner(3 - school_id), LATER, SETTINGS)
    assert not set(entries(others)) & set(entries(whole))


def test_an_address_is_served_with_a_tag_until_it_is_revoked_and_its_secret_is_not_stored(told_engine: Engine) -> None:
    owner = student_of(told_engine, cases(told_engine)[0][1])
    url = make_feed(told_engine, owner, LATER, SETTINGS)
    visitor, path = Visitor(told_engine), url.removeprefix(SITE)

    found = visitor.get(path)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert found.headers["cache-control"] == "private, no-cache"
    assert found.content == write_feed(told_engine, owner, LATER, SETTINGS)
    tag = found.headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        same = visitor.client.get(path, headers={"if-none-match": given})
        assert (same.status_code, same.content) == (304, b"")
    assert visitor.client.get(path, headers={"if-none-match": '"other"'}).status_code == 200

    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in str(rows(told_engine, "SELECT * FROM school.calendar_feeds"))
    (feed,) = list_feeds(told_engine)
    assert revoke_feed(told_engine, feed["id"], LATER)
    assert not revoke_feed(told_engine, feed["id"], LATER)
    assert visitor.get(path).status_code == 404
    with pytest.raises(FeedError, match="there is no feed 999"):
        revoke_feed(told_engine, 999, LATER)


@pytest.mark.parametrize(
    "path", ["/calendar/x.ics", "/calendar/x", f"/calendar/{'x' * 5_000}.ics", "/calendar/%00.ics"]
)
def test_an_address_that_nobody_made_is_no_calendar(seeded_engine: Engine, path: str) -> None:
    assert Visitor(seeded_engine).get(path).status_code == 404


def test_the_button_makes_one_address_that_replaces_the_one_before(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")
    page = own_page(student)
    form = visitor.form(page, "calendar")
    assert not rows(told_engine, "SELECT FROM school.calendar_feeds"), "to open a page makes nothing"

    shown = visitor.send(page, form)
    assert "It is shown only now" in words(shown.text)
    (first,) = ADDRESS.findall(shown.text)
    assert ADDRESS.findall(visitor.send(page, form).text) == [first], "the same press again"
    assert ADDRESS.findall(visitor.get(page).text) == []
    assert visitor.get(first).status_code == 200

    (second,) = ADDRESS.findall(visitor.press(page, "calendar").text)
    assert second != first
    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (404, 200)
    late = visitor.send(page, form)
    assert late.status_code == 409
    assert "was replaced or revoked" in words(late.text)
    assert visitor.get(second).status_code == 200


def test_who_has_left_has_no_calendar_and_a_form_of_another_page_makes_none(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    visitor, student = Visitor(told_engine), person(told_engine, case_id, "student")
    instructor = person(told_engine, case_id, "instructor")
    form = visitor.form(own_page(student), "calendar")
    assert visitor.send(own_page(instructor), form).status_code == 400
    assert not rows(told_engine, "SELECT FROM school.calendar_feeds")
    (address,) = ADDRESS.findall(visitor.send(own_page(student), form).text)
    run(told_engine, "UPDATE school.students SET ended_at = now() WHERE id = :id", id=student.person_id)
    assert visitor.get(address).status_code == 404
    assert read_feed(told_engine, "x" * 101, LATER + timedelta(days=1), SETTINGS) is None
