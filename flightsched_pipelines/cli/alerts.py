"""List alerts and all checks, and mute an alert: ``flightsched alerts`` and ``alerts silence``."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from sqlalchemy import Engine

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.monitoring import alerts as rows
from flightsched_pipelines.domain.monitoring.catalogue_markdown import markdown
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services.monitoring import alerts as desk
from flightsched_pipelines.settings import Settings

SHOWN_DAYS = 7

app = typer.Typer(help="List alerts, or mute one.")


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="All checks, as docs/reference/alerts.md lists them; needs no database.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show open alerts, and those of the last seven days."""
    if context.invoked_subcommand is not None:
        return
    if as_markdown:
        typer.echo(markdown(), nl=False)
        return
    now = datetime.now(UTC)
    found = rows.history(_engine(), now - timedelta(days=SHOWN_DAYS), now)
    if as_json:
        print_json([asdict(alert) for alert in found])
        return
    if not found:
        console.print(f"no alerts open or resolved in the last {SHOWN_DAYS} days")
        return
    table = Table("alert", "severity", "opened", "resolved", "notified", "failing or last failed", box=box.SIMPLE_HEAD)
    for alert in found:
        quiet = f"\nmuted until {_at(alert.silenced_until)}: {alert.silenced_why}" if alert.silenced_until else ""
        words = "\n".join(f"{check['name']}: {check['sentence']}" for check in alert.failing)
        table.add_row(
            alert.key,
            alert.severity,
            _at(alert.opened_at),
            _at(alert.resolved_at),
            str(alert.times_told),
            words + quiet,
        )
    console.print(table)


@app.command()
def silence(
    key: Annotated[str, typer.Argument(help="The alert, as listed by `flightsched alerts`.")],
    why: Annotated[str, typer.Option(help="The reason, for the next operator.")],
    hours: Annotated[float, typer.Option(help="Duration in hours; 0 ends the mute.")] = 4,
) -> None:
    """Silence an alert; its history is still recorded."""
    until = desk.silence(_engine(), key, hours, why, datetime.now(UTC))
    console.print(f"{key} is muted until {_at(until)}" if hours else f"{key} is no longer muted")


def _engine() -> Engine:
    engine = connect(Settings())
    migrations.require_current(engine)
    return engine


def _at(moment: datetime | None) -> str:
    return format_utc(moment) if moment else ""
