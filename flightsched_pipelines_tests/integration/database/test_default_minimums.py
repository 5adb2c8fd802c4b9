"""The minimums that come with the schema: the regulation's and the defaults, entered once, and nobody's replaced."""

from typing import Any

import pandas as pd
import psycopg
from sqlalchemy import Engine, func, select, text

from flightsched_pipelines.database import analyst_role, migrations, schema, table_counts
from flightsched_pipelines.domain.risk.limits.minimums import STATED_COLUMNS, default_minimums

MINIMUMS = schema.weather_minimums
ENTERED_LATER = 20
"""Defaults about hazard areas, which a later version enters wherever they are missing."""


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    names = [name for name in STATED_COLUMNS if name != "effective_to"]
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*(MINIMUMS.c[name] for name in names)))]


def test_an_upgraded_database_has_the_default_minimums_and_counts_as_empty(engine: Engine) -> None:
    frame = default_minimums()[[name for name in STATED_COLUMNS if name != "effective_to"]]
    expected = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    found = [tuple(None if pd.isna(value) else value for value in row) for row in stored(engine)]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    assert table_counts.entered(engine) == {}


def test_minimums_that_are_there_already_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM school.weather_minimums WHERE authority = 'regulation' OR rule <> 'wind'"))
        connection.execute(text("UPDATE school.weather_minimums SET limit_value = 7"))
    before = stored(engine)
    migrations.downgrade(engine, "0025")
    migrations.upgrade(engine)
    after = stored(engine)
    assert before
    assert len(after) == len(before) + ENTERED_LATER
    assert all(row in after for row in before)


def test_a_database_that_has_only_a_schools_own_gets_the_floor_beneath_them(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM school.weather_minimums WHERE rule <> 'wind'"))
        connection.execute(text("UPDATE school.weather_minimums SET authority = 'school'"))
    migrations.downgrade(engine, "0025")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        query = select(MINIMUMS.c.authority, func.count()).group_by(MINIMUMS.c.authority)
        found = {str(row[0]): int(row[1]) for row in connection.execute(query)}
    assert found == {"regulation": 6, "default": 24 + ENTERED_LATER, "school": 3}


def test_an_analyst_logs_in_with_the_password_and_names_views_without_their_schema(engine: Engine) -> None:
    migrations.upgrade(engine)  # a copied database has its own settings of the role
    analyst_role.set_password(engine, "a-password-of-the-test")
    url = engine.url.set(drivername="postgresql", username=analyst_role.ROLE, password="a-password-of-the-test")
    try:
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            assert connection.execute("SELECT count(*) FROM cases").fetchone() == (0,)
            assert connection.execute("SHOW search_path").fetchone() == ("analytics",)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER ROLE analyst NOLOGIN PASSWORD NULL"))
