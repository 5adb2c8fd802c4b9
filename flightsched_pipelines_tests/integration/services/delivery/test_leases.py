"""Leases of messages: a worker that lost its own sends nothing, and twenty kills lose and repeat nothing."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery.delivery_errors import HandOver, PerhapsDeliveredError
from flightsched_pipelines.database.queries.notifications import leases
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery.outbox_worker import Channel, drain
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.services.delivery.helpers import (
    AT_ONCE,
    LONGEST_SECONDS,
    NOW,
    SETTINGS,
    UNLIMITED,
    deliver,
    queue,
    rows,
    under_way,
    wait_for,
)


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
            wait_for(lambda: leased_until() == clock[0] + timedelta(seconds=0.9))
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
