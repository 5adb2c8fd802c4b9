"""Where words go: results to standard output, progress and complaints to standard error."""

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
    """A command was given something it cannot take; the message says what, and what to do."""


def print_progress(words: str) -> None:
    """Tell of progress."""
    errors.print(words, style="dim", markup=False)


def confirm(question: str, yes: bool) -> None:
    """Ask before something is lost, unless ``--yes`` has answered.

    Raises:
        UsageError: nobody is there to answer.
        typer.Exit: the answer is no.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        errors.print()
        raise UsageError("nobody answered, and nothing was changed; give --yes to do it without the question") from None
    if not agreed:
        raise typer.Exit(1)


def print_error(words: str) -> None:
    """Say what was wrong; what was typed may be in it, and steers no terminal."""
    shown = "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in words)
    errors.print(f"flightsched: {shown}", style="red", markup=False, soft_wrap=True)
