"""The jobs that tell people: an hour's dispatch, the delivery of what is due, and a test mail."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field
from sqlalchemy import Engine

from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.run_limits import bounded
from flightsched_pipelines.services import standby
from flightsched_pipelines.services.notifications import channel_senders, dispatch, outbox_worker
from flightsched_pipelines.services.notifications.test_email import TestEmailError, send_trial_to_dispatchers
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.settings import Settings

HOUR_FORMAT = "%Y-%m-%dT%H"


class DispatchConfig(dg.Config):
    """Which hour people are to be told of."""

    hour_utc: str = Field(default="", description="A full hour in UTC, such as 2026-11-24T13; empty for the newest.")


class TestEmailConfig(dg.Config):
    """Where the test mail goes."""

    school_id: int = Field(description="The school whose dispatchers get it. To any address: `flightsched send-test`.")


@dg.op
def dispatch_hour(
    context: dg.OpExecutionContext,
    config: DispatchConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Hold the newest hour against the open cases; write every transition, and queue what people are told."""
    try:
        hour = datetime.strptime(config.hour_utc, HOUR_FORMAT).replace(tzinfo=UTC) if config.hour_utc else None
    except ValueError:
        raise dg.Failure(
            description=f"hour_utc is '{config.hour_utc}'; give a full hour in UTC, such as 2026-11-24T13",
            allow_retries=False,
        ) from None
    try:
        result = dispatch.dispatch(engine, clock.now(), settings, hour)
    except dispatch.DispatchRefusedError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    context.add_output_metadata(asset_metadata.dispatch_metadata(result))


@dg.op(ins={"after": dg.In(dg.Nothing)})
def deliver_messages(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Pass the deadlines of cases and holds, then send what is due on every channel that is on."""
    passed = deadlines.process_deadlines(engine, clock.now(), settings)
    with channel_senders.open_channels(engine, settings) as channels:
        result = outbox_worker.drain(engine, channels, settings, now=clock.now)
    result.deadlines = passed
    context.add_output_metadata(asset_metadata.delivery_metadata(result))


@dg.op
def offer_freed_slots(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Offer each slot that came free to the first on the standby list whom it fits."""
    context.add_output_metadata(
        asset_metadata.standby_metadata(standby.offer_freed_slots(engine, clock.now(), settings))
    )


@dg.op
def send_test_email_op(
    context: dg.OpExecutionContext,
    config: TestEmailConfig,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Send one mail the way all mail goes, and keep what the channel answered."""
    try:
        receipt = send_trial_to_dispatchers(engine, settings, config.school_id, clock.now())
    except TestEmailError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    context.add_output_metadata({"mail_via": settings.mail_via, "receipt": receipt})


@dg.job(
    name="dispatch",
    description="Tell people of the newest hour: cases are opened, updated and closed, and the messages delivered.",
    executor_def=dg.in_process_executor,
    tags=bounded("dispatch", minutes=30),
)
def dispatch_job() -> None:
    """Transitions first, in one transaction; then delivery, which may fail and go on later."""
    deliver_messages(after=dispatch_hour())


@dg.job(
    name="deliver",
    description="Pass the deadlines of cases and held slots, offer slots that came free, and send what is due.",
    executor_def=dg.in_process_executor,
    tags=bounded("deliver", minutes=30),
)
def deliver_job() -> None:
    """Two ops that do not wait for each other: messages go out whatever becomes of the offers."""
    offer_freed_slots()
    deliver_messages()


@dg.job(
    name="send_test",
    description="Send one test mail to a school's dispatchers, the way all mail goes.",
    executor_def=dg.in_process_executor,
    tags=bounded("by hand", minutes=10),
)
def send_test_job() -> None:
    """One op."""
    send_test_email_op()
