"""The workers of a delivery: each sends one channel's messages, one after another, and settles every one.

A channel that is down pauses, without counting against its messages; a message that is refused becomes a dead letter at
once, one that fails does so after a number of attempts. A message that has become pointless is suppressed. A message
that may have been delivered is sent again only if the receiver recognizes its key, or if twice is better than never: to
operators. All others of that kind become dead letters, for a person to decide.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import stamina
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliveryError,
    HandOver,
    MessageRefusedError,
    NotYetError,
    PerhapsDeliveredError,
)
from flightsched_pipelines.clients.weather.limiter import RequestLimiter
from flightsched_pipelines.database.faults import is_lost
from flightsched_pipelines.database.queries.notifications import leases
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery.revision import NotNow, Outdated, revise
from flightsched_pipelines.settings import Settings

BATCH = 100
FIRST_PAUSE_SECONDS = 30.0
MAX_PAUSE_SECONDS = 3600.0
DOWN_SECONDS = 60.0
BROKEN_OFF_IN_A_ROW = 3
"""Number of different messages in a row at which a channel must break off to count as down."""

POLL_SECONDS = 5.0
"""Interval at which an idle worker checks again, while another still has a message."""

OPERATORS = "ops"
"""The role of the recipients of alerts."""

Send = Callable[[Message, HandOver], str]
"""Sends a message on its channel and returns the channel's receipt; raises a `DeliveryError`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """An enabled channel.

    Args:
        send: sends a message.
        knows_keys: whether its receiver recognizes by the key a message that it has already.
        per_second: maximum messages a second; None for no limit, and leases of many messages at a time.
        at_once: maximum messages handed over at the same time.
    """

    send: Send
    knows_keys: bool
    per_second: int | None = None
    at_once: int = 1


@dataclass(slots=True)
class DeliveryResult:
    """The results of due messages by channel, the channels that are down, and the deadlines that passed."""

    sent: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    dead: Counter[str] = field(default_factory=Counter[str])
    perhaps_delivered: Counter[str] = field(default_factory=Counter[str])
    suppressed: Counter[str] = field(default_factory=Counter[str])
    down: dict[str, str] = field(default_factory=dict[str, str])
    deadlines: Counter[str] = field(default_factory=Counter[str])


def pause_seconds(attempts: int, dither: float) -> float:
    """Return the wait after a number of failed attempts: doubling, at most an hour, spread by half either way."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), MAX_PAUSE_SECONDS) * (0.5 + dither)


class LeaseLostError(Exception):
    """Another worker leases the message by now."""


@dataclass(slots=True)
class Lane:
    """A channel as shared by the workers of one delivery."""

    name: str
    channel: Channel
    limiter: RequestLimiter | None
    paused_until: datetime | None = None
    broke_off_at: list[int] = field(default_factory=list[int])


