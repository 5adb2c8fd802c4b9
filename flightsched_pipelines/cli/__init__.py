"""The ``flightsched`` command: one door for a person at a terminal.

Belongs here: arguments, words and tables for people, exit codes. Does not: judgement, SQL.
A user's mistake gives one sentence on standard error and exit code 2; a failed run exit code 1.
"""

import sys

import typer
from pydantic import ValidationError

from flightsched_pipelines.cli import alerts, answers, database, dev, hour, imports, redrive, standby, telling, weather
from flightsched_pipelines.cli.console import PLAIN_ERRORS, complain

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Hold a flight school's bookings against the weather, every hour, and find other times.",
)
app.add_typer(database.app, name="db")
app.add_typer(imports.app, name="import")
app.add_typer(telling.aws_app, name="aws")
app.add_typer(alerts.app, name="alerts")
app.add_typer(standby.app, name="standby")
app.command("demo")(hour.demo)
app.command("dev")(dev.dev)
app.command("tick")(hour.tick)
app.command("dispatch")(telling.dispatch)
app.command("deliver")(telling.deliver)
app.command("outbox")(telling.show_outbox)
app.command("preview")(telling.preview)
app.command("send-test")(telling.send_test)
app.command("respond")(answers.respond)
app.command("swap")(answers.swap)
app.command("cases")(answers.cases)
app.command("case")(answers.case)
app.command("redrive")(redrive.redrive)
app.command("report")(hour.report)
app.command("explain")(hour.explain)
app.command("weather")(weather.weather)
app.command("assess")(weather.assess_file)


def main() -> None:
    """Run a command; a mistake of the user's is one sentence, never a traceback."""
    try:
        app()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"]).upper() or "settings"
            complain(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(2)
    except PLAIN_ERRORS as error:
        complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        complain("stopped")
        sys.exit(130)
