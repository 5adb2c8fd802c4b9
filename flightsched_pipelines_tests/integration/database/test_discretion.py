"""Errors of PostgreSQL, in full with causes and tracebacks, quote no row."""

import traceback
from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES

MARKER = "zqxAda"
SCHOOL = "INSERT INTO school.schools (name, base_airport) VALUES (:m, 'KPAO')"
TRIGGER = (
    "DO $$ BEGIN CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''% has that row'', NEW.name; END'; "
    "CREATE TRIGGER refuse BEFORE INSERT ON school.schools FOR EACH ROW EXECUTE FUNCTION refuse(); END $$"
)
ERRORS = {
    "unique": ([], "UPDATE school.aircraft SET tail_number = :m"),
    "check": ([], "UPDATE school.students SET training_level = :m"),
    "check, another column": (
        ["UPDATE school.students SET name = :m"], "UPDATE school.students SET training_level = 'pilot'",
    ),
    "not null": (["UPDATE school.students SET name = :m"], "UPDATE school.students SET email = NULL"),
    "foreign key": ([], "UPDATE school.schools SET base_airport = :m"),
    "exclusion": (
        [],
        ("UPDATE school.bookings SET aircraft_id = 1, reference = reference || :m, "
         "period = '[2026-11-11 10:00+00, 2026-11-11 11:00+00)'"),
    ),
    "number that is none": ([], "SELECT CAST(:m AS integer)"),
    "instant that is none": ([], "SELECT CAST(:m AS timestamptz)"),
    "JSON that is none": ([], "SELECT CAST(:m AS jsonb)"),
    "too long": ([], "SELECT CAST(:m AS integer[])"),
    "unknown column": ([], "SELECT nothing FROM school.students WHERE name = :m"),
    "raised": ([TRIGGER], SCHOOL),
}  # fmt: skip


def run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement), {"m": MARKER} if ":m" in statement else {})


def in_full(error: BaseException) -> str:
    """Return everything a log can contain of an error: message, causes, tracebacks, and its parts as Python prints."""
    chain = [error, error.__cause__, error.__context__, getattr(error, "orig", None)]
    return "".join(traceback.format_exception(error)) + "".join(f"{one!r} {one}" for one in chain)


@pytest.mark.parametrize(("before", "failing"), ERRORS.values(), ids=ERRORS)
def test_an_error_quotes_no_row(seeded_engine: Engine, before: list[str], failing: str) -> None:
    with seeded_engine.connect() as connection:
        for statement in before:
            run(connection, statement)
        with pytest.raises(DBAPIError) as error:
            run(connection, failing)

    told = in_full(error.value)
    assert MARKER not in told
    assert "SQLSTATE" in told


def test_a_copy_that_fails_quotes_no_row(seeded_engine: Engine) -> None:
    hour = datetime(2026, 11, 10, 14, tzinfo=UTC)
    table = PIPELINE_TABLES["unplaceable_bookings"]
    row = {column.name: pd.Series([None], dtype="object") for column in table.columns} | {
        "partition_hour": pd.Series([pd.Timestamp(hour)]), "booking_id": pd.Series([1]), "reason": pd.Series([MARKER]),
    }  # fmt: skip
    with seeded_engine.begin() as connection:
        connection.execute(text("ALTER TABLE pipeline.unplaceable_bookings ADD CHECK (length(reason::text) < 3)"))
    frame = pd.DataFrame({column.name: row[column.name] for column in table.columns})
    with pytest.raises(Exception, match="SQLSTATE 23514") as error:
        write_partition(seeded_engine, table, frame, [hour])

    assert MARKER not in in_full(error.value)


def test_names_by_which_a_row_is_found_stay(seeded_engine: Engine) -> None:
    with seeded_engine.connect() as connection, pytest.raises(DBAPIError) as error:
        run(connection, ERRORS["unique"][1])

    assert "duplicate key value violates unique constraint" in str(error.value)
    assert "table school.aircraft, constraint aircraft_tail_number_key" in str(error.value)
