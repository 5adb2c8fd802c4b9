"""A command typed at a terminal, and a database for it."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines import cli
from flightsched_pipelines.cli import console as cli_console


class Typed:
    """The result of a command: its exit code and its output."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Type = Callable[..., Typed]
"""Types a command and its arguments."""


@pytest.fixture
def flightsched(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Type:
    """Run commands in a folder of the test's own; no question is answered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLIGHTSCHED_DEMO", "no")
    for console in (cli_console.console, cli_console.errors):
        monkeypatch.setattr(console, "width", 200)  # nothing is wrapped, unless a test sets a width of its own

    def run(*arguments: str, stdin: bytes = b"") -> Typed:
        monkeypatch.setattr("sys.argv", ["flightsched", *arguments])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Typed(code, captured.out, captured.err)

    return run


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch, seeded_url: str, tmp_path: Path, seeded_engine: Engine) -> Engine:
    """Return the commands' database, seeded."""
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return seeded_engine
