"""Import a command's module only when the command is run: Dagster, pandas and the solver take two seconds."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group

from flightsched_pipelines.cli.examples import EXAMPLES


class LazyCommand(TyperCommand):
    """A command known by its name and its line in ``flightsched --help``, until it is run.

    Args:
        name: The command's name.
        line: The first line of its own help.
        where: ``module:attribute`` in this package, a function or a `typer.Typer`.
    """

    def __init__(self, name: str, line: str, where: str) -> None:
        super().__init__(name, help=line)
        self._name, self._where = name, where

    def load(self) -> Any:  # noqa: ANN401, Typer keeps the Click that it is made of to itself
        """Return the command itself."""
        module, attribute = self._where.split(":")
        found = getattr(import_module(f"{__package__}.{module}"), attribute)
        around = typer.Typer()
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=self._name)
        else:
            around.command(self._name)(found)
        command = get_group(around).commands[self._name]
        _add_examples(command, self._name)
        return command

    def make_context(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401, as above
        """Load the command when Typer first needs its options; from here on the command itself runs."""
        return self.load().make_context(*arguments, **named)


def _add_examples(command: Any, path: str) -> None:  # noqa: ANN401, as above
    """End the help of a command, and of each command below it, with its examples."""
    if path in EXAMPLES:
        command.epilog = "\n\n".join(("Examples:", *(f"flightsched {words}" for words in EXAMPLES[path])))
    for name, below in getattr(command, "commands", {}).items():
        _add_examples(below, f"{path} {name}")


def commands(table: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Return commands by name, from the location and help line of each."""
    return {name: LazyCommand(name, line, where) for name, (where, line) in table.items()}
