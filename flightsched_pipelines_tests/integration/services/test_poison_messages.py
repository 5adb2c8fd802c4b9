"""One bad message, one hanging server, one late acceptance: all others go out, and no person gets a message twice."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver, PerhapsDeliveredError
from flightsched_pipelines.clients.delivery.mail import Mailer, Ses
from flightsched_pipelines.clients.delivery.smtp import Smtp, SmtpTimeouts
from flightsched_pipelines.database.queries.notifications import leases, outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.services.delivery import channel_senders, delivery_workers
from flightsched_pipelines.services.delivery.outbox_worker import Channel, DeliveryResult, drain
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.servers import faulty_http, faulty_smtp, moto_server
from flightsched_pipelines_tests.servers.faulty_http import FaultyHttp
from flightsched_pipelines_tests.servers.faulty_smtp import HANG_UP, SILENCE, FaultySmtp

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


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.parametrize(
    ("step", "fault"),
    [("rcpt", HANG_UP), ("rcpt", "421 closing"), ("data", HANG_UP), ("data", "451 not this one"), ("end", "451 no")],
)
def test_one_bad_mail_spends_its_own_attempts_and_stops_nobody(engine: Engine, step: str, fault: str) -> None:
    queue(engine)
    with faulty_smtp.running(step, fault, reader(POISON)) as server:
        at = NOW
        assert deliver(engine, {"email": smtp(server)}, at).down == {}
        assert sorted(server.taken) == sorted(reader(n) for n in range(MESSAGES) if n != POISON)
        assert rows(engine, "waiting") == {POISON: (1, False)}
        for _ in range(1, SETTINGS.outbox_max_attempts):
            at += timedelta(hours=2)
            deliver(engine, {"email": smtp(server)}, at)
        assert rows(engine, "dead") == {POISON: (SETTINGS.outbox_max_attempts, False)}
        assert len(server.taken) == MESSAGES - 1


@pytest.mark.parametrize("fault", [SILENCE, HANG_UP, "not an answer"])
def test_a_late_acceptance_is_a_dead_letter_perhaps_delivered_and_nobody_gets_a_mail_twice(
    engine: Engine, fault: str
) -> None:
    queue(engine)
    timeouts = {"end_of_text": 0.3} if fault == SILENCE else {}
    with faulty_smtp.running("end", fault, reader(POISON)) as server:
        # The others' answers may be as late as they like: only what the server never answers is waited for so shortly.
        channel = by(_Impatient(server, reader(POISON), **timeouts))
        result = deliver(engine, {"email": channel})
        assert (result.sent, result.perhaps_delivered, result.down) == ({"email": MESSAGES - 1}, {"email": 1}, {})
        assert rows(engine, "dead") == {POISON: (1, True)}
        assert outbox.redrive(engine, NOW) == 0
        for hours in range(1, 10):
            deliver(engine, {"email": channel}, NOW + timedelta(hours=hours))
        assert Counter(server.taken) == {reader(n): 1 for n in range(MESSAGES)}
        with engine.connect() as connection:
            problem = connection.execute(text("SELECT problem FROM school.dead_letters")).scalar_one()
        assert str(problem).startswith("perhaps delivered: ")
        server.step = ""
        assert outbox.redrive(engine, NOW, perhaps_delivered=True) == 1  # somebody decided so
        assert deliver(engine, {"email": channel}).sent == {"email": 1}


class _Impatient:
    """A mailer that waits for one reader's answer for other times than for the others'."""

    def __init__(self, server: FaultySmtp, whose: str, **timeouts: float) -> None:
        self._patient = Smtp(server.url)
        self._impatient = Smtp(server.url, timeouts=SmtpTimeouts(**timeouts))
        self._whose = whose

    def send(self, message: EmailMessage, key: str, hand_over: HandOver) -> str:
        mailer = self._impatient if message["To"] == self._whose else self._patient
        return mailer.send(message, key, hand_over)

    def close(self) -> None:
        self._patient.close()
        self._impatient.close()


def test_while_a_server_takes_its_time_with_one_mail_all_others_go_out_and_what_is_queued_then(engine: Engine) -> None:
    queue(engine)
    with faulty_smtp.running("end", SILENCE, reader(POISON)) as server:
        with under_way(engine, {"email": smtp(server)}) as delivery:
            server.wait_for(lambda: len(server.taken) == MESSAGES)
            queue(engine, MESSAGES + 1)  # one more than there are
            server.wait_for(lambda: reader(MESSAGES) in server.taken)
            assert POISON in rows(engine, "sending")
            server.released.set()
            assert delivery.result(LONGEST_SECONDS).sent == {"email": MESSAGES + 1}
        assert Counter(server.taken) == {reader(n): 1 for n in range(MESSAGES + 1)}


def test_a_server_that_greets_nobody_holds_up_no_other_channel(engine: Engine) -> None:
    queue(engine)
    queue(engine, channel="sms")
    sent: list[str] = []
    all_sent = Event()

    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        sent.append(message.key)
        if len(sent) == MESSAGES:
            all_sent.set()
        return "ok"

    with faulty_smtp.running("greeting", SILENCE) as server:
        channels = {"email": smtp(server), "sms": Channel(send, knows_keys=False)}
        with under_way(engine, channels) as delivery:
            assert all_sent.wait(LONGEST_SECONDS)
            assert not delivery.done()
            server.released.set()
            assert delivery.result(LONGEST_SECONDS).sent == {"email": MESSAGES, "sms": MESSAGES}


def test_a_server_that_greets_nobody_spends_no_attempts(engine: Engine) -> None:
    queue(engine)
    with faulty_smtp.running("greeting", SILENCE) as server:
        assert "no answer in time" in deliver(engine, {"email": smtp(server, greeting=0.3)}).down["email"]
    assert {attempts for attempts, _ in rows(engine, "waiting").values()} == {0}
    with faulty_smtp.running() as server:
        assert deliver(engine, {"email": smtp(server)}, NOW + timedelta(seconds=59)).sent == {}
        assert deliver(engine, {"email": smtp(server)}, NOW + timedelta(seconds=61)).sent == {"email": MESSAGES}


def test_a_server_that_hangs_up_at_everybody_is_down_and_others_are_tried_first_next_time(engine: Engine) -> None:
    queue(engine)
    with faulty_smtp.running("rcpt", HANG_UP) as server:
        assert "hung up" in deliver(engine, {"email": smtp(server)}).down["email"]
        first = set(server.asked)
        assert delivery_workers.BROKEN_OFF_IN_A_ROW <= len(first) <= delivery_workers.BROKEN_OFF_IN_A_ROW + AT_ONCE
        deliver(engine, {"email": smtp(server)}, NOW + timedelta(seconds=61))
        assert len(set(server.asked) - first) >= delivery_workers.BROKEN_OFF_IN_A_ROW
        server.step = ""
        deliver(engine, {"email": smtp(server)}, NOW + timedelta(hours=1))
        assert Counter(server.taken) == {reader(n): 1 for n in range(MESSAGES)}


def test_a_server_that_takes_every_mail_and_never_says_so_sends_none_twice(engine: Engine) -> None:
    queue(engine)
    with faulty_smtp.running("end", HANG_UP) as server:
        for minutes in range(40):
            deliver(engine, {"email": smtp(server)}, NOW + timedelta(minutes=minutes))
        assert Counter(server.taken) == {reader(n): 1 for n in range(MESSAGES)}
    assert set(rows(engine, "dead").values()) == {(1, True)}


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("channel_of", [lambda server: by(Ses("us-east-1", server.url)), sms], ids=["SES", "SMS"])
@pytest.mark.parametrize("fault", [SILENCE, faulty_http.HANG_UP, 500])
def test_amazon_that_takes_one_message_without_an_answer_gets_it_once_and_all_others(
    engine: Engine, channel_of: Callable[[FaultyHttp], Channel], fault: int | str
) -> None:
    queue(engine)
    with faulty_http.running(fault, "InternalFailure", f"marker-{POISON}-") as server:
        if fault == SILENCE:
            with under_way(engine, {"email": channel_of(server)}) as delivery:
                _wait_for(lambda: len(rows(engine, "sent")) == MESSAGES - 1)
                assert POISON in rows(engine, "sending")
                server.released.set()
                assert delivery.result(LONGEST_SECONDS).perhaps_delivered == {"email": 1}
        else:
            assert deliver(engine, {"email": channel_of(server)}).perhaps_delivered == {"email": 1}
        deliver(engine, {"email": channel_of(server)}, NOW + timedelta(hours=2))
        assert rows(engine, "dead") == {POISON: (1, True)}
        assert len(server.taken) == len(set(server.taken)) == MESSAGES


def _wait_for(true: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(LONGEST_SECONDS * 20):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come about")


@pytest.mark.usefixtures("credentials")
def test_amazon_that_throttles_spends_no_attempts(engine: Engine) -> None:
    queue(engine, channel="sms")
    with faulty_http.running(400, "Throttling") as server:
        assert "Throttling" in deliver(engine, {"sms": sms(server)}).down["sms"]
        assert {attempts for attempts, _ in rows(engine, "waiting").values()} == {0}
        server.fault = 200
        assert deliver(engine, {"sms": sms(server)}, NOW + timedelta(minutes=2)).sent == {"sms": MESSAGES}


@pytest.mark.parametrize(("knows_keys", "role"), [(True, "system"), (False, "ops")])
def test_what_may_have_been_taken_is_sent_again_to_whom_it_does_not_harm_at_the_end_of_the_queue(
    engine: Engine, knows_keys: bool, role: str
) -> None:
    queue(engine, 1, "sns", role)
    sent: list[str] = []

    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        sent.append(message.key)
        if len(sent) == 1:
            raise PerhapsDeliveredError("perhaps delivered: nobody knows")
        return "ok"

    channels = {"sns": Channel(send, knows_keys, UNLIMITED)}
    deliver(engine, channels)
    assert rows(engine, "waiting") == {0: (1, True)}
    deliver(engine, channels, NOW + timedelta(seconds=30))
    assert rows(engine, "sent") == {0: (1, False)}
    assert len(sent) == 2


def test_a_worker_that_lost_its_lease_does_not_send(engine: Engine) -> None:
    queue(engine, 1)
    begun, go_on = Event(), Event()
    sent: list[str] = []

    def send(message: Message, hand_over: HandOver) -> str:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(LONGEST_SECONDS)
        hand_over()
        sent.append(message.key)
        return "ok"

    channels = {"email": Channel(send, False, UNLIMITED)}
    with under_way(engine, channels) as delivery:
        assert begun.wait(LONGEST_SECONDS)
        later = NOW + timedelta(seconds=SETTINGS.outbox_lease_seconds + 1)
        assert deliver(engine, channels, later).sent == {"email": 1}
        go_on.set()
        assert delivery.result(LONGEST_SECONDS).sent == {}
    assert len(sent) == 1


def test_a_lease_is_prolonged_for_as_long_as_its_worker_waits(engine: Engine) -> None:
    queue(engine, 1)
    begun, go_on = Event(), Event()
    settings = settings_for(outbox_lease_seconds=0.9)
    clock = [NOW]

    def send(_: Message, hand_over: HandOver) -> str:
        hand_over()
        begun.set()
        assert go_on.wait(LONGEST_SECONDS)
        return "ok"

    def leased_until() -> datetime | None:
        with engine.connect() as connection:
            return connection.execute(text("SELECT leased_until FROM school.outbox")).scalar_one()

    channels = {"email": Channel(send, False, UNLIMITED)}
    with ThreadPoolExecutor(1) as hand:
        delivery = hand.submit(drain, engine, channels, settings, now=lambda: clock[0])
        assert begun.wait(LONGEST_SECONDS)
        for _ in range(3):
            clock[0] += timedelta(seconds=0.8)
            _wait_for(lambda: leased_until() == clock[0] + timedelta(seconds=0.9))
            assert leases.lease(engine, ["email"], 1, 0.9, clock[0] + timedelta(seconds=0.5)) == []
        go_on.set()
        assert delivery.result(LONGEST_SECONDS).sent == {"email": 1}


def test_a_receipt_that_comes_after_the_message_was_given_up_holds(engine: Engine) -> None:
    queue(engine, 1)
    (mine,) = leases.lease(engine, ["email"], 1, 120, NOW)
    assert leases.begin_handover(engine, mine)
    later = NOW + timedelta(seconds=121)
    never = {"email": Channel(lambda _, __: pytest.fail("it was sent twice"), False, UNLIMITED)}
    assert deliver(engine, never, later).perhaps_delivered == {"email": 1}
    leases.settle_sent(engine, [(mine, "ok")], later)
    assert rows(engine, "sent") == {0: (2, False)}
    with engine.connect() as connection:
        letters = connection.execute(text("SELECT settlement FROM school.dead_letters")).scalars().all()
    assert letters == ["sent after all"]


KILLS = textwrap.dedent(
    r"""
    import os, signal, sys, threading
    from datetime import UTC, datetime, timedelta
    from flightsched_pipelines.database.engine import connect
    from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
    from flightsched_pipelines.settings import Settings

    settings = Settings(database_url=sys.argv[1])
    log = open(sys.argv[2], "a")

    def work(last, place, kills):
        # killed at its last message: before it is marked, once it is, or once the receiver has it
        turn, number = threading.Lock(), [0]

        def die_at(n, here):
            if (n, here) == (last, place):
                os.kill(os.getpid(), signal.SIGKILL)

        def send(message, hand_over):
            with turn:
                number[0] += 1
                n = number[0]
            die_at(n, 0)
            hand_over()
            die_at(n, 1)
            log.write(message.key + "\n"); log.flush()  # from here on the receiver has it
            die_at(n, 2)
            return "ok"

        # who is killed keeps a lease, which is over by the time of the next
        now = lambda: datetime.now(UTC) + timedelta(minutes=10 * kills)
        drain(connect(settings), {"email": Channel(send, False, 100_000, 3)}, settings, now=now)

    kills = int(sys.argv[3])
    for kill in range(kills):
        if (worker := os.fork()) == 0:
            work(1 + kill % 5, kill % 3, kill)
            os._exit(1)  # it was to be killed
        assert os.waitpid(worker, 0)[1] == signal.SIGKILL
    work(0, 0, kills)
    """
)


def test_twenty_kills_lose_no_message_and_send_none_twice_to_a_receiver_that_knows_no_keys(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    queue(engine, 300)
    script, log = tmp_path / "kills.py", tmp_path / "log"
    script.write_text(KILLS)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), database_url, str(log), "20"]
    subprocess.run(command, env=environment, timeout=1_200, check=True)  # noqa: S603, our own words
    received = Counter(log.read_text().splitlines())
    assert set(received.values()) == {1}
    dead = rows(engine, "dead")
    assert len(rows(engine, "sent")) + len(dead) == 300
    assert {perhaps for _, perhaps in dead.values()} <= {True}
    assert len(dead) <= 20 * AT_ONCE
    assert {f"test-{n}/email" for n in range(300)} - set(received) <= {f"test-{n}/email" for n in dead}


@pytest.mark.usefixtures("credentials")
def test_a_topic_of_notifications_that_is_missing_holds_no_alert_back(engine: Engine) -> None:
    with moto_server.running() as amazon:
        settings = settings_for(
            mail_via="off", aws_region=moto_server.REGION, aws_endpoint_url=amazon, environment="test"
        )
        operations = aws.operations_topic("test")
        listener = moto_server.listening(amazon, operations)
        queue(engine, 3, "sns", "system")
        alert = {
            "word": "opened", "alert": "delivery", "severity": "error", "environment": "test",
            "opened_at": NOW.isoformat(), "told_at": NOW.isoformat(), "checks": [],
        }  # fmt: skip
        with engine.begin() as connection:
            outbox.queue(
                connection,
                [Queued("alert-1", "sns_alerts", None, None, "alert", "ops", None, alert, NOW, None)],
                NOW,
            )
        with channel_senders.open_channels(engine, settings) as channels:
            result = drain(engine, channels, settings, now=lambda: NOW)
        assert (result.sent, list(result.down)) == ({"sns_alerts": 1}, ["sns"])
        assert "delivery" in listener.receive()[0].body
