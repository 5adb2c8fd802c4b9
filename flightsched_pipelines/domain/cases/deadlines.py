"""Deadlines of a case: holds that end, automatic confirmations, and one reminder of each question."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.lifecycle import CaseState
from flightsched_pipelines.domain.cases.rules import ResponseRules

_ORDER = (Action.LAPSE, Action.CONFIRM, Action.REMIND)


@dataclass(frozen=True, slots=True)
class CaseClock:
    """The times of an open case.

    ``accepted_at`` is when the student took the alternative that is held until ``held_until``, each ``None`` where no
    slot is held; ``instructor_id`` is the held slot's instructor, ``None`` for a solo flight. ``confirms_unasked``:
    that instructor's lessons are confirmed automatically. ``reminded``: a reminder has been sent. ``standby``: the case
    offers a freed slot.
    """

    case_id: int
    state: CaseState
    standby: bool
    opened_at: datetime
    accepted_at: datetime | None
    deadline_utc: datetime
    reminded: bool
    held_until: datetime | None
    instructor_id: int | None
    confirms_unasked: bool


@dataclass(frozen=True, slots=True)
class DeadlineDue:
    """An action that the clock takes in a case: lapse, confirm or remind. ``until_utc`` is the end that it is about."""

    case_id: int
    action: Action
    until_utc: datetime
    instructor_id: int | None


def deadlines_due(clocks: Iterable[CaseClock], now_utc: datetime, rules: ResponseRules) -> list[DeadlineDue]:
    """Return the actions due in open cases: holds that ended, automatic confirmations, reminders; in this order."""
    due = [
        DeadlineDue(clock.case_id, action, clock.held_until or clock.deadline_utc, clock.instructor_id)
        for clock in clocks
        if (action := _action_due(clock, now_utc, rules)) is not None
    ]
    return sorted(due, key=lambda one: _ORDER.index(one.action))


def _action_due(clock: CaseClock, now_utc: datetime, rules: ResponseRules) -> Action | None:
    if clock.held_until is not None and clock.held_until <= now_utc:
        return Action.LAPSE
    accepted = clock.accepted_at
    if clock.confirms_unasked and accepted is not None and accepted <= now_utc - rules.withdraw_within:
        return Action.CONFIRM
    return Action.REMIND if _reminder_is_due(clock, now_utc, rules) else None


def _reminder_is_due(clock: CaseClock, now_utc: datetime, rules: ResponseRules) -> bool:
    """Return whether the end is near, but not in the first half of the time available; once for each question.

    A freed slot is offered only for a short time: its instructor is reminded, the student is not.
    """
    waits = clock.state is CaseState.STUDENT_ACCEPTED or (clock.state is CaseState.PROPOSED and not clock.standby)
    since, until = clock.accepted_at or clock.opened_at, clock.held_until or clock.deadline_utc
    left = until - now_utc
    is_near = now_utc < until and left <= rules.remind_before and left <= now_utc - since
    return waits and not clock.reminded and is_near
