"""A real PostgreSQL for tests that need one: a server for each test process, a cloned database for each test."""

import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from absl import logging as absl_logging
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy import Engine, event, text

from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.defs.runs.run_process import tune_process
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.examples import load_profile

# OR-Tools' log handler closes the stream it began with, when Dagster sets logging up anew: here that is pytest's.
absl_logging.get_absl_handler().python_handler.setStream(sys.__stderr__)


# A process that is killed loses nothing by it, and no test cuts the machine's power.
# Passwords are random: to hash one 4,096 times protects nothing, and takes three quarters of the time to connect.
embedded.INITDB_OPTIONS += ("--no-sync", "--set=scram_iterations=1")
embedded.SERVER_OPTIONS += " -c fsync=off"


@event.listens_for(Engine, "connect")
def _no_waiting_for_the_disk(connection: object, _: object) -> None:
    """Dagster's local instances are SQLite files, opened anew for each statement: no test cuts the machine's power."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""Pytest's name for the folder of its temporary folders."""

MEMORY_DISK, MEMORY_DISK_BYTES = Path("/dev/shm"), 4 * 1024**3  # noqa: S108, a folder of our own is made there
"""The file system in memory, and the space that a session may take: databases are copied five times as fast there."""


OF_THE_DEVELOPER = re.compile("|".join([*Settings.model_fields, "alarms__.*", "dagster_.*", "aws_.*"]), re.IGNORECASE)
"""Variables that would lead a test to the developer's database, key or account."""

load_profile()


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what is loaded by then, as a run's process does."""
    tune_process()


def pytest_configure() -> None:
    """Use temporary folders of this session alone, and nothing of the developer's environment.

    Each session closes the usual folder, ``/tmp/pytest-of-root``, to other users when it begins, also to the user of
    the PostgreSQL of another session.
    """
    for name in list(os.environ):
        if OF_THE_DEVELOPER.fullmatch(name):
            del os.environ[name]
    if TEMPORARY not in os.environ:
        os.environ[TEMPORARY] = tempfile.mkdtemp(prefix="flightsched-tests-", dir=_memory_disk())


def _memory_disk() -> Path | None:
    """Return the file system in memory, or ``None`` where there is none or it has too little space."""
    if not os.access(MEMORY_DISK, os.W_OK) or shutil.disk_usage(MEMORY_DISK).free < MEMORY_DISK_BYTES:
        return None
    return MEMORY_DISK


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove them; the processes that xdist starts have theirs in its folder."""
    folder = Path(os.environ.get(TEMPORARY, ""))
    if not hasattr(config, "workerinput") and folder.name.startswith("flightsched-tests-"):
        shutil.rmtree(folder, ignore_errors=True)


SEED_HOUR = datetime(2026, 11, 10, 14, tzinfo=UTC)
"""The hour to which the seeded databases are relative: a Tuesday morning at both schools."""


class GivenSettings(Settings):
    """Settings that are given, and the defaults; nothing is read from the environment or a ``.env``."""

    @classmethod
    def settings_customise_sources(  # pyright: ignore[reportIncompatibleMethodOverride], the others are not wanted
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003, pydantic names it
        init_settings: PydanticBaseSettingsSource,
        **_: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return only the arguments as a source."""
        return (init_settings,)


def settings_for(**values: object) -> Settings:
    """Return settings with these values and the defaults, whatever the environment contains.

    Nobody hears of tomorrow's lessons unless a test says when: the others' messages are the same at any hour.
    """
    given = {name: value for name, value in values.items() if value is not None}
    return GivenSettings.model_validate({"evening_message_at": "off"} | given)


@pytest.fixture(scope="session", autouse=True)
def _in_an_empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Work in a folder without the developer's ``.env``, subprocesses too."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@pytest.fixture(autouse=True)
def _what_a_test_sets_ends_with_it() -> Iterator[None]:
    """Give the environment back as it was: commands set variables for the processes that they start."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a server that runs for as long as the tests do."""
    home = tmp_path_factory.mktemp("server")
    embedded.start(home)
    try:
        yield home
    finally:
        embedded.stop(home)


