"""The templates, synthesised once for all tests of a session."""

import importlib.util
import os

import pytest

from flightsched_pipelines_tests.integration.infrastructure.assembly import ENVIRONMENTS, Assembly, synthesise

LACKS_CDK = importlib.util.find_spec("aws_cdk") is None
SETS_UP = "`make test` installs infrastructure/requirements.lock"


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Assembly]:
    """Every deployment; a run by hand without CDK skips, CI never does."""
    if LACKS_CDK and "CI" not in os.environ:
        pytest.skip(SETS_UP)
    assert not LACKS_CDK, SETS_UP
    folder = tmp_path_factory.getbasetemp()
    return synthesise((folder if worker_id == "master" else folder.parent) / "cdk")


@pytest.fixture
def production(assemblies: dict[str, Assembly]) -> Assembly:
    """The production's templates."""
    return assemblies["production"]


@pytest.fixture(params=ENVIRONMENTS)
def assembly(request: pytest.FixtureRequest, assemblies: dict[str, Assembly]) -> Assembly:
    """One environment after the other."""
    return assemblies[request.param]
