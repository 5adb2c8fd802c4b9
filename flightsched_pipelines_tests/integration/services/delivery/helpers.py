"""Queue messages, deliver them by a server that fails, and read what became of them."""

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from threading import Event

from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.clients.delivery.mail import Mailer
from flightsched_pipelines.clients.delivery.smtp import Smtp, SmtpTimeouts
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import Channel, DeliveryResult, drain
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.servers.faulty_http import FaultyHttp
from flightsched_pipelines_tests.servers.faulty_smtp import FaultySmtp

NOW = datetime(2026, 11, 10, 14, 8, tzinfo=UTC)


SETTINGS = settings_for()


MESSAGES = 48


AT_ONCE = channel_senders.AT_ONCE


UNLIMITED = 100_000


LONGEST_SECONDS = 120


POISON = 5
"""The number of the message at which a server is at fault; others wait before and behind it."""


def reader(number: object) -> str:
    return f"reader-{number}@example.com"


def queue(engine: Engine, number: int = MESSAGES, channel: str = "email", role: str = "student") -> None:
    rows = [
        Queued(f"test-{n}/{channel}", channel, None, None, "opened", role, n, {"n": n}, NOW, None)
        for n in range(number)
    ]
    with engine.begin() as connection:
        outbox.queue(connection, rows, NOW)


def by(mailer: Mailer) -> Channel:
    def send(message: Message, hand_over: HandOver) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"] = "school@example.com", reader(message.payload["n"])
        mail.set_content(f"marker-{message.payload['n']}-")
        return mailer.send(mail, message.key, hand_over)

    return Channel(send, False, UNLIMITED, AT_ONCE)


def smtp(server: FaultySmtp, **timeouts: float) -> Channel:
    return by(Smtp(server.url, timeouts=SmtpTimeouts(**timeouts)))


def sms(server: FaultyHttp) -> Channel:
    texts = aws.TextMessages("us-east-1", server.url)

    def send(message: Message, hand_over: HandOver) -> str:
        return texts.send("+16505550101", f"marker-{message.payload['n']}-", hand_over)

    return Channel(send, False, UNLIMITED, AT_ONCE)


def deliver(engine: Engine, channels: Mapping[str, Channel], at: datetime = NOW) -> DeliveryResult:
    return drain(engine, channels, SETTINGS, now=lambda: at, dither=lambda: 0.5)


@contextmanager
def under_way(engine: Engine, channels: Mapping[str, Channel], at: datetime = NOW) -> Generator[Future[DeliveryResult]]:
    with ThreadPoolExecutor(1) as hand:
        yield hand.submit(deliver, engine, channels, at)


def rows(engine: Engine, status: str) -> dict[int, tuple[int, bool]]:
    """Attempts and mark of the messages with a status, by their numbers."""
    query = text("SELECT person_id, attempts, perhaps_delivered FROM school.outbox WHERE status = :status")
    with engine.connect() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(query, {"status": status})}


def wait_for(true: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(LONGEST_SECONDS * 20):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come about")
