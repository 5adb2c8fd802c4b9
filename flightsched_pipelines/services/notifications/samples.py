"""Sample messages, for previews and tests: sample facts, taken along the way that real ones take.

Lessons, alternatives and responses are made up. Sentences, deadlines, holds and links are made by what makes real ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pandas as pd
from pydantic import SecretStr

from flightsched_pipelines.database.queries.notifications.contacts import BookingFacts, Person, School
from flightsched_pipelines.domain.cases.decisions import longest_hold
from flightsched_pipelines.domain.cases.evening_before import LessonStanding, reached_by
from flightsched_pipelines.domain.cases.lifecycle import (
    BookingStatus,
    Case,
    CaseState,
    Slot,
    next_transition,
)
from flightsched_pipelines.domain.cases.rules import CaseRules, ResponseRules
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Offer, ResponseContext
from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.domain.rescheduling.slot_descriptions import slot_descriptions
from flightsched_pipelines.domain.risk.breach_text import Breach
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.domain.verification.track_record import LEAST_CASES, TrackRecord
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.messages.models import (
    DISPATCHER_EVENTS,
    Digest,
    EveningBefore,
    EveningLine,
    Event,
    Lesson,
    MissingWeather,
    Notice,
    Role,
)
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines.services.notifications.message_facts import MessageFacts
from flightsched_pipelines.services.responses.decision_effects import moved_notifications
from flightsched_pipelines.services.school_figures.sample import SCHOOL_WEEK
from flightsched_pipelines.settings import Settings

_ZONE = "America/Los_Angeles"
_START = datetime(2026, 11, 24, 18, tzinfo=UTC)
_SENT = datetime(2026, 11, 23, 20, 12, tzinfo=UTC)
_CASE_ID, _BOOKING_ID = 42, 1016
_SETTINGS = Settings.model_construct(
    base_url="https://flights.example.com", secret_key=SecretStr("sample"), secret_key_previous=None
)

_SCHOOL = School(
    1, "Palo Alto Flight School", "dispatch@example.com", _ZONE, "+1-650-555-0100", "frontdesk@example.com"
)


def _person(person_id: int, role: str, name: str, phone: str) -> Person:
    address = f"{name.split(maxsplit=1)[0].lower()}@example.com"
    return Person(person_id, role, name, address, phone, True, False, False, None, _ZONE)


_STUDENT = _person(1, "student", "Ada Lindqvist", "+1-650-555-0111")
_INSTRUCTOR = _person(1, "instructor", "Milo Tanaka", "+1-650-555-0121")
_OTHER_INSTRUCTOR = _person(2, "instructor", "Hana Novak", "+1-650-555-0122")


_OTHER_STUDENTS = (
    "Noor Haddad", "Ravi Menon", "Lea Fischer", "Tom Okafor", "Ines Duarte", "Kai Larsen", "Mina Sato", "Paul Girard",
    "Eva Novotna",
)  # fmt: skip


_DIRECTORY = Directory(
    bookings={
        key: BookingFacts(key, f"PAO-{key}", 1, student_id, "KPAO", _ZONE, "Palo Alto")
        for student_id, key in enumerate((_BOOKING_ID, 1002, *range(_BOOKING_ID + 1, _BOOKING_ID + 9)), start=1)
    },
    students={1: _STUDENT}
    | {
        key: _person(key, "student", name, f"+1-650-555-01{29 + key}")
        for key, name in enumerate(_OTHER_STUDENTS, start=2)
    },
    instructors={1: _INSTRUCTOR, 2: _OTHER_INSTRUCTOR},
    schools={1: _SCHOOL},
    aircraft={1: "C172S N101FS", 2: "C172S N103FS", 3: "AATD PAO-SIM1"},
    simulators=frozenset({3}),
)

_SLOT = Slot(_START, _START + timedelta(minutes=90), 1, 1)

BREACHES = [
    Breach(
        rule="thunderstorm", value=None, limit=None, by=None, unit=None, hazard="TS CB", airport="KPAO",
        from_utc=_START, to_utc=_START + HOUR, temporary=True,
    ),
    Breach(
        rule="visibility", value=0.5, limit=3.0, by=2.5, unit="SM", hazard=None, airport="KPAO",
        from_utc=_START - HOUR, to_utc=_START, temporary=False,
    ),
    Breach(
        rule="ceiling", value=300.0, limit=1000.0, by=700.0, unit="ft", hazard=None, airport="KPAO",
        from_utc=_START - HOUR, to_utc=_START, temporary=False,
    ),
]  # fmt: skip


def _offers(*given: tuple[Slot, str, float]) -> list[Offer]:
    """Alternatives, each with its forecast's verdict and margin, described as the planner describes them."""
    slots = pd.DataFrame(
        {
            "starts_at_utc": pd.DatetimeIndex([slot.starts_at_utc for slot, _, _ in given]),
            "instructor_id": [slot.instructor_id for slot, _, _ in given],
            "aircraft_id": [slot.aircraft_id for slot, _, _ in given],
            "same_instructor": [slot.instructor_id == _SLOT.instructor_id for slot, _, _ in given],
            "same_aircraft": [slot.aircraft_id == _SLOT.aircraft_id for slot, _, _ in given],
            "verdict": [verdict for _, verdict, _ in given],
            "margin": [margin for _, _, margin in given],
        }
    )
    lessons = pd.DataFrame({"starts_at_utc": [pd.Timestamp(_START)] * len(given), "time_zone": _ZONE, "solo": False})
    reasons = slot_descriptions(slots, lessons)
    return [Offer(slot, reason, "planner") for (slot, _, _), reason in zip(given, reasons, strict=True)]


