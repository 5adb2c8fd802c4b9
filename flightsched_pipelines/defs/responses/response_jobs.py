"""Jobs that apply responses: one from an operator or dispatcher, and those that wait in the queue."""

from datetime import datetime
from enum import Enum

import dagster as dg
from pydantic import Field, ValidationError
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery.delivery_errors import ChannelDownError
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.ownership import code_reference
from flightsched_pipelines.defs.responses.accepted_reasons import DispatchReason, KeepReason
from flightsched_pipelines.defs.runs.refusals import RefusalError, refuse
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.domain.cases.actions import ROLE_OF, Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.responses import queued_responses, weather_hold
from flightsched_pipelines.services.responses.queued_responses import QueuedRequestedTimes
from flightsched_pipelines.services.responses.respond import ResponseOutcome, respond
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import TextError

BY_HAND = bounded("by hand", minutes=10)


class ResponseAction(Enum):
    """The actions of students and instructors, as Dagster's configuration takes them."""

    ACCEPT = "accept"
    NONE_SUIT = "none_suit"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    DECLINE = "decline"
    KEEP = "keep"


class ResponseConfig(dg.Config):
    """One person's response to one case."""

    case_id: int = Field(description="The case's number, such as 17; `flightsched cases` lists them.")
    action: ResponseAction = Field(description="Student: ACCEPT, NONE_SUIT, WITHDRAW; instructor: the others.")
    number: int | None = Field(default=None, description="With ACCEPT: the alternative's number, such as 1.")
    round: int | None = Field(default=None, description="With ACCEPT: the round of the message; unset, the latest.")
    person_id: int | None = Field(default=None, description="Who responds; unset, the person the case waits for.")
    reason: KeepReason | None = Field(
        default=None,
        description="With KEEP: why the lesson is kept. Required, and recorded. In your own words: "
        "`flightsched respond --keep --reason`.",
    )
    days: list[str] = Field(default=[], description="With NONE_SUIT: days that would suit, of mon to sun.")
    parts_of_day: list[str] = Field(
        default=[], description="With NONE_SUIT: parts of the day that would suit, of morning, afternoon and evening."
    )
    earliest_date: str | None = Field(default=None, description="With NONE_SUIT: not before this day, as 2026-12-01.")
    latest_date: str | None = Field(default=None, description="With NONE_SUIT: not after this day, as 2026-12-24.")


class CaseConfig(dg.Config):
    """A case that a dispatcher takes over."""

    case_id: int = Field(description="The case's number, such as 17; `flightsched cases` lists them.")
    reason: DispatchReason | None = Field(
        default=None, description="The reason; recorded. In your own words: `flightsched cancel --reason`."
    )


class BookingConfig(dg.Config):
    """A booking that a dispatcher puts on weather hold, or takes off."""

    booking: str = Field(description="The booking's reference, such as PAO-1016, or its number.")
    reason: DispatchReason = Field(
        description="The reason; recorded. In your own words: `flightsched hold --reason` and `release --reason`."
    )


@dg.op
def apply_response_op(
    context: dg.OpExecutionContext,
    config: ResponseConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Apply one response. If it is refused, the run fails with the reason in one sentence."""
    action = Action(config.action.value)
    asked = config.model_dump(include={*QueuedRequestedTimes.model_fields})
    try:
        wishes = QueuedRequestedTimes.model_validate(asked).wishes()
    except ValidationError as error:
        fault = error.errors()[0]
        raise RefusalError(f"{fault['loc'][0]}: {fault['msg']}") from None
    response = CaseResponse(
        _key(context), config.case_id, "job", action, ROLE_OF[action], config.person_id, config.number, config.round,
        _words(config.reason), wishes,
    )  # fmt: skip
    _report(context, respond(engine, response, clock.now(), settings))


@dg.op
def cancel_case_op(
    context: dg.OpExecutionContext,
    config: CaseConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """End a case: a dispatcher takes over the lesson, which stays on weather hold."""
    response = CaseResponse(
        _key(context), config.case_id, "job", Action.CANCEL, "dispatcher", reason=_words(config.reason)
    )
    _report(context, respond(engine, response, clock.now(), settings))


@dg.op
def hold_booking_op(
    context: dg.OpExecutionContext,
    config: BookingConfig,
    engine: dg.ResourceParam[Engine],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Put a booking that has no open case on weather hold."""
    _order(context, "hold", config, engine, clock.now())


@dg.op
def release_booking_op(
    context: dg.OpExecutionContext,
    config: BookingConfig,
    engine: dg.ResourceParam[Engine],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Put a booking that has no open case back into the schedule."""
    _order(context, "release", config, engine, clock.now())


@dg.op
def apply_queued_responses_op(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Apply the responses that wait in the queue, each once; what is not a response goes to its dead-letter queue."""
    with refuse(ChannelDownError, ValueError):
        outcomes = queued_responses.apply_queued(engine, *queued_responses.queues(settings), clock.now(), settings)
    context.add_output_metadata({"messages": outcomes.total(), **outcomes})


def _order(
    context: dg.OpExecutionContext, what: weather_hold.Order, config: BookingConfig, engine: Engine, now_utc: datetime
) -> None:
    with refuse(TextError):
        outcome = weather_hold.order(engine, context.run_id, what, config.booking, config.reason.value, "job", now_utc)
    _report(context, outcome)


def _words(reason: Enum | None) -> str:
    return "" if reason is None else str(reason.value)


def _key(context: dg.OpExecutionContext) -> str:
    return f"run-{context.run_id}"


def _report(context: dg.OpExecutionContext, outcome: ResponseOutcome) -> None:
    if not outcome.applied:
        raise RefusalError(outcome.sentence)
    context.add_output_metadata({"outcome": outcome.outcome, "told": outcome.sentence})


@dg.job(
    config={"ops": {"apply_response_op": {"config": {"case_id": 0, "action": "ACCEPT", "number": 1}}}},
    metadata=code_reference(),
    tags=BY_HAND,
)
def apply_response() -> None:
    """Apply one student's or instructor's response to a case, as if it had arrived by link or queue."""
    apply_response_op()


@dg.job(
    config={"ops": {"cancel_case_op": {"config": {"case_id": 0, "reason": "OTHER"}}}},
    metadata=code_reference(),
    tags=BY_HAND,
)
def cancel_case() -> None:
    """End a case without a new time: the lesson stays on weather hold, and a dispatcher takes it over."""
    cancel_case_op()


@dg.job(
    config={"ops": {"hold_booking_op": {"config": {"booking": "REFERENCE", "reason": "WEATHER"}}}},
    metadata=code_reference(),
    tags=BY_HAND,
)
def hold_booking() -> None:
    """Put a booking that has no open case on weather hold."""
    hold_booking_op()


@dg.job(
    config={"ops": {"release_booking_op": {"config": {"booking": "REFERENCE", "reason": "WEATHER"}}}},
    metadata=code_reference(),
    tags=BY_HAND,
)
def release_booking() -> None:
    """Take a booking that has no open case off weather hold."""
    release_booking_op()


@dg.job(
    metadata=code_reference(),
    tags=bounded("responses", minutes=15, priority=5),
)
def apply_queued_responses() -> None:
    """Apply the responses that wait in the queue."""
    apply_queued_responses_op()
