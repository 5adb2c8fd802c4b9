"""Apply a decision in its response's transaction: hold, release or move the slot, and queue notifications."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.queries.cases import responses, transitions
from flightsched_pipelines.database.queries.cases.case_queries import LockedCase
from flightsched_pipelines.database.queries.cases.transitions import Transition
from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.database.queries.schedule import booking_moves, holds
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.schedule.refused_changes import is_taken
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.decisions import taken
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot, keeps_time
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Decision, Effect, Offer, Revalidated
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.formatting import format_period, format_time, plural
from flightsched_pipelines.messages import headlines, models
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directories, Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.services.responses import replacement_offers
from flightsched_pipelines.services.responses.slot_revalidation import describe_move
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import one_line

UNREACHED = "No forecast reaches this time yet."


@dataclass(frozen=True, slots=True)
class DecisionEffects:
    """The effects of a decision about one case, to be applied once.

    ``found`` is the slot revalidated.
    """

    connection: Connection
    locked: LockedCase
    response: CaseResponse
    directories: Directories
    now_utc: datetime
    settings: Settings
    found: Revalidated | None

    @property
    def case(self) -> CaseSnapshot:
        """Return the case."""
        return self.locked.case

    def apply(self, decision: Decision) -> tuple[str, str]:
        """Apply a decision; return the outcome and the sentence for the response's sender.

        Raises:
            ResponseRefusedError: it cannot be applied; the caller rolls back to before it.
        """
        do: Mapping[Effect, Callable[[Decision], tuple[str, str]]] = {
            "hold": self._hold,
            "prolong": self._prolong,
            "release": self._release,
            "lose": self._lose,
            "move": self._move,
            "look_for_others": self._look_for_others,
            "remind": self._remind,
            "keep": self._keep,
            "end": self._end,
        }
        return do[decision.effect](decision)

    def _hold(self, decision: Decision) -> tuple[str, str]:
        case, slot, number = self.case, _alternative(decision), decision.number or 0
        until = decision.until_utc or self.now_utc
        try:
            holds.hold(self.connection, case.booking_id, slot, until)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise taken(number, "somebody else has it") from None
        self._write(replace(self._step(decision), accepted=number))
        to, changes, next_step = self._who_confirms(slot)
        reason = describe_move(self.found, Move(case.booking_id, slot)) if self.found else case.offers[number].reason
        chosen = number, replace(case.offers[number], reason=reason, ranked_by="planner")
        self._tell(self._news("accepted", chosen=chosen, confirm_by_utc=until, to=to, changes=changes))
        return responses.APPLIED, (
            f"Alternative {number} ({self._moment(slot)}) is held until "
            f"{format_time(until, case.time_zone)}; "
            f"{next_step}.{'' if self._is_forecast else f' {UNREACHED}'}"
        )

    def _prolong(self, decision: Decision) -> tuple[str, str]:
        """Prolong a hold that ends while it could not be confirmed, because its forecast is missing."""
        until = decision.until_utc or self.now_utc
        holds.prolong(self.connection, self.case.booking_id, until)
        kept = f"Alternative {decision.number} is held until {format_time(until, self.case.time_zone)}"
        return responses.PROLONGED, f"{kept}: the forecast for it is missing at present."

    def _who_confirms(self, slot: Slot) -> tuple[list[Person], list[str], str]:
        """Return the people to notify of a hold, the sentences on what is new, and the next step in words."""
        case = self.case
        student = self._directory.student_of(case.booking_id)
        if slot.instructor_id in self._directory.unasked:
            at = self.now_utc + timedelta(minutes=self.settings.withdraw_minutes)
            words_ = f"it is confirmed without asking at {format_time(at, case.time_zone)}"
            return [student], [f"{words_[:1].upper()}{words_[1:]}, unless you withdraw it."], words_
        asks = "an instructor is asked to release the flight" if case.solo else "the instructor is asked to confirm"
        return [student, *self._confirmer(slot)], [], asks

    def _move(self, decision: Decision) -> tuple[str, str]:
        case, slot, number = self.case, _alternative(decision), decision.number or 0
        why = "the instructor confirms without being asked" if self.response.door == "platform" else decision.why
        confirmed = replace(decision, state=CaseState.STUDENT_ACCEPTED, why=why)
        keeps = keeps_time(slot, case.lesson)
        how = "it took a freed slot" if case.standby else "moves for weather are free of charge"
        became = f"the lesson keeps its time {self._form(slot)}" if keeps else "the booking is at its new time"
        moved = replace(decision, event="moved", why=f"{became}; {how}")
        platform = replace(self._step(moved), actor="platform", actor_id=None)
        self._write(replace(self._step(confirmed), accepted=number), replace(platform, accepted=number))
        try:
            booking_moves.move(self.connection, [Move(case.booking_id, slot)], [self.locked.lesson], self.now_utc)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise taken(number, "somebody else has it") from None
        renewed = replacement_offers.others_who_lose(
            self.connection,
            self.locked.others,
            {slot: case.student_id},
            self.locked.candidates_hour,
            self.now_utc,
            self.settings,
        )
        self._write(*(one.transition for one in renewed))
        told = [one.news for one in renewed]
        directory = self.directories.of([case.booking_id, *(news.booking_id for news in told)])
        stays = self.locked.lesson.stays_on_hold
        moved_to = moved_notifications(case, slot, directory, reached=self._is_forecast, stays_on_hold=stays)
        self._tell(*moved_to, *told, directory=directory)
        cost = "It is the freed slot" if case.standby else "There is no charge for moving a lesson because of weather"
        done = f"The lesson keeps its time, {self._form(slot)}" if keeps else "The lesson has moved to"
        so = f"{done}{',' if keeps else ''} {self._moment(slot)}. {cost}."
        return responses.APPLIED, f"{so} It {headlines.STAYS_ON_HOLD}." if stays else so

    def _lose(self, decision: Decision) -> tuple[str, str]:
        """Release a held slot that is no longer available, and offer the student others."""
        case, slot, why = self.case, _alternative(decision), decision.why
        renewed = replacement_offers.replace_lost_offers(
            self.connection, case, [slot], why, self.locked.candidates_hour, self.now_utc, self.settings
        )
        self._renew(renewed, replace(renewed.transition, event="hold_released"))
        left = "The lesson stays on standby" if case.standby else "The student is offered the remaining times"
        told = f"Alternative {decision.number} is released: {why}. {left}."
        return (responses.APPLIED if self.response.action is Action.DECLINE else "no_longer"), told

    def _look_for_others(self, decision: Decision) -> tuple[str, str]:
        case = self.case
        fresh = replacement_offers.fresh_offers(
            self.connection,
            case,
            self.locked.candidates_hour,
            self.now_utc,
            self.settings,
            wishes=self.response.wishes,
            but_for=case.offered,
        )
        offers = fresh.offers
        if not offers and fresh.unjudged:
            raise ResponseRefusedError(
                "no_forecast",
                "other times cannot be offered now, as the forecast for them is missing; nothing was changed, "
                "answer again when the forecast is back",
            )
        transitions.mark_refused(self.connection, case.case_id, case.round, self.now_utc)
        if not offers:
            why = "none of the alternatives suits the student, and there is no other"
            return self._end(Decision("end", "declined", CaseState.DECLINED, why))
        changes = [f"None of the alternatives suited. Here {'is another' if len(offers) == 1 else 'are others'}."]
        renewed = replacement_offers.new_round(case, "none_suit", offers, decision.why, changes)
        self._renew(renewed, renewed.transition)
        return responses.APPLIED, f"{plural(len(offers), 'other alternative')} in their place."

    def _release(self, decision: Decision) -> tuple[str, str]:
        """Release a slot, and open its alternatives again."""
        self._write(self._step(decision))
        to = [self._directory.student_of(self.case.booking_id), *self._confirmer(_alternative(decision))]
        event = "withdrawn" if decision.event == "withdrawn" else "hold_released"
        self._tell(self._news(event, offers=self._offers_now(), to=to))
        return responses.APPLIED, "The slot is no longer held; all alternatives are available again."

    def _remind(self, decision: Decision) -> tuple[str, str]:
        case, held = self.case, self.case.hold
        transitions.insert_events(self.connection, [self._step(decision)], None, self.now_utc)
        transitions.mark_reminded(self.connection, case.case_id, self.now_utc)
        if held is None:
            to = [self._directory.student_of(case.booking_id)]
            news = self._news("reminded", offers=self._offers_now(), to=to)
        else:
            chosen = held.number, self._as_of_now(case.offers[held.number])
            to = self._confirmer(held.slot)
            news = self._news("reminded", chosen=chosen, confirm_by_utc=held.until_utc, to=to)
        self._tell(news)
        return responses.APPLIED, "A reminder was sent."

    def _keep(self, decision: Decision) -> tuple[str, str]:
        self._write(self._step(decision))
        if not transitions.lift_hold(self.connection, [self.case.booking_id], "platform", self.now_utc):
            raise ResponseRefusedError("on_hold", "the school has put the lesson on hold itself; ask your dispatcher")
        reason = f"The instructor's reason: {one_line(self.response.reason.strip())}"
        self._tell(self._news("kept", changes=[reason]))
        return responses.APPLIED, "The lesson is kept as booked; the override and its reason are on record."

    def _end(self, decision: Decision) -> tuple[str, str]:
        self._write(self._step(decision))
        if self.case.standby:
            return self._let_go(decision)
        self._tell(self._news("declined"), *self._released(decision))
        now = "The case is with a dispatcher now; the lesson stays on weather hold."
        if self.response.action is Action.CONFIRM:
            return "no_longer", f"Alternative {decision.number} is released: {decision.why}. {now}"
        return responses.APPLIED, now

    def _released(self, decision: Decision) -> list[CaseNotification]:
        """Notify an instructor of another lesson who was asked to confirm the slot, and has not answered."""
        asked = self._confirmer(decision.slot) if decision.slot else []
        silent = {self.case.lesson.instructor_id}
        if self.response.role == "instructor":
            silent.add(self.response.person_id)
        event: models.Event = "withdrawn" if self.response.action is Action.WITHDRAW else "hold_released"
        to = [person for person in asked if person.person_id not in silent]
        return [self._news(event, to=to)] if to else []

    def _let_go(self, decision: Decision) -> tuple[str, str]:
        """End the offer of a freed slot without notifying the person who refused it."""
        student = [] if self.response.actor == "student" else [self._directory.student_of(self.case.booking_id)]
        event: models.Event = "declined" if decision.slot else "cancelled"
        confirmer = self._confirmer(decision.slot) if decision.slot else []
        self._tell(self._news(event, to=[*student, *confirmer]))
        return responses.APPLIED, "The slot goes to the next in line; the lesson stays as it is, and on standby."

    def _renew(self, renewed: replacement_offers.ReplacementRound, step: Transition) -> None:
        self._write(replace(step, actor=self.response.actor, actor_id=self.response.actor_id))
        self._tell(renewed.news)

    def _as_of_now(self, offer: Offer) -> Offer:
        return replacement_offers.as_of_now(self.connection, self.case, offer, self.now_utc, self.settings)

    def _offers_now(self) -> list[Offer]:
        return [self._as_of_now(offer) for offer in self.case.offers.values()]

    def _step(self, decision: Decision) -> Transition:
        case, response = self.case, self.response
        whose = f"on behalf of the {response.role}" if response.on_behalf else ""
        why = ": ".join(filter(None, (whose, decision.why)))
        before = CaseState.STUDENT_ACCEPTED if decision.event == "moved" else case.state
        return Transition(
            case.case_id, case.booking_id, decision.event, before, decision.state, why, case.round,
            actor=response.actor, actor_id=response.actor_id,
        )  # fmt: skip

    def _write(self, *steps: Transition) -> None:
        transitions.write_transitions(self.connection, steps, hour_of(self.now_utc), self.now_utc)

    def _news(
        self, event: models.Event, *, offers: Sequence[Offer] = (), changes: Sequence[str] = (),
        chosen: tuple[int, Offer] | None = None, confirm_by_utc: datetime | None = None,
        to: Sequence[Person] | None = None,
    ) -> CaseNotification:  # fmt: skip
        case = self.case
        return CaseNotification(
            case.case_id, case.booking_id, event, case.lesson, case.round, offers, changes=changes,
            deadline_utc=case.deadline_utc if offers else None, chosen=chosen, confirm_by_utc=confirm_by_utc, to=to,
            standby=case.standby,
        )  # fmt: skip

    def _tell(self, *news: CaseNotification, directory: Directory | None = None) -> None:
        context = NotificationContext(None, self.now_utc, self.settings)
        queue_notifications(self.connection, news, directory or self._directory, context)

    @property
    def _is_forecast(self) -> bool:
        """Return whether a forecast reaches the slot."""
        return self.found is None or self.found.verdict != "unforecast"

    @property
    def _directory(self) -> Directory:
        return self.directories.of([self.case.booking_id])

    def _confirmer(self, slot: Slot) -> list[Person]:
        """Return the person who is asked to confirm a slot, if anybody is."""
        confirmer = self._directory.instructors.get(self.case.confirmer_of(slot) or 0)
        return [confirmer] if confirmer else []

    def _moment(self, slot: Slot) -> str:
        return format_time(slot.starts_at_utc, self.case.time_zone)

    def _form(self, slot: Slot) -> str:
        return f"as a {headlines.FORMS[self._directory.form(slot)]}"


def moved_notifications(
    case: CaseSnapshot, slot: Slot, directory: Directory, *, reached: bool, stays_on_hold: bool = False
) -> list[CaseNotification]:
    """Return notifications for the student and the lesson's instructor, and for the former one if that is another.

    Args:
        case: the lesson's case, as it was before the move.
        slot: the place of the lesson now.
        directory: people and things.
        reached: whether a forecast reaches the slot.
        stays_on_hold: whether the lesson is still on weather hold there.
    """
    lesson, round_ = case.lesson, case.round
    was = f"It was {format_period(lesson.starts_at_utc, lesson.ends_at_utc, case.time_zone)}."
    changes = [was] if reached else [was, UNREACHED]
    if keeps_time(slot, lesson):
        changes = [f"It was a flight with {directory.aircraft_of(lesson)}."]
    changes += [f"It {headlines.STAYS_ON_HOLD}."] if stays_on_hold else []
    about = case.case_id, case.booking_id
    moved = CaseNotification(
        *about, "moved", slot, round_, changes=changes, moved_from=lesson, standby=case.standby,
        stays_on_hold=stays_on_hold,
    )  # fmt: skip
    news = [moved]
    if lesson.instructor_id is not None and lesson.instructor_id != slot.instructor_id:
        former = directory.instructors[lesson.instructor_id]
        news.append(CaseNotification(*about, "handed_over", lesson, round_, to=[former], standby=case.standby))
    return news


def _alternative(decision: Decision) -> Slot:
    """Return the slot of a decision that has one."""
    if decision.slot is None:
        raise ValueError(f"'{decision.event}' is not about a slot")
    return decision.slot
