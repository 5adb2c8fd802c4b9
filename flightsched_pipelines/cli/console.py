"""Print results to standard output, progress and errors to standard error."""

import json
import os
import re
import sys
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, NoReturn, TextIO

import typer
from rich.console import Console
from rich.text import Text

from flightsched_pipelines.errors import PlainError

PIPED_WIDTH = 132

CHOOSE_DEMO = MappingProxyType({"FLIGHTSCHED_DEMO": "yes"})
"""The variable by which ``flightsched --demo``, and the processes that it starts, work on the demo's data."""

COMMAND_OF_ANY_DATA = re.compile(r"`flightsched (?!--demo |demo\b)")
"""The beginning of a command in a sentence, unless it says itself that it is the demo's."""

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def _width_of(stream: TextIO) -> int | None:
    """Return the width for output that no terminal shows, unless COLUMNS sets one; ``None``: Rich determines it."""
    return None if stream.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPED_WIDTH


class _DataConsole(Console):
    """A console whose sentences name commands that work on the data at hand: the demo's have ``--demo``."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401, Rich's own
        """Return the text as Rich renders it."""
        if CHOOSE_DEMO.items() <= os.environ.items():
            text = COMMAND_OF_ANY_DATA.sub("`flightsched --demo ", text)
        return super().render_str(text, **options)


console = _DataConsole(highlight=False, width=_width_of(sys.stdout))
errors = _DataConsole(stderr=True, highlight=False, width=_width_of(sys.stderr))


class UsageError(PlainError, ValueError):
    """A command got an invalid argument; the message describes it, and the remedy. Exits 2."""


class CommandFailedError(PlainError, RuntimeError):
    """A command was typed right, and failed; the message contains the reason. Exits 1."""


def refuse(kind: str, sentence: str) -> NoReturn:
    """End a command whose response or order was refused.

    Raises:
        UsageError: it names nothing that exists.
        CommandFailedError: it was refused for another reason.
    """
    raise UsageError(sentence) if kind.startswith("unknown_") else CommandFailedError(sentence)


def print_progress(words: str) -> None:
    """Print progress."""
    errors.print(words, style="dim", markup=False)


def print_json(value: object) -> None:
    """Print one JSON value; times in ISO with their offset."""
    sys.stdout.write(json.dumps(value, default=_as_json) + "\n")


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


def confirm(question: str, yes: bool) -> None:
    """Ask before something is lost, unless ``--yes`` is given.

    Raises:
        UsageError: there is no terminal to answer at.
        typer.Exit: the answer is no.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        errors.print()
        raise UsageError("there was no answer, and nothing was changed; give --yes to skip the question") from None
    if not agreed:
        raise typer.Exit(1)


def print_error(words: str) -> None:
    """Print an error; text that the user typed in it cannot control the terminal."""
    shown = "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in words)
    errors.print(f"flightsched: {shown}", style="red", markup=False, soft_wrap=True)
