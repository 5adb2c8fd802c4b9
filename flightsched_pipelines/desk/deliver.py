"""The outbox emptied: each message leased, made from its facts, handed to its channel, and settled.

A channel that is down is left alone for a while, without counting against its messages; a message that is refused goes
to the dead letters at once, one that fails does so after a number of attempts. What has become pointless is suppressed.

What a channel with a rate limit has taken is settled message by message, since its reader would see it twice. Channels
without one (a folder, Redis, SQS) know the key, so that what they took is settled a lease at a time.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import ChannelDown, DeliveryError, Refused
from flightsched_pipelines.clients.limiter import RequestLimiter
from flightsched_pipelines.database import outbox
from flightsched_pipelines.database.outbox import Message
from flightsched_pipelines.settings import Settings

BATCH = 100
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 3600.0
DOWN_SECONDS = 60.0

Send = Callable[[Message], str]
"""Hands a message to its channel and returns the channel's receipt; raises a `DeliveryError`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that is on: how it sends, and how often it may; without a limit it takes a key twice unharmed."""

    send: Send
    per_second: int | None = None


@dataclass(slots=True)
class Delivered:
    """What became of the messages that were due, by channel, which channels are down, and which deadlines passed."""

    sent: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    dead: Counter[str] = field(default_factory=Counter[str])
    suppressed: Counter[str] = field(default_factory=Counter[str])
    down: dict[str, str] = field(default_factory=dict[str, str])
    deadlines: Counter[str] = field(default_factory=Counter[str])


def drain(
    engine: Engine,
    channels: Mapping[str, Channel],
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    dither: Callable[[], float] = random.random,
) -> Delivered:
    """Send everything that is due on these channels, then return; any number of these may run side by side."""
    return _Worker(engine, channels, settings, now, dither).work()


def pause_seconds(attempts: int, dither: float) -> float:
    """How long a message waits after so many failed attempts: doubling, at most an hour, spread by half either way."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), LONGEST_PAUSE_SECONDS) * (0.5 + dither)


class _Worker:
    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        settings: Settings,
        now: Callable[[], datetime],
        dither: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._limiters = {
            name: RequestLimiter(channel.per_second, 1.0) for name, channel in channels.items() if channel.per_second
        }
        self._settings = settings
        self._now = now
        self._dither = dither
        self._result = Delivered()
        self._unsettled: list[tuple[Message, str]] = []

    def work(self) -> Delivered:
        while open_channels := self._channels.keys() - self._result.down.keys():
            messages = self._lease(open_channels)
            if not messages:
                break
            try:
                self._deliver_leased(messages)
            finally:
                self._settle()
        return self._result

    def _deliver_leased(self, messages: list[Message]) -> None:
        leased_at = time.monotonic()
        for n, message in enumerate(messages):
            if self._is_late(leased_at):
                # The rest of the lease is short: another worker may have these soon. They are leased anew.
                outbox.give_back(self._engine, messages[n:], self._now(), "leased anew")
                return
            if message.channel in self._result.down:
                self._postpone([message], DOWN_SECONDS, self._result.down[message.channel])
            else:
                self._deliver(message)

    def _settle(self) -> None:
        outbox.settle_sent(self._engine, self._unsettled, self._now())
        self._unsettled.clear()

    def _lease(self, channels: Collection[str]) -> list[Message]:
        return outbox.lease(self._engine, channels, BATCH, self._settings.outbox_lease_seconds, self._now())

    def _is_late(self, leased_at: float) -> bool:
        return time.monotonic() - leased_at > self._settings.outbox_lease_seconds / 2

    def _deliver(self, message: Message) -> None:
        if why := self._pointless(message):
            outbox.suppress(self._engine, message, why, self._now())
            self._result.suppressed[why] += 1
            return
        if message.attempts >= self._settings.outbox_max_attempts:
            self._give_up(message, "every worker that had it was killed")
            return
        if (limiter := self._limiters.get(message.channel)) is not None:
            limiter.wait()
        try:
            receipt = self._channels[message.channel].send(message)
        except ChannelDown as error:
            self._result.down[message.channel] = str(error)
            log.warning("channel %s is down: %s", message.channel, error)
            self._postpone([message], error.retry_after_seconds or DOWN_SECONDS, str(error))
        except Refused as error:
            self._give_up(message, str(error))
        except DeliveryError as error:
            self._fail(message, str(error))
        except Exception as error:  # noqa: BLE001, a fault of one message must not keep the others from their readers
            # Its words may hold what is in the message: only its kind is kept.
            log.warning("message %s failed: %s", message.message_id, type(error).__name__)
            self._fail(message, f"{type(error).__name__} while the message was made or sent")
        else:
            self._unsettled.append((message, receipt))
            if limiter is not None:
                self._settle()
            self._result.sent[message.channel] += 1

    def _pointless(self, message: Message) -> str:
        if message.obsolete:
            return "a newer message replaced it"
        if message.expires_at is not None and message.expires_at <= self._now():
            return "too late to be of use"
        return ""

    def _postpone(self, messages: list[Message], seconds: float, why: str) -> None:
        outbox.give_back(self._engine, messages, self._now() + timedelta(seconds=seconds), why)

    def _fail(self, message: Message, why: str) -> None:
        attempts = message.attempts + 1
        if attempts >= self._settings.outbox_max_attempts:
            self._give_up(message, why)
            return
        at = self._now() + timedelta(seconds=pause_seconds(attempts, self._dither()))
        outbox.try_again(self._engine, message, at, why, self._now())
        self._result.failed[message.channel] += 1

    def _give_up(self, message: Message, why: str) -> None:
        outbox.give_up(self._engine, message, why, self._now())
        self._result.dead[message.channel] += 1
