"""A platform that is well: seeded for the hour that runs, that hour run and dispatched, its databases copied a test."""

import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.defs.runs import retries
from flightsched_pipelines.services.monitoring import storage
from flightsched_pipelines_tests.conftest import administer, clone, connected, settings_for
from flightsched_pipelines_tests.integration.monitoring.builders import Watch, running_hour, subscribe
from flightsched_pipelines_tests.servers import moto_server, slack_server

INSTANCE = {
    "telemetry": {"enabled": False},
    # Half of an hour's run would else be the opening of SQLite files, one for each event.
    "event_log_storage": {
        "module": "dagster._core.storage.event_log.in_memory",
        "class": "InMemoryEventLogStorage",
    },
}


@dataclass(frozen=True)
class Healthy:
    """A database to clone, an instance's folder to copy with its events, and the hour that was run in them."""

    database: str
    instance: Path
    hour: datetime


EVENTS = "events.db"
"""In an instance's folder: its events, which it holds in memory else."""


@contextmanager
def _events_of(instance: dg.DagsterInstance) -> Generator[sqlite3.Connection]:
    """Connect to the events of an instance that holds them in memory."""
    with instance.event_log_storage.index_connection() as connection:  # pyright: ignore[reportAttributeAccessIssue]
        yield connection.connection.driver_connection


@pytest.fixture(scope="session")
def made_healthy(
    server_home: Path, templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[datetime], Healthy]:
    """Makes the platform of an hour, once."""

    @cache
    def make(hour: datetime) -> Healthy:
        name, folder = f"template_healthy_{hour:%d_%H}", tmp_path_factory.mktemp("instance")
        administer(server_home, f"CREATE DATABASE {name} TEMPLATE {templates['migrated']}")
        for engine in connected(embedded.url(server_home, name)):
            seed(engine, hour)
            settings = settings_for(flightsched_home=folder / "home")
            definitions = build_definitions(engine=engine, settings=settings)
            with dg.DagsterInstance.local_temp(str(folder), INSTANCE) as instance:
                for made in ("hourly_tick", "report"):
                    job = definitions.resolve_job_def(made)
                    assert job.execute_in_process(instance=instance, partition_key=key_of(hour)).success
                with _events_of(instance) as events, closing(sqlite3.connect(folder / EVENTS)) as copy:
                    events.backup(copy)
        return Healthy(name, folder, hour)

    return make


@pytest.fixture
def healthy(made_healthy: Callable[[datetime], Healthy]) -> Healthy:
    """Return the platform of the running hour; when that ends meanwhile, the next one gets its own platform."""
    return made_healthy(running_hour())


@pytest.fixture(scope="session")
def amazon() -> Iterator[str]:
    """Amazon's protocols, for all tests of the process."""
    with pytest.MonkeyPatch.context() as patch, moto_server.running() as url:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield url


@pytest.fixture
def watch(
    server_home: Path, healthy: Healthy, amazon: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    half_full = SimpleNamespace(total=2_000_000_000, free=1_000_000_000)
    monkeypatch.setattr(storage, "disk_usage", lambda _: half_full)  # this machine's may be fuller than a server's
    monkeypatch.setattr(retries, "DELAYS", dg.RetryPolicy(retries.MAX_RETRIES, delay=0))  # what is away here stays away
    folder = shutil.copytree(healthy.instance, tmp_path / "instance")
    moto_server.reset(amazon)
    subscribe(amazon, "test")
    with slack_server.running() as slack, dg.DagsterInstance.local_temp(str(folder), INSTANCE) as instance:
        with _events_of(instance) as events, closing(sqlite3.connect(folder / EVENTS)) as copy:
            copy.backup(events)
        settings = settings_for(
            environment="test", mail_via="off", aws_region=moto_server.REGION, aws_endpoint_url=amazon,
            slack_webhook_url=f"{slack.url}/hook",
        )  # fmt: skip
        for url in clone(server_home, healthy.database):
            for engine in connected(url):
                yield Watch(engine, instance, settings, slack, healthy.hour)
