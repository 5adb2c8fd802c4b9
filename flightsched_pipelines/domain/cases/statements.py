"""Judge whether a message still says what is so: it may have waited for the morning, or for its channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flightsched_pipelines.domain.cases.lifecycle import ON_HOLD_AFTER

STAYS_AS_BOOKED = frozenset({"cleared", "kept", "expired", "declined"})
"""Events about a lesson that keeps its time, on hold or not."""

ASKS = frozenset({"opened", "updated", "accepted", "reminded"})
"""Events of a case that goes on: an answer is wanted, or a slot is held.

That a choice was withdrawn, or its slot released, is so when the case is over, too: whoever was to confirm it hears
nothing else.
"""

HAS_A_TIME = STAYS_AS_BOOKED | {"changed", "moved"}
"""Events that say when a lesson is, with nothing left to answer."""

SETS_A_TIME = frozenset({"moved", "handed_over"})
"""Events after which somebody's lesson is not when they believe it is."""

ABOVE = frozenset({"ok", "watch"})
"""The verdicts that bear out that a forecast is above the school's minimums."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The claim of a message about a lesson: the event of its case, and the lesson's start.

    ``on_hold`` is whether it says of a lesson that stays as booked that it is on weather hold.
    A ``standby`` message is about a freed slot, and says nothing of that. ``given_away``: it says that the lesson was
    given to another student.
    """

    event: str
    starts_at_utc: datetime
    on_hold: bool
    standby: bool = False
    given_away: bool = False


@dataclass(frozen=True, slots=True)
class LessonNow:
    """A case's lesson at the moment: its status and start, and whether the case, or a later one of weather, is open.

    ``given_away``: it is the lesson of another student than the one whom the case asked.
    """

    status: Literal["scheduled", "weather_hold", "completed", "cancelled"]
    starts_at_utc: datetime
    case_is_open: bool
    has_later_case: bool
    given_away: bool = False


def statement_of(
    event: str,
    starts_at_utc: datetime,
    *,
    standby: bool = False,
    hold_stays: bool = False,
    given_away: bool = False,
) -> Statement:
    """Return what a message says; ``hold_stays``: that the lesson stays on a dispatcher's hold."""
    return Statement(event, starts_at_utc, hold_stays or event in ON_HOLD_AFTER, standby, given_away)


def may_wake(event: str, *, standby: bool) -> bool:
    """Return whether a message may override quiet hours if its lesson is near: not one about an offer of a freed slot.

    That a lesson was moved to the freed slot is no offer any more.
    """
    return not standby or event in SETS_A_TIME


def why_outdated(said: Statement, lesson: LessonNow, now_utc: datetime) -> str:
    """Return why a message must not be sent any more, without personal data; empty if what it says is so."""
    if said.given_away:
        return "" if lesson.given_away else "the lesson is this student's again"
    if lesson.given_away and said.event in ASKS | STAYS_AS_BOOKED | {"moved"}:
        return "the lesson is another student's now"
    if said.event in ASKS:
        return "" if lesson.case_is_open else "its case is over"
    if said.event == "cancelled" and not said.standby:
        return "" if lesson.status == "cancelled" or lesson.given_away else "the lesson is in the schedule again"
    if said.event in HAS_A_TIME and (lesson.status == "cancelled" or lesson.starts_at_utc != said.starts_at_utc):
        return "the lesson was cancelled or moved since"
    return "" if said.standby or said.event not in STAYS_AS_BOOKED else _why_it_does_not_stay(said, lesson, now_utc)


def _why_it_does_not_stay(said: Statement, lesson: LessonNow, now_utc: datetime) -> str:
    if said.event != "declined" and now_utc >= lesson.starts_at_utc:
        return "the lesson's time has come"
    is_on_hold = lesson.status == "weather_hold"
    if lesson.has_later_case:
        return "a later case of the lesson is open"
    if said.on_hold == is_on_hold:
        return ""
    return "the lesson was put on hold since" if is_on_hold else "the lesson is no longer on hold"


def needs_verdict(said: Statement) -> bool:
    """Return whether a message says that the forecast is above the minimums: only the newest hour can bear that out."""
    return said.event == "cleared"
