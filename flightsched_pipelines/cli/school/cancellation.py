"""Record the cause of a cancelled lesson: ``flightsched cancellation``."""

from typing import Annotated

import typer

from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.database.queries.cases.case_queries import booking_named
from flightsched_pipelines.database.queries.schedule.cancellations import store_cause
from flightsched_pipelines.domain.cases.cancellation import CANCELLATION_CAUSES
from flightsched_pipelines.domain.cases.responses import no_such_booking
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, accept

UNKNOWN = "unknown"
KNOWN = (*CANCELLATION_CAUSES, UNKNOWN)


def cancellation(
    booking: Annotated[str, typer.Argument(help="The booking's reference, such as PAO-1016, or its number.")],
    cause: Annotated[str, typer.Argument(help=f"One of {', '.join(CANCELLATION_CAUSES)}; {UNKNOWN} takes it back.")],
) -> None:
    """Record the cause of a cancelled lesson, for analysts."""
    if cause not in KNOWN:
        raise UsageError(f"CAUSE is '{cause[:40]}'; give one of {', '.join(KNOWN)}")
    accept(booking, "the booking", MAX_NAME_CHARACTERS)
    _, engine = open_session()
    with engine.begin() as connection:
        booking_id = booking_named(connection, booking)
        if booking_id is None:
            raise UsageError(no_such_booking(booking))
        if not store_cause(connection, booking_id, None if cause == UNKNOWN else cause):
            raise UsageError(f"booking {booking} is not cancelled, and has no cause; your scheduler's file cancels it")
    console.print(f"{booking} was cancelled: {CANCELLATION_CAUSES.get(cause, 'cause unknown')}", markup=False)
