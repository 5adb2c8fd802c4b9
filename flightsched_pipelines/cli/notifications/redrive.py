"""Retry dead-lettered messages and failed LLM calls: ``flightsched redrive``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import console, print_json
from flightsched_pipelines.cli.notifications.dispatch import delivered
from flightsched_pipelines.cli.setup.aws import region_of
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.services.hourly import ranking
from flightsched_pipelines.settings import Settings

MAX_REDRIVEN = 1000


def redrive(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    queue: Annotated[
        bool, typer.Option("--queue", help="Move the dead letters of the weather-alerts queue back into it.")
    ] = False,
    perhaps_delivered: Annotated[
        bool, typer.Option("--perhaps-delivered", help="Also send messages that may have been delivered.")
    ] = False,
) -> None:
    """Retry dead-lettered messages and failed LLM calls.

    Messages that may have been delivered are skipped unless --perhaps-delivered is given: their readers may get them
    twice.
    """
    settings = Settings()
    if queue:
        names = aws.alerts_queue(settings.environment), aws.alerts_dead_letters(settings.environment)
        moved = aws.redrive(region_of(settings), settings.aws_endpoint_url, *names, MAX_REDRIVEN)
        if as_json:
            print_json({"moved": moved})
        else:
            console.print(f"{plural(moved, 'message')} moved back into {names[0]}")
        return
    engine = connect(settings)
    migrations.require_current(engine)
    now = datetime.now(UTC)
    back = outbox.redrive(engine, now, perhaps_delivered=perhaps_delivered)
    left = outbox.perhaps_delivered(engine)
    sent = sum(delivered(engine, settings).sent.values()) if back else 0
    ranker = ranking.ranker_of(settings)
    result = ranking.redrive(engine, ranker, now, settings) if ranker is not None else None
    if as_json:
        figures = {"messages_put_back": back, "sent": sent, "perhaps_delivered": left}
        print_json(figures | asdict(result or ranking.Redriven(0, 0, 0, 0)))
        return
    console.print(f"{plural(back, 'message')} put back into the outbox, {plural(sent, 'message')} sent")
    if left:
        console.print(
            f"perhaps delivered, and skipped: {plural(left, 'message')}; --perhaps-delivered sends them again"
        )
    console.print(ranking.redrive_sentence(result) if result is not None else ranking.NO_KEY_TO_REDRIVE, markup=False)
