"""A command whose database is lost, slow or at odds: one sentence; and a killed hour is run once more."""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pandas import DataFrame
from sqlalchemy import Connection, Engine, PoolProxiedConnection, Table, create_engine, event, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from flightsched_pipelines.cli import app
from flightsched_pipelines.database import embedded, faults, migrations
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.defs import io_manager
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, connected
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


COMMANDS: dict[str, tuple[str, ...]] = {
    "dispatch": ("dispatch", "--hour", HOUR),
    "deliver": ("deliver",),
    "outbox": ("outbox",),
    "respond": ("respond", "1", "--confirm"),
    "swap": ("swap", "1", "2"),
    "cancel": ("cancel", "1", "--reason", "ill"),
    "hold": ("hold", "PAO-1016", "--reason", "fog"),
    "release": ("release", "PAO-1016", "--reason", "no fog"),
    "cases": ("cases",),
    "case": ("case", "1"),
    "changes": ("changes",),
    "cancellation": ("cancellation", "PAO-1016", "aircraft"),
    "credentials": ("credentials",),
    "redrive": ("redrive",),
    "report": ("report", "--hour", HOUR),
    "explain": ("explain", "PAO-1016"),
    "verify": ("verify",),
    "suggestions": ("suggestions",),
    "board": ("board",),
    "token": ("token", "list"),
    "archive": ("archive", "--yes"),
    "erase": ("erase", "student-1", "--keep", "kept.json", "--yes"),
    "db": ("db", "seed", "--hour", HOUR),
    "init": ("init", "--name", "New", "--base", "KPAO", "--hours", "mon 08:00-20:00", "--no-metar", "--no-taf"),
    "airports": ("airports", "add", "KSQL"),
    "ics": ("ics", "list"),
    "minimums": ("minimums", "list"),
    "import": ("import", "students", "students.csv"),
    "alerts": ("alerts",),
    "standby": ("standby",),
    "doctor": ("doctor",),
    "smoke": ("smoke", "http://127.0.0.1:9"),
    "tick": ("tick", "--hour", HOUR),
}
"""By name: a command that reads or writes the schools' tables or the hours'."""

WITHOUT = {
    "demo": "asks by the same functions as tick, dispatch and deliver",
    "dev": "starts other processes, and waits for them",
    "portal": "serves until it is stopped; a page says that the database is away",
    "drain": "reads Dagster's database alone",
    "config": "has no database",
    "preview": "has no database",
    "send-test": "has no database",
    "weather": "has no database",
    "assess": "has no database",
    "aws": "has no database",
}
OF_TABLES = re.compile(r"(FROM|INTO|UPDATE|JOIN|TABLE)\s+(school|pipeline)\.")
STUDENTS = "id,school,name,email,training_level\nS-900,Palo Alto Flight School,Ada,ada@example.com,student_pilot\n"


def _backend(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    return driver.info.backend_pid


@contextmanager
def failing_at_tables(fail: str, home: Path | None = None) -> Generator[None]:
    """Have statements on tables fail: by ``fail``, which runs in their place or, with ``home``, beside them."""

    def instead(
        connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        if not OF_TABLES.search(statement):
            return statement, parameters
        if home is None:
            return fail, {}
        administer(home, fail.format(_backend(connection)))
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", instead, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", instead)


def test_every_command_has_its_place_in_the_table() -> None:
    assert COMMANDS.keys() | WITHOUT.keys() == set(app.commands)
    assert COMMANDS.keys() & WITHOUT.keys() == set()


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_loses_its_connection_says_so_in_one_sentence(
    flightsched: Type, server_home: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "students.csv").write_text(STUDENTS)
    with failing_at_tables("SELECT pg_terminate_backend({}, 5000)", server_home):
        told = flightsched(*words)

    assert told.code == 1, told.err
    assert "lost" in told.err
    assert "run" in told.err
    assert "again" in told.err


RAISED = "DO $$ BEGIN RAISE 'student Ada Zqx' USING ERRCODE = '{}'; END $$"
FAULTS = {
    "slow": (RAISED.format("57014"), "(SQLSTATE 57014); raise DATABASE_STATEMENT_TIMEOUT_SECONDS, or run"),
    "deadlock": (RAISED.format("40P01"), "other work held the same rows: "),
    "full disk": (RAISED.format("53100"), "the database refused a statement: "),
    "bad value": (
        "SELECT CAST('Ada Zqx' AS integer)", "its message may quote a row, so it is left out (SQLSTATE 22P02)",
    ),
    "constraint": (
        "UPDATE school.students SET email = NULL WHERE id = 1",
        'null value in column "email" of relation "students" violates not-null constraint (SQLSTATE 23502',
    ),
}  # fmt: skip


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(("statement", "words"), FAULTS.values(), ids=FAULTS)
def test_a_statement_that_the_database_ends_is_one_sentence_that_quotes_no_row(
    flightsched: Type, statement: str, words: str
) -> None:
    with failing_at_tables(statement):
        told = flightsched("cases")

    assert told.code == 1
    assert words in told.err
    assert told.err.count("\n") == 1
    assert "student1@example.com" not in told.err


def test_no_free_connection_and_a_lost_one_of_dagsters_are_said_too(server_home: Path) -> None:
    engine = create_engine(embedded.url(server_home, "postgres").replace("://", "+psycopg2://"), pool_timeout=0.01)
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with small.connect(), pytest.raises(NoneFreeError) as none_free:
        small.connect()
    with engine.connect() as connection:
        administer(server_home, f"SELECT pg_terminate_backend({_backend(connection)}, 5000)")
        with pytest.raises(DBAPIError, match="psycopg2") as lost:
            connection.execute(text("SELECT 1"))
    small.dispose()
    engine.dispose()
    wrapped = RuntimeError("too many retries")
    wrapped.__cause__ = lost.value

    assert "raise DATABASE_POOL_SIZE" in str(faults.sentence_of(none_free.value))
    assert "the connection to the database was lost" in str(faults.sentence_of(wrapped))
    assert faults.sentence_of(ValueError("ours")) is None


@pytest.mark.usefixtures("seeded")
def test_a_folder_that_cannot_be_made_is_a_sentence(
    flightsched: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()

    backup = flightsched("db", "backup", "file/backup")

    assert (backup.code, backup.err.count("\n")) == (2, 1)
    assert "'file/backup' cannot be written: Not a directory; give a folder in a place where" in backup.err

    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "file" / "home"))
    drained = flightsched("drain")

    assert (drained.code, drained.err.count("\n")) == (1, 1)
    assert "' cannot be used: Not a directory; check that place" in drained.err
