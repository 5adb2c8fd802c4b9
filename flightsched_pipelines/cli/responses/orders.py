"""Dispatchers' orders, each with a reason: ``flightsched cancel``, ``hold`` and ``release``."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from flightsched_pipelines.cli.arguments import NOT_FOUND_YET, CaseName, find_case
from flightsched_pipelines.cli.console import console, refuse
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.domain.cases.actions import Action
from flightsched_pipelines.domain.cases.responses import CaseResponse
from flightsched_pipelines.services.responses import weather_hold
from flightsched_pipelines.services.responses.respond import ResponseOutcome
from flightsched_pipelines.services.responses.respond import respond as take

Booking = Annotated[str, typer.Argument(help="The booking's reference, such as PAO-1016, or its number.")]
Reason = Annotated[str, typer.Option(help="The reason; it is recorded.")]


def cancel(case: CaseName, reason: Reason = "") -> None:
    """Close a case without a new time: the lesson stays on weather hold, for a dispatcher to handle."""
    response = CaseResponse(_key(), NOT_FOUND_YET, "terminal", Action.CANCEL, "dispatcher", reason=reason)
    settings, engine = open_session()
    response = replace(response, case_id=find_case(engine, case))
    _tell(take(engine, response, datetime.now(UTC), settings))


def hold(booking: Booking, reason: Reason) -> None:
    """Put a booking that has no open case on weather hold."""
    _order("hold", booking, reason)


def release(booking: Booking, reason: Reason) -> None:
    """Take a booking that has no open case off weather hold."""
    _order("release", booking, reason)


def _order(what: weather_hold.Order, booking: str, reason: str) -> None:
    _, engine = open_session()
    _tell(weather_hold.order(engine, _key(), what, booking, reason, "terminal", datetime.now(UTC)))


def _key() -> str:
    return f"terminal-{uuid4().hex}"


def _tell(outcome: ResponseOutcome) -> None:
    if not outcome.applied:
        refuse(outcome.outcome, outcome.sentence)
    console.print(outcome.sentence, markup=False)
