"""The services of docker-compose.yml, all of them up, once for all tests that want them."""

from collections.abc import Iterator

import pytest

from flightsched_pipelines_tests.servers.compose import LocalCompose

BUCKET = "flightsched-logs"
DAGSTER = ("code-location", "webserver", "daemon")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCompose]:
    """The services as `docker compose up` leaves them, with two schools; all of them ended after the tests."""
    compose = LocalCompose(tmp_path_factory.mktemp("compose"), {"COMPUTE_LOGS_BUCKET": BUCKET})
    try:
        compose.up("postgres", "redis", "aws", "migrate")
        compose.await_end("migrate")
        assert "made: nothing; there already: " in compose.run("migrate"), "it runs at every start"
        compose.run("migrate", ["flightsched", "db", "seed"])
        assert not any(compose.is_healthy(service) for service in DAGSTER), "they do not run yet"
        compose.up(*DAGSTER)
        compose.await_healthy(*DAGSTER)
        yield compose
    finally:
        compose.down()
