"""Dagster's own instance: its home folder and the environment its processes need."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg2
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from flightsched_pipelines.clients import owner_only_files
from flightsched_pipelines.database.engine import (
    application_url,
    connect,
    dagster_url,
    ensure_dagster_database,
    rotating_password,
)
from flightsched_pipelines.database.frames import first_written
from flightsched_pipelines.defs.dagster_internals import DagsterInvalidConfigError
from flightsched_pipelines.defs.partitions import FIRST_HOUR_FORMAT, FIRST_HOUR_VARIABLE
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings

DAGSTER_YAML = Path(__file__).with_name("dagster.yaml")
"""Not at the root of the checkout: Dagster's own tools would read it there, and it needs a database to be named."""

WORKSPACE_YAML = Path(__file__).parents[2] / "workspace.yaml"

ACCEPTED_WARNINGS = "ignore:Handling yaml-defined logging,ignore:Parameter `owners` of initializer"
"""Once a process Dagster warns of two beta features: the log handler of dagster.yaml, and one that it uses itself."""

DATABASE_IS_GONE = (SQLAlchemyError, DagsterPostgresException, psycopg2.Error)
"""The errors raised when Dagster's database is lost in the middle of its work."""


class InstanceError(PlainError, RuntimeError):
    """Dagster's instance cannot be opened; the message says which file is wrong, and how."""


def prepare_instance(settings: Settings) -> dict[str, str]:
    """Lay out Dagster's home and name the databases; returns the environment for Dagster's processes.

    An existing ``DAGSTER_HOME`` is respected, as in a deployment where it holds the operators' own file; the demo has
    its own in any case.
    """
    operators = None if settings.flightsched_demo else os.environ.get("DAGSTER_HOME")
    home = Path(operators or settings.flightsched_home / "dagster").resolve()
    if operators is None:
        owner_only_files.folder(home)
    else:
        home.mkdir(mode=owner_only_files.FOLDER, parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists() or operators is None:
        shutil.copyfile(DAGSTER_YAML, home / "dagster.yaml")
    ensure_dagster_database(settings)
    return {
        "DAGSTER_HOME": str(home),
        **_databases(settings),
        "FLIGHTSCHED_HOME": str(settings.given_home.resolve()),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        FIRST_HOUR_VARIABLE: f"{first_hour_of(settings):{FIRST_HOUR_FORMAT}}",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", ACCEPTED_WARNINGS),
    }


def _databases(settings: Settings) -> dict[str, str]:
    """The databases' addresses; one with a source of its own is read from there by every process, and may rotate."""
    if rotating_password(settings) is not None:
        return {}
    return {"DAGSTER_POSTGRES_URL": dagster_url(settings), "DATABASE_URL": application_url(settings)}


def first_hour_of(settings: Settings) -> datetime:
    """Return the first hour of the partitions: as it is set, else the first one stored, else the running one."""
    if settings.first_hour is not None:
        return settings.first_hour
    engine = connect(settings)
    try:
        with engine.connect() as connection:
            return first_written(connection) or hour_of(datetime.now(UTC))
    except ProgrammingError:  # a database that has no tables yet
        return hour_of(datetime.now(UTC))
    finally:
        engine.dispose()


@contextmanager
def open_instance(settings: Settings) -> Generator[dg.DagsterInstance]:
    """Open Dagster's instance; this process's environment names it from then on.

    Raises:
        InstanceError: the file `dagster.yaml` of ``DAGSTER_HOME`` cannot be used.
    """
    environment = prepare_instance(settings)
    os.environ.update(environment)
    try:
        instance = dg.DagsterInstance.get()
    except DagsterInvalidConfigError as error:
        file = Path(environment["DAGSTER_HOME"]) / "dagster.yaml"
        raise InstanceError(f"{file} cannot be used: {' '.join(str(error).split())}") from None
    with instance:
        yield instance


def upgrade_instance(settings: Settings) -> None:
    """Bring Dagster's own database to the schema of the installed Dagster, making it if it is missing."""
    with open_instance(settings) as instance:
        instance.upgrade()
