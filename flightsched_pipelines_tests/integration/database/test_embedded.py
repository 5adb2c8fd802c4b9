"""The embedded server starts again whatever became of an earlier start, and nothing that was in it is lost."""

import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from flightsched_pipelines.database import embedded
from flightsched_pipelines.database.embedded import DATABASES, EmbeddedServerError

STEPS = {
    "before initdb": "own", "in initdb": "initdb", "after initdb": "_remember_access",
    "before the data are in place": "rename", "before the server starts": "_start_server",
    "while the server starts": "pg_ctl", "before the databases": "_create_databases",
}  # fmt: skip
KILLED = """
import os, pathlib, signal, subprocess, sys
from flightsched_pipelines.database import embedded

def end(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def started_and_ended(program, *arguments, **kept):
    if program != step:
        return run(program, *arguments, **kept)
    subprocess.run = lambda *given, **named: (named.pop("check"), subprocess.Popen(*given, **named), end())
    run(program, *arguments, **kept)

embedded.INITDB_OPTIONS += ("--no-sync",)
embedded.SERVER_OPTIONS += " -c fsync=off"
step, home = sys.argv[1], pathlib.Path(sys.argv[2])
run = embedded._postgres
if step in ("initdb", "pg_ctl"):
    embedded._postgres = started_and_ended
elif step == "rename":
    pathlib.Path.rename = end
else:
    setattr(embedded, step, end)
embedded.start(home)
"""

START = """
import pathlib, sys
from flightsched_pipelines.database import embedded
sys.stdout.write(embedded.start(pathlib.Path(sys.argv[1])))
"""

BRING_UP = """
import pathlib, sys
from flightsched_pipelines.database import embedded
embedded._start_server(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    try:
        yield tmp_path
    finally:
        embedded.stop(tmp_path)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_first_start_that_is_killed_starts_again(home: Path, step: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, step, str(home)], check=False)  # noqa: S603, our own words
    assert killed.returncode == -signal.SIGKILL

    url = embedded.start(home)

    with psycopg.connect(url) as connection:
        made = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    assert made >= set(DATABASES)
    assert {path.name for path in (home / "postgres").iterdir()} == {"access.json", "data", "lock"}
    assert (home / "postgres" / "access.json").stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose server ran, has a table, and was stopped."""
    home = tmp_path_factory.mktemp("stopped")
    with psycopg.connect(embedded.start(home)) as connection:
        connection.execute("CREATE TABLE entered AS SELECT 'by hand' AS what")
    embedded.stop(home)
    return home


@pytest.fixture
def used(stopped: Path, home: Path) -> Path:
    """A folder of the test's own like that."""
    shutil.copytree(stopped / "postgres", home / "postgres")
    for path in (home / "postgres" / "data", *(home / "postgres" / "data").rglob("*")):
        shutil.copystat(stopped / path.relative_to(home), path)
        embedded.own(path)
    return home


def entered(url: str) -> str:
    with psycopg.connect(url) as connection:
        (row,) = connection.execute("SELECT what FROM entered").fetchall()
    return row[0]


@pytest.mark.parametrize("moment", ["_start_server", "_forget_reused_number", "_access", "_is_free", "_postgres"])
def test_a_server_that_an_earlier_start_brings_up_meanwhile_is_waited_for(
    used: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller of the earlier start was killed, and its pg_ctl was not."""
    then, brought_up = getattr(embedded, moment), list[str]()

    def bring_up_then(*given: Any, **named: Any) -> object:
        is_starting = any(frame.function == "_start_server" for frame in inspect.stack()[1:])
        if (moment == "_start_server" or is_starting) and not brought_up:
            brought_up.append(moment)
            subprocess.run([sys.executable, "-c", BRING_UP, str(used / "postgres")], check=True)  # noqa: S603, our own
        return then(*given, **named)

    monkeypatch.setattr(embedded, moment, bring_up_then)

    assert entered(embedded.start(used)) == "by hand"
    assert brought_up == [moment]
    assert (used / "postgres" / "data" / "postmaster.pid").exists()


def test_a_stop_also_stops_the_server_that_a_killed_start_still_brings_up(used: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, "pg_ctl", str(used)], check=False)  # noqa: S603, our own words
    assert killed.returncode == -signal.SIGKILL

    assert embedded.stop(used)

    assert not (used / "postgres" / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize("process", [os.getpid, lambda: 4_000_000], ids=["alive", "gone"])
def test_the_number_of_a_server_that_died_keeps_nobody_from_starting(used: Path, process: object) -> None:
    assert callable(process)
    note = used / "postgres" / "data" / "postmaster.pid"
    note.write_text(f"{process()}\n{note.parent}\n1700000000\n5432\n\n127.0.0.1\n\nready\n")
    embedded.own(note)

    assert entered(embedded.start(used)) == "by hand"


def test_data_without_their_password_are_left_as_they_are(used: Path) -> None:
    file = used / "postgres" / "access.json"
    kept = file.read_text()
    for access in (None, "", "{", "[]", '{"port": 1}'):
        file.unlink(missing_ok=True)
        if access is not None:
            file.write_text(access)
        with pytest.raises(EmbeddedServerError, match="missing or damaged; restore it, or move"):
            embedded.start(used)

    file.write_text(kept)
    assert entered(embedded.start(used)) == "by hand"


def test_half_made_data_of_an_earlier_version_are_made_anew(home: Path) -> None:
    (home / "postgres" / "data" / "base").mkdir(parents=True)
    (home / "postgres" / "data" / "PG_VERSION").write_text("18\n")
    (home / "postgres" / "access.json").touch()

    with psycopg.connect(embedded.start(home)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_answers_nobody_is_waited_for_and_not_started_a_second_time(used: Path) -> None:
    embedded.start(used)
    postmaster = (used / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
    port = json.loads((used / "postgres" / "access.json").read_text())["port"]
    psutil.Process(int(postmaster)).suspend()  # it answers nobody for a moment
    command = [sys.executable, "-c", START, str(used)]
    start = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603, our own words
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            start.wait(timeout=0.5)  # it waits, however fast the machine is
    finally:
        psutil.Process(int(postmaster)).resume()
    said, _ = start.communicate(timeout=1_200)

    assert f":{port}/" in said
    assert (used / "postgres" / "data" / "postmaster.pid").read_text().split()[0] == postmaster
    assert entered(said) == "by hand"
