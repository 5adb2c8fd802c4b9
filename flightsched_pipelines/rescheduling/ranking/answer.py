"""The answer to a question: its schema, and the checks that all of it must pass before any of it counts.

Everything here is deterministic. What a check cannot show to be true of the slot is refused: the planner's own ranking
and words serve then.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flightsched_pipelines.rescheduling.ranking.question import LONGEST_MESSAGE, LONGEST_REASON, Question, Slot

LONGEST_ANSWER = 20_000
"""Characters of an answer that are looked at; a longer one is refused unread."""

LONGEST_FAULTS = 1_000
"""Characters of what an error says."""

_LAST_LATIN = 0x24F
_MARKUP = re.compile(r"[<>`*_#\[\]{}|\\~^]|&\w+;")
_LINK = re.compile(r"https?:|www\.|\b[\w-]+\.(com|org|net|io|gov|edu|info|app|dev|ai|co|us|me|ly)\b|@", re.IGNORECASE)
_PROMISE = re.compile(
    r"\b(safe|safer|safest|safely|safety|guarantee[sd]?|certain(ly)?|definitely|no risk|risk-free|perfect)\b",
    re.IGNORECASE,
)
_PRESSURE = re.compile(r"!|\b(urgent(ly)?|immediately|hurry|act now|last chance|must book|you must)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2})(?::|\.|h)(\d{2})\s*([ap])?\.?m?\b|\b(\d{1,2})\s*([ap])\.?m\b\.?", re.IGNORECASE)
_RELATIVE = re.compile(r"\b(today|tonight|tomorrow|yesterday|noon|midnight|midday|weekend)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS)}
_COUNTED = re.compile(
    rf"\b({'|'.join(_NUMBER_WORDS)})[\s-]+(day|hour|minute|week)s?\b|\b(\d+)[\s-]*(day|hour|minute|week|h|min)s?\b",
    re.IGNORECASE,
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_PARTS = ("morning", "afternoon", "evening")
_CAPITALISED = re.compile(r"(?<![\w'])[A-ZÀ-ÖØ-Þ][\w'’-]*")
_PROPER = frozenset({"i", "vfr", "ifr", "mvfr", "lifr", "taf", "metar", "utc", "english"})
_OPENERS = frozenset(
    """
    a above after again aircraft all allows although an and another any as at avoids away because before below
    best better both but by choosing close closest compared conditions dear despite dual due during each earlier
    earliest early either even every everything except fewer first flies flying for forecast forecasts from
    given gives good good-margin has have having hello here here's hi however if in instead instructor it it's
    its just keeping keeps last late later latest least leaves less lesson let lets like little long longer
    margin matches meets minimums more most moves much near nearest neither next no none nor not nothing now of
    offers on once one only option or other our out over please plus prefer preferred quicker quite rather same
    second second-best since slightly slot slots solo some soon sooner soonest sorry start starts stays still
    strong student than thank thanks that that's the their then there these they third third-best this those
    though three time times to too two under unfortunately unlike until usual very waiting we we're weather well
    what when where which while with within without works would year yes you you're your
    """.split()  # noqa: SIM905, a list would take a page
)
"""Words with which a sentence may begin and be no name."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A checked answer: slots in order of rank, a reason each, and a message to the student."""

    slots: tuple[Slot, ...]
    reasons: tuple[str, ...]
    message: str

    def stored(self) -> dict[str, Any]:
        """As it is kept, to serve again where the question is the same."""
        ranking = [
            {"id": slot.slot_id, "reason": reason} for slot, reason in zip(self.slots, self.reasons, strict=True)
        ]
        return {"ranking": ranking, "message": self.message}


class AnswerError(ValueError):
    """An answer that may not count; the message says what is wrong with it, each fault once."""


def answer_schema(question: Question) -> dict[str, Any]:
    """The strict JSON schema of the answer: every id of the question once, a reason each, a message."""
    ids = [slot.slot_id for slot in question.slots]
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": ids},
            "reason": {"type": "string", "description": f"One plain sentence, at most {LONGEST_REASON} characters."},
        },
        "required": ["id", "reason"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "ranking": {"type": "array", "items": item, "minItems": len(ids), "maxItems": len(ids)},
            "message": {"type": "string", "description": f"To the student, at most {LONGEST_MESSAGE} characters."},
        },
        "required": ["ranking", "message"],
        "additionalProperties": False,
    }


