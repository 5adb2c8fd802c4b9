"""Grant the analysts' role: it reads schema ``analytics`` and nothing else.

A role belongs to the server, not to one database, and a restored backup has none; so every upgrade grants it again.
"""

from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

ROLE = "analyst"

GRANTS = (
    "GRANT USAGE ON SCHEMA analytics",
    "GRANT SELECT ON ALL TABLES IN SCHEMA analytics",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES",
)


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
    return None


def _exists(connection: Connection) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :name)")
    return bool(connection.execute(query, {"name": ROLE}).scalar_one())
