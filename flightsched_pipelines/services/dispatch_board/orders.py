"""Apply what dispatchers enter on the board: through the services of every entry point, with the dispatcher's name.

Each function needs a reason, and refuses a case or lesson of another school as if there were none. What was entered is
stored among the responses; a key that was used does nothing again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.cases import responses
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.dispatch_board.school_rows import is_case_of, lesson_of
from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.live.live_events import NewEvent
from flightsched_pipelines.domain.cases.actions import ROLE_OF
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages.event_payload import order_payload
from flightsched_pipelines.services.dispatch_board.sign_in import Dispatcher
from flightsched_pipelines.services.responses import swap as swaps
from flightsched_pipelines.services.responses import weather_hold
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.services.responses.respond import respond as take
from flightsched_pipelines.services.standby import places as standby
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_REASON_CHARACTERS, TextError, accept

ENTRY_POINT = "board"

EVENTS = {"note": "noted", "join_standby": "standby_joined", "leave_standby": "standby_left"}

StandbyOrder = Literal["join_standby", "leave_standby"]


class NotOfTheSchoolError(PlainError, LookupError):
    """A case or lesson that does not exist, or is another school's: which of the two is not said."""


def respond(
    engine: Engine, dispatcher: Dispatcher, response: CaseResponse, now_utc: datetime, settings: Settings
) -> ResponseOutcome:
    """Apply a response on behalf of the student or instructor of a case, or end the case.

    Raises:
        NotOfTheSchoolError: the case is not the school's.
        TextError: there is no reason.
    """
    reason = _reason(response.reason)
    _require_case(engine, dispatcher, response.case_id)
    on_behalf = ROLE_OF[response.action] != "dispatcher"
    entered = replace(
        response, door=ENTRY_POINT, role=ROLE_OF[response.action], reason=reason, on_behalf=on_behalf,
        dispatcher=dispatcher.signature,
    )  # fmt: skip
    return take(engine, entered, now_utc, settings)


def swap(
    engine: Engine, dispatcher: Dispatcher, key: str, case_ids: tuple[int, int], reason: str, now_utc: datetime,
    settings: Settings,
) -> ResponseOutcome:  # fmt: skip
    """Swap the lessons of two cases, whose students both agree.

    Raises:
        NotOfTheSchoolError: one of them is not the school's.
        TextError: there is no reason.
    """
    reason = _reason(reason)
    for case_id in case_ids:
        _require_case(engine, dispatcher, case_id)
    return swaps.swap(
        engine, key, case_ids, ENTRY_POINT, now_utc, settings, dispatcher=dispatcher.signature, reason=reason
    )


def order(
    engine: Engine, dispatcher: Dispatcher, key: str, what: weather_hold.Order, booking_id: int, reason: str,
    now_utc: datetime,
) -> ResponseOutcome:  # fmt: skip
    """Put a lesson on weather hold, or take it off.

    Raises:
        NotOfTheSchoolError: the lesson is not the school's.
        TextError: there is no reason.
    """
    reason = _reason(reason)
    with engine.connect() as connection:
        reference = _reference(connection, dispatcher, booking_id)
    return weather_hold.order(
        engine, key, what, reference, reason, ENTRY_POINT, now_utc, dispatcher=dispatcher.signature
    )


def change_standby(
    engine: Engine, dispatcher: Dispatcher, key: str, what: StandbyOrder, booking_id: int, until: date | None,
    reason: str, now_utc: datetime,
) -> ResponseOutcome:  # fmt: skip
    """Put a lesson on the standby list, or take it off.

    Raises:
        NotOfTheSchoolError: the lesson is not the school's.
        TextError: there is no reason.
    """
    reason = _reason(reason)

    def change(connection: Connection) -> str:
        reference = _reference(connection, dispatcher, booking_id)
        if what == "join_standby":
            standby.join_within(connection, reference, until, now_utc)
            return f"{reference} is on the standby list."
        standby.leave_within(connection, reference, now_utc)
        return f"{reference} is off the standby list."

    return _record(engine, dispatcher, key, what, (None, booking_id), reason, now_utc, change)


def note(
    engine: Engine, dispatcher: Dispatcher, key: str, case_id: int, words: str, now_utc: datetime
) -> ResponseOutcome:
    """Add a note to a case, for other dispatchers.

    Raises:
        NotOfTheSchoolError: the case is not the school's.
        TextError: it is empty.
    """
    words = _reason(words, "the note")
    _require_case(engine, dispatcher, case_id)
    return _record(engine, dispatcher, key, "note", (case_id, None), words, now_utc, lambda _: "The note is recorded.")


def _record(
    engine: Engine, dispatcher: Dispatcher, key: str, action: str, about: tuple[int | None, int | None], reason: str,
    now_utc: datetime, change: Callable[[Connection], str],
) -> ResponseOutcome:  # fmt: skip
    """Make a change and store who made it, in one transaction; a refused one is stored too."""
    with engine.begin() as connection:
        before = responses.find_response(connection, key)
        if before is not None:
            return ResponseOutcome(before.outcome, before.sentence, before.case_id, repeated=True)
        try:
            with connection.begin_nested():
                outcome, sentence = responses.APPLIED, change(connection)
        except standby.StandbyRefusedError as refused:
            outcome, sentence = "standby_refused", f"{str(refused)[:1].upper()}{str(refused)[1:]}."
        given = Response(
            key, *about, action, None, None, "dispatcher", None, reason, ENTRY_POINT, now_utc, outcome, sentence,
            dispatcher.signature,
        )  # fmt: skip
        responses.insert_response(connection, given)
        if outcome == responses.APPLIED:
            event = order_payload(EVENTS[action], case_id=about[0], booking_id=about[1])
            live_events.publish(connection, [NewEvent(dispatcher.school_id, (), event)], now_utc)
    return ResponseOutcome(outcome, sentence, about[0])


def _reason(given: str, name: str = "the reason") -> str:
    reason = accept(given, name, MAX_REASON_CHARACTERS).strip()
    if not reason:
        raise TextError(f"{name} is missing; it is recorded with your name")
    return reason


def _require_case(engine: Engine, dispatcher: Dispatcher, case_id: int) -> None:
    with engine.connect() as connection:
        if not is_case_of(connection, case_id, dispatcher.school_id):
            raise NotOfTheSchoolError(f"there is no case {case_id}")


def _reference(connection: Connection, dispatcher: Dispatcher, booking_id: int) -> str:
    found = lesson_of(connection, booking_id, dispatcher.school_id)
    if found is None:
        raise NotOfTheSchoolError("there is no such lesson")
    return found.reference
