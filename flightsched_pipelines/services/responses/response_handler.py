"""Apply one response in a transaction: lock and load the case, decide, and apply the decision."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from flightsched_pipelines.database.queries.cases import case_queries, responses
from flightsched_pipelines.database.queries.cases.case_queries import LockedCase
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.decisions import (
    decide,
    slot_of_response,
    slot_to_revalidate,
    weigh,
    whom_it_waits_for,
)
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.responses import CaseResponse, ResponseRefusedError
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Decision, ResponseContext
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.formatting import format_time
from flightsched_pipelines.services.notifications.case_notification import NotificationContext
from flightsched_pipelines.services.notifications.directory import Directories
from flightsched_pipelines.services.responses.decision_effects import DecisionEffects
from flightsched_pipelines.services.responses.slot_revalidation import revalidate
from flightsched_pipelines.services.rules import response_rules
from flightsched_pipelines.settings import Settings

MAX_ID = 2**63 - 1
NO_CASE = 0
"""No case has this id."""

MAX_NUMBER = 2**31 - 1
"""The largest number that a column can hold."""


class CaseChangedError(Exception):
    """The case has changed between reading and locking: read it again."""


class ResponseHandler:
    """Applies one response, within its transaction."""

    def __init__(self, connection: Connection, response: CaseResponse, now_utc: datetime, settings: Settings) -> None:
        self._connection = connection
        self._response = response
        self._now = now_utc
        self._settings = settings
        self._case: CaseSnapshot | None = None
        self._directories = Directories(connection)

    def begin(self) -> Response | None:
        """Lock the response's key and its case; return the response that is stored under the key, if there is one."""
        key, case_id = self._response.key, _fitting(self._response.case_id, MAX_ID) or NO_CASE
        responses.lock_key_and_case(self._connection, key, case_id)
        before, case = case_queries.responded_case(self._connection, key, case_id)
        if case is not None:
            self._look_at(case)
        return before

    def take(self) -> tuple[str, str]:
        """Apply the response, or refuse it; return the outcome and the sentence for its sender.

        Raises:
            ResponseRefusedError: it cannot be applied, and something may have been changed: the caller rolls back.
        """
        try:
            effects, decision = self._decide()
        except ResponseRefusedError as refused:
            return self.refuse(refused)
        return effects.apply(decision)

    def refuse(self, refused: ResponseRefusedError) -> tuple[str, str]:
        """Return the outcome and the sentence of a refusal, with the offers that are left where that helps.

        They are not validated here: each is when it is accepted.
        """
        case, sentence = self._case, f"{refused.sentence}."
        if not refused.tells_left or case is None:
            return refused.code, sentence
        left = [
            f"{number}: {_moment(case, offer.slot)}" for number, offer in case.offers.items() if number != refused.gone
        ]
        return refused.code, f"{sentence} Still offered: {'; '.join(left) if left else 'none now'}."

    def record(self, outcome: str, sentence: str) -> Response:
        """Return the response as it is recorded."""
        response, case = self._response, self._case
        return Response(
            key=response.key, case_id=_fitting(response.case_id, MAX_ID),
            booking_id=case and case.booking_id, action=response.action.value,
            number=_fitting(response.number, MAX_NUMBER), round=_fitting(response.round, MAX_NUMBER),
            role=response.actor, person_id=_fitting(response.actor_id, MAX_ID),
            reason=response.reason or None, door=response.door,
            received_at=self._now, outcome=outcome, sentence=sentence, dispatcher=response.dispatcher,
        )  # fmt: skip

    def _decide(self) -> tuple[DecisionEffects, Decision]:
        """Return the decision about the response, with its effects; nothing is written.

        What is refused by the case as it was read needs no lock but the case's own, which the response has.
        """
        rules = response_rules(self._settings)
        decide(self._read_case(), self._response, ResponseContext(self._now, self._now, rules))
        locked, slot = self._lock()
        case, response = locked.case, self._response
        at = ResponseContext(self._now, self._asked_from(case, slot), rules)
        decision, found = decide(case, response, at), None
        if (checked := slot_to_revalidate(case, decision, response, at)) is not None:
            offered = case.offered.get(checked, self._now)
            found = revalidate(
                self._connection, Move(case.booking_id, checked), case.school_id, case.student_id, offered, self._now,
                self._settings,
            )  # fmt: skip
            decision = weigh(case, decision, response, found, at, _moment(case, checked))
        effects = DecisionEffects(
            self._connection, locked, response, self._directories, self._now, self._settings, found
        )
        return effects, decision

    def _lock(self) -> tuple[LockedCase, Slot | None]:
        """Lock the case's people, aircraft and booking, and read it again: from here on it cannot change.

        Returns:
            The case with others that are offered any of its slot, and the slot that the response is about.
        """
        case = self._read_case()
        slot = slot_of_response(case, self._response)
        booking_moves.lock_resources(
            self._connection, booking_moves.resources_of(case.student_id, case.lesson, *([slot] if slot else []))
        )
        moves = self._response.action is Action.CONFIRM
        others = booking_moves.lock_case_and_others(
            self._connection, case.case_id, case.booking_id, slot if moves else None, case.student_id, BUFFER
        )
        locked = case_queries.locked_case(self._connection, case.case_id, case.booking_id, others)
        if locked is None:
            raise _unknown(self._response.case_id)
        self._look_at(locked.case)
        if slot_of_response(locked.case, self._response) != slot:
            raise CaseChangedError
        return locked, slot

    def _read_case(self) -> CaseSnapshot:
        """Return the case as it was last read.

        Raises:
            ResponseRefusedError: there is none.
        """
        if self._case is None:
            raise _unknown(self._response.case_id)
        return self._case

    def _look_at(self, case: CaseSnapshot) -> None:
        self._case = case
        if self._response.person_id is None:
            self._response = replace(self._response, person_id=whom_it_waits_for(case, self._response))

    def _asked_from(self, case: CaseSnapshot, slot: Slot | None) -> datetime:
        """Return when the instructor of a slot may be asked to confirm it: not in quiet hours."""
        if slot is None or self._response.action is not Action.ACCEPT:
            return self._now
        confirmer = self._directories.of([case.booking_id]).instructors.get(case.confirmer_of(slot) or 0)
        if confirmer is None:
            return self._now
        context = NotificationContext(None, self._now, self._settings)
        return context.told_from(confirmer, case.lesson.starts_at_utc, may_wake=not case.standby)


def _moment(case: CaseSnapshot, slot: Slot) -> str:
    return format_time(slot.starts_at_utc, case.time_zone)


def _unknown(case_id: int) -> ResponseRefusedError:
    return ResponseRefusedError("unknown_case", f"there is no case {case_id}")


def _fitting(number: int | None, largest: int) -> int | None:
    """Return a number as it can be recorded: ``None`` if a column cannot hold it."""
    return number if number is not None and abs(number) <= largest else None
