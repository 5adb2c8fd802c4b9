"""PostgreSQL killed with -9 under a delivery, responses and an hour at once: each is run again, and nothing is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event, Semaphore

import dagster as dg
import pytest
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.cases.cases import newest_proven_hour
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import drain
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, clone, connected, keep_awake, settings_for
from flightsched_pipelines_tests.integration.services.helpers import (
    HOUR,
    LATER,
    NOW,
    OVERLAPS,
    cases,
    one,
    rows,
    say,
)
from flightsched_pipelines_tests.servers.killed_postgres import kill_server

RESPONSES = 6
WAITS_SECONDS = 600
"""The net under a test that would wait for ever; it decides nothing."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server of these tests' own, with a database ``told`` to clone: an hour was run and dispatched."""
    folder = tmp_path_factory.mktemp("killed")
    embedded.start(folder)
    administer(folder, "CREATE DATABASE told")
    for engine in connected(embedded.url(folder, "told")):
        migrations.upgrade(engine)
        seed(engine, SEED_HOUR)
        keep_awake(engine)
        run_hour(engine, hours_later=0)
        dispatch(engine, NOW, settings_for())
    yield folder
    embedded.stop(folder)


def run_hour(engine: Engine, hours_later: int) -> bool:
    """Run an hour's job; returns whether it succeeded."""
    job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        key = key_of(SEED_HOUR + hours_later * HOUR)
        return job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False).success


def stop_at_commit(engine: Engine, number: int, stopped: Semaphore, go_on: Event, *, after: bool) -> None:
    """Have whoever comes to the ``number``-th commit wait before it, its transaction open, or after it."""
    commit, commits = engine.dialect.do_commit, count(1)

    def stopping(dbapi_connection: PoolProxiedConnection) -> None:
        at_last = next(commits) == number
        if after:
            commit(dbapi_connection)
        if at_last:
            stopped.release()
            assert go_on.wait(WAITS_SECONDS)
        if not after:
            commit(dbapi_connection)

    engine.dialect.do_commit = stopping


def deliver(engine: Engine, home: Path, minutes_later: int) -> Counter[str]:
    """Send what is due; returns how many messages were sent, by channel."""
    settings = settings_for(flightsched_home=home)
    with channel_senders.open_channels(engine, settings) as channels:
        return drain(engine, channels, settings, now=lambda: LATER + timedelta(minutes=minutes_later)).sent


@pytest.mark.parametrize(("of_delivery", "of_responses", "of_hour"), [(1, 1, 1), (2, 3, 6), (3, 6, 12)])
def test_a_database_that_is_killed_under_all_work_loses_none_of_it(
    home: Path, tmp_path: Path, of_delivery: int, of_responses: int, of_hour: int
) -> None:
    for url in clone(home, "told"):
        # PostgreSQL counts a copied sequence's next 32 numbers as logged, which they are for the template alone: after
        # a crash it would give them twice, unless a checkpoint came between.
        administer(home, "CHECKPOINT")
        engines = [connect(settings_for(database_url=url)) for _ in range(3)]
        asked = cases(engines[0])[:RESPONSES]

        def respond(engine: Engine, asked: list[tuple[int, int]] = asked) -> list[str]:
            return [say(engine, case, "accept", number=1, key=f"key-{case}").outcome for case, _ in asked]

        work: list[tuple[int, Callable[[Engine], object]]] = [
            (of_delivery, lambda engine: deliver(engine, tmp_path, 0)),
            (of_responses, respond),
            (of_hour, lambda engine: run_hour(engine, hours_later=1)),
        ]
        killed = Event()
        with ThreadPoolExecutor() as pool:
            under_way: list[Future[object]] = []
            for place, (engine, (number, do)) in enumerate(zip(engines, work, strict=True)):
                stopped = Semaphore(0)
                # The delivery stops first and with nothing open: a later one would wait for rows of the stopped others.
                stop_at_commit(engine, number, stopped, killed, after=place == 0)
                under_way.append(pool.submit(do, engine))
                assert stopped.acquire(timeout=WAITS_SECONDS), "each has come to its commit"
            kill_server(home)
            killed.set()
            embedded.start(home)
            errors = [job.exception(WAITS_SECONDS) for job in under_way]
        assert all(error is None or isinstance(error, DBAPIError) for error in errors), errors

        (engine, *_) = engines
        outcomes = respond(engine)
        assert run_hour(engine, hours_later=1)
        deliver(engine, tmp_path, minutes_later=10)  # when the leases of the killed have ended

        found = rows(engine, "SELECT outcome FROM school.responses")
        assert len(found) == len(asked)
        assert sorted(outcome for (outcome,) in found) == sorted(outcomes)
        assert one(engine, "SELECT count(*) FROM school.outbox WHERE status <> 'sent' AND channel = 'email'") == 0
        mails = Counter(str(mail["Message-ID"]) for mail in read_maildir(tmp_path / "mail"))
        assert mails.total() == one(engine, "SELECT count(*) FROM school.outbox WHERE channel = 'email'")
        assert set(mails.values()) == {1}
        with engine.connect() as connection:
            assert newest_proven_hour(connection) == SEED_HOUR + HOUR
        assert one(engine, OVERLAPS) == 0
        for used in engines:
            used.dispose()
