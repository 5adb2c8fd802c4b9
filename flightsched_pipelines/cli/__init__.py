"""The ``flightsched`` command: the entry point at a terminal.

Arguments, words and tables for people, and exit codes belong here; judgement and SQL do not. Errors print one line to
stderr: a command that was typed wrong or got bad input exits 2, one that failed exits 1.
A command's module is imported when the command is run, and not before: all of them together take two seconds.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from stamina import instrumentation
from typer.main import get_group, get_install_completion_arguments

from flightsched_pipelines.cli.console import CHOOSE_DEMO, UsageError, print_error
from flightsched_pipelines.cli.lazy import commands
from flightsched_pipelines.cli.usage_errors import sentence_of
from flightsched_pipelines.errors import PlainError

COMMANDS = {
    "demo": (
        "hourly.hour:demo",
        "Seed two sample schools, run one full hour on simulated weather, and print the report.",
    ),
    "dev": (
        "setup.dev:dev",
        "Start the database, the Dagster UI, the daemon with its schedules and the portal, until Ctrl-C.",
    ),
    "tick": ("hourly.hour:tick", "Run one hour's job now, and print its summary."),
    "dispatch": (
        "notifications.dispatch:dispatch",
        "Notify people about the latest hour's results: open, update and close cases, and queue messages.",
    ),
    "deliver": ("notifications.dispatch:deliver", "Send all pending messages on every enabled channel."),
    "outbox": (
        "notifications.outbox:show_outbox",
        "Show outbox status, and the mail in the local folder (MAIL_VIA=maildir).",
    ),
    "preview": ("notifications.preview:preview", "Preview notifications with sample data."),
    "send-test": ("notifications.dispatch:send_test", "Send a test email through the configured channel."),
    "respond": (
        "responses.respond:respond",
        "Respond to a case: accept an alternative, confirm it, ask for others, or keep the lesson.",
    ),
    "swap": ("responses.respond:swap", "Swap the slots of two lessons, if both students agree."),
    "cancel": (
        "responses.orders:cancel",
        "Close a case without a new time: the lesson stays on weather hold, for a dispatcher to handle.",
    ),
    "hold": ("responses.orders:hold", "Put a booking that has no open case on weather hold."),
    "release": ("responses.orders:release", "Take a booking that has no open case off weather hold."),
    "cases": ("responses.cases:cases", "List cases: the open ones by their deadline, or the newest hundred."),
    "case": ("responses.cases:case", "Show one case: its lesson, its alternatives, and its history."),
    "changes": (
        "school.changes:changes",
        "List the lessons that were moved here and that the school's scheduler still has at their old times.",
    ),
    "cancellation": ("school.cancellation:cancellation", "Record the cause of a cancelled lesson, for analysts."),
    "credentials": (
        "school.credentials:credentials",
        "List lessons ahead whose student, instructor or aircraft lacks what the school requires.",
    ),
    "redrive": (
        "notifications.redrive:redrive",
        "Retry dead-lettered messages and failed LLM calls.",
    ),
    "report": ("hourly.hour:report", "Render an hour's operations report: metrics, charts and alerts on one page."),
    "explain": (
        "hourly.report:explain",
        "Explain a booking's weather status, from the newest stored hour or the given one.",
    ),
    "verify": (
        "hourly.verify:verify",
        "Score each source's forecasts against METARs: POD, FAR, CSI, bias and Brier score, with their counts.",
    ),
    "suggestions": (
        "hourly.suggestions:suggestions",
        "Suggest when to act on TEMPO and PROB, and show biased sources, with what a change would have cost and saved.",
    ),
    "board": ("hourly.board:board", "Draw the days ahead by aircraft and instructor, each lesson with its verdict."),
    "doctor": (
        "setup.doctor:doctor",
        "Check database, weather, mail and all else that is set, and say what to do; exits 1 if something is wrong.",
    ),
    "config": (
        "setup.config:config",
        "Show every setting with its source, and of secrets only whether they are set; with --check, try each service.",
    ),
    "smoke": (
        "setup.smoke:smoke",
        "Try a deployment: health, last good hour, a dispatch that is undone, and one mail; exits 1 on a fault.",
    ),
    "drain": (
        "setup.drain:drain",
        "Wait until no run is under way, before a deploy replaces the code location; stop the daemon first.",
    ),
    "weather": ("hourly.weather:weather", "Decode a saved METAR, TAF or One Call response, hour by hour."),
    "assess": (
        "hourly.weather:assess_file",
        "Assess bookings in a file by weather in a file, with the default minimums and no database.",
    ),
    "portal": ("setup.portal:portal", "Serve the pages on which people answer, and the status page, until Ctrl-C."),
    "token": ("setup.tokens:app", "Make, list or revoke tokens for the live stream."),
    "archive": (
        "retention.archive:archive",
        "Archive hours that are no longer kept, and delete what has a window (KEEP_DAYS__<NAME>).",
    ),
    "erase": (
        "retention.erase:erase",
        "Erase a student, instructor, dispatcher or manager on request, everywhere; what they did stays unnamed.",
    ),
    "db": ("setup.database:app", "Manage the database: schema, seed, shell."),
    "init": ("school.init:init", "Make a school; what is not given as an option is asked for."),
    "airports": ("school.airports:app", "Airports that the school uses, and their runways."),
    "ics": ("setup.ics:app", "Calendars of people, aircraft and schools."),
    "minimums": ("school.minimums:app", "Minimums of the school, and students' own limits."),
    "import": ("school.imports:app", "Import school data from files."),
    "aws": ("setup.aws:app", "Manage Amazon's topics, queues and bucket."),
    "alerts": ("alerts:app", "List alerts, or mute one."),
    "standby": ("responses.standby:app", "Show or change the standby lists."),
}  # fmt: skip
"""Each command: its location, and the first line of its own help."""

FAILED, WRONG_USAGE, STOPPED = 1, 2, 130
"""Exit codes; 0 is success."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flightsched {version('flightsched-pipelines')}")
        raise typer.Exit


