"""Run Alembic migrations (without a configuration file)."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from flightsched_pipelines.database import advisory_locks, analyst_role
from flightsched_pipelines.errors import PlainError

LOCK = 7_206_034_518
"""Advisory lock that allows one upgrade or downgrade at a time; any number that nothing else uses."""


class SchemaError(PlainError, RuntimeError):
    """The schema is not at the needed revision, or cannot be migrated; the message names the command to run."""


class RevisionError(SchemaError, ValueError):
    """There is no such revision."""


@dataclass(frozen=True, slots=True)
class Status:
    """The current revision of the schema (``None``: empty), and the newest one."""

    current: str | None
    newest: str


def upgrade(engine: Engine) -> str | None:
    """Upgrade the schema to the newest revision; two at a time take turns, and the second has nothing to do.

    Returns:
        What an administrator still has to do, in a sentence; ``None`` for nothing.
    """
    with _configured(engine) as config:
        command.upgrade(config, "head")
        with engine.begin() as connection:
            advisory_locks.keep_to_the_platform(connection)
            return analyst_role.grant_views(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Downgrade the schema to a revision, ``-1`` for one back, or ``base`` for none.

    Raises:
        SchemaError: the revision does not exist.
    """
    with _configured(engine) as config:
        try:
            command.downgrade(config, revision)
        except CommandError as error:
            raise RevisionError(f"the schema cannot be taken to '{revision}': {error}") from error


def status(engine: Engine) -> Status:
    """Return the current revision, and the newest one."""
    newest = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    with engine.connect() as connection:
        return Status(_context(connection).get_current_revision(), str(newest))


def require_current(engine: Engine) -> None:
    """Raise unless the schema is at the newest revision.

    Raises:
        SchemaError: it is not.
    """
    state = status(engine)
    if state.current != state.newest:
        raise SchemaError(
            f"the database's schema is at {state.current or 'no revision'}, and {state.newest} is needed: "
            "run `flightsched db upgrade`"
        )


@contextmanager
def _configured(engine: Engine) -> Generator[Config]:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            config.attributes["connection"] = connection
            yield config
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.execute(text("RESET statement_timeout"))
            connection.commit()


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection)
