"""Where words go: results to standard output, progress and complaints to standard error."""

import sys

from rich.console import Console

from flightsched_pipelines.errors import PlainError

PIPED_WIDTH = 132

console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPED_WIDTH)


class UsageError(PlainError, ValueError):
    """A command was given something it cannot take; the message says what, and what to do."""


def say(words: str) -> None:
    """Tell of progress."""
    errors.print(words, style="dim", markup=False)


def complain(words: str) -> None:
    """Say what was wrong."""
    errors.print(f"flightsched: {words}", style="red", markup=False, soft_wrap=True)
