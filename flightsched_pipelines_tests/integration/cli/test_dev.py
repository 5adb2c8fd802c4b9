"""``flightsched dev`` starts everything, and ends all of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import typer

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.cli.dev import dev
from flightsched_pipelines.database import embedded
from flightsched_pipelines_tests.servers.ports import free_port

STARTS_WITHIN_SECONDS = 300


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of the test's own, with nothing set; who answers signals is as before when it ends."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    before = {asked: signal.getsignal(asked) for asked in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield tmp_path
    finally:
        for asked, handler in before.items():
            signal.signal(asked, handler)
        embedded.stop(tmp_path)


class Person(threading.Thread):
    """Waits until the Dagster UI answers, looks at what runs, tries to start it again, and presses Ctrl-C."""

    def __init__(self, port: int, home: Path) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{port}/server_info"
        self._pids = home / "dev.json"
        self.saw_the_ui = False
        self.second = ""
        self.started: list[psutil.Process] = []

    def run(self) -> None:
        """Look until it answers; press in any case."""
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self.saw_the_ui and time.monotonic() < end:
            time.sleep(0.2)
            try:
                self.saw_the_ui = httpx.get(self._url).status_code == 200
            except httpx.HTTPError:
                continue
        for pid in json.loads(self._pids.read_text()):
            leader = psutil.Process(int(pid))
            self.started += [leader, *leader.children(recursive=True)]
        try:
            dev(port=free_port(), host="127.0.0.1")
        except UsageError as refusal:
            self.second = str(refusal)
        os.kill(os.getpid(), signal.SIGINT)


DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); time.sleep(600)"


def test_ctrl_c_ends_all_that_was_started_and_what_an_earlier_run_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flightsched_pipelines.cli.dev.GRACE_SECONDS", 3)
    command = [sys.executable, "-c", DEAF]
    left = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)  # noqa: S603, our own words
    assert left.stdout is not None
    with left.stdout as said:
        said.readline()  # it does not hear Ctrl-C from here on
    created = psutil.Process(left.pid).create_time()
    (home / "dev.json").write_text(json.dumps({str(left.pid): created, str(os.getppid()): created - 60}))
    port = free_port()
    person = Person(port, home)
    person.start()

    dev(port=port, host="127.0.0.1")

    assert person.saw_the_ui
    assert person.second.startswith(
        f"`flightsched dev` runs already, at http://127.0.0.1:{port} (process {os.getpid()})"
    )
    assert f"`kill -INT {os.getpid()}`" in person.second
    assert not psutil.pid_exists(left.pid)
    assert psutil.pid_exists(os.getppid()), "a number that is another process's by now is left alone"
    assert len(person.started) >= 2
    assert [process for process in person.started if process.is_running()] == []
    assert not embedded.is_running(home)
    assert not (home / "dev.json").exists()


def test_a_port_that_is_taken_is_said_before_anything_is_started(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="is in use; end what"):
        dev(port=taken.getsockname()[1], host="127.0.0.1")
    assert not embedded.is_running(home)


def test_a_service_that_ends_by_itself_ends_the_others(
    home: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    operators = home / "operators"
    operators.mkdir()
    (operators / "dagster.yaml").write_text("storage: nowhere\n")
    monkeypatch.setenv("DAGSTER_HOME", str(operators))
    monkeypatch.setenv("DATABASE_URL", database_url)

    with pytest.raises(typer.Exit) as ended:
        dev(port=free_port(), host="127.0.0.1")

    assert ended.value.exit_code == 1
    assert "ended by itself with exit code 1; its last words are above" in capsys.readouterr().err
    assert psutil.Process().children(recursive=True) == []
    assert not (home / "dev.json").exists()


def test_a_torn_note_of_an_earlier_run_is_put_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "dev.json").write_text("{")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("DATABASE_CONNECT_ATTEMPTS", "1")

    with pytest.raises(Exception, match="cannot be reached"):
        dev(port=free_port(), host="127.0.0.1")

    assert not (home / "dev.json").exists()
