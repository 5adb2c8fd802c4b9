"""A command imports only the modules it uses."""

import json
import subprocess
import sys

import pytest

from flightsched_pipelines.cli import app
from flightsched_pipelines.cli.lazy import LazyCommand

HEAVY = {"boto3", "dagster", "httpx", "openai", "ortools", "pandas", "redis", "slack_sdk"}

TYPED = """
import json, sys
from flightsched_pipelines.cli import main
sys.argv = ["flightsched", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (["--help"], HEAVY | {"sqlalchemy", "psycopg"}),
        (["preview", "opened-student"], HEAVY - {"pandas"}),  # samples are made as real messages are
        (["cases", "--help"], HEAVY - {"pandas"}),
        (["outbox", "--help"], HEAVY - {"boto3"}),
        (["respond", "--help"], HEAVY - {"pandas"}),
        (["db", "status", "--help"], HEAVY - {"pandas"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_command_imports_only_what_it_uses(words: list[str], without: set[str]) -> None:
    done = subprocess.run(  # noqa: S603, our own words
        [sys.executable, "-c", TYPED, *words], capture_output=True, text=True, check=True, timeout=1_200
    )
    assert done.stdout
    imported = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert "typer" in imported
    assert imported & without == set()


@pytest.mark.parametrize("name", list(app.commands))
def test_the_line_in_the_list_is_the_first_of_the_commands_own_help(name: str) -> None:
    command = app.commands[name]
    assert isinstance(command, LazyCommand)
    assert command.help == command.load().help.splitlines()[0]
