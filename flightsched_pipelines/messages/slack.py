"""Render a dispatch's digest as Slack blocks, without names: references, airports and times only."""

from typing import Any

from flightsched_pipelines.domain.risk.breach_text import breach_brief
from flightsched_pipelines.formatting import format_time, plural
from flightsched_pipelines.messages import headlines
from flightsched_pipelines.messages.email import digest_counts, digest_title, event_name
from flightsched_pipelines.messages.models import Digest, DigestLine, MissingWeather
from flightsched_pipelines.messages.texts import missing_weather

MAX_LINES = 20
MAX_TEXT_CHARACTERS, MAX_HEADER_CHARACTERS = 3000, 150


def blocks(digest: Digest) -> tuple[str, list[dict[str, Any]]]:
    """Return the text for notifications, and the blocks."""
    if digest.missing is not None:
        return _missing_weather(digest, digest.missing)
    hour = format_time(digest.hour_utc, digest.time_zone)
    title = f"{hour}: {digest_title(digest)}"
    found = [_header(title)]
    if digest.lines or digest.too_late:
        found.append(_section(escaped(digest_counts(digest))))
    if digest.too_late:
        soon = ", ".join(f"{lesson.reference} {headlines.when_of(lesson)}" for lesson in digest.too_late[:MAX_LINES])
        found.append(_section(f"*Too late for alternatives:* {escaped(soon)}"))
    found += [_section(_line(line)) for line in digest.lines[:MAX_LINES]]
    notes = [f"and {len(digest.lines) - MAX_LINES} more"] if len(digest.lines) > MAX_LINES else []
    if digest.unknown:
        notes.append(f"the forecast of {plural(digest.unknown, 'lesson')} is missing or cannot be read")
    if digest.beyond_reach:
        notes.append(f"{plural(digest.beyond_reach, 'lesson')} beyond the forecast's reach")
    if notes:
        found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": escaped("; ".join(notes))}]})
    return escaped(title), found


def _missing_weather(digest: Digest, missing: MissingWeather) -> tuple[str, list[dict[str, Any]]]:
    title = missing_weather.title(digest)
    found = [_header(title), _section(escaped(missing_weather.opening(digest)))]
    shown = [
        f"{lesson.reference} {headlines.when_of(lesson)}, {lesson.airport}" for lesson in missing.lessons[:MAX_LINES]
    ]
    if shown:
        found.append(_section(escaped("\n".join(shown))))
    if len(missing.lessons) > MAX_LINES:
        found.append(_section(f"and {len(missing.lessons) - MAX_LINES} more"))
    return escaped(title), found


def escaped(text: str) -> str:
    """Return text without Slack's control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _none(line: DigestLine) -> str:
    return headlines.why_nothing(line.no_offer_because) if line.no_offer_because else "no alternative"


def _line(line: DigestLine) -> str:
    why = breach_brief(line.breaches[0]) if line.breaches else ""
    others = headlines.other_times(line.offers)
    kept = [f"a {headlines.FORMS[offer.form]}" for offer in headlines.kept_slots(line.offers)]
    offers = " or ".join([plural(len(others), "alternative") if others else _none(line), *kept])
    parts = [
        headlines.when_of(line.lesson),
        line.lesson.airport,
        why,
        offers if line.event in {"opened", "updated"} else "",
        *(change.removesuffix(".") for change in line.changes),
        line.track_record.sentence[:1].lower() + line.track_record.sentence[1:-1] if line.track_record else "",
    ]
    facts = escaped("\n".join(filter(None, [", ".join(part for part in parts if part), line.uncertainty])))
    return f"*{escaped(line.lesson.reference)}* {event_name(line)}\n{facts}"


def _header(title: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": title[:MAX_HEADER_CHARACTERS], "emoji": False}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:MAX_TEXT_CHARACTERS]}}
