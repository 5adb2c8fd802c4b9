"""Put a booking on weather hold for a dispatcher, or take it off; each is on record, with its reason."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.queries.cases import case_queries, cases, responses, transitions
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.refused_changes import is_unwritable
from flightsched_pipelines.domain.cases.responses import ResponseRefusedError, no_such_booking, to_correct
from flightsched_pipelines.messages.event_payload import order_payload
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, MAX_REASON_CHARACTERS, accept

Order = Literal["hold", "release"]
AFTER = {"hold": "weather_hold", "release": "scheduled"}
EVENTS = {"hold": "held", "release": "released"}


def order(
    engine: Engine, key: str, what: Order, reference: str, reason: str, door: str, now_utc: datetime, *,
    dispatcher: str | None = None,
) -> ResponseOutcome:  # fmt: skip
    """Put a booking on weather hold, or take it off; a used key does nothing again.

    Args:
        engine: the database.
        key: the sender's idempotency key.
        what: hold or release.
        reference: the booking's reference, or its number.
        reason: why, in words; needed.
        door: how it came.
        now_utc: now.
        dispatcher: the name of whoever does it, where it is known.

    Raises:
        TextError: the reference or the reason cannot be stored.
    """
    accept(reference, "the booking", MAX_NAME_CHARACTERS)
    accept(reason, "the reason", MAX_REASON_CHARACTERS)
    with engine.begin() as connection:
        cases.lock_cases_shared(connection)
        before = responses.find_response(connection, key)
        if before is not None:
            return ResponseOutcome(before.outcome, before.sentence, before.case_id, repeated=True)
        booking_id = case_queries.booking_named(connection, reference)
        try:
            with connection.begin_nested():
                outcome, sentence = responses.APPLIED, _do(connection, what, booking_id, reference, reason, now_utc)
        except ResponseRefusedError as refused:
            outcome, sentence = refused.code, f"{refused.sentence}."
        except IntegrityError as error:
            if not is_unwritable(error):
                raise
            refused = to_correct()
            outcome, sentence = refused.code, f"{refused.sentence}."
        responses.insert_response(
            connection,
            Response(
                key, None, booking_id, what, None, None, "dispatcher", None, reason or None, door, now_utc, outcome,
                sentence, dispatcher,
            ),
        )  # fmt: skip
        if outcome == responses.APPLIED and booking_id is not None:
            _publish(connection, what, booking_id, now_utc)
    return ResponseOutcome(outcome, sentence)


def _publish(connection: Connection, what: Order, booking_id: int, now_utc: datetime) -> None:
    event = order_payload(EVENTS[what], case_id=None, booking_id=booking_id)
    live_events.publish_about(connection, booking_id, event, now_utc)


def _do(
    connection: Connection, what: Order, booking_id: int | None, reference: str, reason: str, now_utc: datetime
) -> str:
    if booking_id is None:
        raise ResponseRefusedError("unknown_booking", no_such_booking(reference))
    if not reason.strip():
        raise ResponseRefusedError("no_reason", f"to {what} a booking needs a reason")
    booking_moves.lock_booking(connection, booking_id)
    case_id = case_queries.case_of(connection, booking_id)
    if case_id is not None:
        raise ResponseRefusedError(
            "case_open", f"case {case_id} is open for booking {reference}; answer or cancel that first"
        )
    lesson, after = cases.lessons_of(connection, [booking_id])[booking_id], AFTER[what]
    takes_over = what == "hold" and lesson.hold_by != "dispatcher"
    if lesson.status == after and not takes_over:
        raise ResponseRefusedError("already_so", f"booking {reference} is already {after}")
    if lesson.status not in AFTER.values():
        raise ResponseRefusedError("not_active", f"booking {reference} is {lesson.status}")
    if what == "hold":
        transitions.hold_booking_op(connection, [booking_id], "dispatcher", now_utc)
        return f"Booking {reference} is on weather hold until a dispatcher lifts it."
    transitions.lift_hold(connection, [booking_id], "dispatcher", now_utc)
    return f"Booking {reference} is scheduled again."
