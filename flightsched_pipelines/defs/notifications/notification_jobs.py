"""Jobs that notify people: the dispatch of an hour, the delivery of what is due, and a test mail."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field
from sqlalchemy import Engine

from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.ownership import PLATFORM, code_reference
from flightsched_pipelines.defs.runs.refusals import RefusalError, refuse
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.services.delivery import delivery_round
from flightsched_pipelines.services.delivery.test_email import TestEmailError, send_trial_to_dispatchers
from flightsched_pipelines.services.notifications import dispatch
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines.settings import Settings

HOUR_FORMAT = "%Y-%m-%dT%H"


class DispatchConfig(dg.Config):
    """The hour to dispatch."""

    hour_utc: str = Field(default="", description="A full hour in UTC, such as 2026-11-24T13; empty for the latest.")


class TestEmailConfig(dg.Config):
    """The recipients of the test mail."""

    school_id: int = Field(
        description="Number of the school whose dispatchers get it. To any address: `flightsched send-test`."
    )


@dg.op
def dispatch_hour(
    context: dg.OpExecutionContext,
    config: DispatchConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Update the cases from the latest hour, and queue the notifications, in one transaction."""
    try:
        hour = datetime.strptime(config.hour_utc, HOUR_FORMAT).replace(tzinfo=UTC) if config.hour_utc else None
    except ValueError:
        raise RefusalError(
            f"hour_utc must be a full hour in UTC, such as 2026-11-24T13; got '{config.hour_utc}'"
        ) from None
    with refuse(dispatch.DispatchRefusedError):
        result = dispatch.dispatch(engine, clock.now(), settings, hour)
    context.add_output_metadata(asset_metadata.dispatch_metadata(result))


@dg.op(ins={"after": dg.In(dg.Nothing)})
def deliver_messages(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Process the deadlines of cases and holds, then send all due messages on every channel, even if those fail."""
    result = delivery_round.deliver(engine, settings, now=clock.now)
    context.add_output_metadata(asset_metadata.delivery_metadata(result))


@dg.op
def offer_freed_slots(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Offer each freed slot to the first matching lesson on the standby list."""
    context.add_output_metadata(
        asset_metadata.standby_metadata(offers.offer_freed_slots(engine, clock.now(), settings))
    )


@dg.op
def send_test_email_op(
    context: dg.OpExecutionContext,
    config: TestEmailConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Send one mail through the configured channel, and record its receipt."""
    with refuse(TestEmailError):
        receipt = send_trial_to_dispatchers(engine, settings, config.school_id, clock.now())
    context.add_output_metadata({"mail_via": settings.mail_via, "receipt": receipt})


@dg.job(
    name="dispatch",
    description="Notify people of the latest hour: cases are opened, updated and closed, and messages delivered.",
    config={"ops": {"dispatch_hour": {"config": {"hour_utc": ""}}}},
    metadata=code_reference(),
    tags=bounded("dispatch", minutes=30),
)
def dispatch_job() -> None:
    """Update the cases in one transaction; then deliver, which may fail and be continued later."""
    deliver_messages(after=dispatch_hour())


@dg.job(
    name="deliver",
    description="Process deadlines of cases and holds, offer freed slots, and send all due messages.",
    metadata=code_reference(),
    tags=bounded("deliver", minutes=30),
)
def deliver_job() -> None:
    """Run two ops that do not wait for each other: messages go out even if the offers fail."""
    offer_freed_slots()
    deliver_messages()


@dg.job(
    name="send_test",
    description="Send one test mail to a school's dispatchers through the configured channel.",
    config={"ops": {"send_test_email_op": {"config": {"school_id": 0}}}},
    metadata=code_reference(),
    tags=bounded("by hand", minutes=10, owner=PLATFORM),
)
def send_test_job() -> None:
    """One op."""
    send_test_email_op()
