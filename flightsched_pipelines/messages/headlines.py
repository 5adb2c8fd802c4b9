"""Headlines of notices, and the phrases that several messages share."""

from collections.abc import Iterable

from flightsched_pipelines.formatting import format_period, format_time
from flightsched_pipelines.messages.models import Event, Form, Lesson, Notice, Offer

HEADLINES: dict[Event, str] = {
    "opened": "forecast below the school's minimums",
    "updated": "the alternatives have changed",
    "cleared": "forecast above the school's minimums again",
    "expired": "no answer was received",
    "cancelled": "no longer in the schedule",
    "changed": "changed by the school, this is its time now",
    "begun": "its time has come",
    "accepted": "another time was chosen",
    "withdrawn": "the choice is withdrawn",
    "hold_released": "your chosen time was released",
    "reminded": "please reply",
    "moved": "moved to this time",
    "handed_over": "another instructor has it",
    "kept": "stays as booked",
    "declined": "a dispatcher takes over",
}

STANDBY_HEADLINES: dict[Event, str] = {
    "opened": "a slot is available",
    "expired": "the free slot has gone to the next in line",
    "cancelled": "the free slot is no longer available",
    "changed": "changed by the school",
    "accepted": "the free slot was taken",
    "withdrawn": "the choice is withdrawn",
    "hold_released": "the slot was released",
    "reminded": "please reply",
    "moved": "moved to the free slot",
    "handed_over": "another instructor has it",
    "declined": "the free slot was not confirmed in time",
}
"""Headlines of cases that offer a freed slot."""


GIVEN_AWAY = "given to another student by the school"

STAYS_ON_HOLD = "stays on weather hold until a dispatcher lifts it"

FORMS: dict[Form, str] = {"flight": "flight", "simulator": "simulator lesson", "ground": "ground lesson"}


def when_of(lesson: Lesson) -> str:
    """Return a lesson's time, local."""
    return format_period(lesson.starts_at_utc, lesson.ends_at_utc, lesson.time_zone)


def people(lesson: Lesson) -> str:
    """Return who flies: "Ada Lindqvist with Milo Tanaka", with the phone numbers that the reader may have."""
    student = _reached_at(lesson.student, lesson.student_phone)
    if lesson.instructor is None:
        return f"{student}, solo"
    return f"{student} with {_reached_at(lesson.instructor, lesson.instructor_phone)}"


def _reached_at(name: str, phone: str | None) -> str:
    return f"{name} ({phone})" if phone else name


def headline(notice: Notice) -> str:
    """Return a notice's event in a few words."""
    if notice.given_away:
        return GIVEN_AWAY
    form = form_of(notice)
    if form != "flight" and notice.event in {"accepted", "moved"}:
        return f"a {FORMS[form]} was chosen" if notice.event == "accepted" else f"a {FORMS[form]} at the same time"
    return (STANDBY_HEADLINES if notice.standby else HEADLINES)[notice.event]


def form_of(notice: Notice) -> Form:
    """Return the form of the slot that a notice is about: the one that was chosen, or the lesson's."""
    return notice.chosen.form if notice.chosen else notice.lesson.form


def other_times(offers: Iterable[Offer]) -> list[Offer]:
    """Return the alternatives in flight, which are at other times."""
    return [offer for offer in offers if offer.form == "flight"]


def kept_slots(offers: Iterable[Offer]) -> list[Offer]:
    """Return the offers to keep the lesson's time without flying."""
    return [offer for offer in offers if offer.form != "flight"]


def offer_brief(offer: Offer, time_zone: str) -> str:
    """Return an offer in a few words: its time, or what the lesson becomes at its own."""
    if offer.form == "flight":
        return format_time(offer.starts_at_utc, time_zone)
    return f"same time as a {FORMS[offer.form]}"


def take(offer: Offer, *, standby: bool) -> str:
    """Return the words on the button or link that takes an offer."""
    if offer.form != "flight":
        return f"Keep this time as a {FORMS[offer.form]}"
    return "Take it" if standby else f"Take option {offer.number}"


WHY_NOTHING: dict[str, str] = {
    "student not available": "the student is not available at any suitable time",
    "no instructor": "no instructor is free at any suitable time",
    "no aircraft": "no aircraft of the type is free at any suitable time",
    "no daylight": "no suitable time is in daylight",
    "no weather": "the forecast is below the minimums at every suitable time",
    "school closed": "the school is closed at every suitable time",
    "student's credentials": "the school requires a document of the student that covers no suitable time",
    "no slot left": "every suitable time is offered to another student",
}


def why_nothing(reason: str) -> str:
    """Return in words why no alternative can be offered."""
    return WHY_NOTHING.get(reason, reason)
