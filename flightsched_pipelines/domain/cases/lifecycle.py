"""Decide the next step of a threatened booking's case, by a new hour or by the clock. Pure functions.

    open ──► proposed ──► student_accepted ──► rescheduled
      └──────────┴──────────────┴──► kept, cleared, expired, declined, cancelled

A case ends as cleared only when an hour has assessed the lesson, and its verdict is ``ok``: a forecast that cannot be
read, or is merely to be watched, keeps it open. After the lesson's time the weather has no effect:
whether it was flown is for the school to say. People are notified again only when something relevant has changed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, get_args

from flightsched_pipelines.formatting import plural


class CaseState(StrEnum):
    """The state of a case; the first three are open."""

    OPEN = "open"
    PROPOSED = "proposed"
    STUDENT_ACCEPTED = "student_accepted"
    RESCHEDULED = "rescheduled"
    KEPT = "kept"
    CLEARED = "cleared"
    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({CaseState.OPEN, CaseState.PROPOSED, CaseState.STUDENT_ACCEPTED})

_ENDS = frozenset(CaseState) - OPEN_STATES
TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType(
    {
        CaseState.OPEN: frozenset({CaseState.OPEN, CaseState.PROPOSED}) | _ENDS - {CaseState.RESCHEDULED},
        CaseState.PROPOSED: frozenset({CaseState.OPEN, CaseState.PROPOSED, CaseState.STUDENT_ACCEPTED})
        | _ENDS - {CaseState.RESCHEDULED},
        CaseState.STUDENT_ACCEPTED: frozenset({CaseState.STUDENT_ACCEPTED, CaseState.PROPOSED, CaseState.OPEN}) | _ENDS,
    }
)
"""The states that may follow each open one; an ended case stays as it is."""


StepEvent = Literal["opened", "updated", "cleared", "expired", "declined", "cancelled", "changed", "begun"]
"""Steps of a case by an hour or the clock.

declined: the student responded, but no alternative was held at the deadline; begun: the lesson's time has come, or the
school says it was flown.
"""

ENDING_EVENTS: frozenset[StepEvent] = frozenset({"cleared", "expired", "declined", "cancelled", "changed", "begun"})
"""The steps of an hour or the clock that end a case."""

ON_HOLD_AFTER: frozenset[StepEvent] = frozenset({"expired", "declined"})
"""The ends of a threatened lesson's case after which it is still on hold, and a dispatcher takes over."""

StandbyRule = Literal["threatened_first", "first_come", "longest_without_lesson", "nobody"]
"""The order in which freed slots are offered.

threatened_first: lessons on weather hold, then the others; first_come: the longest wait; longest_without_lesson: the
longest time without flying; nobody: slots are not offered. Equals are ordered by the longest wait.
"""

HoldSetter = Literal["platform", "dispatcher"]
"""The setter of a weather hold: the platform, by a case, or a dispatcher."""

ResponseEvent = Literal[
    "accepted", "withdrawn", "none_suit", "confirmed", "moved", "kept", "declined", "hold_released", "reminded",
    "closed",
]  # fmt: skip
"""Steps of a case by responses and their deadlines.

accepted: the student took an alternative, and its slot is held; withdrawn: the student took that back; none_suit: the
student wants other alternatives; confirmed: the instructor agreed, or released a solo flight; moved: the booking is at
its new time; kept: an instructor keeps the lesson as booked; declined: a dispatcher takes over; hold_released: the slot
is no longer held; reminded: a reminder was sent; closed: a dispatcher ended the case.
"""

CASE_EVENTS = frozenset[str]({*get_args(StepEvent), "released", "overruled", *get_args(ResponseEvent)})
"""Every event of the audit trail.

released: the weather hold of a booking whose case had ended was lifted; overruled: the school's scheduler has the
lesson at another time than the platform moved it to, which counts.
"""


class TransitionError(ValueError):
    """A step that a case in its state cannot take."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time with an aircraft or a simulator, ``None`` for a ground lesson, and the instructor of a dual lesson."""

    starts_at_utc: datetime
    ends_at_utc: datetime
    instructor_id: int | None
    aircraft_id: int | None


def keeps_time(slot: Slot, lesson: Slot) -> bool:
    """Return whether a slot keeps a lesson's time, as only what does not fly does."""
    return slot.starts_at_utc == lesson.starts_at_utc


@dataclass(frozen=True, slots=True)
class Case:
    """An open case: the lesson as people were notified of it, and the alternatives on offer, in their order.

    ``student_id`` is the student who was asked, ``None`` if that is not known. ``responded``: the student has accepted
    an alternative or asked for others, whatever became of that.
    """

    state: CaseState
    lesson: Slot
    offers: Sequence[Slot]
    deadline_utc: datetime
    student_id: int | None = None
    responded: bool = False


@dataclass(frozen=True, slots=True)
class BookingStatus:
    """The present state of a booking.

    ``verdict`` is ok, watch, unknown or at_risk, ``None`` where the hour did not assess it; ``lesson`` is the booking
    as it is in the schedule, ``None`` when it is there no more. ``proposals`` are the hour's alternatives, the best
    first; ``open_slots`` all slots that the hour found to work. ``on_hold``: on weather hold; ``hold_by``:
    who put it there, ``None`` if neither the platform nor a dispatcher did. ``is_flown`` is what the school says.
    ``student_id`` is the lesson's student now.
    """

    verdict: str | None
    lesson: Slot | None
    proposals: Sequence[Slot] = ()
    open_slots: Collection[Slot] = frozenset()
    on_hold: bool = True
    hold_by: HoldSetter | None = "platform"
    is_flown: bool = False
    student_id: int | None = None

    def is_above_minimums(self, now_utc: datetime) -> bool:
        """Return whether people may be notified of it: the hour assessed the lesson as ok, and it has not begun."""
        ahead = self.lesson is not None and not self.is_flown and now_utc < self.lesson.starts_at_utc
        return ahead and self.verdict == "ok"

    def may_be_released(self, now_utc: datetime) -> bool:
        """Return whether the platform may lift the weather hold of a lesson without a case; it lifts only its own."""
        return self.on_hold and self.hold_by == "platform" and self.is_above_minimums(now_utc)


