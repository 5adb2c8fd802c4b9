"""The services of docker-compose.yml, started as processes, run an hour and send its notifications.

One test, since they take most of a minute to start.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis
from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.clients.delivery.redis_events import STREAM
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines_tests.integration.deployment.runbook import RUNNABLE
from flightsched_pipelines_tests.servers import moto_server
from flightsched_pipelines_tests.servers.compose import LocalCompose

BUCKET = "flightsched-logs"
DAGSTER = ("code-location", "webserver", "viewer", "daemon")
ENDED = (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)


@pytest.fixture
def compose(tmp_path: Path) -> Iterator[LocalCompose]:
    """The services, none of them started; all of them ended after the test."""
    services = LocalCompose(tmp_path, {"COMPUTE_LOGS_BUCKET": BUCKET, "LOG_FORMAT": "json"})
    try:
        yield services
    finally:
        services.down()


@pytest.mark.filterwarnings("ignore:Using variable_values and operation_name:DeprecationWarning")  # Dagster's client
def test_an_hour_is_run_and_people_are_told_and_the_runbooks_commands_run(
    compose: LocalCompose, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose.up("postgres", "redis", "aws", "migrate")
    compose.await_end("migrate")
    compose.run("migrate", ["flightsched", "db", "seed"])
    assert not any(compose.is_healthy(service) for service in DAGSTER), "they do not run yet"
    given = compose.environment("code-location")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AWS_ACCESS_KEY_ID"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["AWS_SECRET_ACCESS_KEY"])
    amazon = given["AWS_REGION"], given["AWS_ENDPOINT_URL"]
    listener = moto_server.listening(given["AWS_ENDPOINT_URL"], aws.notifications_topic("development"))
    _nobody_sleeps(Path(given["DATABASE_URL_FILE"]).read_text())

    compose.up(*DAGSTER, "portal")
    compose.await_healthy(*DAGSTER, "portal")
    client = DagsterGraphQLClient("127.0.0.1", port_number=compose.port(3000))
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    run_id = client.submit_job_execution("hourly_tick", tags={"dagster/partition": key_of(hour)})

    compose.wait_for("the hour", lambda: client.get_run_status(run_id) in ENDED)
    assert client.get_run_status(run_id) == DagsterRunStatus.SUCCESS, compose.said("code-location")
    _look_at_the_output_of_a_step(compose, run_id, *amazon)
    assert '"function": "weather-monitor-development"' in compose.said("code-location", 1_000_000), "lines of JSON"

    events = redis.Redis.from_url(given["REDIS_URL"])
    alerts = aws.Queue(*amazon, aws.alerts_queue("development"))
    mail = Path(given["FLIGHTSCHED_HOME"]) / "mail"
    compose.wait_for("events in Redis", lambda: events.xlen(STREAM))
    compose.wait_for("a newly threatened booking for other systems", lambda: alerts.depth().waiting)
    compose.wait_for("a notification", lambda: listener.depth().waiting)
    compose.wait_for("mail about a threatened booking", lambda: _tells_of_minimums(mail))
    assert json.loads(json.loads(listener.receive()[0].body)["Message"])["event"] == "opened"

    for service in ("code-location", "daemon"):
        assert '"logger": "dagster' in compose.said(service, 1_000_000), f"{service} logs in JSON"
    _only_look(compose)
    status: Any = httpx.get(f"http://127.0.0.1:{compose.port(3002)}/status.json", timeout=30).json()
    assert status["last_good_hour_utc"] == f"{hour:%Y-%m-%dT%H}:00:00Z"

    _follow_the_runbook(compose)


def _follow_the_runbook(compose: LocalCompose) -> None:
    """Run its blocks: first that which asks Dagster's services, which then end: nobody needs their polling."""
    (asks_services,) = [block for block in RUNNABLE if "liveness-check" in block]
    others = [block for block in RUNNABLE if block != asks_services]
    _run(compose, asks_services)
    compose.end(*DAGSTER)
    for block in others:
        _run(compose, block)


def _run(compose: LocalCompose, block: str) -> None:
    said = compose.run("code-location", ["bash", "-euo", "pipefail", "-c", block])
    assert "ERROR:" not in said, f"{block}\n{said}"  # psql goes on after an error


def _tells_of_minimums(mail: Path) -> bool:
    """Return whether a mail does; in the evening there are others, about tomorrow's lessons."""
    return any("below the school's minimums" in str(message.get_body(("plain",))) for message in read_maildir(mail))


def _only_look(compose: LocalCompose) -> None:
    """Have the viewer show runs, and refuse to launch one."""
    url = f"http://127.0.0.1:{compose.port(3001)}/graphql"

    def ask(query: str) -> str:
        return httpx.post(url, json={"query": query}, timeout=30).text

    assert "hourly_tick" in ask("{ runsOrError { ... on Runs { results { jobName } } } }")
    refused = ask(
        'mutation { shutdownRepositoryLocation(repositoryLocationName: "flightsched_pipelines") { __typename } }'
    )
    assert "UnauthorizedError" in refused


def _nobody_sleeps(database_url: str) -> None:
    """Remove quiet hours, so that mail goes out at once whatever the time."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE school.contact_preferences SET quiet_from = NULL, quiet_to = NULL")


def _look_at_the_output_of_a_step(compose: LocalCompose, run_id: str, region: str, endpoint_url: str) -> None:
    """Find the output in the bucket, whichever service wrote it, and on the webserver."""
    s3 = aws.client("s3", region, endpoint_url)
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"dagster/storage/{run_id}/compute_logs/")
    keys = [Path(entry["Key"]) for entry in found["Contents"] if entry["Key"].endswith(".err")]
    assert keys
    query = "query($key: [String!]!) { capturedLogs(logKey: $key) { stderr } }"
    variables = {"key": [run_id, "compute_logs", keys[0].stem]}
    answer: Any = httpx.post(
        f"http://127.0.0.1:{compose.port(3000)}/graphql", json={"query": query, "variables": variables}, timeout=30
    ).json()
    assert run_id in answer["data"]["capturedLogs"]["stderr"]
