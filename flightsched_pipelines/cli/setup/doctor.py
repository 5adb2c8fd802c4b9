"""Check the installation: ``flightsched doctor``."""

from dataclasses import asdict

import typer
from rich.markup import escape

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.services.monitoring.diagnosis import Finding, State, diagnose
from flightsched_pipelines.settings import Settings

MARKS: dict[State, str] = {"ok": "[green]✓[/green]", "off": "[dim]–[/dim]", "wrong": "[red]✗[/red]"}


def doctor(as_json: Json = False) -> None:
    """Check database, weather, mail and all else that is set, and say what to do; exits 1 if something is wrong."""
    found: list[Finding] = []
    for one in diagnose(Settings()):
        found.append(one)
        if not as_json:
            print_finding(one)
    if as_json:
        print_json([asdict(one) for one in found])
    if any(one.state == "wrong" for one in found):
        raise typer.Exit(1)


def print_finding(one: Finding) -> None:
    """Print a finding, and what to do if something is wrong."""
    console.print(f"{MARKS[one.state]} [bold]{one.name}[/bold]: {escape(one.found)}")
    if one.state == "wrong":
        console.print(f"  tried to {escape(one.tried)}; to do: {escape(one.remedy)}")