@pytest.fixture(scope="session")
def ticked_template(server_home: Path, templates: dict[str, str]) -> str:
    """A database to clone: seeded, and run for ``SEED_HOUR`` with the planner ranking."""
    name = "template_ticked"
    administer(server_home, f"CREATE DATABASE {name} TEMPLATE {templates['seeded']}")
    for engine in connected(embedded.url(server_home, name)):
        job = build_definitions(engine=engine, settings=settings_for()).resolve_job_def("hourly_tick")
        with dg.DagsterInstance.ephemeral() as instance:
            assert job.execute_in_process(instance=instance, partition_key=key_of(SEED_HOUR)).success
    return name


@pytest.fixture(scope="session")
def told_template(server_home: Path, ticked_template: str) -> str:
    """Yield a database to clone: run for ``SEED_HOUR``, dispatched some minutes later, without quiet hours."""
    name = "template_told"
    administer(server_home, f"CREATE DATABASE {name} TEMPLATE {ticked_template}")
    for engine in connected(embedded.url(server_home, name)):
        keep_awake(engine)
        dispatch(engine, SEED_HOUR + timedelta(minutes=8), settings_for())
    return name


@pytest.fixture(scope="session")
def templates(server_home: Path) -> dict[str, str]:
    """Databases to clone: one migrated, one seeded as well."""
    for name, seeded in (("migrated", False), ("seeded", True)):
        administer(server_home, f"CREATE DATABASE template_{name}")
        engine = connect(settings_for(database_url=embedded.url(server_home, f"template_{name}")))
        migrations.upgrade(engine)
        if seeded:
            seed(engine, SEED_HOUR)
        engine.dispose()
    return {"migrated": "template_migrated", "seeded": "template_seeded"}


@pytest.fixture
def database_url(server_home: Path, templates: dict[str, str]) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    yield from clone(server_home, templates["migrated"])


@pytest.fixture
def seeded_url(server_home: Path, templates: dict[str, str]) -> Iterator[str]:
    """A database with two schools and their bookings, of the test's own."""
    yield from clone(server_home, templates["seeded"])


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to a migrated, empty database."""
    yield from connected(database_url)


@pytest.fixture
def seeded_engine(seeded_url: str) -> Iterator[Engine]:
    """Connections to a seeded database."""
    yield from connected(seeded_url)


@pytest.fixture
def ticked_engine(server_home: Path, ticked_template: str) -> Iterator[Engine]:
    """Connections to a seeded database in which ``SEED_HOUR`` was run."""
    for url in clone(server_home, ticked_template):
        yield from connected(url)


@pytest.fixture
def told_engine(server_home: Path, told_template: str) -> Iterator[Engine]:
    """Connections to a database in which ``SEED_HOUR`` was run and dispatched."""
    for url in clone(server_home, told_template):
        yield from connected(url)


def keep_awake(engine: Engine) -> None:
    """Remove all quiet hours, so that no message waits for the morning."""
    awake = (
        "INSERT INTO school.contact_preferences (student_id, instructor_id) "
        "SELECT id, NULL FROM school.students UNION ALL SELECT NULL, id FROM school.instructors"
    )
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM school.contact_preferences"))
        connection.execute(text(awake))


def connected(url: str) -> Generator[Engine]:
    """Connections, given back in the end."""
    engine = connect(settings_for(database_url=url))
    try:
        yield engine
    finally:
        engine.dispose()


def clone(home: Path, template: str) -> Generator[str]:
    """A database like the template, dropped in the end."""
    name = f"test_{uuid4().hex}"
    administer(home, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield embedded.url(home, name)
    finally:
        administer(home, f"DROP DATABASE {name} WITH (FORCE)")


def administer(home: Path, statement: str) -> None:
    """Do what is done outside of transactions."""
    with psycopg.connect(embedded.url(home, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
