"""Freed slots and the standby list: the order of offers, by a school's rule, and the slots to offer. Pure functions.

`domain.rescheduling.validation` validates each offer; this module only saves it work.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from flightsched_pipelines.domain.cases.lifecycle import (
    BookingStatus,
    Case,
    CaseState,
    CaseTransition,
    Slot,
    StandbyRule,
    expire,
    require_transition,
    step_by_school,
)
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.time_zones import zone_of

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FreedSlot:
    """A slot that a lesson left, with the type of its aircraft."""

    freed_slot_id: int
    school_id: int
    slot: Slot
    aircraft_type: str


@dataclass(frozen=True, slots=True)
class StandbyLesson:
    """A lesson on standby.

    ``on_hold``: it is on weather hold; ``until``: the last local day on which a slot is of use, ``None`` for any;
    ``last_flown_utc``: when the student last flew, ``None`` for never.
    """

    booking_id: int
    student_id: int
    lesson: Slot
    aircraft_type: str
    solo: bool
    on_hold: bool
    since_utc: datetime
    until: date | None
    last_flown_utc: datetime | None
    wishes: RequestedTimes
    time_zone: str


def standby_order(waiting: Iterable[StandbyLesson], rule: StandbyRule) -> list[StandbyLesson]:
    """Return the lessons on standby in the order in which a slot is offered to them."""
    first_come = sorted(waiting, key=lambda one: (one.since_utc, one.booking_id))
    match rule:
        case "first_come":
            return first_come
        case "threatened_first":
            return sorted(first_come, key=lambda one: not one.on_hold)
        case "longest_without_lesson":
            return sorted(first_come, key=lambda one: one.last_flown_utc or _NEVER)
        case "nobody":
            return []


def slots_to_offer(freed: FreedSlot, waiting: StandbyLesson) -> list[Slot]:
    """Return the ways in which a lesson can take a freed slot, the best first; none if it cannot or would not.

    It takes the freed aircraft from the beginning of the slot, for its own length; with its own instructor if possible,
    else with the freed one.
    """
    slot, lesson = freed.slot, waiting.lesson
    ends = slot.starts_at_utc + (lesson.ends_at_utc - lesson.starts_at_utc)
    local = slot.starts_at_utc.astimezone(zone_of(waiting.time_zone))
    fits = freed.aircraft_type == waiting.aircraft_type and ends <= slot.ends_at_utc
    earlier = waiting.on_hold or slot.starts_at_utc < lesson.starts_at_utc
    in_time = waiting.until is None or local.date() <= waiting.until
    if not (fits and earlier and in_time and waiting.wishes.suits(local)):
        return []
    instructors = [None] if waiting.solo else list(dict.fromkeys([lesson.instructor_id, slot.instructor_id]))
    return [
        replace(slot, ends_at_utc=ends, instructor_id=instructor)
        for instructor in instructors
        if waiting.solo or instructor is not None
    ]


def next_standby_transition(
    case: Case, standing: BookingStatus, now_utc: datetime, *, waits_on_hold: bool, is_free: bool
) -> CaseTransition | None:
    """Return the step of a case that offers a freed slot, by an hour or the clock; ``None`` when it goes on.

    A lesson below the minimums gets its own case, unless the slot is already held for it; one whose weather hold is
    lifted needs no other time. The time of a lesson on hold may have passed: it still needs another.

    Args:
        case: the case.
        standing: the present state of its lesson.
        now_utc: now.
        waits_on_hold: whether the lesson stayed on weather hold after an earlier case.
        is_free: whether the slot is still available.
    """
    ended = step_by_school(case, standing)
    if ended is not None or case.state is CaseState.STUDENT_ACCEPTED:
        return ended
    if now_utc >= case.deadline_utc:
        return expire(case)
    if not is_free:
        why = "another lesson has taken the slot"
    elif standing.verdict == "at_risk" and not waits_on_hold:
        why = "the lesson itself is below the school's minimums now, and has a case of its own for that"
    elif waits_on_hold and standing.may_be_released(now_utc):
        why = "the forecast for the lesson is above the school's minimums again"
    else:
        return None
    require_transition(case.state, CaseState.CANCELLED)
    return CaseTransition("cancelled", CaseState.CANCELLED, why)
