"""Sizes of the databases, and their backup, at the terminal."""

import json

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
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
