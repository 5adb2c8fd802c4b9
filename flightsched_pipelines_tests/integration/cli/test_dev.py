"""``flightsched dev`` starts everything, and stops all of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
import httpx
import psutil
import pytest
import typer
from dagster._core.events import EngineEventData

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.cli.setup.dev import dev
from flightsched_pipelines.database import embedded
from flightsched_pipelines.defs.instance import InstanceError, open_instance
from flightsched_pipelines.defs.runs.run_launcher import HOST_TAG, here
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers.ports import free_port

STARTS_WITHIN_SECONDS = 300


@contextmanager
def variables_kept() -> Generator[None]:
    """Restore the environment when the test ends."""
    variables = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(variables)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return a folder of the test's own, with nothing set; signals and variables are restored afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path))
    monkeypatch.setenv("PORTAL_PORT", str(free_port()))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    before = {asked: signal.getsignal(asked) for asked in (signal.SIGINT, signal.SIGTERM)}
    try:
        with variables_kept():
            yield tmp_path
    finally:
        for asked, handler in before.items():
            signal.signal(asked, handler)
        embedded.stop(tmp_path)


class Person(threading.Thread):
    """Waits until the Dagster UI answers, looks at what runs, does something, and presses Ctrl-C (or leaves that)."""

    def __init__(self, port: int, home: Path, does: Callable[["Person"], None], *, presses: bool = True) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{port}/server_info"
        self._pids = home / "dev.json"
        self._does, self._presses = does, presses
        self.saw_the_ui = False
        self.second = ""
        self.started: list[psutil.Process] = []
        self.leaders: list[psutil.Process] = []

    def run(self) -> None:
        """Wait until the UI responds, then act; press Ctrl-C in any case, if it is to be pressed."""
        try:
            self.saw_the_ui = self.wait_until(lambda: httpx.get(self._url).status_code == 200)
            for pid in json.loads(self._pids.read_text()):
                leader = psutil.Process(int(pid))
                self.leaders.append(leader)
                self.started += [leader, *leader.children(recursive=True)]
            self._does(self)
        finally:
            if self._presses:
                os.kill(os.getpid(), signal.SIGINT)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Check again and again until a condition holds, within bounds."""
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < end:
            with suppress(httpx.HTTPError, OSError):
                if condition():
                    return True
            time.sleep(0.2)
        return False


DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); time.sleep(600)"


@contextmanager
def opened(home: Path) -> Generator[dg.DagsterInstance]:
    """Dagster's instance, on a database that is started for it."""
    embedded.start(home)
    with variables_kept(), open_instance(Settings(flightsched_home=home, database_url=None)) as instance:
        yield instance


