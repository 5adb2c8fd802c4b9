"""Apply one response in a transaction: hold, release or move the slot, and queue notifications."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.queries.cases import case_queries, responses, transitions
from flightsched_pipelines.database.queries.cases.case_queries import CaseDetail
from flightsched_pipelines.database.queries.cases.cases import Offer
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.schedule import booking_moves, holds
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.decisions import decide, longest_hold, slot_of_response
from flightsched_pipelines.domain.cases.lifecycle import CaseState, ResponseEvent, Slot
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import Decision, ResponseContext
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.formatting import format_period, format_time, plural
from flightsched_pipelines.messages import models
from flightsched_pipelines.services.notifications.notifications import (
    CaseNotification,
    Directory,
    NotificationContext,
    queue_notifications,
)
from flightsched_pipelines.services.responses import replacement_offers
from flightsched_pipelines.services.responses.slot_revalidation import Revalidated, revalidate
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_KEY_CHARACTERS, accept, one_line


@dataclass(frozen=True, slots=True)
class IncomingResponse:
    """A response as a channel delivers it, with its sender's idempotency key.

    Without a ``person_id``, the response is that of the student or instructor whom the case waits for. A channel that
    strangers can reach must name the person.
    """

    key: str
    case_id: int
    answer: CaseResponse
    door: str

    def __post_init__(self) -> None:
        """Validate that the key can be stored.

        Raises:
            TextError: it cannot.
        """
        accept(self.key, "the key", MAX_KEY_CHARACTERS)


UNREACHED = "No forecast reaches this time yet."

MAX_ID = 2**63 - 1
MAX_NUMBER = 2**31 - 1
"""The largest number that a column can hold."""


class CaseChangedError(Exception):
    """The case has changed between reading and locking: read it again."""


class ResponseHandler:
    """Applies one response, within its transaction."""

    def __init__(
        self, connection: Connection, received: IncomingResponse, now_utc: datetime, settings: Settings
    ) -> None:
        self._connection = connection
        self._received = received
        self._now = now_utc
        self._settings = settings
        self._answer = received.answer
        self._asked: CaseDetail | None = None
        self._directories: dict[tuple[int, ...], Directory] = {}

    def take(self) -> tuple[str, str]:
        """Apply the response; returns the outcome and the sentence for its sender.

        Raises:
            ResponseRefusedError: it cannot be applied; the caller rolls back to before it.
        """
        asked, slot = self._lock()
        at = ResponseContext(self._now, self._asked_from(asked, slot), response_rules(self._settings))
        effect = decide(asked.question, self._answer, at)
        if effect.event == "hold_released" and self._answer.action is Action.DECLINE:
            return self._lose(asked, effect, "the instructor declined")
        if self._answer.action is Action.LAPSE and (longer := self._keeps_hold(asked, at)):
            return longer
        do: Mapping[ResponseEvent, Callable[[CaseDetail, Decision], tuple[str, str]]] = {
            "accepted": self._hold,
            "confirmed": self._move,
            "none_suit": self._look_for_others,
            "withdrawn": self._give_up,
            "hold_released": self._give_up,
            "reminded": self._remind,
            "kept": self._keep,
        }
        return do.get(effect.event, self._end)(asked, effect)

    def refusal(self, refused: ResponseRefusedError) -> str:
        """Return the sentence of a refusal, with the remaining alternatives where that helps."""
        if not refused.tells_left or self._asked is None:
            return f"{refused.sentence}."
        left = [f"{number}: {self._moment(offer.slot)}" for number, offer in self._asked.offers.items()]
        return f"{refused.sentence}. Still available: {'; '.join(left) if left else 'none now'}."

    def response(self, outcome: str, sentence: str) -> Response:
        """Return the response as it is recorded."""
        answer, asked = self._answer, self._asked
        return Response(
            key=self._received.key, case_id=_fitting(self._received.case_id, MAX_ID),
            booking_id=asked and asked.booking_id, action=answer.action.value,
            number=_fitting(answer.number, MAX_NUMBER), round=_fitting(answer.round, MAX_NUMBER),
            role=answer.role, person_id=_fitting(answer.person_id, MAX_ID),
            reason=answer.reason or None, door=self._received.door,
            received_at=self._now, outcome=outcome, sentence=sentence,
        )  # fmt: skip

    def _lock(self) -> tuple[CaseDetail, Slot | None]:
        """Read the case, lock its people, aircraft and booking, and read it again: from here on it cannot change."""
        if _fitting(self._received.case_id, MAX_ID) is None:
            raise _unknown(self._received.case_id)
        booking_moves.lock_moves_exclusive(self._connection, self._received.case_id)
        asked = self._look()
        slot = slot_of_response(asked.question, self._answer)
        lesson, student = asked.question.lesson, asked.question.student_id
        booking_moves.lock_resources(
            self._connection, booking_moves.resources_of(student, lesson, *([slot] if slot else []))
        )
        others: list[int] = []
        if slot is not None and self._answer.action is Action.CONFIRM:
            others = booking_moves.cases_offered(self._connection, slot, student, BUFFER, [asked.booking_id])
        booking_moves.lock_cases(self._connection, [asked.case_id, *others])
        self._others = others
        asked = self._look(lock=True)
        if slot_of_response(asked.question, self._answer) != slot:
            raise CaseChangedError
        return asked, slot

    def _look(self, *, lock: bool = False) -> CaseDetail:
        asked = case_queries.load_case(self._connection, self._received.case_id, lock=lock)
        if asked is None:
            raise _unknown(self._received.case_id)
        self._asked = asked
        if self._answer.person_id is None:
            self._answer = replace(self._answer, person_id=_whom_it_waits_for(asked, self._answer))
        return asked

    def _asked_from(self, asked: CaseDetail, slot: Slot | None) -> datetime:
        """Return when the instructor of a slot may be asked to confirm it: not in quiet hours."""
        if slot is None or self._answer.action is not Action.ACCEPT:
            return self._now
        directory = self._directory([asked.booking_id])
        confirmer = _confirmer(asked, slot, directory)
        occasion = NotificationContext(None, self._now, self._settings)
        if confirmer is None:
            return self._now
        question = asked.question
        return occasion.told_from(confirmer, question.lesson.starts_at_utc, may_wake=not question.standby)

    def _hold(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        slot, number, until = _alternative(effect), effect.number or 0, effect.until_utc or self._now
        found = self._revalidated(asked, slot)
        if found.objections:
            raise _taken(number, found.objections[0])
        self._refuse_if_missing(asked, found, number, slot)
        try:
            holds.hold(self._connection, asked.booking_id, slot, until)
        except IntegrityError:
            raise _taken(number, "somebody else has it") from None
        self._write(replace(self._step(asked, effect), accepted=number))
        directory = self._directory([asked.booking_id])
        to, changes, next_step = self._who_confirms(asked, slot, directory)
        chosen = number, self._as_of_now(asked, asked.offers[number])
        self._tell(
            directory,
            [self._news(asked, "accepted", chosen=chosen, confirm_by_utc=until, to=to, changes=changes)],
        )
        return responses.APPLIED, (
            f"Alternative {number} ({self._moment(slot)}) is held until "
            f"{format_time(until, asked.time_zone)}; "
            f"{next_step}.{'' if found.verdict != 'unforecast' else f' {UNREACHED}'}"
        )

    def _keeps_hold(self, asked: CaseDetail, at: ResponseContext) -> tuple[str, str] | None:
        """Prolong a hold that ends while it could not be confirmed, because its forecast is missing."""
        held = asked.question.hold
        until = None if held is None else longest_hold(asked.question, held.slot, at)
        if held is None or until is None or self._revalidated(asked, held.slot).verdict != "missing":
            return None
        holds.prolong(self._connection, asked.booking_id, until)
        kept = f"Alternative {held.number} is held until {format_time(until, asked.time_zone)}"
        return responses.PROLONGED, f"{kept}: the forecast for it is missing at present."

    def _who_confirms(
        self, asked: CaseDetail, slot: Slot, directory: Directory
    ) -> tuple[list[contacts.Person], list[str], str]:
        """Return the people to notify of a hold, the sentences on what is new, and the next step in words."""
        student = directory.student_of(asked.booking_id)
        if case_queries.confirms_automatically(self._connection, slot.instructor_id):
            at = self._now + timedelta(minutes=self._settings.withdraw_minutes)
            words_ = f"it is confirmed without asking at {format_time(at, asked.time_zone)}"
            return [student], [f"{words_[:1].upper()}{words_[1:]}, unless you withdraw it."], words_
        confirmer = _confirmer(asked, slot, directory)
        asks = "an instructor is asked to release the flight" if asked.solo else "the instructor is asked to confirm"
        return [student, *([confirmer] if confirmer else [])], [], asks

    def _move(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        slot, number = _alternative(effect), effect.number
        found = self._revalidated(asked, slot)
        if found.objections:
            return self._lose(asked, effect, found.objections[0])
        self._refuse_if_missing(asked, found, number or 0, slot)
        why = "the instructor confirms without being asked" if self._received.door == "platform" else effect.why
        confirmed = Decision("confirmed", CaseState.STUDENT_ACCEPTED, why)
        how = "it took a freed slot" if asked.question.standby else "moves for weather are free of charge"
        moved = Decision("moved", CaseState.RESCHEDULED, f"the booking is at its new time; {how}")
        platform = replace(self._step(asked, moved), actor="platform", actor_id=None)
        self._write(replace(self._step(asked, confirmed), accepted=number), replace(platform, accepted=number))
        try:
            booking_moves.move(self._connection, [Move(asked.booking_id, slot)], self._now)
        except IntegrityError:
            raise _taken(number or 0, "somebody else has it") from None
        taken = {slot: asked.question.student_id}
        renewed = replacement_offers.others_who_lose(self._connection, self._others, taken, self._now, self._settings)
        self._write(*(one.transition for one in renewed))
        told = [one.news for one in renewed]
        directory = self._directory([asked.booking_id, *(news.booking_id for news in told)])
        reached = found.verdict != "unforecast"
        self._tell(directory, [*moved_notifications(asked, slot, directory, reached=reached), *told])
        cost = (
            "It is the freed slot"
            if asked.question.standby
            else "There is no charge for moving a lesson because of weather"
        )
        return responses.APPLIED, f"The lesson has moved to {self._moment(slot)}. {cost}."

    def _lose(self, asked: CaseDetail, effect: Decision, why: str) -> tuple[str, str]:
        """Release a held slot that is no longer available, and offer the student others."""
        slot, number = _alternative(effect), effect.number
        renewed = replacement_offers.replace_lost_offers(
            self._connection, asked, [slot], why, self._now, self._settings
        )
        self._renew(asked, renewed, replace(renewed.transition, event="hold_released"))
        left = "The lesson stays on standby" if asked.question.standby else "The student is offered the remaining times"
        told = f"Alternative {number} is released: {why}. {left}."
        return ("applied" if self._answer.action is Action.DECLINE else "no_longer"), told

    def _look_for_others(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        fresh = replacement_offers.fresh_offers(
            self._connection, asked, self._now, self._settings, wishes=self._answer.wishes, but_for=asked.offered
        )
        offers = fresh.offers
        if not offers and fresh.unjudged:
            raise ResponseRefusedError(
                "no_forecast",
                "other times cannot be offered now, as the forecast for them is missing; nothing was changed, "
                "answer again when the forecast is back",
            )
        transitions.mark_refused(self._connection, asked.case_id, asked.question.round, self._now)
        if not offers:
            why = "none of the alternatives suits the student, and there is no other"
            return self._end(asked, Decision("declined", CaseState.DECLINED, why))
        changes = [f"None of the alternatives suited. Here {'is another' if len(offers) == 1 else 'are others'}."]
        renewed = replacement_offers.new_round(asked, "none_suit", offers, effect.why, changes)
        self._renew(asked, renewed, renewed.transition)
        return responses.APPLIED, f"{plural(len(offers), 'other alternative')} in their place."

    def _give_up(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        """Release a slot, and open its alternatives again."""
        self._write(self._step(asked, effect))
        directory = self._directory([asked.booking_id])
        confirmer = _confirmer(asked, _alternative(effect), directory)
        to = [directory.student_of(asked.booking_id), *([confirmer] if confirmer else [])]
        event = "withdrawn" if effect.event == "withdrawn" else "hold_released"
        self._tell(directory, [self._news(asked, event, offers=self._offers_now(asked), to=to)])
        return responses.APPLIED, "The slot is no longer held; all alternatives are available again."

    def _remind(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        self._note(asked, effect)
        transitions.mark_reminded(self._connection, asked.case_id, self._now)
        directory, held = self._directory([asked.booking_id]), asked.question.hold
        if held is None:
            to = [directory.student_of(asked.booking_id)]
            news = self._news(asked, "reminded", offers=self._offers_now(asked), to=to)
        else:
            confirmer = _confirmer(asked, held.slot, directory)
            chosen = held.number, self._as_of_now(asked, asked.offers[held.number])
            to = [confirmer] if confirmer else []
            news = self._news(asked, "reminded", chosen=chosen, confirm_by_utc=held.until_utc, to=to)
        self._tell(directory, [news])
        return responses.APPLIED, "A reminder was sent."

    def _keep(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        self._write(self._step(asked, effect))
        if not transitions.lift_hold(self._connection, [asked.booking_id], "platform", self._now):
            raise ResponseRefusedError("on_hold", "the school has put the lesson on hold itself; ask your dispatcher")
        reason = f"The instructor's reason: {one_line(self._answer.reason.strip())}"
        self._tell(self._directory([asked.booking_id]), [self._news(asked, "kept", changes=[reason])])
        return responses.APPLIED, "The lesson is kept as booked; the override and its reason are on record."

    def _end(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        self._write(self._step(asked, effect))
        if asked.question.standby:
            return self._let_go(asked, effect)
        self._tell(self._directory([asked.booking_id]), [self._news(asked, "declined")])
        return responses.APPLIED, "The case is with a dispatcher now; the lesson stays on weather hold."

    def _let_go(self, asked: CaseDetail, effect: Decision) -> tuple[str, str]:
        """End the offer of a freed slot without notifying the person who refused it."""
        directory, slot = self._directory([asked.booking_id]), effect.slot
        confirmer = _confirmer(asked, slot, directory) if slot else None
        student = [] if self._answer.role == "student" else [directory.student_of(asked.booking_id)]
        event: models.Event = "declined" if slot else "cancelled"
        self._tell(directory, [self._news(asked, event, to=[*student, *([confirmer] if confirmer else [])])])
        return responses.APPLIED, "The slot goes to the next in line; the lesson stays as it is, and on standby."

    def _renew(self, asked: CaseDetail, renewed: replacement_offers.ReplacementRound, step: Transition) -> None:
        answer = self._answer
        self._write(replace(step, actor=answer.role, actor_id=answer.person_id))
        self._tell(self._directory([asked.booking_id]), [renewed.news])

    def _revalidated(self, asked: CaseDetail, slot: Slot) -> Revalidated:
        offered, student = asked.offered.get(slot, self._now), asked.question.student_id
        moving = Move(asked.booking_id, slot)
        return revalidate(self._connection, moving, asked.school_id, student, offered, self._now, self._settings)

    def _refuse_if_missing(self, asked: CaseDetail, found: Revalidated, number: int, slot: Slot) -> None:
        """Refuse a response that would move a lesson to a time whose forecast is missing."""
        if found.verdict == "missing":
            keeps = "the slot stays held" if asked.question.hold else "nothing was changed"
            raise ResponseRefusedError(
                "no_forecast",
                f"alternative {number} ({self._moment(slot)}) cannot be validated now: {found.why}; "
                f"{keeps}, answer again when the forecast is back",
            )

    def _as_of_now(self, asked: CaseDetail, offer: Offer) -> Offer:
        return replacement_offers.as_of_now(self._connection, asked, offer, self._now, self._settings)

    def _offers_now(self, asked: CaseDetail) -> list[Offer]:
        return [self._as_of_now(asked, offer) for offer in asked.offers.values()]

    def _step(self, asked: CaseDetail, effect: Decision) -> Transition:
        question, answer = asked.question, self._answer
        before = CaseState.STUDENT_ACCEPTED if effect.event == "moved" else question.state
        return Transition(
            asked.case_id, asked.booking_id, effect.event, before, effect.state, effect.why, question.round,
            actor=answer.role, actor_id=answer.person_id,
        )  # fmt: skip

    def _write(self, *steps: Transition) -> None:
        hour = hour_of(self._now)
        transitions.write_transitions(self._connection, steps, hour, self._now)

    def _note(self, asked: CaseDetail, effect: Decision) -> None:
        transitions.insert_events(self._connection, [self._step(asked, effect)], None, self._now)

    def _news(
        self, asked: CaseDetail, event: models.Event, *, offers: Sequence[Offer] = (),
        changes: Sequence[str] = (), chosen: tuple[int, Offer] | None = None, confirm_by_utc: datetime | None = None,
        to: Sequence[contacts.Person] | None = None,
    ) -> CaseNotification:  # fmt: skip
        question = asked.question
        return CaseNotification(
            asked.case_id, asked.booking_id, event, question.lesson, question.round, offers, changes=changes,
            deadline_utc=question.deadline_utc if offers else None, chosen=chosen, confirm_by_utc=confirm_by_utc, to=to,
        )  # fmt: skip

    def _directory(self, booking_ids: Sequence[int]) -> Directory:
        known = tuple(booking_ids)
        if known not in self._directories:
            self._directories[known] = Directory.read(self._connection, booking_ids)
        return self._directories[known]

    def _tell(self, directory: Directory, news: Sequence[CaseNotification]) -> None:
        queue_notifications(self._connection, news, directory, NotificationContext(None, self._now, self._settings))

    def _moment(self, slot: Slot) -> str:
        assert self._asked is not None  # noqa: S101, a slot always has a case
        return format_time(slot.starts_at_utc, self._asked.time_zone)


def moved_notifications(
    asked: CaseDetail, slot: Slot, directory: Directory, *, reached: bool
) -> list[CaseNotification]:
    """Return notifications for the student and the lesson's instructor, and for the former one if that is another."""
    lesson, round_ = asked.question.lesson, asked.question.round
    was = f"It was {format_period(lesson.starts_at_utc, lesson.ends_at_utc, asked.time_zone)}."
    changes = [was] if reached else [was, UNREACHED]
    news = [CaseNotification(asked.case_id, asked.booking_id, "moved", slot, round_, changes=changes)]
    if lesson.instructor_id is not None and lesson.instructor_id != slot.instructor_id:
        former = directory.instructors[lesson.instructor_id]
        news.append(CaseNotification(asked.case_id, asked.booking_id, "handed_over", lesson, round_, to=[former]))
    return news


