"""The jobs: every asset of one hour, in one process; and what ops start by hand."""

from dataclasses import asdict
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.defs.monitoring.operational_checks import operational_checks
from flightsched_pipelines.defs.monitoring.run_history import HOURLY_TICK, OPERATIONS
from flightsched_pipelines.defs.notifications.notification_jobs import deliver_messages
from flightsched_pipelines.defs.run_limits import bounded
from flightsched_pipelines.services.hourly import ranking
from flightsched_pipelines.settings import Settings

hourly_tick = dg.define_asset_job(
    HOURLY_TICK,
    selection=dg.AssetSelection.groups("weather_monitor", "ai_rescheduler")
    - dg.AssetSelection.checks(operational_checks),
    description="One hour: fetch the weather, hold the bookings against it, find other times for the threatened.",
    # Four trivial steps take 5 s in one process and 22 s in a process each.
    executor_def=dg.in_process_executor,
    tags=bounded("hour", minutes=60, retries=1),
)

operations_job = dg.define_asset_job(
    OPERATIONS,
    selection=dg.AssetSelection.checks(operational_checks),
    description="How the platform does: errors, durations, queues, dead letters, outbox, cases, freshness.",
    executor_def=dg.in_process_executor,
    tags=bounded("operations", minutes=5, priority=10),
)

report_job = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.groups("analytics"),
    description="The operations report of an hour: metrics, pictures, alert history, cost.",
    executor_def=dg.in_process_executor,
    tags=bounded("report", minutes=15, retries=1),
)


@dg.op
def redrive_llm_calls_op(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    ranker: dg.ResourceParam[OpenAIRanker | None],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Ask the LLM again what is among the dead letters of the newest hour."""
    if ranker is None:
        context.log.info(ranking.NO_KEY_TO_REDRIVE)
        return
    result = ranking.redrive(engine, ranker, datetime.now(UTC), settings)
    context.log.info(ranking.redrive_sentence(result))
    context.add_output_metadata(asdict(result))


@dg.op
def redrive_messages_op(context: dg.OpExecutionContext, engine: dg.ResourceParam[Engine]) -> None:
    """Put messages that were given up back into the outbox, with fresh attempts."""
    context.add_output_metadata({"messages_put_back": outbox.redrive(engine, datetime.now(UTC))})


@dg.job(
    description="Try again what failed: messages that were given up, answers of the LLM that never came or were bad.",
    executor_def=dg.in_process_executor,
    tags=bounded("redrive", minutes=60),
)
def redrive_dead_letters() -> None:
    """Messages and answers, neither after the other; then delivery."""
    redrive_llm_calls_op()
    deliver_messages(after=redrive_messages_op())
