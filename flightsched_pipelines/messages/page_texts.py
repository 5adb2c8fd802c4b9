"""Headings and opening sentences of the page of a case, for each status that its reader can meet."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.domain.risk.verdict_trend import Direction, VerdictTrend
from flightsched_pipelines.formatting import format_clock, format_time
from flightsched_pipelines.messages.headlines import FORMS, STAYS_ON_HOLD
from flightsched_pipelines.messages.models import Form, Role

Text = tuple[str, str]

_DISPATCHER_HAS_IT = "A dispatcher takes over and will be in touch. The lesson stays on weather hold."

_BELOW = "The forecast for this lesson is below the school's minimums"

_OPEN: Mapping[tuple[str, Role], Text] = MappingProxyType(
    {
        ("choose", "student"): (
            "Choose another time for your lesson",
            f"{_BELOW}. It is on weather hold.",
        ),
        ("nothing", "student"): (
            "No other time can be offered at present",
            f"{_BELOW}. It is on weather hold. Another time is looked for again every hour.",
        ),
        ("stay", "student"): (
            "Keep your time without flying?",
            f"{_BELOW}. It is on weather hold. No other time can be offered at present; one is looked for every hour.",
        ),
        ("stay", "instructor"): (
            "A lesson without flying to confirm",
            f"{_BELOW}, and your student would keep its time without flying.",
        ),
        ("already_answered", "student"): (
            "Your choice is held",
            "It is held for you while an instructor is asked to confirm it.",
        ),
        ("late", "student"): ("The time to answer is over", _DISPATCHER_HAS_IT),
        ("choose", "instructor"): (
            "A new time to confirm",
            f"{_BELOW}, and your student chose another time.",
        ),
        ("release", "instructor"): (
            "A solo flight to release",
            f"{_BELOW}, and the student chose another time. An instructor who may teach the student releases it.",
        ),
        ("out_of_order", "instructor"): (
            "Your student has not chosen yet",
            f"{_BELOW}. You will be asked to confirm the time that your student chooses.",
        ),
        ("late", "instructor"): (
            "The slot was released",
            "The time to confirm is over, and the slot is no longer held. The student may choose again.",
        ),
        ("wrong_person", "instructor"): (
            "Another instructor is asked",
            "The student chose a time with another instructor, who confirms it. You have nothing to do.",
        ),
    }
)

_STANDBY: Mapping[tuple[str, Role], Text] = MappingProxyType(
    {
        ("choose", "student"): (
            "A slot is available",
            "A slot has become free for this lesson, which is on standby. If you do not take it, nothing changes.",
        ),
        ("late", "student"): (
            "The free slot goes to the next in line",
            "The time to answer is over. This lesson stays as it is, and on standby.",
        ),
        ("choose", "instructor"): (
            "A free slot to confirm",
            "Your student would fly this lesson in a slot that has become free.",
        ),
        ("out_of_order", "instructor"): (
            "Your student has not chosen yet",
            "A free slot was offered to your student. You will be asked to confirm it if it is taken.",
        ),
    }
)

_ENDED: Mapping[str, Text] = MappingProxyType(
    {
        "rescheduled": ("This lesson has moved", "It has moved because of the weather. This is its time now:"),
        "kept": (
            "This lesson stays as booked",
            "An instructor keeps it as booked, although the forecast is below the school's minimums.",
        ),
        "cleared": (
            "The forecast is above the school's minimums again",
            "The weather hold is lifted, and your lesson is on as booked. Nothing needs to be done.",
        ),
        "expired": ("The time to answer is over", f"No answer was received in time. {_DISPATCHER_HAS_IT}"),
        "declined": ("A dispatcher takes over", f"No new time was found. {_DISPATCHER_HAS_IT}"),
        "cancelled": (
            "This question has ended",
            "The school has changed or cancelled the lesson, or ended the question. No answer is needed.",
        ),
    }
)

_STANDBY_ENDED: Mapping[str, Text] = MappingProxyType(
    {
        "rescheduled": (
            "This lesson has moved",
            "It has moved to the slot that had become free. This is its time now:",
        ),
        "expired": _STANDBY["late", "student"],
        "declined": ("The free slot was not taken", "This lesson stays as it is, and on standby."),
        "cancelled": ("The free slot is no longer available", "This lesson stays as it is."),
    }
)

CHANGED: Text = (
    "The school has changed this lesson",
    "The question about its old time has ended. No answer is needed.",
)


def open_text(status: str, role: Role, *, standby: bool) -> Text:
    """Return heading and opening of an open case: ``status`` is what the reader can do, or the code of the refusal."""
    if status == "changed":
        return CHANGED
    key = status, role
    if standby and key in _STANDBY:
        return _STANDBY[key]
    return _OPEN.get(key, ("This lesson and the weather", "Nothing is asked of you at present."))


def ended_text(state: str, form: Form, *, standby: bool, stays_on_hold: bool) -> Text:
    """Return heading and opening of a case that has ended.

    Args:
        state: how it ended.
        form: the form of the lesson now.
        standby: whether the case offered a freed slot.
        stays_on_hold: whether the lesson is on a weather hold now that the platform did not set.
    """
    heading, opening = (_STANDBY_ENDED if standby and state in _STANDBY_ENDED else _ENDED)[state]
    if state == "rescheduled" and form != "flight":
        heading = f"This is a {FORMS[form]} now"
        opening = f"It keeps its time as a {FORMS[form]}, because of the weather:"
    if not stays_on_hold or state not in {"cleared", "rescheduled"}:
        return heading, opening
    stays = f"It {STAYS_ON_HOLD}."
    return heading, stays if state == "cleared" else f"{stays} {opening}"


_VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "ok": "The forecast is above the school's minimums",
        "watch": "The prevailing forecast meets the school's minimums, with a reservation",
        "unknown": "The forecast cannot be judged at present",
        "at_risk": "The forecast is below the school's minimums",
    }
)


VERDICT_LETTERS: Mapping[str | None, str] = MappingProxyType(
    {"at_risk": "B", "unknown": "?", "watch": "W", "ok": "o", None: "·"}
)
"""The letter of each verdict on a board: no verdict is told by its colour alone."""

FORM_LETTERS: Mapping[str, str] = MappingProxyType({"ground": "G", "simulator": "S"})
"""The letter of a lesson that no forecast is compared with."""

HELD_LETTER = "h"
LEGEND = (
    "B below the school's minimums, ? unknown, W to watch, o nothing below, · not assessed yet, h held, "
    "G on the ground, S in a simulator"
)


def board_letter(verdict: str | None, form: str, *, held: bool) -> str:
    """Return the letter of a lesson, or of a held slot, on a board."""
    return HELD_LETTER if held else FORM_LETTERS.get(form, VERDICT_LETTERS[verdict])


def verdict_words(verdict: str | None, form: Form = "flight") -> str:
    """Return a verdict in words; ``None`` is a lesson that the newest hour did not assess. Only flights have one."""
    if form != "flight":
        return f"A {FORMS[form]}, which does not depend on the weather"
    return "Not compared with a forecast yet" if verdict is None else _VERDICTS[verdict]


_BRIEF: Mapping[str, str] = MappingProxyType(
    {"ok": "above the minimums", "watch": "to watch", "unknown": "not known", "at_risk": "below the minimums"}
)
_DIRECTIONS: Mapping[Direction, str] = MappingProxyType(
    {Direction.BETTER: "Better", Direction.WORSE: "Worse", Direction.CHANGED: "Changed"}
)


def trend_words(trend: VerdictTrend, time_zone: str) -> str:
    """Return the trend of a verdict: "Worse since Sun 8 Nov 15:00 PST: to watch before."."""
    since = format_time(trend.since_utc, time_zone)
    if trend.before is None:
        return f"The same since {since} at least."
    return f"{_DIRECTIONS[trend.direction]} since {since}: {_BRIEF[trend.before]} before."


def trend_hours(trend: VerdictTrend, time_zone: str) -> list[tuple[str, str, str, str]]:
    """Return verdict, letter, clock and words of each hour of a trend."""
    return [
        (verdict, VERDICT_LETTERS[verdict], format_clock(at, time_zone), _BRIEF[verdict]) for at, verdict in trend.hours
    ]
