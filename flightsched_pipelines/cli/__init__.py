"""The ``flightsched`` command: one door for a person at a terminal.

Belongs here: arguments, words and tables for people, exit codes. Does not: judgement, SQL.
A user's mistake gives one sentence on standard error and exit code 2; a failed run exit code 1.

A command's module is imported when the command is typed, and not before: all of them together take two seconds.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic import ValidationError
from typer.main import get_group

from flightsched_pipelines.cli.console import UsageError, print_error
from flightsched_pipelines.cli.lazy import commands
from flightsched_pipelines.errors import PlainError

COMMANDS = {
    "demo": (
        "hour:demo",
        "From nothing to a report: a database, two schools, simulated weather, one full hourly tick.",
    ),
    "dev": ("dev:dev", "Start the database, the Dagster UI and the daemon (its schedule running), until Ctrl-C."),
    "tick": ("hour:tick", "Run one hour's job here and now, and report what it found."),
    "dispatch": (
        "dispatch:dispatch",
        "Tell people of the newest hour: open, update and close cases, and queue the messages.",
    ),
    "deliver": ("dispatch:deliver", "Send what is due, on every channel that is on."),
    "outbox": (
        "outbox:show_outbox",
        "Show how the outbox stands, and the mail that went into the local folder (MAIL_VIA=maildir).",
    ),
    "preview": ("preview:preview", "Show what people are told, made of sample facts."),
    "send-test": ("dispatch:send_test", "Send one test mail, the way that all mail goes."),
    "respond": (
        "respond:respond",
        "Answer a case: take an alternative, confirm it, ask for others, or keep the lesson.",
    ),
    "swap": ("respond:swap", "Let two lessons take each other's places, when both students agree."),
    "cancel": (
        "orders:cancel",
        "End a case without a new time: the lesson stays on weather hold, and a dispatcher has it.",
    ),
    "hold": ("orders:hold", "Put a booking that has no open case on weather hold."),
    "release": ("orders:release", "Take a booking that has no open case off weather hold."),
    "cases": ("cases:cases", "List cases: the open ones by their deadline, or the newest hundred."),
    "case": ("cases:case", "Show one case: its lesson, its alternatives, and all that happened to it."),
    "redrive": (
        "redrive:redrive",
        "Try again what is among the dead letters: messages that were given up, answers of the LLM that were bad.",
    ),
    "report": ("hour:report", "Make an hour's operations report: metrics, pictures, alerts, as one page."),
    "explain": (
        "report:explain",
        "Tell in words why a booking stands as it does, from the newest stored hour or the one named.",
    ),
    "weather": ("weather:weather", "Show what a stored answer reads as, hour by hour."),
    "assess": (
        "weather:assess_file",
        "Hold bookings in a file against weather in a file, with the default minimums and no database.",
    ),
    "db": ("database:app", "The database: schema, seed, shell."),
    "init": ("init:init", "Make a school; what is not given as an option is asked for."),
    "airports": ("airports:app", "Airports that the school uses, and their runways."),
    "import": ("imports:app", "Bring files of the school's into the database."),
    "aws": ("aws:app", "Amazon's topics, queues and bucket."),
    "alerts": ("alerts:app", "What operators are alerted to."),
    "standby": ("standby:app", "Who waits for a slot to come free; without a command, the lists."),
}  # fmt: skip
"""Each command: where it is, and the first line of its own help."""

root = typer.Typer(no_args_is_help=True)


@root.callback(help="Hold a flight school's bookings against the weather, every hour, and find other times.")
def _choose(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Work on what `flightsched demo` made, in FLIGHTSCHED_HOME/demo, and reach nobody."
        ),
    ] = False,
) -> None:
    """What holds for every command."""
    if demo:
        os.environ["FLIGHTSCHED_DEMO"] = "yes"


app = get_group(root)
app.commands.update(commands(COMMANDS))
app.name = "flightsched"


def main() -> None:
    """Run a command; a mistake of the user's is one sentence, never a traceback."""
    try:
        _require_text(sys.argv[1:])
        app()
    except ValidationError as error:
        for fault in error.errors():
            name = "__".join(str(part) for part in fault["loc"]).upper() or "settings"
            print_error(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(2)
    except PlainError as error:
        print_error(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        print_error("stopped")
        sys.exit(130)


def _require_text(words: Sequence[str]) -> None:
    """Refuse what a terminal passed on and is not UTF-8: it can be neither stored nor printed.

    Raises:
        UsageError: a word is not UTF-8.
    """
    for place, word in enumerate(words, start=1):
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"word {place} of the command is not UTF-8 text; type it in UTF-8")
