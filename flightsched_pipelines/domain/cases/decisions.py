"""Decide what a response does to a case. A student takes an alternative, and the instructor confirms it.

Pure functions. Only this module decides which response is allowed and when. One that is not raises
`ResponseRefusedError` with a sentence for its sender, and changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES, CaseState, Slot, require_transition
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Decision, Hold, ResponseContext
from flightsched_pipelines.durations import MINUTE

MUCH_WORSE_SHARE = 0.1
"""A limit missed by this much more (as a share of it) than when an instructor kept the lesson needs a new decision."""


def decide(question: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    """Decide what a response does.

    Raises:
        ResponseRefusedError: the case has ended, the person may not take this action, or it is too late or out of
        order.
    """
    if question.state not in OPEN_STATES:
        raise ResponseRefusedError(
            "ended", f"case {question.case_id} has ended ({question.state}); nothing was changed"
        )
    _require_person(question, answer)
    if question.booked != question.lesson:
        raise ResponseRefusedError("changed", "the school has changed the lesson since; nothing was changed")
    effect = _DECISIONS[answer.action](question, answer, at)
    require_transition(question.state, effect.state)
    return effect


def slot_of_response(question: CaseSnapshot, answer: CaseResponse) -> Slot | None:
    """Return the slot that a response is about: the alternative that it takes, or the one that is held."""
    if answer.action is not Action.ACCEPT:
        return question.hold.slot if question.hold else None
    if answer.round in (None, question.round):
        return question.offers.get(answer.number or 0)
    return question.earlier.get((answer.round or 0, answer.number or 0))


def longest_hold(question: CaseSnapshot, slot: Slot, at: ResponseContext) -> datetime | None:
    """Return until when a slot can be held; ``None`` if it, or the lesson's present time, begins too soon."""
    until = min(at.asked_from_utc + at.rules.hold, slot.starts_at_utc - at.rules.closes_before)
    if not question.standby:
        until = min(until, question.lesson.starts_at_utc)
    return until if until > at.now_utc else None


