"""Both databases dumped, destroyed and restored: the open case and the next hour go on."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import backups, embedded, table_counts
from flightsched_pipelines.database.engine import connect, dagster_url
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, settings_for
from flightsched_pipelines_tests.integration.services.helpers import cases, say, state

NOW = datetime(2026, 11, 10, 15, 30, tzinfo=UTC)
ONE_RUN = "CREATE TABLE runs (run_id text); INSERT INTO runs VALUES ('a-run')"


def settings_of(home: Path, name: str) -> Settings:
    return settings_for(database_url=embedded.url(home, name))


def run_dagster(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dagster_url(settings).replace("+psycopg2", "")) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


@pytest.fixture
def place(server_home: Path) -> Iterator[Callable[[str], tuple[Engine, Settings]]]:
    """Makes empty databases, an application's and Dagster's; drops them in the end."""
    made: list[tuple[str, Engine]] = []

    def make(template: str) -> tuple[Engine, Settings]:
        name = f"place_{len(made)}"
        administer(server_home, f"CREATE DATABASE {name} TEMPLATE {template}")
        settings = settings_of(server_home, name)
        made.append((name, connect(settings)))
        return made[-1][1], settings

    yield make
    for name, engine in made:
        engine.dispose()
        administer(server_home, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        administer(server_home, f"DROP DATABASE IF EXISTS {name}_dagster WITH (FORCE)")


def test_what_was_destroyed_is_restored_and_its_work_goes_on(
    place: Callable[[str], tuple[Engine, Settings]], told_template: str, server_home: Path, tmp_path: Path
) -> None:
    engine, settings = place(told_template)
    backups.back_up(engine, settings, tmp_path / "first", NOW)  # makes Dagster's database, which is empty
    run_dagster(settings, ONE_RUN)
    made = backups.back_up(engine, settings, tmp_path / "backup", NOW)
    rows, (case_id, _) = table_counts.rows_of(engine), cases(engine)[0]
    engine.dispose()
    administer(server_home, "DROP DATABASE place_0 WITH (FORCE)")
    administer(server_home, "DROP DATABASE place_0_dagster WITH (FORCE)")

    engine, settings = place("template0")
    assert backups.restore(engine, settings, tmp_path / "backup") == made

    assert table_counts.rows_of(engine) == rows == made.rows
    assert run_dagster(settings, "SELECT run_id FROM runs") == [("a-run",)]
    assert say(engine, case_id, "accept", NOW, number=1).applied
    assert state(engine, case_id) == "student_accepted"
    hour = SEED_HOUR + timedelta(hours=1)
    job = build_definitions(engine=engine, settings=settings).resolve_job_def("hourly_tick")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=key_of(hour)).success
    assert dispatch(engine, hour + timedelta(minutes=8), settings).hour_utc == hour
    with psycopg.connect(embedded.url(server_home, "place_1")) as connection:
        connection.execute("SET ROLE analyst")
        assert connection.execute("SELECT count(*) FROM analytics.cases").fetchone() != (0,)


def test_a_backup_overwrites_nothing_and_is_its_owners(
    place: Callable[[str], tuple[Engine, Settings]], told_template: str, templates: dict[str, str], tmp_path: Path
) -> None:
    engine, settings = place(told_template)
    folder = tmp_path / "backup"
    backups.back_up(engine, settings, folder, NOW)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.glob("*.dump"))
    before = table_counts.rows_of(engine)

    with pytest.raises(backups.BackupError, match="exists; give a folder that does not"):
        backups.back_up(engine, settings, folder, NOW)
    with pytest.raises(backups.BackupError, match=r"the databases hold .*schools \(2\), .*; restore into empty ones"):
        backups.restore(engine, settings, folder)
    assert table_counts.rows_of(engine) == before

    empty, its_settings = place(templates["migrated"])
    for file, spoil, problem in (
        ("flightsched.dump", lambda old: old[:-1], "flightsched.dump of .* is not what the backup wrote"),
        ("dagster.dump", lambda _: None, "has no whole backup"),
        ("manifest.json", lambda old: old[:20], "has no whole backup"),
        ("manifest.json", lambda old: json.dumps(json.loads(old) | {"more": 1}).encode(), "has no whole backup"),
    ):
        whole = (folder / file).read_bytes()
        spoiled = spoil(whole)
        (folder / file).unlink() if spoiled is None else (folder / file).write_bytes(spoiled)
        with pytest.raises(backups.BackupError, match=problem):
            backups.restore(empty, its_settings, folder)
        (folder / file).write_bytes(whole)
    assert table_counts.entered(empty) == {}


def test_a_program_that_fails_says_why_without_the_password(
    place: Callable[[str], tuple[Engine, Settings]], templates: dict[str, str], tmp_path: Path
) -> None:
    engine, settings = place(templates["migrated"])
    url = settings.database_url
    assert url is not None
    away = settings_for(database_url=url.get_secret_value(), dagster_postgres_url="postgresql://a:pw@127.0.0.1:1/d")

    with pytest.raises(Exception, match=r"127\.0\.0\.1") as failure:
        backups.back_up(engine, away, tmp_path / "backup", NOW)

    assert ":pw" not in str(failure.value)
    assert list(tmp_path.iterdir()) == [], "nothing is left of a backup that was begun"
