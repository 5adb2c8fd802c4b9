"""A row that the database refuses is the file's fault; a refused row of another table is an error of ours."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.database.queries.imports.targets import tables_of
from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines.services.imports.feed import files_due, take_files
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.imports.helpers import bring, everything, rows
from flightsched_pipelines_tests.integration.imports.test_feed import MINUTE, NEW, NOW, opened
from flightsched_pipelines_tests.integration.imports.test_rules import HEADER, run
from flightsched_pipelines_tests.integration.imports.test_schedule_changes import filed, put
from flightsched_pipelines_tests.integration.services.helpers import refuse_changes_of

OF_THE_FILE = {
    "schools": {"schools", "opening_hours", "airports"}, "airports": {"airports"},
    "minimums": {"weather_minimums"}, "limits": {"weather_minimums"}, "preferences": {"student_preferences"},
    "bookings": {"bookings", "airports"},
}  # fmt: skip
AIRPORT = "ident,time_zone\nKPAO,Europe/Berlin\n"
UNKNOWN_ZONE = """
CREATE OR REPLACE FUNCTION school.require_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = format(
        'time_zone of %s is "%s"; give the IANA name', TG_TABLE_NAME, NEW.time_zone);
END $$
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_states_rows_of_its_kind_s_own_tables_and_airports_that_it_names(kind: str) -> None:
    assert {table.name for table in tables_of(KINDS[kind])} == OF_THE_FILE.get(kind, {kind})


REFUSED = {
    "its own table": ("bookings", HEADER + NEW, "ALTER TABLE school.bookings ADD CONSTRAINT c CHECK (false) NOT VALID"),
    "an airport that it names": (
        "bookings", HEADER.replace("status", "departure") + NEW.replace(",\n", ",KSQL\n"),
        "ALTER TABLE school.airports ADD CONSTRAINT c CHECK (ident <> 'KSQL') NOT VALID",
    ),
    "opening hours of its school": (
        "schools", "id,name,base_airport,hours\nnew,New School,PAO,mon 07:00-20:00\n",
        "ALTER TABLE school.opening_hours ADD CONSTRAINT c CHECK (false) NOT VALID",
    ),
    "a time zone that the database does not know": (
        "airports", AIRPORT, UNKNOWN_ZONE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "statement"), REFUSED.values(), ids=list(REFUSED))
def test_a_row_of_the_file_s_that_is_refused_is_the_file_s_fault(
    school: Engine, kind: str, content: str, statement: str
) -> None:
    run(school, "DELETE FROM school.airports WHERE ident = 'KSQL'")
    run(school, statement)
    before = everything(school)

    with pytest.raises(FileError, match=f"the database refuses a row of the {kind} or their change"):
        bring(school, kind, content, yes=True)

    assert everything(school) == before


def let_another_table_fail(engine: Engine, code: str) -> None:
    """Import a lesson, move it, and let the database refuse to note that the next file has the move."""
    bring(engine, "bookings", filed(0))
    put(engine, "X-1", 1)
    if code == "23514":
        run(engine, "ALTER TABLE school.schedule_changes ADD CONSTRAINT c CHECK (state <> 'entered') NOT VALID")
    else:
        ((change_id,),) = rows(engine, "SELECT id FROM school.schedule_changes")
        refuse_changes_of(engine, "schedule_changes", "id", change_id, code)


@pytest.mark.parametrize("code", ["23514", "23505", "23503", "23P01"])
def test_a_constraint_of_another_table_is_an_error_and_nothing_is_imported(school: Engine, code: str) -> None:
    let_another_table_fail(school, code)
    before = everything(school)

    with pytest.raises(DBAPIError):
        bring(school, "bookings", filed(1))

    assert everything(school) == before


@pytest.mark.parametrize("code", ["23514", "23505"])
def test_a_feed_s_file_stays_due_when_a_constraint_of_another_table_fails(
    school: Engine, tmp_path: Path, code: str
) -> None:
    let_another_table_fail(school, code)
    settings = settings_for(schedule_feed=f"dir:{tmp_path}")
    (tmp_path / "bookings.csv").write_text(filed(1), encoding="utf-8")
    files_due(school, opened(settings), NOW)

    with pytest.raises(DBAPIError):
        take_files(school, opened(settings), NOW + MINUTE, settings)

    assert [file.name for file in files_due(school, opened(settings), NOW + MINUTE)] == ["bookings.csv"]
    assert not (tmp_path / "rejected").exists()
