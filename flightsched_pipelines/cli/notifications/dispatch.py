"""Dispatch an hour and deliver messages: ``flightsched dispatch``, ``deliver`` and ``send-test``."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from flightsched_pipelines.cli.arguments import Hour, Json, parse_hour
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.services.delivery import delivery_round
from flightsched_pipelines.services.delivery import outbox_worker as delivery
from flightsched_pipelines.services.delivery.test_email import send_test_email
from flightsched_pipelines.services.independent_steps import independent_steps
from flightsched_pipelines.services.notifications import dispatch as dispatching
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines.settings import Settings


def dispatch(hour: Hour = None, as_json: Json = False) -> None:
    """Notify people about the latest hour's results: open, update and close cases, and queue messages."""
    settings, engine = open_session()
    result = dispatching.dispatch(engine, datetime.now(UTC), settings, parse_hour(hour) if hour else None)
    if as_json:
        print_json(asdict(result))
        return
    if result.repeated:
        console.print(
            f"{result.hour_utc:%Y-%m-%d %H}Z, or a newer hour, was dispatched before: no messages were queued"
        )
        return
    console.print(f"{result.hour_utc:%Y-%m-%d %H}Z  cases: {_in_words(result.steps)}")
    console.print(f"queued: {_in_words(result.queued)}; held back: {_in_words(result.held_back)}")
    if result.suppressed or result.unchanged:
        console.print(f"not sent: {_in_words({**result.suppressed, **result.unchanged})}")


def deliver(as_json: Json = False) -> None:
    """Send all pending messages on every enabled channel."""
    settings, engine = open_session()
    result = delivered(engine, settings)
    if as_json:
        # Not with asdict(), which makes counters of a counter's items.
        print_json({field.name: getattr(result, field.name) for field in fields(result)})
        return
    console.print(
        f"sent: {_in_words(result.sent)}; failed: {_in_words(result.failed)}; dead letters: {_in_words(result.dead)}; "
        f"suppressed: {_in_words(result.suppressed)}; deadlines: {_by_name(result.deadlines)}"
    )
    for channel, why in result.down.items():
        console.print(f"[yellow]{channel} is down:[/yellow] {why}")


def delivered(engine: Engine, settings: Settings) -> delivery.DeliveryResult:
    """Process deadlines, offer freed slots, then send due messages; each even if another fails."""
    passed, result = Counter[str](), delivery.DeliveryResult()
    with independent_steps() as step:
        with step():
            passed = deadlines.process_deadlines(engine, datetime.now(UTC), settings)
        with step():
            offers.offer_freed_slots(engine, datetime.now(UTC), settings)
        with step():
            result = delivery_round.deliver(engine, settings)
    result.deadlines += passed
    return result


def send_test(address: Annotated[str, typer.Argument(help="An address you can read mail at.")]) -> None:
    """Send a test email through the configured channel."""
    settings = Settings()
    receipt = send_test_email(settings, address, datetime.now(UTC))
    console.print(f"sent by {settings.mail_via}: {receipt}")


def _in_words(counts: object) -> str:
    items = dict(counts)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return ", ".join(f"{number} {name}" for name, number in items.items() if number) or "none"


def _by_name(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items() if number) or "none"
