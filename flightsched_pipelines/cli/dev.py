"""``flightsched dev``: database, Dagster UI and daemon together, and all of them ended together."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import psutil
import typer

from flightsched_pipelines.cli.console import UsageError, console, say
from flightsched_pipelines.cli.ready import ready_database
from flightsched_pipelines.database import embedded
from flightsched_pipelines.pipeline.instance import WORKSPACE_YAML, prepare_instance
from flightsched_pipelines.settings import Settings

GRACE_SECONDS = 10
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    process: subprocess.Popen[bytes]


def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.", min=1, max=65_535)] = 3000,
    host: Annotated[str, typer.Option(help="Address the Dagster UI listens on.")] = "127.0.0.1",
) -> None:
    """Start the database, the Dagster UI and the daemon (its schedule running), until Ctrl-C."""
    settings = Settings()
    with _the_only_one(settings.flightsched_home, f"http://{host}:{port}"):
        _run(settings, host, port)


def _run(settings: Settings, host: str, port: int) -> None:
    pids = settings.flightsched_home / "dev.json"
    _end_leftovers(pids)
    if _listens(host, port):
        raise UsageError(f"port {port} of {host} is in use; end what listens there, or take another with --port")
    for asked in (signal.SIGINT, signal.SIGTERM):  # a shell in the background has its children ignore Ctrl-C
        signal.signal(asked, _interrupt)
    services: list[_Service] = []
    try:
        ready_database(settings)
        environment = os.environ | prepare_instance(settings)
        webserver = ["-m", "dagster_webserver", "-h", host, "-p", str(port), "-w", str(WORKSPACE_YAML)]
        daemon = ["-m", "dagster._daemon", "run", "-w", str(WORKSPACE_YAML)]
        for name, arguments in {"webserver": webserver, "daemon": daemon}.items():
            services.append(_start(name, arguments, environment))
            _remember(pids, services)
        console.print(f"Dagster UI: [link]http://{host}:{port}[/link]   (Ctrl-C ends everything)")
        _watch(services)
    except KeyboardInterrupt:
        say("ending ...")
    finally:
        end_process_groups([service.process.pid for service in services])
        if settings.database_url is None:
            embedded.stop(settings.flightsched_home)
        pids.unlink(missing_ok=True)


@contextmanager
def _the_only_one(home: Path, address: str) -> Iterator[None]:
    """One ``dev`` at a time for a home; the lock dies with its holder, and names it while it lives.

    Raises:
        UsageError: another one runs.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "dev.lock").open("a+")
    except OSError as error:
        raise UsageError(f"{home.resolve()} cannot be written to: {error.strerror}; set FLIGHTSCHED_HOME") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid, _, there = lock.read().partition(" ")
            raise UsageError(
                f"`flightsched dev` runs already, at {there} (process {pid}): it goes on as it is; "
                f"to stop it, press Ctrl-C where it was started, or `kill -INT {pid}`"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {address}")
        lock.flush()
        yield


def _start(name: str, arguments: list[str], environment: dict[str, str]) -> _Service:
    # A session of its own, so that the whole process group can be ended: Dagster's servers outlive SIGTERM.
    command = [sys.executable, *arguments]
    return _Service(name, subprocess.Popen(command, env=environment, start_new_session=True))  # noqa: S603, our own words


def _watch(services: list[_Service]) -> None:
    while True:
        for service in services:
            if (code := service.process.poll()) is not None:
                say(f"the {service.name} ended by itself with exit code {code}; its last words are above")
                raise typer.Exit(1)
        time.sleep(POLL_SECONDS)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        return probe.connect_ex((host, port)) == 0
    return False


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _remember(path: Path, services: list[_Service]) -> None:
    """Write down what runs, with start times (a pid alone may be someone else's by then)."""
    running = {service.process.pid: psutil.Process(service.process.pid).create_time() for service in services}
    path.write_text(json.dumps(running))


def _end_leftovers(path: Path) -> None:
    """End what an earlier ``dev`` left behind when it was killed."""
    if not path.exists():
        return
    with suppress(json.JSONDecodeError):
        for pid, created in json.loads(path.read_text()).items():
            with suppress(psutil.NoSuchProcess):
                if abs(psutil.Process(int(pid)).create_time() - created) < 1:
                    say(f"ending what an earlier run left behind (process {pid})")
                    end_process_groups([int(pid)])
    path.unlink()


def end_process_groups(leaders: Sequence[int]) -> None:
    """End process groups by their leaders: first asked, then killed, children in other groups included."""
    family: list[psutil.Process] = []
    for pid in leaders:
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(pid)
            family += [leader, *leader.children(recursive=True)]
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGINT)
    _, alive = psutil.wait_procs(family, timeout=GRACE_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
