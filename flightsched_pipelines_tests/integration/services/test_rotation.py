"""Keys are rotated while an hour is ranked, an answer arrives and mail is sent: nothing fails, nothing is lost."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url, text
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.engine import connect, ensure_dagster_database, rotating_password
from flightsched_pipelines.services.delivery import outbox_worker
from flightsched_pipelines.services.delivery.channel_senders import open_channels
from flightsched_pipelines.services.notifications.links import BadLinkError, read_response_link, response_url
from flightsched_pipelines.setting_sources import LiveSecret
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, case_of, person
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, state
from flightsched_pipelines_tests.integration.services.hourly.ranking import calls, keep_lessons, rank
from flightsched_pipelines_tests.servers import moto_server
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

ROLE = "rotated"
MINUTE = timedelta(minutes=1)
ROTATIONS = 3
STORAGE = {"storage": {"custom": {"module": "flightsched_pipelines.defs.runs.storage", "class": "Storage"}}}


class Vault:
    """Secrets Manager, as moto speaks it, with the platform's three secrets."""

    def __init__(self, url: str, database_url: str) -> None:
        self.client: Any = aws.client("secretsmanager", moto_server.REGION, url)
        self._database_url = make_url(database_url)
        for name in ("database", "openai", "signing"):
            self.client.create_secret(Name=name, SecretString=self.value(name, 0))

    def value(self, name: str, turn: int) -> str:
        """Return a secret in one of its versions; the database's as Amazon keeps it."""
        if name != "database":
            return f"{name}-{turn}-" + "k" * 32
        url = self._database_url
        parts = {"engine": "postgres", "host": url.host, "port": url.port, "dbname": url.database}
        return json.dumps(parts | {"username": ROLE, "password": f"p@ss/{turn}"})

    def rotate(self, name: str, turn: int) -> None:
        """Make a new version the current one."""
        self.client.put_secret_value(SecretId=name, SecretString=self.value(name, turn))


@pytest.fixture
def vault(told_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """The vault, and an environment that names its secrets."""
    url = told_engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with moto_server.running() as amazon:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": moto_server.REGION,
            "AWS_ENDPOINT_URL": amazon,
            "DATABASE_URL_SECRET": "database",
            "OPENAI_API_KEY_SECRET": "openai",
            "SECRET_KEY_SECRET": "signing",
            "BASE_URL": "https://flights.example.com",
        }.items():
            monkeypatch.setenv(name, value)
        aws.bootstrap(moto_server.REGION, amazon, "development")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {ROLE} SUPERUSER LOGIN")
            try:
                _change_password(connection, 0)
                yield Vault(amazon, url)
            finally:
                connection.execute(f"DROP DATABASE IF EXISTS {told_engine.url.database}_dagster WITH (FORCE)".encode())
                connection.execute(f"DROP ROLE {ROLE}")


def _change_password(connection: psycopg.Connection, turn: int) -> None:
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(ROLE), sql.Literal(f"p@ss/{turn}")))


def _a_minute_passes(settings: Settings) -> None:
    for secret in (settings.openai_api_key, settings.secret_key):
        assert isinstance(secret, LiveSecret)
        secret.renew()


def _link(engine: Engine, settings: Settings, case_id: int) -> str:
    url = response_url(settings, case_id, case_of(engine, case_id).round, person(engine, case_id, "student"), LATER, 1)
    assert url is not None
    return url.removeprefix("https://flights.example.com")


def test_nothing_fails_and_nothing_is_lost_while_all_keys_are_rotated(
    told_engine: Engine, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path))
    refused = threading.Event()

    def note(details: RetryDetails) -> None:  # noqa: ARG001, stamina's signature
        refused.set()

    set_on_retry_hooks([note])
    keep_lessons(told_engine, 1)
    waiting = [case_id for case_id, _ in cases(told_engine)][:ROTATIONS]
    with OpenAIServer() as openai, ThreadPoolExecutor(1) as platform:
        monkeypatch.setenv("OPENAI_BASE_URL", openai.url)
        settings = Settings()
        engine = connect(settings)

        def work(path: str) -> int:
            """Rank the hour, take an answer and send all mail, on connections that are new; returns the mails."""
            engine.dispose()
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM school.llm_calls"))
            rank(engine, settings)
            assert set(calls(engine)["status"]) == {"ok"}, "OpenAI answered"
            assert Visitor(engine, settings).press(path, "accept", number=1).status_code == 200
            with open_channels(engine, settings) as channels:
                sent = outbox_worker.drain(engine, channels, settings, now=lambda: LATER + MINUTE)
            assert not sent.failed, sent
            assert not sent.dead, sent
            return len(read_maildir(tmp_path / "mail"))

        mails = [0]
        links = [_link(told_engine, settings, case_id) for case_id in waiting]
        for turn, case_id in enumerate(waiting, start=1):
            link = _link(told_engine, settings, case_id)
            openai.keys = {vault.value("openai", older) for older in (turn - 1, turn)}
            refused.clear()
            with told_engine.connect() as admin, admin.begin():
                raw: Any = admin.connection.driver_connection
                _change_password(raw, turn)
            working = platform.submit(work, link)
            assert refused.wait(60), "the old password is refused: it was changed, and the secret is not yet"
            for name in ("database", "openai", "signing"):
                vault.rotate(name, turn)
            _a_minute_passes(settings)
            mails.append(working.result(timeout=120))
            assert state(told_engine, case_id) == "student_accepted"
            assert mails[-1] > mails[-2]

        assert vault.value("openai", ROTATIONS) in openai.keys_used
        token = links[-1].rpartition("/")[2]
        with pytest.raises(BadLinkError):
            read_response_link(token, LATER, settings)  # signed three keys ago
        engine.dispose()
    set_on_retry_hooks(None)


def test_dagsters_storage_follows_a_password_that_changed_between_two_statements(
    told_engine: Engine, vault: Vault
) -> None:
    settings = Settings()
    ensure_dagster_database(settings)
    with dg.DagsterInstance.local_temp(overrides=STORAGE) as instance:
        assert instance.get_runs_count() == 0
        with told_engine.connect() as admin, admin.begin():
            raw: Any = admin.connection.driver_connection
            _change_password(raw, 1)
        vault.rotate("database", 1)

        run = dg.DagsterRun(job_name="deliver")
        instance.add_run(run)

        assert instance.get_run_by_id(run.run_id) is not None
    assert rotating_password(settings) is not None
