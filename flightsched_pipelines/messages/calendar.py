"""Render the lesson as a calendar entry, RFC 5545 and 5546: one UID a booking, growing SEQUENCE, CANCEL at the end."""

# pyright: reportUnknownMemberType=false

from collections.abc import Mapping
from types import MappingProxyType

from icalendar import Calendar, vCalAddress, vText
from icalendar import Event as Entry

from flightsched_pipelines.domain.risk.breach_text import breach_sentence
from flightsched_pipelines.messages.models import Event, Form, Lesson, Notice

STATUSES: Mapping[Event, str] = MappingProxyType(
    {
        "cancelled": "CANCELLED", "handed_over": "CANCELLED",
        "cleared": "CONFIRMED", "changed": "CONFIRMED", "moved": "CONFIRMED", "kept": "CONFIRMED",
    }
)  # fmt: skip
SUMMARIES: Mapping[Form, str] = MappingProxyType(
    {"flight": "Flight lesson", "simulator": "Simulator lesson", "ground": "Ground lesson"}
)
PRODUCT = "-//flightsched_pipelines//weather rescheduling//EN"


def uid_of(booking_id: int, base_uid_domain: str) -> str:
    """Return the UID of a booking's entry, constant for the booking's lifetime."""
    return f"booking-{booking_id}@{base_uid_domain}"


def summary_of(lesson: Lesson) -> str:
    """Return the title of a lesson's entry: "Flight lesson PAO-1016"."""
    return f"{SUMMARIES[lesson.form]} {lesson.reference}"


def location_of(lesson: Lesson) -> str:
    """Return where a lesson begins."""
    return f"{lesson.airport_name} ({lesson.airport})" if lesson.airport_name else lesson.airport


def people_and_aircraft(lesson: Lesson, phone: str | None) -> list[str]:
    """Return who flies what, a line each, and where to ask."""
    return [
        f"Student: {lesson.student}",
        f"Instructor: {lesson.instructor}" if lesson.instructor else "Solo flight",
        "Ground lesson, without an aircraft" if lesson.form == "ground" else f"Aircraft: {lesson.aircraft}",
        f"School: {lesson.school}{f', {phone}' if phone else ''}",
    ]


def changes_entry(notice: Notice) -> bool:
    """Return whether a notice changes the calendar: one about a freed slot does not, until the lesson moves or goes."""
    return not notice.standby or notice.given_away or notice.event in {"moved", "handed_over"}


def entry(notice: Notice, *, organizer: str, attendee: str, base_uid_domain: str) -> tuple[bytes, str]:
    """Return a notice's calendar entry, and its method.

    A lesson on weather hold is tentative. One whose case ended with a cleared forecast, or was changed at the school,
    is confirmed as given in the message, unless it stays on hold; so is one that has moved or was kept. An entry is
    cancelled only if the booking is, or if another instructor or student has it.

    Args:
        notice: the facts; ``sequence`` numbers the versions.
        organizer: address of the school's desk.
        attendee: address of the reader.
        base_uid_domain: domain that makes the UID the platform's own.
    """
    lesson = notice.lesson
    status = "TENTATIVE" if notice.stays_on_hold else STATUSES.get(notice.event, "TENTATIVE")
    status = "CANCELLED" if notice.given_away else status
    method = "CANCEL" if status == "CANCELLED" else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Entry()
    event.add("uid", uid_of(lesson.booking_id, base_uid_domain))
    event.add("sequence", notice.sequence)
    event.add("dtstamp", notice.sent_at_utc)
    event.add("dtstart", lesson.starts_at_utc)
    event.add("dtend", lesson.ends_at_utc)
    event.add("status", status)
    held = " (on weather hold)" if status == "TENTATIVE" else ""
    event.add("summary", f"{summary_of(lesson)}{held}")
    event.add("location", location_of(lesson))
    event.add("description", _description(notice))
    event["organizer"] = vCalAddress(f"mailto:{organizer}")
    reader = vCalAddress(f"mailto:{attendee}")
    reader.params["role"] = vText("REQ-PARTICIPANT")
    reader.params["partstat"] = vText("NEEDS-ACTION")
    reader.params["rsvp"] = vText("FALSE")
    event["attendee"] = reader
    calendar.add_component(event)
    return calendar.to_ical(), method


def _description(notice: Notice) -> str:
    lesson, phone = notice.lesson, notice.contact.phone
    # No link: it authorizes its reader, and calendars are shared.
    return "\n".join(
        [
            *people_and_aircraft(lesson, phone),
            *(breach_sentence(s, lesson.time_zone) for s in notice.breaches),
        ]
    )
