"""Run database, Dagster UI, daemon and portal together: ``flightsched dev``."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import dagster as dg
import psutil
import stamina
import typer

from flightsched_pipelines.cli.console import UsageError, console, print_progress
from flightsched_pipelines.cli.session import open_database
from flightsched_pipelines.cli.setup.pages import serve_pages
from flightsched_pipelines.database import embedded, table_counts
from flightsched_pipelines.defs.dagster_internals import DAEMON_MODULE
from flightsched_pipelines.defs.instance import DATABASE_IS_GONE, WORKSPACE_YAML, open_instance
from flightsched_pipelines.defs.runs import run_limits
from flightsched_pipelines.durations import hour_of
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.monitoring.report_pages import page_path
from flightsched_pipelines.settings import Settings

PORTAL_COMMAND = "flightsched_pipelines.cli"
LOG_FORMAT_OF_CODE_SERVERS = "DAGSTER_CLI_API_GRPC_LOG_FORMAT"
"""The option of the code servers that webserver and daemon start, which those pass no format."""

GRACE_SECONDS = 10
POLL_SECONDS = 1
BEGIN = (
    "this database contains no schools yet: `flightsched demo`, then `flightsched --demo dev`, show two sample "
    "schools, apart from this installation; `flightsched db seed` inserts them into this one"
)


class _Service:
    """A process of Dagster's whose output is passed on until it is stopped: then Dagster prints tracebacks."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        # In a session of its own, so that the whole process group can be stopped: Dagster's servers outlive SIGTERM.
        self.process = subprocess.Popen(  # noqa: S603, our own words
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._is_to_end = False
        self._passing_on = threading.Thread(target=self._pass_on, daemon=True)
        self._passing_on.start()

    def fall_silent(self) -> None:
        """Stop passing on output."""
        self._is_to_end = True

    def finish_speaking(self) -> None:
        """Wait for the last output of a process that has ended; its children may keep the output open."""
        self._passing_on.join(timeout=GRACE_SECONDS)

    def _pass_on(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as words:
            for line in words:
                if not self._is_to_end:
                    sys.stderr.write(line.decode(errors="replace"))


def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.", min=1, max=65_535)] = 3000,
    host: Annotated[str, typer.Option(help="Address the Dagster UI listens on.")] = "127.0.0.1",
) -> None:
    """Start the database, the Dagster UI, the daemon with its schedules and the portal, until Ctrl-C."""
    settings = Settings()
    with _the_only_one(settings.flightsched_home, f"http://{host}:{port}"):
        _run(settings, host, port)


def _run(settings: Settings, host: str, port: int) -> None:
    _end_leftovers(_pids_of(settings))
    if _listens(host, port):
        raise UsageError(f"port {port} of {host} is in use; stop the program there, or choose another with --port")
    taken = settings.portal_port
    if taken == port or _listens(host, taken):
        raise UsageError(f"the portal's port {taken} of {host} is in use; stop the program there, or set PORTAL_PORT")
    for asked in (signal.SIGINT, signal.SIGTERM):  # a shell in the background lets its children ignore Ctrl-C
        signal.signal(asked, _interrupt)
    try:
        if not table_counts.has_schools(open_database(settings)):
            print_progress(BEGIN)
        with _pages(settings, host, port + (2 if taken == port + 1 else 1)), open_instance(settings) as instance:
            _run_services(instance, settings, host, port)
    except KeyboardInterrupt:
        print_progress("ended")
    finally:
        _ignore_signals()
        if settings.database_url is None:
            embedded.stop(settings.flightsched_home)


@contextmanager
def _pages(settings: Settings, host: str, port: int) -> Generator[None]:
    """Serve the pages that the UI links to, and have Dagster's processes know where, unless an operator does."""
    if settings.pages_url is not None:
        yield
        return
    with ExitStack() as served:
        try:
            served.enter_context(serve_pages(host, port, page_path(hour_of(datetime.now(UTC)), settings).parent))
        except OSError as error:
            print_progress(f"port {port} is not free ({error.strerror}): the UI has no links to reports and runbook")
        else:
            os.environ["PAGES_URL"] = f"http://{host}:{port}"
        yield


def _pids_of(settings: Settings) -> Path:
    return settings.flightsched_home / "dev.json"


def _run_services(instance: dg.DagsterInstance, settings: Settings, host: str, port: int) -> None:
    """Run UI, daemon and portal until Ctrl-C, or until one of them ends; then no process and no run is left."""
    alone = settings.database_url is None and settings.dagster_postgres_url is None
    if dead := run_limits.end_dead_runs(instance, starting=True, alone=alone):
        print_progress(f"{plural(len(dead), 'run')} of an earlier start had died; their work is taken up again")
    os.environ[LOG_FORMAT_OF_CODE_SERVERS] = settings.log_format
    services: list[_Service] = []
    pids = _pids_of(settings)
    try:
        for name, arguments in service_commands(settings, host, port).items():
            services.append(_Service(name, arguments))
            _remember(pids, services)
        print_progress("starting the Dagster UI, the daemon and the portal; Ctrl-C stops everything ...")
        _watch(services, settings, host, port)
    except KeyboardInterrupt:
        print_progress("stopping ...")
        with suppress(*DATABASE_IS_GONE):  # then they are ended at the next start
            run_limits.mark_stopped(instance)
        raise
    finally:
        _ignore_signals()
        for service in services:  # interrupted while it starts, Dagster prints tracebacks
            service.fall_silent()
        end_process_groups([service.process.pid for service in services])
        with suppress(*DATABASE_IS_GONE):
            run_limits.end_dead_runs(instance, starting=True, alone=alone)
        pids.unlink(missing_ok=True)


def service_commands(settings: Settings, host: str, port: int) -> dict[str, list[str]]:
    """Return the arguments of Python for each service."""
    of_dagster = ["-w", str(WORKSPACE_YAML), "--log-format", settings.log_format]
    return {
        "webserver": ["-m", "dagster_webserver", "-h", host, "-p", str(port), *of_dagster],
        "daemon": ["-m", DAEMON_MODULE, "run", *of_dagster],
        "portal": ["-m", PORTAL_COMMAND, "portal", "--host", host, "--port", str(settings.portal_port)],
    }


@contextmanager
def _the_only_one(home: Path, address: str) -> Generator[None]:
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
                f"`flightsched dev` is already running at {there} (process {pid}), and was left unchanged; "
                f"to stop it, press Ctrl-C where it was started, or `kill -INT {pid}`"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {address}")
        lock.flush()
        yield


def _watch(services: list[_Service], settings: Settings, host: str, port: int) -> None:
    """Print the addresses once they respond, and wait for a service to end; restart our own database if it ends."""
    answers = False
    while True:
        if not answers and _listens(host, port) and _listens(host, settings.portal_port):
            answers = True
            console.print(f"Dagster UI: [link]http://{host}:{port}[/link]   (Ctrl-C stops everything)")
            console.print(f"portal: [link]http://{host}:{settings.portal_port}/status[/link]")
        for service in services:
            if (code := service.process.poll()) is not None:
                service.finish_speaking()
                print_progress(f"the {service.name} exited unexpectedly with code {code}; see its output above")
                raise typer.Exit(1)
        if settings.database_url is None and not embedded.is_running(settings.flightsched_home):
            print_progress("the database exited unexpectedly; restarting it ...")
            # Remains of the ended server may keep its folder for a moment.
            for attempt in stamina.retry_context(on=embedded.EmbeddedServerError, attempts=None, timeout=60):
                with attempt:
                    embedded.start(settings.flightsched_home)
        time.sleep(POLL_SECONDS)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        return probe.connect_ex((host, port)) == 0
    return False


def _ignore_signals() -> None:
    """Ignore further Ctrl-C: it is stopping already, within seconds."""
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _remember(path: Path, services: list[_Service]) -> None:
    """Write down the running processes with their start times (a pid alone may be reused)."""
    running = {service.process.pid: psutil.Process(service.process.pid).create_time() for service in services}
    path.write_text(json.dumps(running))


def _end_leftovers(path: Path) -> None:
    """Stop the processes that a killed ``dev`` left behind."""
    if not path.exists():
        return
    with suppress(json.JSONDecodeError):
        for pid, created in json.loads(path.read_text()).items():
            with suppress(psutil.NoSuchProcess):
                if abs(psutil.Process(int(pid)).create_time() - created) < 1:
                    print_progress(f"stopping a process left by an earlier run ({pid})")
                    end_process_groups([int(pid)])
    path.unlink()


def end_process_groups(leaders: Sequence[int]) -> None:
    """Stop process groups by their leaders: interrupt, then kill, children in other groups included."""
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
