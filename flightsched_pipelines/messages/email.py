"""Render email: subject, text and HTML from templates, and the MIME message around them."""

# pyright: reportUnknownMemberType=false

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from flightsched_pipelines import formatting
from flightsched_pipelines.domain.risk import breach_text as breach_words
from flightsched_pipelines.messages import headlines
from flightsched_pipelines.messages.models import RESPONSE_EVENTS, Digest, DigestLine, Event, Notice, SignIn
from flightsched_pipelines.messages.texts import evening_before, missing_weather, school_week, standby_texts
from flightsched_pipelines.messages.texts.contact import questions
from flightsched_pipelines.messages.texts.response_texts import response_text
from flightsched_pipelines.text import one_line

TEMPLATES = Path(__file__).parent / "templates"

EVENT_NAMES: dict[Event, str] = {
    "opened": "Below the school's minimums",
    "updated": "Alternatives changed",
    "cleared": "Above the minimums again",
    "expired": "No answer",
    "cancelled": "No longer in the schedule",
    "changed": "Changed by the school",
    "begun": "Its time has come",
    "accepted": "Chosen, to be confirmed",
    "withdrawn": "Choice withdrawn",
    "hold_released": "Slot released",
    "reminded": "Reminded",
    "moved": "Moved",
    "handed_over": "Handed over",
    "kept": "Kept as booked by the instructor",
    "declined": "No new time found",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message's words, before they are addressed to anybody."""

    subject: str
    text: str
    html: str


def render_notice(notice: Notice) -> Rendered:
    """Render the notice to one person about one case."""
    lesson = notice.lesson
    whose = "your lesson" if notice.role == "student" else f"lesson with {lesson.student}"
    start = formatting.format_time(lesson.starts_at_utc, lesson.time_zone)
    about = "Standby" if notice.standby else "Weather"
    subject = f"{about}: {whose} {start} ({lesson.reference}): {headlines.headline(notice)}"
    facts: dict[str, Any] = {"notice": notice, "lesson": lesson, "zone": lesson.time_zone}
    if notice.standby:
        return _rendered("answered", subject, facts | standby_texts.standby_text(notice))
    if notice.event in RESPONSE_EVENTS:
        return _rendered("answered", subject, facts | response_text(notice))
    return _rendered(f"notice-{notice.event}", subject, facts)


def render_digest(digest: Digest) -> Rendered:
    """Render a dispatch's changes, weather missing for hours, a person's lessons of tomorrow, or a school's week."""
    if digest.missing is not None:
        subject = f"Weather: {missing_weather.title(digest)}"
        facts = {
            "digest": digest,
            "missing": digest.missing,
            "zone": digest.time_zone,
            "opening": missing_weather.opening(digest),
        }
        return _rendered("missing-weather", subject, facts)
    if digest.evening is not None:
        subject = f"Weather: {evening_before.title(digest.evening)}"
        return _rendered("evening-before", subject, {"digest": digest, "evening": digest.evening})
    if digest.week is not None:
        subject = f"{digest.school}, {school_week.title(digest.week)}"
        return _rendered("school-week", subject, {"digest": digest, "week": digest.week})
    hour = formatting.format_time(digest.hour_utc, digest.time_zone)
    subject = f"Weather, {hour}: {digest_title(digest)}"
    return _rendered("digest", subject, {"digest": digest, "zone": digest.time_zone})


def event_name(line: DigestLine) -> str:
    """Return the event of a line in a digest: "Moved", or what the lesson is now."""
    if line.given_away:
        return headlines.GIVEN_AWAY.capitalize()
    form = line.lesson.form
    if line.event == "moved" and form != "flight":
        return f"A {headlines.FORMS[form]} now, at its time"
    return f"{EVENT_NAMES[line.event]}, stays on hold" if line.stays_on_hold else EVENT_NAMES[line.event]


def render_sign_in(mail: SignIn, url: str) -> Rendered:
    """Render the mail with a one-time link."""
    subject = f"Sign in to the dispatch board of {mail.school}"
    return _rendered("sign-in", subject, {"mail": mail, "url": url})


def digest_title(digest: Digest) -> str:
    """Return what a digest counts: "4 lessons at Palo Alto Flight School"."""
    return f"{formatting.plural(len(digest.lines) + len(digest.too_late), 'lesson')} at {digest.school}"


def digest_counts(digest: Digest) -> str:
    """Return the number of lessons of each kind: "Too late for alternatives: 1. Below the school's minimums: 3."."""
    counts = Counter(line.event for line in digest.lines)
    found = [("Too late for alternatives", len(digest.too_late))]
    found += [(name, counts[event]) for event, name in EVENT_NAMES.items()]
    return " ".join(f"{name}: {count}." for name, count in found if count)


def compose(
    rendered: Rendered,
    *,
    to_name: str,
    to_address: str,
    sender: str,
    message_id: str,
    date_utc: datetime,
    calendar: bytes | None = None,
    method: str | None = None,
    reply_to: str | None = None,
) -> EmailMessage:
    """Compose the mail: text, HTML, and the calendar entry if there is one.

    Args:
        rendered: the words.
        to_name: the reader's name; line breaks in it are removed.
        to_address: the reader's address.
        sender: name and address of the sender, as in ``From``.
        message_id: with its angle brackets; the same message has the same.
        date_utc: the date of sending.
        calendar: an iCalendar object.
        method: its method, REQUEST or CANCEL.
        reply_to: where replies go; left out if it is not an address, so that a typing error there stops no mail.

    Raises:
        ValueError: an address is invalid.
    """
    name, address = parseaddr(sender)
    mail = EmailMessage()
    mail["From"] = Address(display_name=_one_line(name), addr_spec=address)
    mail["To"] = Address(display_name=_one_line(to_name), addr_spec=to_address)
    mail["Subject"] = _one_line(rendered.subject)
    if reply_to and (where := _address(reply_to)):
        mail["Reply-To"] = where
    mail["Date"] = format_datetime(date_utc)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    if calendar is not None:
        mail.add_alternative(
            calendar.decode(), subtype="calendar", params={"method": method or "REQUEST", "charset": "utf-8"}
        )
    return mail


def _address(given: str) -> Address | None:
    try:
        return Address(addr_spec=given.strip())
    except (ValueError, HeaderParseError, IndexError):
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _rendered(template: str, subject: str, facts: dict[str, Any]) -> Rendered:
    text, html = (_template(f"{template}.{kind}.j2").render(facts | {"subject": subject}) for kind in ("txt", "html"))
    return Rendered(_one_line(subject), text.strip() + "\n", html)


@cache
def _template(name: str) -> Any:  # noqa: ANN401, jinja2's template
    return _environment().get_template(name)


def _on_one_line(value: object) -> object:
    """Put plain strings on one line; markup and numbers stay as they are."""
    return one_line(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        finalize=_on_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "sentence": breach_words.breach_sentence,
        "rule_name": breach_words.rule_name,
        "forecast_value": breach_words.forecast_value,
        "limit": breach_words.limit_words,
        "why_nothing": headlines.why_nothing,
        "difference": breach_words.difference,
        "brief": breach_words.breach_brief,
        "standing": evening_before.standing_sentences,
        "evening_title": evening_before.title,
        "week_title": school_week.title,
        "week_sentences": school_week.sentences,
        "hours_flown": school_week.hours_flown,
        "day_name": formatting.format_day,
    }
    values: dict[str, Callable[..., Any]] = {
        "moment": formatting.format_time, "span": formatting.format_period, "when_of": headlines.when_of,
        "plural": formatting.plural, "counts": digest_counts, "title": digest_title, "people": headlines.people,
        "questions": questions, "other_times": headlines.other_times, "kept_slots": headlines.kept_slots,
        "offer_brief": headlines.offer_brief, "take": headlines.take, "event_name": event_name,
    }  # fmt: skip
    environment.filters.update(filters)
    environment.globals.update(values)
    return environment
