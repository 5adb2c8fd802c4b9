"""Decide what a response does to a case. A student takes an alternative, and the instructor confirms it.

Pure functions. Only this module decides which response is allowed and when. One that is not raises
`ResponseRefusedError` with a sentence for its sender, and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.lifecycle import OPEN_STATES, CaseState, ResponseEvent, Slot, require_transition
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import (
    CaseSnapshot,
    Decision,
    Effect,
    Hold,
    ResponseContext,
    Revalidated,
)
from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.formatting import format_duration, plural

MUCH_WORSE_SHARE = 0.1
"""A limit missed by this much more (as a share of it) than when an instructor kept the lesson needs a new decision."""


def decide(case: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    """Decide what a response does.

    Raises:
        ResponseRefusedError: the case has ended, the person may not take this action, or it is too late or out of
        order.
    """
    if case.state not in OPEN_STATES:
        raise ResponseRefusedError("ended", f"case {case.case_id} has ended ({case.state}); nothing was changed")
    _require_person(case, answer)
    if case.booked != case.lesson:
        raise ResponseRefusedError("changed", "the school has changed the lesson since; nothing was changed")
    effect = _DECISIONS[answer.action](case, answer, at)
    require_transition(case.state, effect.state)
    return effect


def slot_to_revalidate(
    case: CaseSnapshot, decision: Decision, response: CaseResponse, at: ResponseContext
) -> Slot | None:
    """Return the slot that is to be checked again before a decision counts; ``None`` if none is.

    At the end of a hold that is the slot that could be held for longer.
    """
    if decision.effect in {"hold", "move"}:
        return decision.slot
    if response.action is Action.LAPSE and case.hold is not None:
        return case.hold.slot if longest_hold(case, case.hold.slot, at) is not None else None
    return None


def weigh(
    case: CaseSnapshot, decision: Decision, response: CaseResponse, found: Revalidated, at: ResponseContext, moment: str
) -> Decision:
    """Return what becomes of a decision when its slot was checked again.

    A slot with an objection is refused, and released if it was held. If the forecast for it is missing, no lesson moves
    there, and a hold that ends is prolonged, as it could not be confirmed.

    Args:
        case: the case.
        decision: the decision.
        response: the response it is about.
        found: what the check found.
        at: when, and under which rules.
        moment: the slot's time, in words for a refusal.

    Raises:
        ResponseRefusedError: the slot cannot be taken, or not at present.
    """
    if response.action is Action.LAPSE:
        if found.verdict != "missing" or case.hold is None:
            return decision
        return replace(decision, effect="prolong", until_utc=longest_hold(case, case.hold.slot, at))
    if found.objections and decision.effect == "hold":
        raise taken(decision.number, found.objections[0])
    if found.objections:
        return without_slot(case, "lose", "hold_released", found.objections[0], at.now_utc)
    if found.verdict == "missing":
        keeps = "the slot stays held" if case.hold else "nothing was changed"
        raise ResponseRefusedError(
            "no_forecast",
            f"alternative {decision.number} ({moment}) cannot be validated now: {found.why}; "
            f"{keeps}, answer again when the forecast is back",
        )
    return decision


def taken(number: int | None, why: str) -> ResponseRefusedError:
    """Return the refusal of an alternative that has an objection."""
    sentence = f"alternative {number} is no longer available: {why}"
    return ResponseRefusedError("taken", sentence, tells_left=True, gone=number)


def whom_it_waits_for(case: CaseSnapshot, response: CaseResponse) -> int | None:
    """Return the person whom a response is expected from."""
    if response.role == "student":
        return case.student_id
    return case.confirmer_of(_slot_in_question(case, response.action)) if response.role == "instructor" else None


def _slot_in_question(case: CaseSnapshot, action: Action) -> Slot:
    """The slot whose instructor is asked: the one that is held, or the lesson's where it is to be kept."""
    return case.lesson if action is Action.KEEP or case.hold is None else case.hold.slot


