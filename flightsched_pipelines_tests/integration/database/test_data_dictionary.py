"""The data dictionary is that of the schema, and complete."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.setup.database import dictionary
from flightsched_pipelines.database.data_dictionary import as_markdown, described_columns
from flightsched_pipelines.database.schema import metadata

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "data-dictionary.md"


def test_the_page_is_that_of_the_schema(engine: Engine) -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(described_columns(engine)), (
        "run `flightsched db dictionary > docs/reference/data-dictionary.md`"
    )


def test_every_table_and_column_has_its_meaning(engine: Engine) -> None:
    columns = described_columns(engine)
    assert {one.schema for one in columns} == {"analytics", "pipeline", "school"}
    described = {f"{one.schema}.{one.relation}" for one in columns}
    assert described >= {table.fullname for table in metadata.tables.values()}
    assert [one for one in columns if not one.about or not one.meaning] == []
    keys = [one.name for one in columns if one.relation == "partitions" and one.is_key]
    assert keys == ["name", "partition_hour"]


def test_it_says_what_the_database_lets_the_analyst_read(engine: Engine) -> None:
    may = text(
        "SELECT has_schema_privilege('analyst', :schema, 'USAGE') "
        "AND has_table_privilege('analyst', CAST(:relation AS regclass), 'SELECT')"
    )
    said = {(one.schema, f"{one.schema}.{one.relation}"): one.analysts_read for one in described_columns(engine)}
    with engine.connect() as connection:
        for (schema, relation), reads in said.items():
            granted = connection.execute(may, {"schema": schema, "relation": relation}).scalar_one()
            assert granted is reads, relation
    assert set(said.values()) == {True, False}


def test_a_column_that_came_without_a_comment_would_be_found(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE pipeline.new (id bigint PRIMARY KEY, odd text)"))
    found = [one for one in described_columns(engine) if one.relation == "new"]
    assert [(one.name, one.meaning, one.is_key, one.may_be_null) for one in found] == [
        ("id", "", True, False),
        ("odd", "", False, True),
    ]


def test_the_command_prints_the_page(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    dictionary()
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")
