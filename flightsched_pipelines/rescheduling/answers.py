"""What an answer does to a case: pure judgement. The student takes an alternative, and the instructor confirms it.

Who may answer what, and when, is decided here and nowhere else. What cannot be done is an `AnswerRefused` with one
sentence for whoever answered, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from flightsched_pipelines.rescheduling.cases import OPEN_STATES, AnswerEvent, CaseState, Slot, require
from flightsched_pipelines.rescheduling.wishes import DAYS, part_of_day

LONGEST_REASON = 500

Role = Literal["student", "instructor", "dispatcher"]


class Action(StrEnum):
    """What an answer says."""

    ACCEPT = "accept"
    NONE_SUIT = "none_suit"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    DECLINE = "decline"
    KEEP = "keep"
    CANCEL = "cancel"


_SPOKEN_BY: Mapping[Action, Role] = {
    Action.ACCEPT: "student",
    Action.NONE_SUIT: "student",
    Action.WITHDRAW: "student",
    Action.CONFIRM: "instructor",
    Action.DECLINE: "instructor",
    Action.KEEP: "instructor",
    Action.CANCEL: "dispatcher",
}


class AnswerRefused(ValueError):  # noqa: N818, it names what happened
    """An answer that changes nothing. ``code`` names the kind; ``tells_left`` that the reader wants what is left."""

    def __init__(self, code: str, sentence: str, *, tells_left: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.tells_left = tells_left


@dataclass(frozen=True, slots=True)
class Wishes:
    """What would suit instead: days (mon to sun), parts of the day, not before and not after a local day."""

    days: frozenset[str] = frozenset()
    parts_of_day: frozenset[str] = frozenset()
    earliest_date: date | None = None
    latest_date: date | None = None

    def suits(self, local: datetime) -> bool:
        """Whether a start, on the local clock, is one that was asked for."""
        return (
            (not self.days or DAYS[local.weekday()] in self.days)
            and (not self.parts_of_day or part_of_day(local.hour) in self.parts_of_day)
            and (self.earliest_date is None or local.date() >= self.earliest_date)
            and (self.latest_date is None or local.date() <= self.latest_date)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer.

    ``person_id`` is ``None`` for dispatchers. ``number`` is the alternative of ``round``, of those held out now where
    that is ``None``.
    """

    action: Action
    role: Role
    person_id: int | None
    number: int | None = None
    round: int | None = None
    reason: str = ""
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is held for a lesson: which alternative it was, since when and until when."""

    slot: Slot
    number: int
    since_utc: datetime
    until_utc: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A case as it stands when an answer comes.

    ``lesson`` is the booking as people were told of it, ``booked`` as it stands, ``None`` when it is not on weather
    hold any more. ``offers`` are the alternatives held out, by number; ``earlier`` those of every round, by round and
    number. ``releasers`` are the instructors who may release the student for a solo flight. ``new_rounds`` counts how
    often new alternatives were made because none suited.
    """

    case_id: int
    state: CaseState
    lesson: Slot
    booked: Slot | None
    student_id: int
    round: int
    offers: Mapping[int, Slot]
    earlier: Mapping[tuple[int, int], Slot]
    deadline_utc: datetime
    hold: Hold | None
    releasers: frozenset[int]
    new_rounds: int


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """How long things last, and how often: a school's settings."""

    hold: timedelta = timedelta(hours=2)
    withdraw_within: timedelta = timedelta(minutes=5)
    closes_before: timedelta = timedelta(minutes=30)
    remind_before: timedelta = timedelta(minutes=60)
    new_rounds: int = 2


@dataclass(frozen=True, slots=True)
class Effect:
    """What an answer does: the event, the state after it, and why in words without personal data.

    ``slot`` and ``number`` are the alternative that it is about; ``until_utc`` is when a new hold ends.
    """

    event: AnswerEvent
    state: CaseState
    why: str
    slot: Slot | None = None
    number: int | None = None
    until_utc: datetime | None = None


def effect_of(
    question: Question, answer: Answer, now_utc: datetime, rules: AnswerRules, asked_from_utc: datetime
) -> Effect:
    """Judge an answer.

    Args:
        question: the case as it stands.
        answer: what was said.
        now_utc: now.
        rules: the school's settings.
        asked_from_utc: when the instructor may first be asked to confirm; a hold counts from then.

    Raises:
        AnswerRefused: the case has ended, the person may not say this, or it comes too late or out of order.
    """
    if question.state not in OPEN_STATES:
        raise AnswerRefused("ended", f"case {question.case_id} has ended ({question.state}); nothing was changed")
    _require_person(question, answer)
    if question.booked != question.lesson:
        raise AnswerRefused("changed", "the school has changed the lesson since; nothing was changed")
    match answer.action:
        case Action.ACCEPT:
            effect = _accept(question, answer, now_utc, rules, asked_from_utc)
        case Action.NONE_SUIT:
            effect = _none_suit(question, now_utc, rules)
        case Action.WITHDRAW:
            effect = _withdraw(question, now_utc, rules)
        case Action.CONFIRM:
            effect = _confirm(question, now_utc)
        case Action.DECLINE:
            effect = _decline(question, now_utc)
        case Action.KEEP:
            effect = _keep(question, answer, now_utc)
        case Action.CANCEL:
            why = "a dispatcher ended the case; the booking stays on hold"
            effect = Effect("closed", CaseState.CANCELLED, why)
    require(question.state, effect.state)
    return effect


def slot_meant(question: Question, answer: Answer) -> Slot | None:
    """The slot that an answer is about: the alternative it takes, or the one that is held."""
    if answer.action is not Action.ACCEPT:
        return question.hold.slot if question.hold else None
    if answer.round in (None, question.round):
        return question.offers.get(answer.number or 0)
    return question.earlier.get((answer.round or 0, answer.number or 0))


