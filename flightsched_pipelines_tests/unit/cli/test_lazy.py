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

TABLE = {
    "the list of commands": (["--help"], HEAVY | {"pydantic_settings", "psycopg", "sqlalchemy"}),
    "commands of few rows": (
        ["db status", "db sizes", "config", "changes", "alerts list", "token list", "cancellation", "outbox", "erase"],
        HEAVY,
    ),
    "commands about cases and minimums": (
        ["cases", "case", "respond", "hold", "standby list", "minimums list", "airports", "init"], HEAVY - {"pandas"},
    ),
    "a sample": (["preview opened-student"], HEAVY - {"pandas"}),  # made as real messages are
}  # fmt: skip
"""By group: the commands, run one after another in one process, and what none of them may import."""


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


@pytest.mark.parametrize("name", list(app.commands))
def test_the_line_in_the_list_is_the_first_of_the_commands_own_help(name: str) -> None:
    command = app.commands[name]
    assert isinstance(command, LazyCommand)
    assert command.help == command.load().help.splitlines()[0]
