"""`flightsched dev` as a process that is killed with everything it started, its database too, and started again."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from flightsched_pipelines.database import embedded

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { __typename ... on PythonError { message } }
}
"""
LOCATIONS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"

UNFINISHED = ("STARTING", "STARTED", "CANCELING")
STARTS_WITHIN_SECONDS = 300


class Platform:
    """A home of its own, and the platform that runs in it.

    Args:
        home: where database, Dagster's files and mail are.
        port: of the Dagster UI, by which jobs are launched.
        variables: settings beside the home.
    """

    def __init__(self, home: Path, port: int, variables: Mapping[str, str]) -> None:
        self.home, self._port = home, port
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "TMPDIR") if name in os.environ}
        ports = {"PORTAL_PORT": str(embedded.free_port())}
        self._environment = kept | {"FLIGHTSCHED_HOME": str(home)} | ports | dict(variables)
        self._dev: psutil.Popen | None = None

    def start(self) -> None:
        """Start it, and return at once."""
        command = [str(Path(sys.executable).with_name("flightsched")), "dev", "--port", str(self._port)]
        with (self.home / "dev.log").open("ab") as log:
            self._dev = psutil.Popen(
                command, env=self._environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def await_ui(self) -> None:
        """Wait until jobs can be launched."""
        self.wait_until("the UI answers", lambda: self._ask(LOCATIONS)["data"]["repositoriesOrError"]["nodes"])

    def kill(self) -> None:
        """Kill everything at once: the processes of `dev`, their children, and PostgreSQL."""
        leaders = [self._dev, *_postmaster(self.home)]
        family = {process for leader in leaders if leader for process in (leader, *leader.children(recursive=True))}
        while family:
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            _, alive = psutil.wait_procs(list(family), timeout=5)
            family = set(alive)

    def launch(self, job: str, **tags: str) -> None:
        """Launch a job, as a person does in the UI."""
        (node, *_) = self._ask(LOCATIONS)["data"]["repositoriesOrError"]["nodes"]
        selector = {
            "repositoryName": node["name"], "repositoryLocationName": node["location"]["name"], "jobName": job,
        }  # fmt: skip
        tagged = [{"key": name, "value": value} for name, value in tags.items()]
        params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tagged}}
        answer = self._ask(LAUNCH, params=params)["data"]["launchPipelineExecution"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"{job} was not launched: {answer}")

    def wait_until(self, what: str, condition: Any, within: float = STARTS_WITHIN_SECONDS) -> float:  # noqa: ANN401
        """Check every second until a condition holds; returns the seconds that took."""
        began = time.monotonic()
        while time.monotonic() < began + within:
            with suppress(httpx.HTTPError, psycopg.Error, embedded.EmbeddedServerError, OSError, KeyError, TypeError):
                if condition():
                    return time.monotonic() - began
            time.sleep(1)
        raise TimeoutError(f"not within {within:.0f} s: {what}")

    def count(self, query: str, *values: object, database: str = "flightsched") -> int:
        """Return a query's count."""
        with psycopg.connect(embedded.url(self.home, database), connect_timeout=5) as connection:
            row = connection.execute(query.encode(), values).fetchone()
            return int(row[0]) if row else 0

    def do(self, statement: str, *values: object) -> None:
        """Change rows of the application's database."""
        with psycopg.connect(embedded.url(self.home, "flightsched")) as connection:
            connection.execute(statement.encode(), values)

    def unfinished_before(self, moment: float) -> int:
        """Return how many runs that were created before a moment are recorded as under way."""
        before = "create_timestamp < to_timestamp(%s) AT TIME ZONE 'UTC'"
        query = f"SELECT count(*) FROM runs WHERE status = ANY(%s) AND {before}"  # noqa: S608, our own words
        return self.count(query, list(UNFINISHED), moment, database="dagster")

    def _ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401, GraphQL's answer
        body = {"query": query, "variables": variables}
        return httpx.post(f"http://127.0.0.1:{self._port}/graphql", json=body, timeout=60).json()


@contextmanager
def running(home: Path, port: int, variables: Mapping[str, str]) -> Generator[Platform]:
    """Yield the platform, started; nothing of it is left running afterwards."""
    platform = Platform(home, port, variables)
    platform.start()
    try:
        platform.await_ui()
        yield platform
    finally:
        platform.kill()


def _postmaster(home: Path) -> list[psutil.Process]:
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        return [psutil.Process(int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))]
    return []
