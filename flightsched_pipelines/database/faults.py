"""One sentence for an error of the database that reached the end of a command; none quotes a row."""

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from flightsched_pipelines.database.engine import CONFLICT_STATES, POOL_TIMEOUT_SECONDS, RETRIED_STATES
from flightsched_pipelines.database.redacted_errors import discreet_message

CANCELLED = "57014"
"""The SQLSTATE of a statement that was cancelled: it took too long, or an administrator ended it."""


def is_lost(error: BaseException) -> bool:
    """Return whether there is no database: a connection was lost, or none can be had.

    A statement that was refused, timed out or met another's lock is not that, nor a value that cannot be read.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state in RETRIED_STATES


def sentence_of(error: BaseException) -> str | None:
    """Return what happened and what to do; ``None`` if the database is not the cause."""
    if isinstance(error, NoneFreeError):
        return (
            f"no connection to the database was free for {POOL_TIMEOUT_SECONDS} seconds; raise DATABASE_POOL_SIZE, or "
            "run the command again when less is going on"
        )
    if isinstance(error, DBAPIError):
        return _of_driver(error.orig or error)
    if isinstance(error, psycopg.Error):
        return _of_driver(error)
    cause = error.__cause__ or (error.__context__ if isinstance(error, SQLAlchemyError) else None)
    return None if cause is None else sentence_of(cause)


def _of_driver(error: BaseException) -> str:
    """The sentence for an error of psycopg, or of psycopg2, with which Dagster connects."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(error, psycopg.Error):
        reason = discreet_message(error)
    else:
        reason = f"SQLSTATE {state}" if state else str(error)
    reason = (reason.strip().splitlines() or ["it gave no reason"])[0]
    if state is None or state in RETRIED_STATES:
        return (
            f"the connection to the database was lost: {reason}; what was stored before stays: check it with "
            "`flightsched doctor`, and run the command again"
        )
    if state == CANCELLED:
        return (
            f"the database cancelled a statement: {reason}; raise DATABASE_STATEMENT_TIMEOUT_SECONDS, or run the "
            "command again when less is going on"
        )
    if state in CONFLICT_STATES:
        return f"other work held the same rows: {reason}; run the command again"
    return (
        f"the database refused a statement: {reason}; nothing of its transaction is stored: `flightsched doctor` "
        "checks the database"
    )
