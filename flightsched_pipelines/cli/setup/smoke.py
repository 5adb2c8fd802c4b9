"""Try a deployment: ``flightsched smoke``."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import typer

from flightsched_pipelines.cli.arguments import Json
from flightsched_pipelines.cli.console import UsageError, print_json
from flightsched_pipelines.cli.session import open_session
from flightsched_pipelines.cli.setup.doctor import print_finding
from flightsched_pipelines.services.monitoring.diagnosis import Finding
from flightsched_pipelines.services.monitoring.smoke import smoke_test

TIMEOUT_SECONDS = 30
SINK = "success@simulator.amazonses.com"
"""Amazon's mailbox simulator takes mail, delivers it to nobody, and counts against no quota."""


def smoke(
    url: Annotated[str, typer.Argument(help="Address of the portal, such as https://flights.example.com.")],
    sink: Annotated[str, typer.Option(help="Address to send one mail to.")] = SINK,
    max_hours: Annotated[float, typer.Option(help="Maximum age of the last good hour.", min=1, max=48)] = 2,
    as_json: Json = False,
) -> None:
    """Try a deployment: health, last good hour, a dispatch that is undone, and one mail; exits 1 on a fault."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"'{url}' is not a web address; give one such as https://flights.example.com")
    settings, engine = open_session()
    found: list[Finding] = []
    with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as portal:
        for one in smoke_test(portal, engine, settings, sink, timedelta(hours=max_hours), datetime.now(UTC)):
            found.append(one)
            if not as_json:
                print_finding(one)
    if as_json:
        print_json([asdict(one) for one in found])
    if any(one.state == "wrong" for one in found):
        raise typer.Exit(1)
