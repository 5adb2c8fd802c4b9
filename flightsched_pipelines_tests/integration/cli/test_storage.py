"""Sizes of the databases, and their backup, at the terminal."""

import json

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.cli.setup import psql
from flightsched_pipelines_tests.integration.cli.conftest import Type


@pytest.mark.usefixtures("seeded")
def test_the_largest_tables_are_named_first(flightsched: Type) -> None:
    sizes = json.loads(flightsched("db", "sizes", "--json").out)
    assert tuple(sizes[0]) == JSON_FIELDS["db sizes"][1]
    assert [one["bytes"] for one in sizes] == sorted((one["bytes"] for one in sizes), reverse=True)
    assert "school.bookings" in {f"{one['schema']}.{one['name']}" for one in sizes}

    lines = flightsched("db", "sizes").out.splitlines()
    assert lines[-2].startswith("and ")
    assert lines[-1].endswith(" in all")


def test_a_backup_is_made_and_restored_into_empty_databases_alone(flightsched: Type, seeded: Engine) -> None:
    made = json.loads(flightsched("db", "backup", "backups/first", "--json").out)
    assert tuple(made) == JSON_FIELDS["db backup"][1] == JSON_FIELDS["db restore"][1]
    assert made["rows"]["school.schools"] == 2

    again = flightsched("db", "backup", "backups/first")
    assert again.code == 2
    assert again.err == "flightsched: 'backups/first' exists; give a folder that does not, and the backup makes it\n"
    held = flightsched("db", "restore", "backups/first")
    assert held.code == 2
    assert "schools (2)" in held.err
    with seeded.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM school.schools")).scalar_one() == 2
    nothing = flightsched("db", "restore", "backups")
    assert (
        nothing.err == "flightsched: 'backups' has no whole backup; give a folder that `flightsched db backup` made\n"
    )


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--as", "analyst", "-c", "SELEC 1"), 'syntax error at or near "SELEC" at character 1'),
        (
            ("--as", "analyst", "-c", "TABLE school.students"),
            (
                "permission denied for schema school at character 7; role analyst reads the views of schema "
                "analytics: docs/reference/analytics.md lists them"
            ),
        ),
        (
            ("--as", "analyst", "-c", "TABLE hours"),
            'relation "hours" does not exist at character 7; docs/reference/analytics.md lists the views',
        ),
        (("--as", "analyst", "-c", "DELETE FROM cases"), 'cannot delete from view "cases"'),
        (("-c", "SELECT 1/0"), "division by zero"),
        (("--as", "nobody"), "--as is 'nobody'; give analyst, or leave it out"),
        (("--csv",), "--csv is about the rows of a query; give the query with --command"),
        (
            ("--as", "analyst", "--dagster"),
            "role analyst reads the application's database only; leave out --as or --dagster",
        ),
    ],
)
def test_a_wrong_statement_gets_one_sentence(flightsched: Type, words: tuple[str, ...], sentence: str) -> None:
    typed = flightsched("db", "shell", *words)
    assert (typed.code, typed.err) == (2, f"flightsched: {sentence}\n")


def test_an_analysts_statement_prints_its_rows(seeded_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    psql.run(seeded_url, role="analyst", command="SELECT current_user, count(*) FROM cases", as_csv=True)
    assert capfd.readouterr().out == "current_user,count\nanalyst,0\n"


@pytest.mark.usefixtures("seeded")
def test_the_data_dictionary_has_its_documented_fields(flightsched: Type) -> None:
    columns = json.loads(flightsched("db", "dictionary", "--json").out)
    assert tuple(columns[0]) == JSON_FIELDS["db dictionary"][1]
