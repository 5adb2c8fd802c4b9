"""A command imports only the modules it uses."""

import json
import subprocess
import sys

import pytest

from flightsched_pipelines.cli import app
from flightsched_pipelines.cli.lazy import LazyCommand

HEAVY = {"alembic", "boto3", "dagster", "httpx", "openai", "ortools", "pandas", "redis", "slack_sdk"}

TYPED = """
import json, sys
from flightsched_pipelines.cli import main
for line in sys.argv[1:]:
    sys.argv = ["flightsched", *line.split()]
    try:
        main()
    except SystemExit:
        pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

FETCHING = {"httpx", "boto3", "redis", "slack_sdk"}
TABLE = {
    "the list of commands": (["--help"], HEAVY | {"pydantic_settings", "psycopg", "sqlalchemy"}),
    "commands of rows": (
        [
            "airports", "alerts", "cancellation", "changes", "config", "db", "db sizes", "db status", "erase", "ics",
            "minimums", "minimums list", "outbox", "standby", "standby add", "token", "token list",
        ],
        HEAVY,
    ),
    "commands that validate or draw": (
        [
            "board", "cancel", "case", "cases", "credentials", "hold", "import", "init", "preview opened-student",
            "release", "respond", "suggestions", "swap",
        ],
        HEAVY - {"pandas"},
    ),
    "commands that fetch weather": (["assess", "explain", "portal", "verify", "weather"], HEAVY - {"pandas", "httpx"}),
    "commands that deliver": (
        ["aws", "deliver", "dispatch", "doctor", "redrive", "send-test", "smoke"], HEAVY - FETCHING - {"pandas"},
    ),
}  # fmt: skip
"""By group: the commands, run one after another in one process, and what none of them may import."""

RUNS = {"archive", "demo", "dev", "drain", "report", "tick"}
"""The commands that load Dagster: they start runs, or read what is stored of runs."""


@pytest.mark.parametrize("group", TABLE)
def test_a_command_imports_only_what_it_uses(group: str) -> None:
    commands, without = TABLE[group]
    lines = [line if line.startswith(("-", "preview")) else f"{line} --help" for line in commands]
    done = subprocess.run(  # noqa: S603, our own words
        [sys.executable, "-c", TYPED, *lines], capture_output=True, text=True, check=True, timeout=1_200
    )
    assert done.stdout
    imported = {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert "typer" in imported
    assert imported & without == set()


def test_every_command_has_its_place_in_the_table() -> None:
    told = [line.split()[0] for commands, _ in TABLE.values() for line in commands if not line.startswith("-")]
    assert {*told, *RUNS} == set(app.commands)


@pytest.mark.parametrize("name", list(app.commands))
def test_the_line_in_the_list_is_the_first_of_the_commands_own_help(name: str) -> None:
    command = app.commands[name]
    assert isinstance(command, LazyCommand)
    assert command.help == command.load().help.splitlines()[0]
