"""One bad message, one hanging server, one late acceptance: all others go out, and no person gets a message twice."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from threading import Event

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.clients.delivery.ses import Ses
from flightsched_pipelines.clients.delivery.smtp import Smtp, SmtpTimeouts
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.services.delivery import channel_senders, delivery_workers
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.services.delivery.helpers import (
    AT_ONCE,
    LONGEST_SECONDS,
    MESSAGES,
    NOW,
    POISON,
    SETTINGS,
    by,
    deliver,
    queue,
    reader,
    rows,
    sms,
    smtp,
    under_way,
    wait_for,
)
from flightsched_pipelines_tests.servers import faulty_http, faulty_smtp, moto_server
from flightsched_pipelines_tests.servers.faulty_http import FaultyHttp
from flightsched_pipelines_tests.servers.faulty_smtp import HANG_UP, SILENCE, FaultySmtp


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
                wait_for(lambda: len(rows(engine, "sent")) == MESSAGES - 1)
                assert POISON in rows(engine, "sending")
                server.released.set()
                assert delivery.result(LONGEST_SECONDS).perhaps_delivered == {"email": 1}
        else:
            assert deliver(engine, {"email": channel_of(server)}).perhaps_delivered == {"email": 1}
        deliver(engine, {"email": channel_of(server)}, NOW + timedelta(hours=2))
        assert rows(engine, "dead") == {POISON: (1, True)}
        assert len(server.taken) == len(set(server.taken)) == MESSAGES


@pytest.mark.usefixtures("credentials")
def test_amazon_that_throttles_spends_no_attempts(engine: Engine) -> None:
    queue(engine, channel="sms")
    with faulty_http.running(400, "Throttling") as server:
        assert "Throttling" in deliver(engine, {"sms": sms(server)}).down["sms"]
        assert {attempts for attempts, _ in rows(engine, "waiting").values()} == {0}
        server.fault = 200
        assert deliver(engine, {"sms": sms(server)}, NOW + timedelta(minutes=2)).sent == {"sms": MESSAGES}


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