def hold_lapsed(question: Question, now_utc: datetime) -> Effect:
    """The end of a hold that nobody confirmed: the case waits for another choice, or ends if its time is over."""
    held = question.hold
    number, slot = (held.number, held.slot) if held else (None, None)
    if now_utc >= question.deadline_utc:
        return Effect(
            "declined", CaseState.DECLINED, "nobody confirmed in time, and the deadline has passed", slot, number
        )
    return Effect("hold_released", CaseState.PROPOSED, "nobody confirmed in time", slot, number)


def _require_person(question: Question, answer: Answer) -> None:
    wanted = _SPOKEN_BY[answer.action]
    if answer.role != wanted:
        raise AnswerRefused("wrong_person", f"only {_an(wanted)} can say '{answer.action}', not {_an(answer.role)}")
    if wanted == "student" and answer.person_id != question.student_id:
        raise AnswerRefused("wrong_person", f"case {question.case_id} is about another student's lesson")
    if wanted == "instructor" and answer.person_id not in _instructors(question, answer.action):
        raise AnswerRefused("wrong_person", f"case {question.case_id} waits for another instructor")


def _instructors(question: Question, action: Action) -> frozenset[int]:
    """Who may confirm or decline the slot that is held, or keep the lesson as it is."""
    slot = question.lesson if action is Action.KEEP or question.hold is None else question.hold.slot
    return question.releasers if slot.instructor_id is None else frozenset({slot.instructor_id})


def _accept(
    question: Question, answer: Answer, now_utc: datetime, rules: AnswerRules, asked_from_utc: datetime
) -> Effect:
    if question.hold is not None:
        same = slot_meant(question, answer) == question.hold.slot
        words = "is held for you already" if same else "is held for you; withdraw it first"
        raise AnswerRefused("already_answered", f"alternative {question.hold.number} {words}")
    if now_utc >= question.deadline_utc:
        raise _late(question)
    slot = slot_meant(question, answer)
    numbers = {held_out: number for number, held_out in question.offers.items()}
    if slot is None:
        raise AnswerRefused("not_offered", f"alternative {answer.number} was not offered", tells_left=True)
    if slot not in numbers:
        raise AnswerRefused(
            "superseded", f"alternative {answer.number} of that message can no longer be had", tells_left=True
        )
    until = min(asked_from_utc + rules.hold, question.lesson.starts_at_utc, slot.starts_at_utc - rules.closes_before)
    if until <= now_utc:
        raise AnswerRefused("late", f"alternative {answer.number} begins too soon", tells_left=True)
    number = numbers[slot]
    return Effect("accepted", CaseState.STUDENT_ACCEPTED, f"the student took alternative {number}", slot, number, until)


def _none_suit(question: Question, now_utc: datetime, rules: AnswerRules) -> Effect:
    if question.hold is not None:
        raise AnswerRefused(
            "already_answered", f"alternative {question.hold.number} is held for you; withdraw it first"
        )
    if now_utc >= question.deadline_utc:
        raise _late(question)
    if question.new_rounds >= rules.new_rounds:
        return Effect("declined", CaseState.DECLINED, f"none suited in {question.new_rounds + 1} rounds")
    return Effect("none_suit", CaseState.PROPOSED, "none of the alternatives suits the student")


def _withdraw(question: Question, now_utc: datetime, rules: AnswerRules) -> Effect:
    hold = question.hold
    if hold is None:
        raise AnswerRefused("out_of_order", "there is nothing to withdraw: no alternative is held", tells_left=True)
    if now_utc > hold.since_utc + rules.withdraw_within:
        minutes = rules.withdraw_within / timedelta(minutes=1)
        raise AnswerRefused("late", f"a choice can be withdrawn for {minutes:g} minutes; ask your dispatcher")
    return Effect("withdrawn", CaseState.PROPOSED, "the student withdrew the choice", hold.slot, hold.number)


def _confirm(question: Question, now_utc: datetime) -> Effect:
    hold = _held(question, now_utc)
    words = "an instructor released the solo flight" if hold.slot.instructor_id is None else "the instructor confirmed"
    return Effect("confirmed", CaseState.RESCHEDULED, words, hold.slot, hold.number)


def _decline(question: Question, now_utc: datetime) -> Effect:
    hold = _held(question, now_utc)
    return Effect("hold_released", CaseState.PROPOSED, "the instructor cannot do it", hold.slot, hold.number)


def _held(question: Question, now_utc: datetime) -> Hold:
    if question.hold is None:
        raise AnswerRefused("out_of_order", "the student has not chosen an alternative yet")
    if now_utc >= question.hold.until_utc:
        raise AnswerRefused("late", "the slot is held no more: nobody confirmed in time")
    return question.hold


def _keep(question: Question, answer: Answer, now_utc: datetime) -> Effect:
    if not answer.reason.strip():
        raise AnswerRefused("no_reason", "keeping a lesson that is below the school's minimums needs a reason")
    if len(answer.reason) > LONGEST_REASON:
        raise AnswerRefused("no_reason", f"the reason is longer than {LONGEST_REASON} characters")
    if now_utc >= question.lesson.starts_at_utc:
        raise AnswerRefused("late", "the lesson's time has come; tell your dispatcher")
    return Effect("kept", CaseState.KEPT, "the instructor keeps the lesson as booked; the reason is with the response")


def _late(question: Question) -> AnswerRefused:
    return AnswerRefused("late", f"the deadline of case {question.case_id} has passed; a dispatcher has the lesson")


def _an(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
