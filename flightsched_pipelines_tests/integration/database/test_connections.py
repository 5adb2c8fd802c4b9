"""A full, slow, restarted or wrong server."""

import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.engine import (
    DatabaseUnavailableError,
    application_url,
    connect,
    dagster_url,
    ensure_dagster_database,
)
from flightsched_pipelines.database.queries.cases import cases
from flightsched_pipelines.database.queries.monitoring import alerts
from flightsched_pipelines.database.queries.notifications import weather_gaps
from flightsched_pipelines_tests.conftest import settings_for


def test_a_full_server_is_waited_for(server_home: Path, database_url: str) -> None:
    with psycopg.connect(embedded.url(server_home, "postgres"), autocommit=True) as connection:
        name = database_url.rsplit("/", 1)[1]
        connection.execute("CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 1")
        connection.execute(f"GRANT CONNECT ON DATABASE {name} TO crowd".encode())
        crowd = database_url.replace(database_url.split("//")[1].split("@", maxsplit=1)[0], "crowd:crowd")
        held = psycopg.connect(crowd)
        refused: list[RetryDetails] = []

        def make_room(details: RetryDetails) -> None:
            refused.append(details)
            held.close()

        set_on_retry_hooks([make_room])
        try:
            engine = connect(settings_for(database_url=crowd, database_pool_size=1))
        finally:
            set_on_retry_hooks(None)
        assert refused, "the server was full"

    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_a_restarted_server_is_found_again(tmp_path: Path) -> None:
    settings = settings_for(flightsched_home=tmp_path)
    engine = connect(settings)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        assert embedded.stop(tmp_path)
        assert not embedded.is_running(tmp_path)
        embedded.start(tmp_path)

        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        assert not embedded.stop(tmp_path / "elsewhere")
    finally:
        engine.dispose()
        embedded.stop(tmp_path)


def test_a_long_statement_is_cancelled(database_url: str) -> None:
    engine = connect(settings_for(database_url=database_url, database_statement_timeout_seconds=2))

    with engine.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(text("SELECT pg_sleep(3600)"))
    engine.dispose()


def test_a_wrong_password_is_not_tried_again_and_never_shown(database_url: str) -> None:
    wrong = database_url.replace(database_url.split("//")[1].split("@", maxsplit=1)[0], "postgres:not-it")
    tried_again: list[RetryDetails] = []

    def note(details: RetryDetails) -> None:
        tried_again.append(details)

    set_on_retry_hooks([note])
    try:
        with pytest.raises(DatabaseUnavailableError) as refused:
            connect(settings_for(database_url=wrong))
    finally:
        set_on_retry_hooks(None)

    assert tried_again == []
    assert "not-it" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


def test_each_url_names_its_driver(database_url: str) -> None:
    settings = settings_for(database_url=database_url.replace("postgresql://", "postgresql+psycopg2://"))

    ensure_dagster_database(settings)

    assert application_url(settings).startswith("postgresql://")
    assert dagster_url(settings) == database_url.replace("postgresql://", "postgresql+psycopg2://") + "_dagster"
    with psycopg.connect(f"{database_url}_dagster") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_embedded_server_is_started_once_by_many(tmp_path: Path) -> None:
    urls: list[str] = []
    starters = [threading.Thread(target=lambda: urls.append(embedded.start(tmp_path))) for _ in range(3)]
    try:
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        assert len(set(urls)) == 1
        assert (tmp_path / "postgres" / "access.json").stat().st_mode & 0o077 == 0
    finally:
        embedded.stop(tmp_path)


TURNS = {
    "school.reschedule_cases": cases.lock_cases_exclusive,
    "school.alerts": alerts.lock_alerts,
    "school.weather_gaps": weather_gaps.decide_alone,
}
"""Exclusive decisions, by the table that each locks."""


@pytest.mark.parametrize("table", TURNS)
def test_a_turn_is_taken_by_the_platform_alone_and_by_no_role_that_only_reads(engine: Engine, table: str) -> None:
    with engine.connect() as holder, engine.connect() as other:
        other.execute(text("SET ROLE analyst"))
        for mode in ("ACCESS SHARE", "ROW EXCLUSIVE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                other.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
            other.rollback()
            other.execute(text("SET ROLE analyst"))
        other.execute(text("RESET ROLE"))
        other.commit()
        TURNS[table](holder)
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            TURNS[table](other)


def test_those_who_decide_about_one_case_do_so_beside_each_other(engine: Engine) -> None:
    with engine.connect() as one, engine.connect() as another, engine.connect() as dispatch:
        cases.lock_cases_shared(one)
        cases.lock_cases_shared(another)
        dispatch.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            cases.lock_cases_exclusive(dispatch)
