"""Databases that hold the example school."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import embedded
from flightsched_pipelines_tests.conftest import administer, clone, connected
from flightsched_pipelines_tests.integration.imports.helpers import bring_example


@pytest.fixture(scope="session")
def school_template(server_home: Path, templates: dict[str, str]) -> str:
    """A database to clone: the example school, imported from its files."""
    name = "template_school"
    administer(server_home, f"CREATE DATABASE {name} TEMPLATE {templates['migrated']}")
    for engine in connected(embedded.url(server_home, name)):
        bring_example(engine)
    return name


@pytest.fixture
def school_url(server_home: Path, school_template: str) -> Iterator[str]:
    """The example school, in a database of the test's own."""
    yield from clone(server_home, school_template)


@pytest.fixture
def school(school_url: str) -> Iterator[Engine]:
    """The example school, in a database of the test's own."""
    yield from connected(school_url)


@pytest.fixture(scope="module")
def untouched_school(server_home: Path, school_template: str) -> Iterator[Engine]:
    """The example school, for the tests of a module that change nothing of it."""
    for url in clone(server_home, school_template):
        yield from connected(url)