def override_still_applies(then: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Return whether an override still covers the forecast: no other rule is broken, and none by much more.

    Both map broken rules to how far each limit is missed, as a share of it; infinite for hazards.
    """
    return all(rule in then and missed <= then[rule] + MUCH_WORSE_SHARE for rule, missed in now.items())


def _require_person(question: CaseSnapshot, answer: CaseResponse) -> None:
    wanted = ROLE_OF[answer.action]
    if answer.role != wanted:
        raise ResponseRefusedError(
            "wrong_person", f"'{answer.action}' is for {_an(wanted)}, not for {_an(answer.role)}"
        )
    if wanted == "student" and answer.person_id != question.student_id:
        raise ResponseRefusedError("wrong_person", f"case {question.case_id} is about another student's lesson")
    if wanted == "instructor" and answer.person_id not in _instructors(question, answer.action):
        raise ResponseRefusedError("wrong_person", f"case {question.case_id} waits for another instructor")


def _instructors(question: CaseSnapshot, action: Action) -> frozenset[int]:
    """Return the instructors who may confirm or decline the held slot, or keep the lesson as it is."""
    slot = question.lesson if action is Action.KEEP or question.hold is None else question.hold.slot
    return question.releasers if slot.instructor_id is None else frozenset({slot.instructor_id})


def _accept(question: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    if question.hold is not None:
        same = slot_of_response(question, answer) == question.hold.slot
        words = "is already held for you" if same else "is held for you; withdraw it first"
        raise ResponseRefusedError("already_answered", f"alternative {question.hold.number} {words}")
    if at.now_utc >= question.deadline_utc:
        raise _late(question)
    slot = slot_of_response(question, answer)
    numbers = {held_out: number for number, held_out in question.offers.items()}
    if slot is None:
        raise ResponseRefusedError("not_offered", f"alternative {answer.number} was not offered", tells_left=True)
    if slot not in numbers:
        raise ResponseRefusedError(
            "superseded", f"alternative {answer.number} of that message is no longer available", tells_left=True
        )
    until = longest_hold(question, slot, at)
    if until is None:
        raise ResponseRefusedError("late", f"alternative {answer.number} begins too soon", tells_left=True)
    number = numbers[slot]
    return Decision(
        "accepted", CaseState.STUDENT_ACCEPTED, f"the student took alternative {number}", slot, number, until
    )


def _none_suit(question: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    earliest, latest = answer.wishes.earliest_date, answer.wishes.latest_date
    if earliest is not None and latest is not None and latest < earliest:
        raise ResponseRefusedError(
            "no_day", f"there is no day after {earliest} and before {latest}; give the earlier date first"
        )
    if question.hold is not None:
        raise ResponseRefusedError(
            "already_answered", f"alternative {question.hold.number} is held for you; withdraw it first"
        )
    if at.now_utc >= question.deadline_utc:
        raise _late(question)
    if question.standby:
        return Decision("declined", CaseState.DECLINED, "the student does not want the slot")
    if question.new_rounds >= at.rules.new_rounds:
        return Decision("declined", CaseState.DECLINED, f"none suited in {question.new_rounds + 1} rounds")
    return Decision("none_suit", CaseState.PROPOSED, "none of the alternatives suits the student")


def _withdraw(question: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    hold = question.hold
    if hold is None:
        raise ResponseRefusedError(
            "out_of_order", "there is nothing to withdraw: no alternative is held", tells_left=True
        )
    if at.now_utc > hold.since_utc + at.rules.withdraw_within:
        minutes = at.rules.withdraw_within / MINUTE
        raise ResponseRefusedError("late", f"a choice can be withdrawn for {minutes:g} minutes; ask your dispatcher")
    return Decision("withdrawn", CaseState.PROPOSED, "the student withdrew the choice", hold.slot, hold.number)


def _confirm(question: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    hold = _held(question, at.now_utc)
    words = "an instructor released the solo flight" if hold.slot.instructor_id is None else "the instructor confirmed"
    return Decision("confirmed", CaseState.RESCHEDULED, words, hold.slot, hold.number)


def _decline(question: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    hold = _held(question, at.now_utc)
    return Decision("hold_released", CaseState.PROPOSED, "the instructor declined", hold.slot, hold.number)


def _release_hold(question: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    """Release a hold that was not confirmed: the case waits for another choice, or ends if its deadline has passed."""
    hold = question.hold
    if hold is None or at.now_utc < hold.until_utc:
        raise ResponseRefusedError("out_of_order", "no hold has ended")
    if at.now_utc >= question.deadline_utc:
        why = "not confirmed in time, and the deadline has passed"
        return Decision("declined", CaseState.DECLINED, why, hold.slot, hold.number)
    return Decision("hold_released", CaseState.PROPOSED, "not confirmed in time", hold.slot, hold.number)


def _held(question: CaseSnapshot, now_utc: datetime) -> Hold:
    if question.hold is None:
        raise ResponseRefusedError("out_of_order", "the student has not chosen an alternative yet")
    if now_utc >= question.hold.until_utc:
        raise ResponseRefusedError("late", "the slot is no longer held: it was not confirmed in time")
    return question.hold


def _keep(question: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    if question.standby:
        raise ResponseRefusedError("out_of_order", "this case offers a freed slot; without an answer nothing changes")
    if not answer.reason.strip():
        raise ResponseRefusedError(
            "no_reason", "a reason is required to keep a lesson that is below the school's minimums"
        )
    if at.now_utc >= question.lesson.starts_at_utc:
        raise ResponseRefusedError("late", "the lesson's time has come; tell your dispatcher")
    return Decision(
        "kept", CaseState.KEPT, "the instructor keeps the lesson as booked; the reason is with the response"
    )


def _late(question: CaseSnapshot) -> ResponseRefusedError:
    so = "the slot goes to the next in line" if question.standby else "a dispatcher handles the lesson"
    return ResponseRefusedError("late", f"the deadline of case {question.case_id} has passed; {so}")


def _an(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"


def _cancel(question: CaseSnapshot, *_: object) -> Decision:
    why = f"a dispatcher ended the case; the booking stays {'as it is' if question.standby else 'on hold'}"
    return Decision("closed", CaseState.CANCELLED, why)


def _remind(question: CaseSnapshot, *_: object) -> Decision:
    return Decision("reminded", question.state, "a reminder was sent")


_DECISIONS: Mapping[Action, Callable[[CaseSnapshot, CaseResponse, ResponseContext], Decision]] = {
    Action.ACCEPT: _accept,
    Action.NONE_SUIT: _none_suit,
    Action.WITHDRAW: _withdraw,
    Action.CONFIRM: _confirm,
    Action.DECLINE: _decline,
    Action.KEEP: _keep,
    Action.CANCEL: _cancel,
    Action.LAPSE: _release_hold,
    Action.REMIND: _remind,
}
