"""Render a calendar to subscribe to: an entry a lesson, with the UIDs of the mails, and one for each held slot."""

# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from icalendar import Calendar
from icalendar import Event as Entry

from flightsched_pipelines.messages.calendar import PRODUCT, location_of, people_and_aircraft, summary_of, uid_of
from flightsched_pipelines.messages.models import Lesson

REFRESHED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A lesson where it is now, or a slot that is held for it, with the version of its entry in the mails."""

    lesson: Lesson
    state: Literal["scheduled", "weather_hold", "held"]
    sequence: int
    changed_utc: datetime
    phone: str | None


def calendar_feed(name: str, entries: Sequence[FeedEntry], *, base_uid_domain: str, with_people: bool) -> bytes:
    """Return the calendar; the same entries give the same bytes.

    Args:
        name: what calendars show above it.
        entries: the lessons and held slots.
        base_uid_domain: domain that makes the UIDs the platform's own.
        with_people: whether entries name student and instructor, as the mails do.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, base_uid_domain, with_people=with_people))
    return calendar.to_ical()


def _event(entry: FeedEntry, base_uid_domain: str, *, with_people: bool) -> Entry:
    lesson = entry.lesson
    uid = uid_of(lesson.booking_id, base_uid_domain)
    title = summary_of(lesson)
    event = Entry()
    event.add("uid", f"held-{uid}" if entry.state == "held" else uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_utc)
    event.add("last-modified", entry.changed_utc)
    event.add("dtstart", lesson.starts_at_utc)
    event.add("dtend", lesson.ends_at_utc)
    event.add("status", "CONFIRMED" if entry.state == "scheduled" else "TENTATIVE")
    event.add("summary", _titles(title)[entry.state])
    event.add("location", location_of(lesson))
    lines = people_and_aircraft(lesson, entry.phone)
    event.add("description", "\n".join(lines if with_people else lines[2:]))
    return event


def _titles(title: str) -> dict[str, str]:
    return {"scheduled": title, "weather_hold": f"{title} (on weather hold)", "held": f"{title} (held, not confirmed)"}