def check(question: Question, text: str) -> Ranking:
    """Read an answer, and hold it against the question.

    Raises:
        AnswerError: anything is wrong with it. Nothing of it counts then.
    """
    data = _read(text)
    slots = {slot.slot_id: slot for slot in question.slots}
    ids, reasons = [str(item["id"]) for item in data["ranking"]], [str(item["reason"]) for item in data["ranking"]]
    faults = list(_faults_of_ids(ids, list(slots)))
    if not faults:
        lesson = question.body
        for slot_id, reason in zip(ids, reasons, strict=True):
            facts = slots[slot_id].facts
            # What has the wrong form is looked at no further: it may have a number of thousands of digits.
            found = list(_faults_of_text(reason, LONGEST_REASON)) or [
                *_ungrounded(reason, [facts], lesson),
                *_false_claims(reason, facts),
            ]
            faults += [f"reason of {slot_id} {fault}" for fault in found]
        message, every = data["message"], [slot.facts for slot in question.slots]
        found = list(_faults_of_text(message, LONGEST_MESSAGE)) or _ungrounded(message, every, lesson)
        faults += [f"message {fault}" for fault in found]
    if faults:
        raise AnswerError("; ".join(dict.fromkeys(faults))[:LONGEST_FAULTS])
    clean = tuple(" ".join(reason.split()) for reason in reasons)
    return Ranking(tuple(slots[slot_id] for slot_id in ids), clean, " ".join(data["message"].split()))


