"""``flightsched redrive``: what failed, once more."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from flightsched_pipelines.cli.console import UsageError, console
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.desk import ranking
from flightsched_pipelines.settings import Settings


def redrive(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Try again what is among the dead letters: answers of the LLM that were refused, broken or never came."""
    settings = Settings()
    ranker = ranking.ranker_of(settings)
    if ranker is None:
        raise UsageError(ranking.NO_KEY_TO_REDRIVE)
    engine = connect(settings)
    migrations.require_current(engine)
    result = ranking.redrive(engine, ranker, datetime.now(UTC), settings)
    console.print(json.dumps(asdict(result)) if as_json else ranking.words(result), markup=False)
