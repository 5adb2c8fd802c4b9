"""Deliver what is due while time goes on for cases: a server that keeps a delivery waiting keeps no deadline back."""

import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from flightsched_pipelines.services.delivery import channel_senders, outbox_worker
from flightsched_pipelines.services.delivery.delivery_workers import DeliveryResult
from flightsched_pipelines.services.independent_steps import independent_steps
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines.settings import Settings

AGAIN_SECONDS = 60.0
"""Interval at which deadlines are processed, and freed slots offered, while messages are sent."""


def deliver(
    engine: Engine, settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> DeliveryResult:
    """Process the deadlines of cases and holds, then send all due messages on every channel, even if those fail.

    What becomes due by the clock meanwhile is done meanwhile. The first error is raised in the end.
    """
    passed, result = Counter[str](), DeliveryResult()

    def process() -> None:
        passed.update(deadlines.process_deadlines(engine, now(), settings))

    def process_again() -> None:
        with independent_steps() as step:
            with step():
                process()
            with step():
                offers.offer_freed_slots(engine, now(), settings)

    with independent_steps() as step:
        with step():
            process()
        with step(), channel_senders.open_channels(engine, settings) as channels, _repeated(process_again):
            result = outbox_worker.drain(engine, channels, settings, now=now)
    result.deadlines = passed
    return result


@contextmanager
def _repeated(do: Callable[[], None]) -> Generator[None]:
    """Do something each ``AGAIN_SECONDS``, in a thread of its own, until the block ends; raise its first error then."""
    is_over = threading.Event()
    errors: list[Exception] = []

    def work() -> None:
        while not is_over.wait(AGAIN_SECONDS):
            try:
                do()
            except Exception as error:  # noqa: BLE001, it may pass: tried again, and raised by the thread that waits
                errors.append(error)

    thread = threading.Thread(target=work, name="deadlines", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if errors:
        raise errors[0]