def _later(days: int, hours: int, instructor_id: int = 1, aircraft_id: int = 1) -> Slot:
    by = timedelta(days=days, hours=hours)
    return Slot(_START + by, _SLOT.ends_at_utc + by, instructor_id, aircraft_id)


_OFFERS = _offers(
    (_later(1, -1), "ok", 0.35), (_later(2, -1, aircraft_id=2), "watch", 0.1), (_later(4, -1, 2, 2), "unforecast", 0.0)
)
_KEPT = _offers((replace(_SLOT, aircraft_id=3), NOT_FLOWN, 0.0), (replace(_SLOT, aircraft_id=None), NOT_FLOWN, 0.0))
_NEW_OFFERS = [_OFFERS[0], _OFFERS[2], *_offers((_later(5, 1), "unforecast", 0.0))]
_FREED = _offers((_later(0, -2), "ok", 0.6))
_DEADLINE = CaseRules().deadline(_START, _SENT, WakingHours(_ZONE))
_FREED_UNTIL = WakingHours(_ZONE).end_of_wait(_SENT, HOUR)
_UPDATED = next_transition(
    Case(CaseState.PROPOSED, _SLOT, [offer.slot for offer in _OFFERS], _DEADLINE),
    BookingStatus("at_risk", _SLOT, [offer.slot for offer in _NEW_OFFERS], {offer.slot for offer in _NEW_OFFERS}),
    _SENT + HOUR,
)
_CHANGES: Mapping[Event, Sequence[str]] = {
    "updated": _UPDATED.changes if _UPDATED else (),
    "kept": ["The instructor's reason: we stay in the pattern and land before the storms."],
}
_SENT_AT: Mapping[Event, datetime] = {
    "opened": _SENT, "updated": _SENT + HOUR, "reminded": _DEADLINE - HOUR, "expired": _DEADLINE,
}  # fmt: skip
"""The time at which each is sent; the others are sent two hours after the first."""
_ASKS: tuple[Event, ...] = ("opened", "updated", "withdrawn", "hold_released", "reminded")


def _case(offers: Sequence[Offer], deadline_utc: datetime, *, standby: bool = False) -> CaseSnapshot:
    return CaseSnapshot(
        _CASE_ID, _BOOKING_ID, 1, False, _ZONE, CaseState.PROPOSED, _SLOT, _SLOT, 1, 1, dict(enumerate(offers, 1)), {},
        deadline_utc, None, frozenset(), 0, standby=standby,
    )  # fmt: skip


def _at(event: Event, role: Role) -> datetime:
    if (event, role) == ("reminded", "instructor"):
        return _SENT + 3 * HOUR
    return _SENT_AT.get(event, _SENT + 2 * HOUR)


