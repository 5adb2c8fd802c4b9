"""Every command explains itself: two examples, the options that its kind has, and a page that has them all."""

import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flightsched_pipelines.cli import app
from flightsched_pipelines.cli.examples import EXAMPLES
from flightsched_pipelines.cli.lazy import LazyCommand
from flightsched_pipelines.cli.reference import JSON_FIELDS, as_markdown

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
SHOW_NOTHING_TO_COUNT = {
    "drain",
    "dev", "portal", "send-test", "respond", "swap", "cancel", "cancellation", "hold", "release", "preview", "init",
    "aws",
    "aws bootstrap", "airports", "airports add", "airports sync", "alerts silence", "standby add", "standby remove",
    "import", "minimums", "ics", "ics write", "token", "token revoke", "db", "db upgrade", "db downgrade", "db seed",
    "db reset", "db shell", "db analyst-password", "db stop",
}  # fmt: skip
"""They do something, and answer in a sentence; or open something."""


def walked(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from walked(f"{path} {name}", below)


COMMANDS = dict(
    pair for name, one in app.commands.items() if isinstance(one, LazyCommand) for pair in walked(name, one.load())
)


def test_every_command_has_two_examples_and_no_example_is_left_over() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_examples_are_of_that_command_and_of_options_that_it_has(path: str) -> None:
    known = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    for words in EXAMPLES[path]:
        assert words.removeprefix("--demo ").startswith(path)
        given = {word.partition("=")[0] for word in words.removeprefix("--demo ").split() if word.startswith("--")}
        assert given <= known
    assert len(set(EXAMPLES[path])) == 2


def test_the_readme_names_every_command() -> None:
    lines = (DOCS.parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    named = {word for line in lines if line.startswith("flightsched ") for word in line.replace("|", " ").split()}
    assert {path.partition(" ")[0] for path in COMMANDS} - named == set()


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if command.callback])
def test_a_command_returns_nothing_as_what_it_returns_is_its_exit_code(path: str) -> None:
    work = inspect.unwrap(COMMANDS[path].callback)
    assert typing.get_type_hints(work, include_extras=False).get("return") in {type(None), typing.Never}


def test_help_prints_the_examples() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "flightsched_pipelines.cli", "cases", "--help"], capture_output=True, text=True,
        check=True, timeout=600,
    )  # fmt: skip
    told = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout).split())
    assert told.endswith("Examples: flightsched cases --open flightsched cases --json")


def test_every_command_that_shows_something_has_json() -> None:
    without = {
        path
        for path, command in COMMANDS.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == SHOW_NOTHING_TO_COUNT
    assert set(JSON_FIELDS) == set(COMMANDS) - without, "and the reference has its fields"


def test_the_page_of_commands_is_that_of_the_commands() -> None:
    assert DOCS.read_text(encoding="utf-8") == as_markdown()


def test_the_version_is_printed_and_commands_are_completed() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "flightsched_pipelines.cli", "--version"], capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    assert re.fullmatch(r"flightsched \d+\.\d+\.\d+\n", told.stdout)
    assert any("--install-completion" in parameter.opts for parameter in app.params)
