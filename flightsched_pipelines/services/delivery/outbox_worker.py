"""Drain the outbox: each message is leased, rendered from its facts, sent on its channel, and settled.

Every channel has workers of its own, so that one that hangs blocks no other; a channel to people has several, so that a
message at which its server hangs blocks no other message. The caller's thread prolongs the workers' leases while they
work: a lease ends when its process has ended, however long a server takes.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.clients.weather.limiter import RequestLimiter
from flightsched_pipelines.database.queries.notifications import leases
from flightsched_pipelines.services.delivery.delivery_workers import (
    Channel,
    Delivery,
    DeliveryResult,
    Lane,
    Worker,
)
from flightsched_pipelines.settings import Settings

__all__ = ["Channel", "DeliveryResult", "drain"]

STOP_SECONDS = 5.0
"""Time that a stopped delivery waits for the messages it is sending."""

log = logging.getLogger(__name__)


def drain(
    engine: Engine,
    channels: Mapping[str, Channel],
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    dither: Callable[[], float] = random.random,
) -> DeliveryResult:
    """Send all due messages on these channels, then return; safe to run concurrently.

    While a worker waits for a channel's response, the others go on with messages that become due.
    """
    return _Crew(Delivery(engine, settings, now, dither)).run(channels)


class _Crew:
    """The workers of a delivery, and the thread that waits for them."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._running = 0
        self._errors: list[BaseException] = []

    def run(self, channels: Mapping[str, Channel]) -> DeliveryResult:
        """Start the workers, prolong their leases until they are done, and raise the first of their errors."""
        self._running = sum(channel.at_once for channel in channels.values())
        for name, channel in channels.items():
            lane = Lane(name, channel, RequestLimiter(channel.per_second, 1.0) if channel.per_second else None)
            for _ in range(channel.at_once):
                # As a daemon, so that a process that is to end does not wait for a server that hangs.
                threading.Thread(target=self._work, args=(lane,), name=f"deliver-{name}", daemon=True).start()
        try:
            while not self._all_end_within(self._delivery.settings.outbox_lease_seconds / 3):
                self._prolong_leases()
        except BaseException:
            self._delivery.stop()
            self._all_end_within(STOP_SECONDS)
            raise
        if self._errors:
            raise self._errors[0]
        return self._delivery.result

    def _all_end_within(self, seconds: float) -> bool:
        with self._delivery.changed:
            return self._delivery.changed.wait_for(lambda: not self._running, seconds)

    def _prolong_leases(self) -> None:
        with self._delivery.changed:
            held = set(self._delivery.leases)
        if held:
            seconds = self._delivery.settings.outbox_lease_seconds
            try:
                leases.renew(self._delivery.engine, held, seconds, self._delivery.now())
            except OperationalError:
                log.warning("the database did not prolong the leases; it is asked again")

    def _work(self, lane: Lane) -> None:
        try:
            Worker(self._delivery, lane).work()
        except BaseException as error:  # noqa: BLE001, the thread that waits raises it
            self._errors.append(error)
            self._delivery.stop()
        finally:
            with self._delivery.changed:
                self._running -= 1
                self._delivery.changed.notify_all()