def _news(event: Event, role: Role, booking_id: int = _BOOKING_ID, case_id: int = _CASE_ID) -> CaseNotification:
    """One step of the sample case, as a student or instructor is told of it."""
    case, now_utc = _case(_OFFERS, _DEADLINE), _at(event, role)
    if event in {"moved", "handed_over"}:
        chosen = _OFFERS[0 if event == "moved" else 2].slot
        told = moved_notifications(case, chosen, _DIRECTORY, reached=True)
        return replace(told[0 if event == "moved" else -1], booking_id=booking_id, case_id=case_id)
    offers = _NEW_OFFERS if event == "updated" else _OFFERS
    confirms = event == "accepted" or (event == "reminded" and role == "instructor")
    until = longest_hold(case, _OFFERS[0].slot, ResponseContext(_SENT + 2 * HOUR, _SENT + 2 * HOUR, ResponseRules()))
    return CaseNotification(
        case_id, booking_id, event, _SLOT, 1,
        offers=offers if event in _ASKS and not confirms else (),
        breaches=BREACHES if event in {"opened", "updated", "expired"} else (),
        changes=_CHANGES.get(event, ()),
        deadline_utc=_DEADLINE if now_utc < _DEADLINE else None,
        chosen=(1, _OFFERS[0]) if confirms else None,
        confirm_by_utc=until if confirms else None,
    )  # fmt: skip


def _standby(event: Event) -> CaseNotification:
    """One step of a case that offers a freed slot."""
    case = _case(_FREED, _FREED_UNTIL, standby=True)
    news = CaseNotification(_CASE_ID, _BOOKING_ID, event, _SLOT, 1, deadline_utc=_FREED_UNTIL, standby=True)
    if event == "accepted":
        until = longest_hold(case, _FREED[0].slot, ResponseContext(_SENT, _SENT, ResponseRules()))
        return replace(news, chosen=(1, _FREED[0]), confirm_by_utc=until)
    return replace(news, offers=_FREED if event == "opened" else ())


def _kept(event: Event, role: Role, others: Sequence[Offer] = _OFFERS) -> CaseNotification:
    """One step of a case whose lesson can keep its slot without flying, and does so on the ground."""
    case, offers = _case([*others, *_KEPT], _DEADLINE), [*others, *_KEPT]
    if event == "moved":
        return moved_notifications(case, _KEPT[1].slot, _DIRECTORY, reached=True)[0]
    news = replace(_news(event, role), offers=offers if event == "opened" else ())
    if event == "opened":
        return replace(news, no_offer_because=None if others else "no weather")
    return replace(news, chosen=(len(offers), _KEPT[1]))


_ASKED_ABOUT = (_BOOKING_ID, _BOOKING_ID + 1)
_RECORDS: Mapping[int, TrackRecord] = dict.fromkeys(_ASKED_ABOUT, TrackRecord(came_true=14, cases=LEAST_CASES))
_UNCERTAIN: Mapping[int, str] = dict.fromkeys(
    _ASKED_ABOUT,
    "The forecasts disagree. The TAF governs and has convection (TS, CB); guidance (National Blend of Models) has "
    "nothing that would put the lesson on hold.",
)


def _facts(now_utc: datetime, sequence: int) -> MessageFacts:
    hour = _SENT.replace(minute=0)
    context = NotificationContext(hour, now_utc, _SETTINGS)
    sequences = dict.fromkeys(_DIRECTORY.bookings, sequence)
    return MessageFacts(_DIRECTORY, context, sequences, {}, _RECORDS, _UNCERTAIN, hour)


def _notice(news: CaseNotification, role: Role, now_utc: datetime) -> Notice:
    person = _STUDENT if role == "student" else _INSTRUCTOR
    return _facts(now_utc, _EVENTS.index(news.event) + 1).notice(news, person)


_EVENTS: tuple[Event, ...] = (
    "opened", "updated", "expired", "cleared", "changed", "cancelled",
    "accepted", "withdrawn", "hold_released", "reminded", "moved", "handed_over", "kept", "declined",
)  # fmt: skip
_NOBODYS: tuple[Event, Role] = "handed_over", "student"
_ROLES: tuple[Role, ...] = ("student", "instructor")
_ON_STANDBY: Mapping[str, tuple[Event, Role, datetime]] = MappingProxyType(
    {
        "standby-opened-student": ("opened", "student", _SENT),
        "standby-expired-student": ("expired", "student", _FREED_UNTIL),
        "standby-accepted-instructor": ("accepted", "instructor", _SENT),
    }
)