root = typer.Typer(no_args_is_help=True)


@root.callback(help="Check a flight school's bookings against the weather every hour and propose new times.")
def _choose(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Work on the demo's data, in FLIGHTSCHED_HOME/demo; no messages leave the machine."
        ),
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Check a flight school's bookings against the weather every hour and propose new times."""
    if demo:
        os.environ.update(CHOOSE_DEMO)


app = get_group(root)
app.params.extend(get_install_completion_arguments())
app.commands.update(commands(COMMANDS))
app.name = "flightsched"


def main() -> None:
    """Run a command; a user's mistake prints one sentence, never a traceback."""
    instrumentation.set_on_retry_hooks([])  # the error after the last attempt says it all
    try:
        _require_text(sys.argv[1:])
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        if words := sentence_of(error):
            print_error(words)
        sys.exit(error.exit_code)
    except ValidationError as error:
        for fault in error.errors():
            name = "__".join(str(part) for part in fault["loc"]).upper() or "settings"
            for sentence in fault["msg"].removeprefix("Value error, ").splitlines():
                print_error(f"{name}: {sentence}")
        sys.exit(WRONG_USAGE)
    except PlainError as error:
        print_error(str(error))
        sys.exit(WRONG_USAGE if isinstance(error, ValueError | LookupError) else FAILED)
    except (KeyboardInterrupt, typer.Abort):
        print_error("stopped")
        sys.exit(STOPPED)
    except Exception as error:  # any other is a fault of ours, and its traceback is what helps
        if (words := _of_the_machine(error)) is None:
            raise
        print_error(words)
        sys.exit(FAILED)


def _of_the_machine(error: Exception) -> str | None:
    """Return the sentence for an error of the database or of a file; ``None`` for any other."""
    from flightsched_pipelines.database.faults import sentence_of as of_database  # noqa: PLC0415, SQLAlchemy is slow

    if (words := of_database(error)) is None and isinstance(error, OSError) and error.filename is not None:
        return f"'{error.filename}' cannot be used: {error.strerror}; check that place and your rights there"
    return words


def _require_text(words: Sequence[str]) -> None:
    """Reject arguments that are not UTF-8: they can be neither stored nor printed.

    Raises:
        UsageError: a word is not UTF-8.
    """
    for place, word in enumerate(words, start=1):
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"argument {place} is not UTF-8 text; enter it in UTF-8")
