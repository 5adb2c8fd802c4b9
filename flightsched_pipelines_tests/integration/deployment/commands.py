"""The commands that pages of the documentation give, and whether each exists with its options."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from flightsched_pipelines.cli import app
from flightsched_pipelines.cli.lazy import LazyCommand
from flightsched_pipelines_tests.servers.compose import ROOT, load

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = ("aws ", "flightsched ", "make ", "docker compose ", "npx cdk ", ".venv/bin/")
_FENCED = re.compile(r"^```(?:bash|sh)?(?: runnable)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

SERVICES = load({})["services"]
DOCKER = {"build", "cp", "down", "exec", "logs", "ps", "run", "stop", "up"}
NO_SERVICES = {"1h", "24h", ">", "code-location.log"}
OF_THE_CLI = {
    ("logs", "tail"): {"follow", "since", "filter-pattern", "format", "log-stream-name-prefix"},
    ("ecs", "wait"): {"cluster", "services"},
}
"""Operations of Amazon's command line that its services do not have, with their options."""

OF_EVERY_OPERATION = {"output", "query", "region"}
OF_GROUPS = {"--aircraft-type", "--template"}
"""Options of a group of commands that take a value."""

CDK = {"bootstrap", "deploy", "diff", "ls", "synth"}


def commands_of(page: Path) -> Iterator[str]:
    """Yield the commands in a page's blocks and in its sentences, with their arguments."""
    text = page.read_text(encoding="utf-8")
    for block in _FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(PROGRAMS):
                yield line
    for line in re.findall(r"`([^`]+)`", _ANY_FENCE.sub("", text)):
        if line.startswith(PROGRAMS) and " " in line:
            yield " ".join(line.split())


def exists(words: list[str]) -> None:
    """Check a command in words: a service, target, operation or option that is not there fails the test."""
    if "|" in words:
        words = words[: words.index("|")]  # a filter of what it says
    match words:
        case ["docker", "compose", verb, *rest]:
            _is_of_compose(verb, rest)
        case ["make", target, *_]:
            assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.MULTILINE), words
        case ["aws", service, operation, *rest]:
            options = {word.removeprefix("--") for word in rest if word.startswith("--")}
            assert options <= _options(service, operation) | OF_EVERY_OPERATION, words
        case ["flightsched", *rest]:
            is_ours(rest)
        case ["npx", "cdk", verb, *_]:
            assert verb in CDK, words
        case [".venv/bin/python", "-m", "pytest", *rest]:
            paths = [word for word in rest if word.startswith("flightsched_pipelines_tests")]
            assert all((ROOT / path).exists() for path in paths), words
        case ["bash", path]:
            assert (ROOT / path).exists(), words
        case ["git" | "psql" | "bash" | ".venv/bin/playwright", *_] | ["aws", "configure"]:
            pass
        case _:
            pytest.fail(f"the documentation says {words}: what is that?")


def _is_of_compose(verb: str, rest: list[str]) -> None:
    assert verb in DOCKER, verb
    named = {word for word in rest if not word.startswith("-")} - NO_SERVICES
    if verb in ("exec", "run"):
        for service in SERVICES.keys() & named:
            exists(rest[rest.index(service) + 1 :])
    elif verb != "cp":
        assert named <= SERVICES.keys(), rest


def _options(service: str, operation: str) -> set[str]:
    if (service, operation) in OF_THE_CLI:
        return OF_THE_CLI[service, operation]
    model: Any = get_session().get_service_model(service.replace("s3api", "s3"))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"aws {service} {operation}"
    shape = model.operation_model(names[operation]).input_shape
    return {xform_name(name, "-") for name in (shape.members if shape else {})}


def is_ours(words: list[str]) -> None:
    """Check a command of ours, with its options."""
    command: Any = app
    for before, word in pairwise(["", *(word.partition("|")[0] for word in words)]):
        if hasattr(command, "commands") and not word.startswith("-") and before not in OF_GROUPS:
            if word.isupper():
                return  # any of its commands
            assert word in command.commands, words
            command = command.commands[word]
            command = command.load() if isinstance(command, LazyCommand) else command
    known = {option for parameter in (*app.params, *command.params) for option in parameter.opts}
    given = {option for word in words if word.startswith("--") for option in word.split("|")}
    assert {option.partition("=")[0] for option in given} <= known | {"--help"}, words


def words_of(command: str) -> list[str]:
    """Split a command as a shell would, without its comment and what is redirected; wide room begins a description."""
    line = re.split(r"\s{2,}", command)[0]
    return [word.strip("[]") for word in shlex.split(line, comments=True) if not word.startswith(("<<", ">"))]
