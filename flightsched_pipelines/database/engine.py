"""Connections: one bounded pool a process, which survives a full or restarted server.

SQLAlchemy 2.1 reads ``postgresql://`` as psycopg 3, and dagster-postgres needs psycopg 2: each URL names its driver.
"""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import stamina
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.redacted_errors import DiscreetConnection
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.setting_sources import LiveSecret
from flightsched_pipelines.settings import Settings

RETRIED_STATES = frozenset({"53300", "57P03", "57P01", "57P02"})
"""Too many connections; the server is starting, or shutting down."""

CONFLICT_STATES = frozenset({"40001", "40P01", "55P03"})
"""A serialization failure, a deadlock, a lock that could not be had in time."""

WRONG_PASSWORD = "password authentication failed"  # noqa: S105, PostgreSQL's words

POOL_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
PREPARED_AFTER = 1
"""A statement that is sent again on a connection is prepared: to plan a wide one takes longer than to run it."""


Source = Engine | Connection
"""Something to read from: an engine, or the connection of a transaction."""


class DatabaseUnavailableError(PlainError, RuntimeError):
    """The database cannot be reached; the message names host, port and database, never the password."""


class DatabaseEmptyError(PlainError, RuntimeError):
    """The database is there, and has no tables yet."""


def require_tables(engine: Engine) -> None:
    """Raise unless the database has been set up at some time; `migrations.require_current` looks at its revision.

    Raises:
        DatabaseEmptyError: it has no tables.
    """
    with engine.connect() as connection:
        if connection.execute(text("SELECT to_regclass('school.bookings')")).scalar() is None:
            raise DatabaseEmptyError(
                f"The database '{engine.url.database}' has no tables yet: run `flightsched db upgrade`, or "
                "`flightsched demo` and `flightsched --demo dev` for a demonstration"
            )


def connect(settings: Settings) -> Engine:
    """Return a pool of connections to the application's database; the embedded server is started if it is used.

    Connecting is retried with back-off while the server refuses, starts, or has no connection left.

    Raises:
        DatabaseUnavailableError: all attempts failed.
    """
    url = make_url(application_url(settings)).set(drivername="postgresql+psycopg")
    engine = create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        creator=lambda: _connection(url, settings),
    )
    try:
        with engine.connect():
            return engine
    except (psycopg.OperationalError, OperationalError) as error:
        engine.dispose()
        place = f"{url.host or 'localhost'}:{url.port or 5432}, database '{url.database}'"
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        attempts = plural(settings.database_connect_attempts, "attempt")
        raise DatabaseUnavailableError(
            f"The database at {place} cannot be reached after {attempts}: {reason}; check DATABASE_URL and the server"
        ) from None


@contextmanager
def reading(source: Source) -> Generator[Connection]:
    """Yield a connection to read with: the given one, or one of the engine's for the duration of the block."""
    if isinstance(source, Connection):
        yield source
        return
    with source.connect() as connection:
        yield connection


def application_url(settings: Settings) -> str:
    """Return the application's database as a plain ``postgresql://`` URL, password included."""
    if settings.database_url is None:
        return embedded.start(settings.flightsched_home)
    given = settings.database_url.get_secret_value()
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise DatabaseUnavailableError(
            "DATABASE_URL is not a URL; give postgresql://user:password@host:5432/name"
        ) from None
    if url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        raise DatabaseUnavailableError(
            f"DATABASE_URL names {url.get_backend_name()}, database '{url.database or ''}'; "
            "give postgresql://user:password@host:5432/name"
        )
    return _render(url, "postgresql")


def address_for_another_process(engine: Engine, settings: Settings) -> str:
    """Return the URL by which another process reaches the same database at present, password included."""
    rotates = rotating_password(settings) is not None
    return application_url(settings) if rotates else _render(engine.url, "postgresql")


def is_transient(error: BaseException) -> bool:
    """Return whether a fault of the database may be gone at a second try: a lost connection, a restart, a deadlock."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_transient(error.orig or AssertionError())
    if isinstance(error, psycopg.Error) and error.sqlstate in CONFLICT_STATES:
        return True
    return isinstance(error, Exception) and _worth_retrying(error)


def dagster_url(settings: Settings) -> str:
    """Return Dagster's own database as ``postgresql+psycopg2://``: as it is set, else beside the application's."""
    if settings.dagster_postgres_url is not None:
        url = make_url(settings.dagster_postgres_url.get_secret_value())
    elif settings.database_url is None:
        embedded.start(settings.flightsched_home)
        url = make_url(embedded.url(settings.flightsched_home, "dagster"))
    else:
        application = make_url(application_url(settings))
        url = application.set(database=f"{application.database}_dagster")
    return _render(url, "postgresql+psycopg2")


def ensure_dagster_database(settings: Settings) -> None:
    """Create Dagster's database if it is missing, on the application's server or on its own.

    Raises:
        DatabaseUnavailableError: it can be neither found nor created.
    """
    if settings.database_url is None:
        return  # the embedded server was set up with both
    application, dagsters = make_url(application_url(settings)), make_url(dagster_url(settings))
    is_beside = (application.host, application.port) == (dagsters.host, dagsters.port)
    _ensure_database(application if is_beside else dagsters.set(database="postgres"), str(dagsters.database))


def rotating_password(settings: Settings) -> LiveSecret | None:
    """Return what the database's password is read from at each connection; ``None`` if it stays as it is."""
    secret = settings.database_url
    return secret if isinstance(secret, LiveSecret) else None


def dagsters_password(settings: Settings) -> LiveSecret | None:
    """Return the same of Dagster's own database."""
    secret = settings.dagster_postgres_url or settings.database_url
    return secret if isinstance(secret, LiveSecret) else None


def _render(url: URL, driver: str) -> str:
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _ensure_database(application: URL, name: str) -> None:
    try:
        with psycopg.connect(_render(application, "postgresql"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise DatabaseUnavailableError(
            f"Dagster's database '{name}' cannot be created next to the other: {str(error).strip().splitlines()[0]}"
        ) from None


def _connection(url: URL, settings: Settings) -> psycopg.Connection:
    """One connection, retried with growing pauses and jitter while that may help."""
    timeout_ms = round(settings.database_statement_timeout_seconds * 1000)
    rotating = rotating_password(settings)

    def worth_retrying(error: Exception) -> bool:
        if rotating is not None and WRONG_PASSWORD in str(error):
            rotating.renew()  # it was changed since it was read, or is being changed now
            return True
        return _worth_retrying(error)

    for attempt in stamina.retry_context(
        on=worth_retrying, attempts=settings.database_connect_attempts, wait_initial=0.2, wait_max=5.0
    ):
        with attempt:
            current = url if rotating is None else make_url(application_url(settings))
            return DiscreetConnection.connect(
                _render(current, "postgresql"),
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                prepare_threshold=PREPARED_AFTER,
                application_name="flightsched",
                options=f"-c timezone=UTC -c statement_timeout={timeout_ms}",
            )
    raise AssertionError("stamina either returns or raises")


def _worth_retrying(error: Exception) -> bool:
    if not isinstance(error, psycopg.OperationalError):
        return False
    # A refused or broken connection has no SQLSTATE; a wrong password or database has one, and stays wrong.
    words = str(error)
    permanent = WRONG_PASSWORD in words or "does not exist" in words
    return error.sqlstate in RETRIED_STATES or (error.sqlstate is None and not permanent)