@dataclass(slots=True)
class Delivery:
    """The state that the workers of one delivery share; ``changed`` guards it, and signals changes."""

    engine: Engine
    settings: Settings
    now: Callable[[], datetime]
    dither: Callable[[], float]
    result: DeliveryResult = field(default_factory=DeliveryResult)
    changed: threading.Condition = field(default_factory=threading.Condition)
    stopped: bool = False
    busy: int = 0
    leases: set[str] = field(default_factory=set[str])

    def count(self, counter: Counter[str], name: str) -> None:
        """Add one."""
        with self.changed:
            counter[name] += 1

    def stop(self) -> None:
        """Let each worker end after its present message."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()


class Worker:
    """One worker that sends a channel's messages, one after another."""

    def __init__(self, delivery: Delivery, lane: Lane) -> None:
        self._delivery = delivery
        self._engine = delivery.engine
        self._settings = delivery.settings
        self._result = delivery.result
        self._lane = lane
        self._unsettled: list[tuple[Message, str]] = []

    def work(self) -> None:
        """Deliver due messages, until none is due and no worker has one."""
        delivery = self._delivery
        while not delivery.stopped:
            with delivery.changed:
                delivery.busy += 1
            try:
                while not delivery.stopped and self._work_once():
                    pass
            finally:
                with delivery.changed:
                    delivery.busy -= 1
                    if not delivery.busy:
                        delivery.changed.notify_all()
            with delivery.changed:
                if not delivery.busy:
                    return
                if not delivery.stopped:
                    delivery.changed.wait(POLL_SECONDS)

    def _work_once(self) -> bool:
        """Lease messages and deliver them; returns False if none was due."""
        if self._is_paused():
            return False
        most = 1 if self._lane.limiter else BATCH
        seconds = self._settings.outbox_lease_seconds
        messages = leases.lease(self._engine, [self._lane.name], most, seconds, self._delivery.now())
        if not messages:
            return False
        with self._delivery.changed:
            self._delivery.leases.add(messages[0].lease)
        try:
            self._deliver_leased(messages)
        finally:
            self._settle()
            with self._delivery.changed:
                self._delivery.leases.discard(messages[0].lease)
        return True

    def _deliver_leased(self, messages: list[Message]) -> None:
        for n, message in enumerate(messages):
            if self._is_paused() or self._delivery.stopped:
                at = self._lane.paused_until or self._delivery.now()
                why = self._result.down.get(self._lane.name, "the delivery was stopped")
                leases.give_back(self._engine, messages[n:], at, why)
                return
            self._deliver(message)

    def _is_paused(self) -> bool:
        until = self._lane.paused_until
        return until is not None and self._delivery.now() < until

    def _settle(self) -> None:
        """Store the receipts; retried if the database fails, since the messages are sent."""
        for attempt in stamina.retry_context(on=OperationalError, attempts=6, timeout=30):
            with attempt:
                leases.settle_sent(self._engine, self._unsettled, self._delivery.now())
        self._unsettled.clear()

    def _deliver(self, message: Message) -> None:
        if why := self._pointless(message):
            leases.suppress(self._engine, message, why, self._delivery.now())
            self._delivery.count(self._result.suppressed, why)
        elif message.perhaps_delivered and not self._may_repeat(message):
            self._give_up(message, "perhaps delivered: its worker ended before the channel answered", perhaps=True)
        elif message.attempts >= self._settings.outbox_max_attempts:
            self._give_up(message, "every worker that had it was killed")
        else:
            self._send_as_of_now(message)

    def _send_as_of_now(self, message: Message) -> None:
        """Send what is so now, if anything is."""
        now = self._delivery.now()
        try:
            revised = revise(self._engine, message, now, self._settings)
        except Exception as error:  # as for sending it: its words may contain parts of the message
            if is_lost(error):
                raise
            log.warning("message %s failed: %s", message.message_id, type(error).__name__)
            self._fail(message, f"{type(error).__name__} while the message was brought up to date")
            return
        match revised:
            case Outdated(why):
                leases.suppress(self._engine, message, why, now)
                self._delivery.count(self._result.suppressed, why)
            case NotNow():
                leases.put_off(
                    self._engine, message, revised.at_utc, revised.why, expires_at=revised.expires_at,
                    is_late=revised.is_late,
                )  # fmt: skip
            case Message():
                self._send(revised)

    def _pointless(self, message: Message) -> str:
        if message.obsolete:
            return "a newer message replaced it"
        if message.expires_at is not None and message.expires_at <= self._delivery.now():
            return "too late to be of use"
        return ""

    def _may_repeat(self, message: Message) -> bool:
        """Return whether a repeated message does no harm: the receiver knows keys, or is an operator."""
        return self._lane.channel.knows_keys or message.role == OPERATORS

    def _send(self, message: Message) -> None:
        if self._lane.limiter is not None:
            self._lane.limiter.wait()
        try:
            receipt = self._hand_over(message)
        except LeaseLostError:
            log.warning("message %s is another worker's by now", message.message_id)
        except DeliveryError as error:
            self._judge(message, error)
        else:
            self._lane.broke_off_at.clear()
            self._unsettled.append((message, receipt))
            if self._lane.limiter is not None:
                self._settle()
            self._delivery.count(self._result.sent, self._lane.name)

    def _hand_over(self, message: Message) -> str:
        """Send it on its channel; if the channel may take it twice, that is recorded first."""
        begun = False

        def begin() -> None:
            nonlocal begun
            if not self._may_repeat(message) and not leases.begin_handover(self._engine, message):
                raise LeaseLostError
            begun = True

        try:
            return self._lane.channel.send(message, begin)
        except (DeliveryError, LeaseLostError, SQLAlchemyError):
            raise
        except Exception as error:  # noqa: BLE001, one message's failure must not keep the others from their readers
            # Its words may contain parts of the message: only its type is kept.
            log.warning("message %s failed: %s", message.message_id, type(error).__name__)
            why = f"{type(error).__name__} while the message was made or sent"
            raise (PerhapsDeliveredError(f"perhaps delivered: {why}") if begun else NotYetError(why)) from None

    def _judge(self, message: Message, error: DeliveryError) -> None:
        why = str(error)
        match error:
            case ChannelDownError():
                self._put_off(message, error)
            case PerhapsDeliveredError():
                self._doubt(message, why)
                self._suspect(message, why)
            case BrokenOffError():
                self._fail(message, why)
                self._suspect(message, why)
            case MessageRefusedError():
                self._give_up(message, why)
                self._lane.broke_off_at.clear()
            case _:
                self._fail(message, why)
                self._lane.broke_off_at.clear()

    def _put_off(self, message: Message, down: ChannelDownError) -> None:
        """Put the message behind those that wait for the channel, in case it is the only one that is not taken."""
        seconds = down.retry_after_seconds or DOWN_SECONDS
        at = self._delivery.now() + timedelta(seconds=seconds + 1)
        leases.give_back(self._engine, [message], at, str(down))
        self._pause(seconds, str(down))

    def _pause(self, seconds: float, why: str) -> None:
        log.warning("channel %s is down: %s", self._lane.name, why)
        until = self._delivery.now() + timedelta(seconds=seconds)
        self._lane.broke_off_at.clear()
        self._lane.paused_until = until
        self._result.down[self._lane.name] = why
        leases.pause(self._engine, self._lane.name, until, why)

    def _suspect(self, message: Message, why: str) -> None:
        """Attribute one such failure to the message, several in a row of different messages to the channel."""
        if message.message_id not in self._lane.broke_off_at:
            self._lane.broke_off_at.append(message.message_id)
        if len(self._lane.broke_off_at) >= BROKEN_OFF_IN_A_ROW:
            self._pause(DOWN_SECONDS, why)
        elif self._lane.paused_until is not None:
            # It was in flight when another worker paused the channel: otherwise it would be due before all that wait.
            leases.pause(self._engine, self._lane.name, self._lane.paused_until, why)

    def _doubt(self, message: Message, why: str) -> None:
        """Handle a message that may have been delivered: send it again only if that does no harm."""
        if self._may_repeat(message):
            self._fail(message, why, perhaps=True)
        else:
            self._give_up(message, why, perhaps=True)

    def _fail(self, message: Message, why: str, *, perhaps: bool = False) -> None:
        attempts = message.attempts + 1
        if attempts >= self._settings.outbox_max_attempts:
            self._give_up(message, why, perhaps=perhaps)
            return
        now = self._delivery.now()
        at = now + timedelta(seconds=pause_seconds(attempts, self._delivery.dither()))
        leases.try_again(self._engine, message, at, why, now, perhaps_delivered=perhaps)
        self._delivery.count(self._result.failed, self._lane.name)

    def _give_up(self, message: Message, why: str, *, perhaps: bool = False) -> None:
        leases.give_up(self._engine, message, why, self._delivery.now(), perhaps_delivered=perhaps)
        self._delivery.count(self._result.dead, self._lane.name)
        if perhaps:
            self._delivery.count(self._result.perhaps_delivered, self._lane.name)
