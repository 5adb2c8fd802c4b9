"""With which hour the partitions begin, and what a run on a database without tables says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.engine import DatabaseEmptyError
from flightsched_pipelines.defs.instance import first_hour_of
from flightsched_pipelines.defs.resources import EngineResource
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, settings_for


@pytest.fixture
def bare_url(server_home: Path) -> Iterator[str]:
    """A database without tables."""
    yield from clone(server_home, "template1")


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


def test_the_partitions_begin_with_the_first_hour_that_is_stored(ticked_engine: Engine) -> None:
    assert first_hour_of(settings_for(database_url=_url(ticked_engine))) == SEED_HOUR


def test_a_new_installation_begins_with_the_running_hour(engine: Engine, bare_url: str) -> None:
    for url in (_url(engine), bare_url):
        before = hour_of(datetime.now(UTC))
        first = first_hour_of(settings_for(database_url=url))
        assert before <= first <= hour_of(datetime.now(UTC))


def test_a_first_hour_that_is_set_needs_no_database() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    assert first_hour_of(settings_for(database_url=nowhere, first_hour="2026-11-24T13")).hour == 13


def test_a_database_without_tables_says_what_to_do(bare_url: str) -> None:
    resource = EngineResource(settings=settings_for(database_url=bare_url))  # pyright: ignore[reportArgumentType]
    with (
        pytest.raises(DatabaseEmptyError, match="run `flightsched db upgrade`"),
        resource.yield_for_execution(dg.build_init_resource_context()),
    ):
        pass
