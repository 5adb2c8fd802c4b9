"""Wait until no run is under way: ``flightsched drain``."""

import time
from datetime import timedelta
from typing import Annotated

import dagster as dg
import typer

from flightsched_pipelines.cli.console import CommandFailedError, console, print_progress
from flightsched_pipelines.defs.instance import open_instance
from flightsched_pipelines.defs.runs.run_limits import UNDER_WAY
from flightsched_pipelines.formatting import format_duration, plural
from flightsched_pipelines.settings import Settings

POLL_SECONDS = 5.0


def drain(
    minutes: Annotated[float, typer.Option(help="How long to wait at most.", min=0, max=240)] = 30,
) -> None:
    """Wait until no run is under way, before a deploy replaces the code location; stop the daemon first."""
    end = time.monotonic() + minutes * 60
    with open_instance(Settings()) as instance:
        while under_way := instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
            named = ", ".join(sorted({run.job_name for run in under_way}))
            if time.monotonic() >= end:
                waited = format_duration(timedelta(minutes=minutes))
                raise CommandFailedError(
                    f"{plural(len(under_way), 'run')} still under way after {waited}: {named}; "
                    "wait longer, or end them in the UI: an hour that is run again acts once"
                )
            print_progress(f"waiting for {named} ...")
            time.sleep(POLL_SECONDS)
    console.print("no run is under way")
