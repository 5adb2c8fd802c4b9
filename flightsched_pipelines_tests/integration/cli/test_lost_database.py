"""A command whose database is killed under it: one sentence, and the hour is run once more."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from pandas import DataFrame
from sqlalchemy import Engine, PoolProxiedConnection, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.defs import io_manager
from flightsched_pipelines_tests.conftest import SEED_HOUR, connected
from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.servers.killed_postgres import kill_server

HOUR = f"{SEED_HOUR:%Y-%m-%dT%H}"
KILLED_IN = "forecasts"
"""The table whose write is cut off: a step that only reads, or takes a snapshot, is tried again within the run."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A server of the test's own with a seeded database, running."""
    folder = tmp_path / "home"
    folder.mkdir()
    for engine in connected(embedded.start(folder)):
        migrations.upgrade(engine)
        seed(engine, SEED_HOUR)
    yield folder
    embedded.stop(folder)


@pytest.mark.parametrize(
    ("kills", "code", "words"),
    [(1, 0, "the database was lost while the hour ran; reconnecting, and running it once more"),
     (2, 1, "the database was lost twice while the hour ran; stored data are consistent: run it again later")],
    ids=["once", "twice"],
)  # fmt: skip
def test_a_tick_whose_database_is_killed_runs_the_hour_once_more(
    flightsched: Type, home: Path, monkeypatch: pytest.MonkeyPatch, kills: int, code: int, words: str
) -> None:
    write, commit, writing, times = io_manager.write_partition, PGDialect_psycopg.do_commit, set[str](), count(1)

    def noted(engine: Engine, table: Table, frame: DataFrame, hours: Sequence[datetime]) -> DataFrame:
        writing.add(table.name)
        try:
            return write(engine, table, frame, hours)
        finally:
            writing.clear()

    def killed(dialect: PGDialect_psycopg, connection: PoolProxiedConnection) -> None:
        if KILLED_IN in writing and next(times) <= kills:
            kill_server(home)
            embedded.start(home)
        commit(dialect, connection)

    monkeypatch.setattr(io_manager, "write_partition", noted)
    monkeypatch.setattr(PGDialect_psycopg, "do_commit", killed)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    ticked = flightsched("tick", "--hour", HOUR)

    assert ticked.code == code, ticked.err
    assert words in " ".join(ticked.err.split())
    assert ("lessons in the next 72 hours" in ticked.out) is (code == 0)
