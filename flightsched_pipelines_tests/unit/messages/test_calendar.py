"""Calendar entries, read back by a calendar."""

# icalendar types a property as any of its values
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from datetime import UTC, datetime

import pytest
from icalendar import Calendar, Component

from flightsched_pipelines.messages import calendar
from flightsched_pipelines.messages.models import Notice
from flightsched_pipelines.services.notifications.samples import SAMPLES

NOTICES = {name: sample for name, sample in SAMPLES.items() if isinstance(sample, Notice)}


def entry(notice: Notice) -> tuple[bytes, str]:
    return calendar.entry(notice, organizer="desk@x.example", attendee="a@x.example", base_uid_domain="x.example")


def read_back(notice: Notice) -> Component:
    return Calendar.from_ical(entry(notice)[0]).walk("VEVENT")[0]


def test_a_booking_keeps_its_uid_over_all_events_while_the_sequence_grows() -> None:
    events = ("opened", "updated", "expired", "cleared", "cancelled")
    read = [read_back(NOTICES[f"{event}-student"]) for event in events]
    assert {str(event["uid"]) for event in read} == {"booking-1016@x.example"}
    sequences = [int(event["sequence"]) for event in read]
    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize(
    ("event", "method", "status"),
    [
        ("opened", "REQUEST", "TENTATIVE"),
        ("updated", "REQUEST", "TENTATIVE"),
        ("expired", "REQUEST", "TENTATIVE"),
        ("cleared", "REQUEST", "CONFIRMED"),
        ("cancelled", "CANCEL", "CANCELLED"),
    ],
)
def test_an_event_has_its_method_and_status(event: str, method: str, status: str) -> None:
    body, said = entry(NOTICES[f"{event}-student"])
    assert said == method
    parsed = Calendar.from_ical(body)
    assert str(parsed["method"]) == method
    assert str(parsed.walk("VEVENT")[0]["status"]) == status


def test_an_entry_is_at_the_lesson_in_utc() -> None:
    event = read_back(NOTICES["opened-student"])
    assert event["dtstart"].dt == datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert event["dtend"].dt == datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
    assert event["dtstamp"].dt == NOTICES["opened-student"].sent_at_utc
    assert str(event["location"]) == "Palo Alto (KPAO)"
    assert str(event["description"]).splitlines()[:4] == [
        "Student: Ada Lindqvist", "Instructor: Milo Tanaka", "Aircraft: C172S N101FS",
        "School: Palo Alto Flight School, +1-650-555-0100",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NOTICES)
def test_lines_are_folded_and_end_as_the_standard_wants(name: str) -> None:
    body, _ = entry(NOTICES[name])
    assert body.count(b"\n") == body.count(b"\r\n")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))


def test_a_hostile_reference_adds_no_property() -> None:
    notice = NOTICES["opened-student"]
    lesson = notice.lesson.model_copy(update={"reference": "PAO\r\nATTENDEE:mailto:b@x.example", "airport": "K\r\nX:1"})
    event = read_back(notice.model_copy(update={"lesson": lesson}))
    assert str(event["attendee"]) == "mailto:a@x.example"
    assert "x" not in event


def test_an_entry_has_no_link_that_answers_for_its_reader() -> None:
    notice = NOTICES["opened-student"]
    assert str(notice.case_url) not in str(read_back(notice)["description"])
