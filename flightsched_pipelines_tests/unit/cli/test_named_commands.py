"""Sentences name commands that work on the data they are about: the demo's have ``--demo``."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.table import Table

import flightsched_pipelines
from flightsched_pipelines.cli import COMMANDS
from flightsched_pipelines.cli.console import CHOOSE_DEMO, console, print_error, print_progress

UNQUOTED = re.compile(rf"(?<!`)\bflightsched (--demo )?({'|'.join(COMMANDS)})\b")


@pytest.mark.parametrize(
    ("sentence", "of_the_demo"),
    [
        ("`flightsched cases` lists them", "`flightsched --demo cases` lists them"),
        ("`flightsched hold` or `flightsched keep`", "`flightsched --demo hold` or `flightsched --demo keep`"),
        ("`flightsched demo` shows two samples", "`flightsched demo` shows two samples"),
        ("`flightsched --demo dev` opens it", "`flightsched --demo dev` opens it"),
        ("the folder flightsched was left", "the folder flightsched was left"),
    ],
)
@pytest.mark.parametrize("way", ["an error", "progress", "a result", "a table"])
def test_a_sentence_names_the_demos_commands_where_the_data_is_the_demos(
    sentence: str, of_the_demo: str, way: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ((variable, chosen),) = CHOOSE_DEMO.items()
    for value, expected in (("", sentence), ("no", sentence), (chosen, of_the_demo)):
        monkeypatch.setenv(variable, value)
        _print(sentence, way)
        assert expected in "".join(capsys.readouterr())


def test_every_command_in_a_sentence_is_quoted() -> None:
    sources = list(Path(flightsched_pipelines.__file__).parent.rglob("*.py"))
    assert [f"{path}: {text}" for path in sources for text in _texts(path) if UNQUOTED.search(text)] == []


def _print(sentence: str, way: str) -> None:
    if way == "an error":
        print_error(sentence)
    elif way == "progress":
        print_progress(sentence)
    elif way == "a result":
        console.print(sentence, markup=False)
    else:
        table = Table("what to do")
        table.add_row(sentence)
        console.print(table)


def _texts(path: Path) -> Iterator[str]:
    """The texts of a module, without its docstrings."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