def slot_of_response(case: CaseSnapshot, answer: CaseResponse) -> Slot | None:
    """Return the slot that a response is about: the alternative that it takes, or the one that is held."""
    if answer.action is not Action.ACCEPT:
        return case.hold.slot if case.hold else None
    if answer.round in (None, case.round):
        offer = case.offers.get(answer.number or 0)
        return offer and offer.slot
    return case.earlier.get((answer.round or 0, answer.number or 0))


def longest_hold(case: CaseSnapshot, slot: Slot, at: ResponseContext) -> datetime | None:
    """Return until when a slot can be held; ``None`` if it, or the lesson's present time, begins too soon.

    A hold counts waking hours: an instructor who is asked late in the evening can confirm in the morning. A lesson on
    weather hold that takes a freed slot may have its present time behind it.
    """
    answered = WakingHours(case.time_zone).end_of_wait(at.asked_from_utc, at.rules.hold)
    until = min(answered, slot.starts_at_utc - at.rules.closes_before)
    if not (case.standby and case.on_hold):
        until = min(until, case.lesson.starts_at_utc)
    return until if until > at.now_utc else None


def override_still_applies(then: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Return whether an override still covers the forecast: no other rule is broken, and none by much more.

    Both map broken rules to how far each limit is missed, as a share of it; infinite for hazards.
    """
    return all(rule in then and missed <= then[rule] + MUCH_WORSE_SHARE for rule, missed in now.items())


def without_slot(case: CaseSnapshot, effect: Effect, event: ResponseEvent, why: str, now_utc: datetime) -> Decision:
    """Return what becomes of a case whose held slot is lost: it waits for another choice, or goes to a dispatcher.

    After its deadline nobody can choose again, and a student who has responded must not read that nobody did. An offer
    of a freed slot that is lost or withdrawn ends of itself.
    """
    slot, number = (case.hold.slot, case.hold.number) if case.hold else (None, None)
    ends_itself = case.standby and (effect == "lose" or event == "withdrawn")
    if now_utc >= case.deadline_utc and not ends_itself:
        return Decision("end", "declined", CaseState.DECLINED, f"{why}, and the deadline has passed", slot, number)
    return Decision(effect, event, CaseState.PROPOSED, why, slot, number)


def _require_person(case: CaseSnapshot, answer: CaseResponse) -> None:
    wanted = ROLE_OF[answer.action]
    if answer.role != wanted:
        raise ResponseRefusedError(
            "wrong_person", f"'{answer.action}' is for {_an(wanted)}, not for {_an(answer.role)}"
        )
    if wanted == "student" and answer.person_id != case.student_id:
        raise ResponseRefusedError("wrong_person", f"case {case.case_id} is about another student's lesson")
    if wanted == "instructor" and answer.person_id not in _instructors(case, answer.action):
        raise ResponseRefusedError("wrong_person", f"case {case.case_id} waits for another instructor")


def _instructors(case: CaseSnapshot, action: Action) -> frozenset[int]:
    """Return the instructors who may confirm or decline the held slot, or keep the lesson as it is."""
    slot = _slot_in_question(case, action)
    return case.releasers if slot.instructor_id is None else frozenset({slot.instructor_id})


def _accept(case: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    if case.hold is not None:
        same = slot_of_response(case, answer) == case.hold.slot
        words = "is already held for you" if same else "is held for you; withdraw it first"
        raise ResponseRefusedError("already_answered", f"alternative {case.hold.number} {words}")
    if at.now_utc >= case.deadline_utc:
        raise _late(case)
    slot = slot_of_response(case, answer)
    numbers = {offer.slot: number for number, offer in case.offers.items()}
    if slot is None:
        raise ResponseRefusedError("not_offered", f"alternative {answer.number} was not offered", tells_left=True)
    if slot not in numbers:
        raise ResponseRefusedError(
            "superseded", f"alternative {answer.number} of that message is no longer available", tells_left=True
        )
    until = longest_hold(case, slot, at)
    number = numbers[slot]
    if until is None:
        raise ResponseRefusedError("late", f"alternative {number} begins too soon", tells_left=True, gone=number)
    return Decision(
        "hold", "accepted", CaseState.STUDENT_ACCEPTED, f"the student took alternative {number}", slot, number, until
    )


def _none_suit(case: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    earliest, latest = answer.wishes.earliest_date, answer.wishes.latest_date
    if earliest is not None and latest is not None and latest < earliest:
        raise ResponseRefusedError(
            "no_day", f"there is no day after {earliest} and before {latest}; give the earlier date first"
        )
    if case.hold is not None:
        raise ResponseRefusedError(
            "already_answered", f"alternative {case.hold.number} is held for you; withdraw it first"
        )
    if at.now_utc >= case.deadline_utc:
        raise _late(case)
    if case.standby:
        return Decision("end", "declined", CaseState.DECLINED, "the student does not want the slot")
    if case.new_rounds >= at.rules.new_rounds:
        return Decision("end", "declined", CaseState.DECLINED, f"none suited in {plural(case.new_rounds + 1, 'round')}")
    return Decision("look_for_others", "none_suit", CaseState.PROPOSED, "none of the alternatives suits the student")


def _withdraw(case: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    hold = case.hold
    if hold is None:
        raise ResponseRefusedError(
            "out_of_order", "there is nothing to withdraw: no alternative is held", tells_left=True
        )
    if at.now_utc > hold.since_utc + at.rules.withdraw_within:
        window = format_duration(at.rules.withdraw_within)
        raise ResponseRefusedError("late", f"a choice can be withdrawn for {window}; ask your dispatcher")
    return without_slot(case, "release", "withdrawn", "the student withdrew the choice", at.now_utc)


def _confirm(case: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    hold = _held(case, at.now_utc)
    if not case.on_hold and at.now_utc >= case.lesson.starts_at_utc:
        raise ResponseRefusedError("late", "the lesson's present time has come; it cannot move any more")
    words = "an instructor released the solo flight" if hold.slot.instructor_id is None else "the instructor confirmed"
    return Decision("move", "confirmed", CaseState.RESCHEDULED, words, hold.slot, hold.number)


def _decline(case: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    _held(case, at.now_utc)
    return without_slot(case, "lose", "hold_released", "the instructor declined", at.now_utc)


def _release_hold(case: CaseSnapshot, _: CaseResponse, at: ResponseContext) -> Decision:
    if case.hold is None or at.now_utc < case.hold.until_utc:
        raise ResponseRefusedError("out_of_order", "no hold has ended")
    return without_slot(case, "release", "hold_released", "not confirmed in time", at.now_utc)


def _held(case: CaseSnapshot, now_utc: datetime) -> Hold:
    if case.hold is None:
        raise ResponseRefusedError("out_of_order", "the student has not chosen an alternative yet")
    if now_utc >= case.hold.until_utc:
        raise ResponseRefusedError("late", "the slot is no longer held: it was not confirmed in time")
    return case.hold


def _keep(case: CaseSnapshot, answer: CaseResponse, at: ResponseContext) -> Decision:
    if case.standby:
        raise ResponseRefusedError("out_of_order", "this case offers a freed slot; without an answer nothing changes")
    if not answer.reason.strip():
        raise ResponseRefusedError(
            "no_reason", "a reason is required to keep a lesson that is below the school's minimums"
        )
    if at.now_utc >= case.lesson.starts_at_utc:
        raise ResponseRefusedError("late", "the lesson's time has come; tell your dispatcher")
    return Decision(
        "keep", "kept", CaseState.KEPT, "the instructor keeps the lesson as booked; the reason is with the response"
    )


def _late(case: CaseSnapshot) -> ResponseRefusedError:
    so = "the slot goes to the next in line" if case.standby else "a dispatcher handles the lesson"
    return ResponseRefusedError("late", f"the deadline of case {case.case_id} has passed; {so}")


def _an(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"


def _cancel(case: CaseSnapshot, *_: object) -> Decision:
    why = f"a dispatcher ended the case; the booking stays {'as it is' if case.standby else 'on hold'}"
    return Decision("end", "closed", CaseState.CANCELLED, why)


def _remind(case: CaseSnapshot, *_: object) -> Decision:
    return Decision("remind", "reminded", case.state, "a reminder was sent")


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
