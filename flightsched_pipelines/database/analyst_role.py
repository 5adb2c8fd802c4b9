"""Grant the analysts' role: it reads schema ``analytics`` and nothing else.

A role belongs to the server, not to one database, and a restored backup has none; so every upgrade grants it again.
"""

import psycopg
from psycopg import errors, sql
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.errors import PlainError

ROLE = "analyst"

GRANTS = (
    "GRANT USAGE ON SCHEMA analytics",
    "GRANT SELECT ON ALL TABLES IN SCHEMA analytics",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES",
)


class RoleError(PlainError, RuntimeError):
    """The role cannot be changed; the message contains the reason."""


def grant_views(connection: Connection) -> str | None:
    """Let the role read the views, future ones included; it is created, without a login, if it is missing.

    Returns:
        What an administrator has to do, in a sentence, if this user may not create roles; otherwise ``None``.
    """
    if not _exists(connection):
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {ROLE} NOLOGIN"))
        except DBAPIError as error:
            if isinstance(error.orig, errors.InsufficientPrivilege):
                return (
                    f"role {ROLE} is missing and this user may not create roles: ask an administrator to run "
                    f"`CREATE ROLE {ROLE} NOLOGIN`, then run `flightsched db upgrade` again"
                )
            # Another database of the same server was upgraded at the same time, and created it.
            if not isinstance(error.orig, errors.DuplicateObject | errors.UniqueViolation):
                raise
    for grant in GRANTS:
        connection.execute(text(f"{grant} TO {ROLE}"))
    return _set_search_path(connection)


def _set_search_path(connection: Connection) -> str | None:
    """Let the role name views without their schema, unless it can; return what an administrator has to do."""
    has_it = text(
        "SELECT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = CAST(:role AS regrole) AND setdatabase = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) AND 'search_path=analytics' = ANY(setconfig))"
    )
    if connection.execute(has_it, {"role": ROLE}).scalar_one():
        return None
    database = connection.dialect.identifier_preparer.quote_identifier(str(connection.engine.url.database))
    statement = f"ALTER ROLE {ROLE} IN DATABASE {database} SET search_path = analytics"
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except DBAPIError as error:
        if not isinstance(error.orig, errors.InsufficientPrivilege):
            raise
        return f"this user may not change role {ROLE}: ask an administrator to run `{statement}`"
    return None


def set_password(engine: Engine, password: str) -> None:
    """Let the role log in with a password; the server gets only its SCRAM verifier, which its logs may show.

    Raises:
        RoleError: this user may not, or the role is missing.
    """
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError(f"psycopg is expected; got {type(driver).__name__}")
        verifier = driver.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256").decode()
        try:
            driver.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(verifier))
            )
        except (errors.InsufficientPrivilege, errors.UndefinedObject) as error:
            raise RoleError(
                f"role {ROLE} cannot be given a password: {str(error).splitlines()[0]}; ask an administrator, or run "
                "`flightsched db upgrade` if it is missing"
            ) from None


def _exists(connection: Connection) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :name)")
    return bool(connection.execute(query, {"name": ROLE}).scalar_one())