@dataclass(frozen=True, slots=True)
class CaseTransition:
    """One step of a case: the event, the state after it, the reason, and the alternatives on offer from then on.

    ``changes`` are sentences on what is new since the last notification; ``new_round``: the alternatives differ.
    """

    event: StepEvent
    state: CaseState
    why: str
    offers: Sequence[Slot] = ()
    new_round: bool = False
    changes: Sequence[str] = ()


def require_transition(before: CaseState, after: CaseState) -> None:
    """Refuse a step that the state machine does not have.

    Raises:
        TransitionError: naming both states.
    """
    if after not in TRANSITIONS.get(before, frozenset()):
        raise TransitionError(f"a case that is {before} cannot become {after}")


def open_case(standing: BookingStatus) -> CaseTransition:
    """Return the first step of a new case: proposed where there are alternatives, else open."""
    offers = tuple(standing.proposals)
    return CaseTransition(
        event="opened",
        state=CaseState.PROPOSED if offers else CaseState.OPEN,
        why="the forecast is below the school's minimums",
        offers=offers,
        new_round=bool(offers),
    )


def next_transition(case: Case, standing: BookingStatus, now_utc: datetime) -> CaseTransition | None:
    """Return the step of an open case by an hour or the clock; ``None`` if nothing relevant to people has changed.

    Between the hours nothing is assessed: the verdict is ``None``, and only the school and the clock end a case.
    """
    ended = step_by_school(case, standing)
    if ended is not None or case.state is CaseState.STUDENT_ACCEPTED:
        return ended
    if now_utc >= case.lesson.starts_at_utc:
        return _end(case, "begun", CaseState.EXPIRED, "the lesson's time came and nothing was agreed")
    if standing.is_above_minimums(now_utc):
        return _end(case, "cleared", CaseState.CLEARED, "the forecast is above the school's minimums again")
    if now_utc >= case.deadline_utc:
        if not standing.on_hold:
            return _end(case, "changed", CaseState.CANCELLED, "the school has lifted the weather hold")
        return _decline(case) if case.responded else expire(case)
    return _offer_anew(case, standing) if standing.verdict == "at_risk" else None


def step_by_school(case: Case, standing: BookingStatus) -> CaseTransition | None:
    """Return the step that ends a case if the school cancelled, flew or changed its lesson; else ``None``."""
    if standing.lesson is None:
        return _end(case, "cancelled", CaseState.CANCELLED, "the booking is no longer in the schedule")
    if standing.is_flown:
        return _end(case, "begun", CaseState.CANCELLED, "the school has marked the lesson as flown")
    if is_given_away(case, standing):
        return _end(case, "changed", CaseState.CANCELLED, "the school gave the lesson to another student")
    if standing.lesson != case.lesson:
        return _end(case, "changed", CaseState.CANCELLED, "the booking was changed at the school")
    return None


def is_given_away(case: Case, standing: BookingStatus) -> bool:
    """Return whether the lesson is now that of another student than the one who was asked."""
    return case.student_id is not None and standing.student_id not in (None, case.student_id)


def expire(case: Case) -> CaseTransition:
    """Return the step that ends a case without a response in time."""
    return _end(case, "expired", CaseState.EXPIRED, "there was no answer before the deadline")


def _decline(case: Case) -> CaseTransition:
    """Return the step by which a dispatcher takes over: a student who responded must not read that nobody did."""
    return _end(case, "declined", CaseState.DECLINED, "no alternative was held at the deadline")


def _offer_anew(case: Case, standing: BookingStatus) -> CaseTransition | None:
    """Return a new round if an alternative was lost, or if there are more than before."""
    works = set(standing.open_slots) | set(standing.proposals)
    lost = [offer for offer in case.offers if offer not in works]
    more = len(standing.proposals) > len(case.offers)
    if not lost and not more:
        return None
    offers = tuple(standing.proposals)
    if not offers and not case.offers:
        return None
    changes: list[str] = []
    if lost:
        changes.append(lost_offers(len(lost), len(case.offers)) + ".")
    if not offers:
        changes.append("There is no other alternative now.")
    elif not case.offers:
        changes.append("There are alternatives now.")
    else:
        now = "This alternative replaces" if len(offers) == 1 else f"These {plural(len(offers), 'alternative')} replace"
        changes.append(f"{now} those in the last message.")
    return CaseTransition(
        event="updated",
        state=CaseState.PROPOSED if offers else CaseState.OPEN,
        why=f"{plural(len(lost), 'alternative')} lost, {len(offers)} offered now",
        offers=offers,
        new_round=True,
        changes=tuple(changes),
    )


def lost_offers(lost: int, offered: int) -> str:
    """Return how many alternatives are lost: "1 of the 3 alternatives you were given is no longer available"."""
    given = "The alternative you were given" if offered == 1 else f"{lost} of the {offered} alternatives you were given"
    return f"{given} {'is' if lost == 1 else 'are'} no longer available"


def _end(case: Case, event: StepEvent, state: CaseState, why: str) -> CaseTransition:
    require_transition(case.state, state)
    return CaseTransition(event=event, state=state, why=why)