def _read(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_ANSWER:
        raise AnswerError(f"the answer has {len(text):,} characters, more than {LONGEST_ANSWER:,}")
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswerError("the answer is not JSON") from error
    if not isinstance(data, dict) or set(cast("dict[str, Any]", data)) != {"ranking", "message"}:
        raise AnswerError("the answer does not have exactly the fields ranking and message")
    fields = cast("dict[str, Any]", data)
    if not isinstance(fields["message"], str) or not isinstance(fields["ranking"], list):
        raise AnswerError("ranking is not a list, or message not a text")
    for item in cast("list[object]", fields["ranking"]):
        shaped = isinstance(item, dict) and set(cast("dict[str, Any]", item)) == {"id", "reason"}
        if not shaped or not all(isinstance(value, str) for value in cast("dict[str, Any]", item).values()):
            raise AnswerError("an item of ranking does not have exactly the texts id and reason")
    return fields


def _faults_of_ids(ids: Sequence[str], offered: Sequence[str]) -> Iterator[str]:
    strangers = [slot_id for slot_id in ids if slot_id not in offered]
    if strangers:
        yield f"it names {len(strangers)} slot(s) that were not offered"
    if len(set(ids)) < len(ids):
        yield "it names a slot twice"
    missing = [slot_id for slot_id in offered if slot_id not in ids]
    if missing:
        yield f"it leaves out {', '.join(missing)}"


def _faults_of_text(text: str, longest: int) -> Iterator[str]:
    if not text.strip():
        yield "is empty"
    if len(text) > longest:
        yield f"has {len(text):,} characters, more than {longest}"
    if not all(char.isprintable() or char in "\n" for char in text):
        yield "has control characters"
    if any(char.isalpha() and ord(char) > _LAST_LATIN for char in text):
        yield "is not written in Latin letters"
    if _MARKUP.search(text):
        yield "has markup"
    if _LINK.search(text):
        yield "has a link or an address"
    if _PROMISE.search(text):
        yield "promises what nobody can"
    if _PRESSURE.search(text):
        yield "presses the reader"


def _ungrounded(text: str, slots: Sequence[Mapping[str, Any]], lesson: Mapping[str, Any]) -> Iterator[str]:
    """Times, days, dates, numbers and names that none of these slots has."""
    moments = [_moment(slot["local_start"]) for slot in slots]
    ends = [_clock(slot["local_end"]) for slot in slots]
    usual = _moment(lesson["lesson"]["local_start"])
    clocks = {moment.hour * 60 + moment.minute for moment in [*moments, usual]} | set(ends)
    for found in _CLOCK.finditer(text):
        if _minutes(found) not in clocks:
            yield f"gives the time {found[0].strip()}, which the slot does not have"
    yield from _foreign_days(text, slots, moments)
    if relative := _RELATIVE.search(text):
        yield f"says {relative[0].lower()}, which cannot be checked"
    yield from _foreign_numbers(text, slots, lesson, moments)
    yield from _names(text)


def _foreign_days(text: str, slots: Sequence[Mapping[str, Any]], moments: Sequence[datetime]) -> Iterator[str]:
    lowered = set(re.findall(r"[a-z]+", text.lower()))
    weekdays = {_WEEKDAYS[moment.weekday()] for moment in moments}
    for day in _WEEKDAYS:
        plain = {day, f"{day}s", *([day[:3]] if day[:3] not in {"sun", "sat", "wed"} else [])}
        if plain & lowered and day not in weekdays:
            yield f"names {day.title()}, which is not the slot's day"
    months = {_MONTHS[moment.month - 1] for moment in moments}
    for month in _MONTHS:
        if month != "may" and {month, month[:3]} & lowered - {"mar", "dec"} and month not in months:
            yield f"names {month.title()}, which is not the slot's month"
    parts = {str(slot["part_of_day"]) for slot in slots}
    for part in _PARTS:
        if {part, f"{part}s"} & lowered and part not in parts:
            yield f"speaks of the {part}, which is not when the slot is"


def _foreign_numbers(
    text: str, slots: Sequence[Mapping[str, Any]], lesson: Mapping[str, Any], moments: Sequence[datetime]
) -> Iterator[str]:
    known = {number for moment in moments for number in (moment.day, moment.year)}
    later = {abs(int(slot["minutes_later_in_the_day"])) for slot in slots}
    days = {abs(int(slot["days_later"])) for slot in slots}
    length = int(lesson["lesson"]["length_minutes"])
    weeks = lesson["student"]["weeks_since_last_lesson"]
    amounts: dict[str, set[int]] = {
        "day": days,
        "minute": later | {length} | {minutes % 60 for minutes in later},
        "hour": {minutes // 60 for minutes in {*later, length}},
        "week": {day // 7 for day in days if day % 7 == 0} | ({int(weeks)} if weeks is not None else set()),
    }
    amounts |= {"h": amounts["hour"], "min": amounts["minute"]}
    rest = _CLOCK.sub(" ", text)
    for found in _COUNTED.finditer(rest):
        # Letters such as ſ and ı count as s and i to the pattern: a word that is not known is none of the slot's.
        amount = _NUMBERS.get(found[1].lower()) if found[1] else int(found[3])
        if amount not in amounts.get((found[2] or found[4]).lower(), set()):
            yield f"counts {found[0].strip()}, which the slot does not have"
    for number in _NUMBER.findall(_COUNTED.sub(" ", rest)):
        if int(number) not in known:
            yield f"gives the number {number}, which the slot does not have"


def _names(text: str) -> Iterator[str]:
    calendar = {*_WEEKDAYS, *_MONTHS, *(day[:3] for day in _WEEKDAYS), *(month[:3] for month in _MONTHS)}
    plural = {f"{day}s" for day in _WEEKDAYS}
    for found in _CAPITALISED.finditer(text):
        word = found[0].strip("'’-").lower()
        before = text[: found.start()].rstrip()
        opens = not before or before[-1] in ".!?:;"
        if word in calendar | plural | _PROPER or (opens and word in _OPENERS):
            continue
        yield f"may name somebody or something: {found[0]}"


def _false_claims(text: str, facts: Mapping[str, Any]) -> Iterator[str]:
    """Claims about who and what stays, and about the forecast, that the slot's facts deny."""
    for thing in ("instructor", "aircraft"):
        same = rf"\b(same|your usual|your own|usual|current)\s+(\w+\s+and\s+)?(the\s+)?(same\s+)?{thing}\b"
        other = rf"\b(another|other|different|new)\s+(\w+\s+and\s+)?(a\s+)?{thing}\b"
        if re.search(same, text, re.IGNORECASE) and facts[thing] != "same":
            yield f"says the {thing} stays, which is not so"
        if re.search(other, text, re.IGNORECASE) and facts[thing] == "same":
            yield f"says the {thing} changes, which is not so"
    unforecast = facts["forecast"].startswith("no forecast")
    if re.search(r"\babove\s+(the\s+)?(school's\s+|school’s\s+)?minimums\b", text, re.IGNORECASE) and unforecast:
        yield "speaks of a forecast above the minimums, and none reaches the slot"
    if re.search(r"\b(no|not yet|without a)\s+forecast\b", text, re.IGNORECASE) and not unforecast:
        yield "says that no forecast reaches the slot, and one does"


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%A %d %B %Y, %H:%M")  # noqa: DTZ007, a local clock as the question shows it


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _minutes(found: "re.Match[str]") -> int:
    hours, minutes, half = int(found[1] or found[4]), int(found[2] or 0), (found[3] or found[5] or "").lower()
    return (hours % 12 + 12 * (half == "p") if half else hours) * 60 + minutes
