"""Print results to standard output, progress and errors to standard error."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from flightsched_pipelines.errors import PlainError

PIPED_WIDTH = 132

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]

console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPED_WIDTH)


class UsageError(PlainError, ValueError):
    """A command got an invalid argument; the message describes it, and the remedy."""


def print_progress(words: str) -> None:
    """Print progress."""
    errors.print(words, style="dim", markup=False)


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
