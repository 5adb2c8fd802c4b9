"""Every fault at every step of every channel: its classification, and whether the message may have been delivered.

No message that may have been taken is classified to be sent again, and none that was certainly not taken as perhaps
delivered.
"""

import socket
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from flightsched_pipelines.clients.delivery import aws, slack
from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliveryError,
    HandOver,
    MessageRefusedError,
    NotYetError,
    PerhapsDeliveredError,
)
from flightsched_pipelines.clients.delivery.ses import Ses
from flightsched_pipelines.clients.delivery.slack import Slack
from flightsched_pipelines.clients.delivery.smtp import Smtp, SmtpTimeouts
from flightsched_pipelines_tests.servers import faulty_http, faulty_smtp
from flightsched_pipelines_tests.servers.faulty_smtp import HANG_UP, SILENCE

REGION = "us-east-1"
SHORT = 0.3
"""Seconds to wait for a server that never answers."""

STEPS = {"greeting": "greeting", "ehlo": "greeting", "mail": "command", "rcpt": "command", "data": "data",
         "end": "end_of_text"}  # fmt: skip

SMTP_FAULTS: list[tuple[str, str, type[DeliveryError]]] = [
    ("greeting", "421 busy", ChannelDownError),
    ("greeting", "554 no service", ChannelDownError),
    ("greeting", HANG_UP, ChannelDownError),
    ("greeting", SILENCE, ChannelDownError),
    ("ehlo", HANG_UP, ChannelDownError),
    ("ehlo", SILENCE, ChannelDownError),
    ("mail", "421 closing", BrokenOffError),
    ("mail", "451 too fast", BrokenOffError),
    ("mail", "530 authentication required", ChannelDownError),
    ("mail", "553 not your address", ChannelDownError),
    ("mail", "552 too big", MessageRefusedError),
    ("mail", HANG_UP, BrokenOffError),
    ("mail", SILENCE, BrokenOffError),
    ("rcpt", "421 closing", BrokenOffError),
    ("rcpt", "451 greylisted", NotYetError),
    ("rcpt", "550 no such user", MessageRefusedError),
    ("rcpt", "not an answer", BrokenOffError),
    ("rcpt", HANG_UP, BrokenOffError),
    ("rcpt", SILENCE, BrokenOffError),
    ("data", "451 later", NotYetError),
    ("data", "554 no", MessageRefusedError),
    ("data", HANG_UP, BrokenOffError),
    ("data", SILENCE, BrokenOffError),
    ("text", HANG_UP, PerhapsDeliveredError),
    ("end", "421 closing", BrokenOffError),
    ("end", "451 later", NotYetError),
    ("end", "554 spam", MessageRefusedError),
    ("end", "not an answer", PerhapsDeliveredError),
    ("end", "354 go on", PerhapsDeliveredError),
    ("end", "9" * 9000, PerhapsDeliveredError),
    ("end", HANG_UP, PerhapsDeliveredError),
    ("end", SILENCE, PerhapsDeliveredError),
]


