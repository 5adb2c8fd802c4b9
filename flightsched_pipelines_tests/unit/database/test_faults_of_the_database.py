"""Only the loss of the database ends everything: what one statement meets is that statement's."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from flightsched_pipelines.database.faults import is_lost


def raised(kind: type[DBAPIError], orig: BaseException, *, invalidated: bool = False) -> DBAPIError:
    return kind("SELECT 1", None, orig, connection_invalidated=invalidated)


FAULTS = {
    "no server": (raised(OperationalError, psycopg.OperationalError("connection refused")), True),
    "shut down": (raised(OperationalError, errors.AdminShutdown("terminating")), True),
    "lost in a statement": (raised(DBAPIError, psycopg.Error("closed"), invalidated=True), True),
    "timed out": (raised(OperationalError, errors.QueryCanceled("timeout")), False),
    "deadlock": (raised(OperationalError, errors.DeadlockDetected("deadlock")), False),
    "a day that cannot be read": (raised(DataError, psycopg.DataError("date too large")), False),
    "refused by a condition": (raised(IntegrityError, errors.CheckViolation("no")), False),
    "of our own": (ValueError("no"), False),
}


@pytest.mark.parametrize(("error", "lost"), FAULTS.values(), ids=FAULTS)
def test_the_database_is_lost(error: Exception, lost: bool) -> None:
    assert is_lost(error) is lost