def _alternative(effect: Decision) -> Slot:
    """Return the slot of a decision that has one."""
    if effect.slot is None:
        raise ValueError(f"'{effect.event}' is not about a slot")
    return effect.slot


def _unknown(case_id: int) -> ResponseRefusedError:
    return ResponseRefusedError("unknown_case", f"there is no case {case_id}")


def _fitting(number: int | None, largest: int) -> int | None:
    """Return a number as it can be recorded: ``None`` if a column cannot hold it."""
    return number if number is not None and abs(number) <= largest else None


def _taken(number: int, why: str) -> ResponseRefusedError:
    return ResponseRefusedError("taken", f"alternative {number} is no longer available: {why}", tells_left=True)


def _whom_it_waits_for(asked: CaseDetail, answer: CaseResponse) -> int | None:
    """Return the person whom this response is expected from."""
    question = asked.question
    if answer.role == "student":
        return question.student_id
    if answer.role != "instructor":
        return None
    held = question.hold
    slot = question.lesson if answer.action is Action.KEEP or held is None else held.slot
    return slot.instructor_id or _usual(asked)


def _usual(asked: CaseDetail) -> int | None:
    """Return who releases a student for a solo flight: the usual instructor, or else one who may."""
    releasers = asked.question.releasers
    usual = asked.usual_instructor_id
    return usual if usual in releasers else min(releasers, default=None)


def _confirmer(asked: CaseDetail, slot: Slot, directory: Directory) -> contacts.Person | None:
    """Return the instructor who is asked to confirm a slot."""
    return directory.instructors.get(slot.instructor_id or _usual(asked) or 0)
