"""Run Alembic migrations (without a configuration file).

Alembic is imported by what migrates: every command looks at the schema's revision, and few change it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from flightsched_pipelines.database import advisory_locks, analyst_role
from flightsched_pipelines.errors import PlainError

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = Path(__file__).parent / "versions"
"""The revisions, each in a file that begins with its number; they follow each other in this order."""

LOCK = 7_206_034_518
"""Advisory lock that allows one upgrade or downgrade at a time; any number that nothing else uses."""


class SchemaError(PlainError, RuntimeError):
    """The schema is not at the needed revision, or cannot be migrated; the message names the command to run."""


class RevisionError(SchemaError, ValueError):
    """There is no such revision."""


@dataclass(frozen=True, slots=True)
class Status:
    """The current revision of the schema (``None``: empty), and the newest one that this version knows.

    ``is_later``: a later version of the platform made the schema.
    """

    current: str | None
    newest: str
    is_later: bool


def upgrade(engine: Engine) -> str | None:
    """Upgrade the schema to the newest revision; two at a time take turns, and the second has nothing to do.

    Returns:
        What an administrator still has to do, in a sentence; ``None`` for nothing.

    Raises:
        SchemaError: a later version made the schema.
    """
    from alembic import command  # noqa: PLC0415, see the module's docstring

    with _configured(engine) as config:
        if (state := status(engine)).is_later:
            raise SchemaError(_later(state))
        command.upgrade(config, "head")
        with engine.begin() as connection:
            advisory_locks.keep_to_the_platform(connection)
            return analyst_role.grant_views(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Downgrade the schema to a revision, ``-1`` for one back, or ``base`` for none.

    Raises:
        SchemaError: the revision does not exist.
    """
    from alembic import command  # noqa: PLC0415, see the module's docstring
    from alembic.util import CommandError  # noqa: PLC0415

    with _configured(engine) as config:
        try:
            command.downgrade(config, revision)
        except CommandError as error:
            raise RevisionError(f"the schema cannot be taken to '{revision}': {error}") from error


def status(engine: Engine) -> Status:
    """Return the current revision, and the newest one."""
    known = {path.name.partition("_")[0] for path in REVISIONS.glob("[0-9]*.py")}
    with engine.connect() as connection:
        has_any = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar()
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_any else None
    return Status(current, max(known), current is not None and current not in known)


def require_current(engine: Engine) -> None:
    """Raise unless the schema is at the newest revision, or a later version made it.

    While an upgrade is rolled out, the schema is the later version's, and this version works on beside it: a migration
    leaves the version before it able to run.

    Raises:
        SchemaError: the schema is older.
    """
    state = status(engine)
    if state.current != state.newest and not state.is_later:
        raise SchemaError(
            f"the database's schema is at {state.current or 'no revision'}, and {state.newest} is needed: "
            "run `flightsched db upgrade`"
        )


def _later(state: Status) -> str:
    return (
        f"the database's schema is at {state.current}, of a later version than this one, which knows {state.newest}: "
        "run the later version"
    )


@contextmanager
def _configured(engine: Engine) -> Generator["Config"]:
    from alembic.config import Config  # noqa: PLC0415, see the module's docstring

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