def killed_runs(home: Path) -> list[str]:
    """Runs that earlier starts left as started: of a killed process, and under a former name of the machine."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    runs: list[str] = []
    with opened(home) as instance:
        for tags, pid in ((here(), ended.pid), ({HOST_TAG: "former-name"}, os.getpid())):
            run = dg.DagsterRun(job_name="deliver", status=dg.DagsterRunStatus.STARTED, tags=tags)
            instance.add_run(run)
            instance.report_engine_event("Started process for run.", run, EngineEventData.in_process(pid))
            runs.append(run.run_id)
    return runs


def start_another_and_kill_the_database(person: Person) -> None:
    """Start it a second time, then kill PostgreSQL, and wait until it runs again."""
    try:
        dev(port=free_port(), host="127.0.0.1")
    except UsageError as refusal:
        person.second = str(refusal)
    home = Path(os.environ["FLIGHTSCHED_HOME"])
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert person.wait_until(lambda: int(pid_file.read_text().split()[0]) != postmaster.pid)
    assert person.wait_until(lambda: embedded.is_running(home))


def test_ctrl_c_ends_all_that_was_started_and_what_an_earlier_run_left(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flightsched_pipelines.cli.setup.dev.GRACE_SECONDS", 3)
    command = [sys.executable, "-c", DEAF]
    left = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)  # noqa: S603, our own words
    assert left.stdout is not None
    with left.stdout as said:
        said.readline()  # it does not hear Ctrl-C from here on
    created = psutil.Process(left.pid).create_time()
    (home / "dev.json").write_text(json.dumps({str(left.pid): created, str(os.getppid()): created - 60}))
    dead_runs = killed_runs(home)
    port = free_port()
    person = Person(port, home, start_another_and_kill_the_database)
    person.start()

    dev(port=port, host="127.0.0.1")

    assert person.saw_the_ui
    assert person.second.startswith(
        f"`flightsched dev` is already running at http://127.0.0.1:{port} (process {os.getpid()})"
    )
    assert f"`kill -INT {os.getpid()}`" in person.second
    assert not psutil.pid_exists(left.pid)
    assert psutil.pid_exists(os.getppid()), "a number that is another process's by now is left alone"
    assert len(person.started) >= 2
    assert [process for process in person.started if process.is_running()] == []
    assert not embedded.is_running(home)
    assert not (home / "dev.json").exists()
    said = capfd.readouterr().err
    assert "2 runs of an earlier start had died" in said
    assert "the database exited unexpectedly; restarting it" in said
    assert "Traceback" not in said.partition("stopping ...")[2]
    with opened(home) as instance:
        for dead_run in dead_runs:
            run = instance.get_run_by_id(dead_run)
            assert run is not None
            assert run.status == dg.DagsterRunStatus.FAILURE


def test_sigterm_ends_all_that_was_started_even_while_it_starts(
    home: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    command = [sys.executable, "-m", "flightsched_pipelines.cli", "dev", "--port", str(free_port())]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603, ours
    assert running.stderr is not None
    said = ""
    while "Ctrl-C stops everything ..." not in said and (line := running.stderr.readline()):
        said += line
    started = [psutil.Process(int(pid)) for pid in json.loads((home / "dev.json").read_text())]

    running.terminate()
    _, left = running.communicate(timeout=STARTS_WITHIN_SECONDS)

    assert (running.returncode, len(started)) == (0, 3), said + left
    assert [process for process in started if process.is_running()] == []
    assert "stopping ..." in left
    assert left.splitlines()[-1] == "ended"
    assert "Traceback" not in said + left
    assert not (home / "dev.json").exists()


def test_a_port_that_is_taken_is_said_before_anything_is_started(home: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="is in use; stop the program"),
    ):
        dev(port=taken.getsockname()[1], host="127.0.0.1")
    assert not embedded.is_running(home)


def test_a_service_that_ends_by_itself_ends_the_others(
    home: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    port = free_port()
    person = Person(port, home, lambda person: person.leaders[1].kill(), presses=False)
    person.start()

    with pytest.raises(typer.Exit) as ended:
        dev(port=port, host="127.0.0.1")

    assert ended.value.exit_code == 1
    told = capsys.readouterr()
    assert "the daemon exited unexpectedly with code -9; see its output above" in told.err
    assert "Traceback" not in told.err, "the others are interrupted while they start, in silence"
    assert psutil.Process().children(recursive=True) == []
    assert not (home / "dev.json").exists()


def test_a_file_of_dagster_s_that_is_wrong_is_named_and_nothing_is_started(
    home: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    operators = home / "operators"
    operators.mkdir()
    (operators / "dagster.yaml").write_text("storage: nowhere\n")
    monkeypatch.setenv("DAGSTER_HOME", str(operators))
    monkeypatch.setenv("DATABASE_URL", database_url)

    with pytest.raises(InstanceError, match=r"operators/dagster\.yaml cannot be used: .*storage"):
        dev(port=free_port(), host="127.0.0.1")

    assert psutil.Process().children(recursive=True) == []


def test_a_torn_note_of_an_earlier_run_is_put_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "dev.json").write_text("{")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("DATABASE_CONNECT_ATTEMPTS", "1")

    with pytest.raises(Exception, match="cannot be reached after 1 attempt: "):
        dev(port=free_port(), host="127.0.0.1")

    assert not (home / "dev.json").exists()