class Handovers:
    """The number of times that a message was handed over."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> None:
        """One more."""
        self.number += 1


@pytest.fixture
def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "school@example.com", "Ada <ada@example.com>", "Hold"
    message.set_content("Hello\n.\n..dots at the begin of a line\n")
    return message


@pytest.mark.parametrize(("step", "fault", "meant"), SMTP_FAULTS)
def test_a_fault_of_a_mail_server(step: str, fault: str, meant: type[DeliveryError], mail: EmailMessage) -> None:
    timeouts = SmtpTimeouts(**({STEPS[step]: SHORT} if fault == SILENCE else {}))
    handovers = Handovers()
    with faulty_smtp.running(step, fault) as server:
        mailer = Smtp(server.url, timeouts=timeouts)
        with pytest.raises(DeliveryError) as told:
            mailer.send(mail, "1", handovers)
        assert type(told.value) is meant
        assert handovers.number == (1 if step in {"text", "end"} else 0)
        assert "ada" not in str(told.value)
        assert len(server.taken) <= (1 if meant is PerhapsDeliveredError else 0)
        server.step = ""
        if fault != SILENCE:  # the server need not be quick
            assert mailer.send(mail, "2", handovers)
        mailer.close()


def test_a_kept_connection_that_the_server_closed_is_made_anew_before_anything_is_handed_over(
    mail: EmailMessage,
) -> None:
    handovers = Handovers()
    with faulty_smtp.running() as server:
        mailer = Smtp(server.url)
        mailer.send(mail, "1", handovers)
        _hang_up_on(mailer)
        mailer.send(mail, "2", handovers)
        assert (len(server.taken), handovers.number) == (2, 2)
        mailer.close()


def _hang_up_on(mailer: Smtp) -> None:
    (idle,) = mailer._idle  # pyright: ignore[reportPrivateUsage]
    assert idle.sock is not None
    idle.sock.shutdown(socket.SHUT_RDWR)


def test_a_mail_that_must_not_be_handed_over_any_more_is_not(mail: EmailMessage) -> None:
    class LostError(Exception):
        pass

    def lost() -> None:
        raise LostError

    with faulty_smtp.running() as server:
        mailer = Smtp(server.url)
        with pytest.raises(LostError):
            mailer.send(mail, "1", lost)
        mailer.send(mail, "2", Handovers())
        assert len(server.taken) == 1


def test_password_and_mails_do_not_go_unencrypted_to_another_host_unless_that_is_set(mail: EmailMessage) -> None:
    with faulty_smtp.running() as server:
        elsewhere = server.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104, not loopback's, and reaches it
        with pytest.raises(ChannelDownError, match="SMTP_ALLOW_PLAINTEXT=true"):
            Smtp(elsewhere.replace("//", "//user:password@")).send(mail, "1", Handovers())
        assert server.asked == []
        assert Smtp(elsewhere, allow_plaintext=True).send(mail, "1", Handovers())


Attempt = Callable[[str, HandOver], str]


def by_ses(url: str, hand_over: HandOver) -> str:
    message = EmailMessage()
    message["From"], message["To"] = "school@example.com", "ada@example.com"
    return Ses(REGION, url).send(message, "1", hand_over)


def by_sms(url: str, hand_over: HandOver) -> str:
    return aws.TextMessages(REGION, url).send("+16505550101", "hold", hand_over)


def by_topic(url: str, hand_over: HandOver) -> str:
    return aws.Topic(REGION, url, aws.notifications_topic("test")).publish("{}", {"event": "opened"}, hand_over)


def by_queue(url: str, hand_over: HandOver) -> str:
    return aws.Queue(REGION, url, aws.alerts_queue("test")).send("{}", {"event": "opened"}, hand_over)


def by_webhook(url: str, hand_over: HandOver) -> str:
    return Slack(f"{url}/hook", None, None).post("text", [], hand_over)


def by_bot(url: str, hand_over: HandOver) -> str:
    return Slack(None, "xoxb-1", "#ops", f"{url}/api/").post("text", [], hand_over)


AMAZON: list[Attempt] = [by_ses, by_sms, by_topic, by_queue]
SLACK: list[Attempt] = [by_webhook, by_bot]
HTTP_FAULTS: list[tuple[int | str, str, type[DeliveryError], list[Attempt]]] = [
    (HANG_UP, "", PerhapsDeliveredError, AMAZON + SLACK),
    (SILENCE, "", PerhapsDeliveredError, AMAZON + SLACK),
    (500, "InternalFailure", PerhapsDeliveredError, AMAZON + SLACK),
    (502, "BadGateway", PerhapsDeliveredError, AMAZON + SLACK),
    (504, "GatewayTimeout", PerhapsDeliveredError, AMAZON + SLACK),
    (503, "ServiceUnavailable", ChannelDownError, AMAZON + SLACK),
    (429, "TooManyRequestsException", ChannelDownError, AMAZON + SLACK),
    (400, "Throttling", ChannelDownError, AMAZON),
    (403, "AccessDenied", ChannelDownError, AMAZON),
    (400, "ExpiredToken", ChannelDownError, AMAZON),
    (400, "MessageRejected", MessageRefusedError, AMAZON),
    (400, "InvalidParameter", MessageRefusedError, AMAZON),
    (400, "SomethingNew", BrokenOffError, AMAZON),
    (400, "invalid_blocks", MessageRefusedError, SLACK),
    (200, "internal_error", PerhapsDeliveredError, [by_bot]),
    (200, "invalid_auth", ChannelDownError, [by_bot]),
]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("fault", "code", "meant", "attempt"),
    [(fault, code, meant, attempt) for fault, code, meant, attempts in HTTP_FAULTS for attempt in attempts],
)
def test_a_fault_of_amazon_or_slack_and_nothing_is_sent_again_beneath_us(
    fault: int | str, code: str, meant: type[DeliveryError], attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == SILENCE:
        monkeypatch.setattr(aws, "ANSWER_SECONDS", SHORT)
        monkeypatch.setattr(slack, "TIMEOUT_SECONDS", SHORT)
    handovers = Handovers()
    with faulty_http.running(fault, code) as server:
        with pytest.raises(DeliveryError) as told:
            attempt(server.url, handovers)
        assert type(told.value) is meant
        assert (len(server.taken), handovers.number) == (1, 1)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("attempt", AMAZON + SLACK)
def test_a_server_that_is_away_has_taken_nothing(attempt: Attempt) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ChannelDownError):
            attempt(f"http://127.0.0.1:{closed.getsockname()[1]}", Handovers())


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("attempt", AMAZON + SLACK)
def test_a_server_that_is_well_takes_it(attempt: Attempt) -> None:
    with faulty_http.running() as server:
        assert attempt(server.url, Handovers())
        assert len(server.taken) == 1