_STEPS_WITHOUT_FLYING: Mapping[str, tuple[Event, Sequence[Offer]]] = {
    "offered": ("opened", _OFFERS), "alone": ("opened", ()), "accepted": ("accepted", _OFFERS),
    "moved": ("moved", _OFFERS),
}  # fmt: skip
_WITHOUT_FLYING = {
    f"kept-{name}-{role}": _kept(event, role, others)
    for name, (event, others) in _STEPS_WITHOUT_FLYING.items()
    for role in _ROLES
}
"""Slots that are kept on the ground or in a simulator: offered beside other times and alone, accepted, and moved."""


def _role(name: str) -> Role:
    return "student" if name.endswith("student") else "instructor"


def _soon(booking_id: int) -> Lesson:
    slot = Slot(_SENT + timedelta(minutes=18), _SENT + timedelta(minutes=108), 1, 1)
    return _DIRECTORY.lesson(booking_id, slot, with_phones=True)


def _shifted(news: CaseNotification, number: int) -> CaseNotification:
    """The same step of another lesson: three a day, two hours apart."""
    by = timedelta(days=number // 3, hours=number % 3 * 2)

    def later(slot: Slot) -> Slot:
        return replace(slot, starts_at_utc=slot.starts_at_utc + by, ends_at_utc=slot.ends_at_utc + by)

    return replace(
        news,
        lesson=later(news.lesson),
        offers=[replace(offer, slot=later(offer.slot)) for offer in news.offers],
        breaches=[
            breach.model_copy(update={"from_utc": breach.from_utc + by, "to_utc": breach.to_utc + by})
            for breach in news.breaches
        ],
    )


_DISPATCHED: Sequence[Event] = [event for event in _EVENTS if event in DISPATCHER_EVENTS or event == "moved"]
_LINES = [
    _facts(_SENT, 1).line(_shifted(_news(event, "student", _BOOKING_ID + n, _CASE_ID + n), n))
    for n, event in enumerate(_DISPATCHED)
]
_DIGEST = _facts(_SENT + 2 * HOUR, 1).digest("dispatch", _SCHOOL, _ZONE, _LINES).model_copy(
    update={"too_late": [_soon(1002)], "unknown": 2, "sent_at_utc": _SENT}
)  # fmt: skip
_WITHOUT_LINES: Mapping[str, object] = {"lines": [], "too_late": [], "unknown": 0}
_MISSING = _DIGEST.model_copy(
    update={
        **_WITHOUT_LINES,
        "missing": MissingWeather(
            since_utc=_SENT.replace(minute=0) - timedelta(hours=3),
            why="the forecast for KPAO is missing, or cannot be read whole",
            lessons=[line.lesson for line in _LINES[:2]],
        ),
    }
)
_SINCE = _SENT.replace(minute=0) - timedelta(hours=8)
_BACK = _MISSING.model_copy(
    update={"missing": MissingWeather(since_utc=_SINCE, why="", lessons=[], over=True, airports=["KPAO"])}
)
_OWN = [
    line.lesson.model_copy(update={"student": _STUDENT.name, "student_phone": None, "instructor_phone": None})
    for line in _LINES[:3]
]
_EVENING = _DIGEST.model_copy(
    update={
        **_WITHOUT_LINES,
        "name": _STUDENT.name,
        "evening": EveningBefore(
            day=_START.date(),
            lines=[
                EveningLine(lesson=_OWN[0], standing=LessonStanding.BELOW, breaches=_LINES[0].breaches),
                EveningLine(
                    lesson=_OWN[1],
                    standing=LessonStanding.BEYOND_REACH,
                    known_by_utc=reached_by(_OWN[1].ends_at_utc),
                ),
                EveningLine(lesson=_OWN[2], standing=LessonStanding.STANDS),
            ],
            person_url=person_url(_SETTINGS, _STUDENT, _SENT),
        ),
    }
)

SAMPLES: Mapping[str, Notice | Digest] = MappingProxyType(
    {
        f"{event}-{role}": _notice(_news(event, role), role, _at(event, role))
        for event in _EVENTS
        for role in _ROLES
        if (event, role) != _NOBODYS
    }
    | {name: _notice(_standby(event), role, at) for name, (event, role, at) in _ON_STANDBY.items()}
    | {name: _notice(news, _role(name), _at(news.event, _role(name))) for name, news in _WITHOUT_FLYING.items()}
    | {"digest": _DIGEST, "weather-missing": _MISSING, "weather-back": _BACK}
    | {"evening-before": _EVENING, "school-week": SCHOOL_WEEK}
)
"""Every message by its name."""
