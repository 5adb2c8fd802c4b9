"""A server that hangs keeps no case waiting: deadlines pass meanwhile, and freed slots are offered."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.clients.delivery.delivery_errors import HandOver
from flightsched_pipelines.database.queries.notifications.leases import Message
from flightsched_pipelines.services.delivery import channel_senders, delivery_round
from flightsched_pipelines.services.delivery.outbox_worker import Channel
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.services.standby import offers
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.services.helpers import SETTINGS, one

TOLD = SEED_HOUR + timedelta(minutes=10)
LONGEST_SECONDS = 300
"""Far beyond what anything here takes."""


class HangingServer:
    """A mail server that answers once it is released; the clock strikes a deadline when it has been asked."""

    def __init__(self, engine: Engine) -> None:
        self.released = threading.Event()
        self.now = TOLD
        self._deadline: datetime = one(engine, "SELECT min(deadline_utc) FROM school.reschedule_cases")

    def send(self, _: Message, hand_over: HandOver) -> str:
        """Take a message, late."""
        hand_over()
        self.now = self._deadline
        assert self.released.wait(LONGEST_SECONDS)
        return "taken"

    @contextmanager
    def channels(self, *_: object) -> Generator[dict[str, Channel]]:
        """Return the only channel."""
        yield {"email": Channel(self.send, knows_keys=False)}


@pytest.fixture
def server(told_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> HangingServer:
    server = HangingServer(told_engine)
    monkeypatch.setattr(channel_senders, "open_channels", server.channels)
    monkeypatch.setattr(delivery_round, "AGAIN_SECONDS", 0.05)
    return server


def test_a_deadline_passes_and_freed_slots_are_offered_while_a_server_hangs(
    told_engine: Engine, server: HangingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[datetime] = []

    def offer(engine: Engine, now_utc: datetime, _: object) -> None:
        offered.append(now_utc)
        if one(engine, "SELECT count(*) FROM school.reschedule_cases WHERE state = 'expired'"):
            server.released.set()

    monkeypatch.setattr(offers, "offer_freed_slots", offer)

    result = delivery_round.deliver(told_engine, SETTINGS, now=lambda: server.now)

    assert server.released.is_set()
    assert offered
    assert result.deadlines["cases expired"] > 0
    assert result.sent["email"] > 0


def test_deadlines_that_fail_while_messages_are_sent_are_tried_again_and_the_error_is_raised(
    told_engine: Engine, server: HangingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[datetime] = []

    def fail(_: Engine, now_utc: datetime, __: object) -> dict[str, int]:
        if now_utc == TOLD:
            return {}
        failed.append(now_utc)
        if len(failed) == 2:
            server.released.set()
        raise OperationalError("SELECT", {}, Exception("the database restarts"))

    monkeypatch.setattr(deadlines, "process_deadlines", fail)

    with pytest.raises(OperationalError, match="the database restarts"):
        delivery_round.deliver(told_engine, SETTINGS, now=lambda: server.now)
    assert server.released.is_set()
    assert one(told_engine, "SELECT count(*) FROM school.outbox WHERE status = 'sent' AND channel = 'email'") > 0
