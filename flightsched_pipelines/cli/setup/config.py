"""Show the settings, and try the services that they name: ``flightsched config``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.services.monitoring.configuration import ShownSetting, configuration
from flightsched_pipelines.settings import Settings

if TYPE_CHECKING:
    from flightsched_pipelines.services.monitoring.diagnosis import Finding


def config(
    check: Annotated[
        bool, typer.Option("--check", help="Also try each service, as `flightsched doctor` does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show every setting with its source, and of secrets only whether they are set; with --check, try each service."""
    settings = Settings()
    shown = list(configuration(settings))
    if not as_json:
        _print(shown)
    found = _try_each(settings, quietly=as_json) if check else []
    if as_json:
        print_json({"settings": [asdict(one) for one in shown], "checks": [asdict(one) for one in found]})
    if any(one.state == "wrong" for one in found):
        raise typer.Exit(1)


def _try_each(settings: Settings, *, quietly: bool) -> "list[Finding]":
    # Imported here, since settings are shown without them: all clients, and pandas.
    from flightsched_pipelines.cli.setup.doctor import print_finding  # noqa: PLC0415
    from flightsched_pipelines.services.monitoring.diagnosis import diagnose  # noqa: PLC0415

    found: list[Finding] = []
    for one in diagnose(settings):
        found.append(one)
        if not quietly:
            print_finding(one)
    return found


def _print(shown: list[ShownSetting]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("setting", "value", "source"):
        table.add_column(heading, overflow="fold")
    for one in shown:
        value = "[dim]not set[/dim]" if one.value is None else escape(one.value)
        source = f"[dim]{one.source}[/dim]" if one.source == "default" else escape(one.source)
        table.add_row(one.name, value, source)
    console.print(table)
