"""Advisory locks are the platform's: whoever reads the analysts' views can take none, and so holds nobody up."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from flightsched_pipelines.database import advisory_locks, migrations
from flightsched_pipelines.database.queries.imports import stored_references
from flightsched_pipelines.services.monitoring.diagnosis import diagnose
from flightsched_pipelines_tests.conftest import settings_for

CALLS = [
    f"{function}({keys})"
    for keys in ("1", "1, 2")
    for function in ("pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_xact_lock",
                     "pg_advisory_xact_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
                     "pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared")
]  # fmt: skip


@pytest.fixture
def jo(engine: Engine) -> Iterator[str]:
    """A person's own login with the analysts' role."""
    run(engine, "CREATE ROLE jo LOGIN IN ROLE analyst")
    yield "jo"
    run(engine, "DROP OWNED BY jo; DROP ROLE jo")


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def as_role(connection: Connection, role: str) -> None:
    connection.rollback()
    connection.execute(text(f"SET LOCAL ROLE {role}"))


def test_the_calls_are_all_that_postgresql_has(engine: Engine) -> None:
    with engine.connect() as connection:
        found = set(connection.execute(advisory_locks.FUNCTIONS).scalars())
    locking = {name for name in found if "unlock" not in name}
    assert {name.partition("(")[0] for name in locking} == {call.partition("(")[0] for call in CALLS}
    assert len(locking) == len(CALLS)


def test_analysts_take_no_advisory_lock(engine: Engine, jo: str) -> None:
    with engine.connect() as connection:
        for role in ("analyst", jo):
            for call in CALLS:
                as_role(connection, role)
                with pytest.raises(ProgrammingError, match="permission denied for function"):
                    connection.execute(text(f"SELECT {call}"))


def test_the_platforms_own_user_need_not_be_a_superuser(engine: Engine) -> None:
    run(engine, "CREATE ROLE platform; GRANT USAGE ON SCHEMA school TO platform")
    try:
        migrations.upgrade(engine)
        with engine.connect() as connection:
            as_role(connection, "platform")
            stored_references.take_turn(connection)
    finally:
        run(engine, "DROP OWNED BY platform; DROP ROLE platform")


def test_the_doctor_names_analysts_who_can_where_no_superuser_upgraded(
    engine: Engine, database_url: str, jo: str
) -> None:
    def doctors_word() -> tuple[str, str]:
        (found,) = [one for one in diagnose(settings_for(database_url=database_url)) if one.name == "analysts"]
        return found.state, found.found

    assert doctors_word() == ("ok", "no analyst may take them")
    run(engine, "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC")
    assert doctors_word() == ("wrong", jo)
    migrations.upgrade(engine)
    assert doctors_word() == ("ok", "no analyst may take them")
