"""Jobs: the assets of an hour, the operational checks, the operations report, and the redrive."""

from dataclasses import asdict

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.defs.analytics.operations_report import operations_report
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring.operational_checks import operational_checks
from flightsched_pipelines.defs.monitoring.run_history import HOURLY_TICK, OPERATIONS
from flightsched_pipelines.defs.notifications.notification_jobs import deliver_messages
from flightsched_pipelines.defs.ownership import PLATFORM, code_reference
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.services.hourly import ranking
from flightsched_pipelines.settings import Settings

hourly_tick = dg.define_asset_job(
    HOURLY_TICK,
    selection=dg.AssetSelection.groups("weather_monitor", "ai_rescheduler")
    - dg.AssetSelection.checks(operational_checks),
    description="One hour: fetch the weather, compare the bookings with it, propose other times for lessons at risk.",
    metadata=code_reference(),
    tags=bounded("hour", minutes=60, retries=1),
)

operations_job = dg.define_asset_job(
    OPERATIONS,
    selection=dg.AssetSelection.checks(operational_checks),
    description="Operational checks: errors, durations, queues, dead letters, outbox, cases, freshness.",
    metadata=code_reference(),
    tags=bounded("operations", minutes=5, priority=10, owner=PLATFORM),
)

report_job = dg.define_asset_job(
    "report",
    selection=[operations_report],
    description="The operations report of an hour: metrics, pictures, alert history, cost.",
    metadata=code_reference(),
    tags=bounded("report", minutes=15, retries=1, owner=PLATFORM),
)


@dg.op(pool="openai")
def redrive_llm_calls_op(
    context: dg.OpExecutionContext,
    engine: dg.ResourceParam[Engine],
    ranker: dg.ResourceParam[OpenAIRanker | None],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Ask the LLM again about the failed calls of the latest hour."""
    if ranker is None:
        context.log.info(ranking.NO_KEY_TO_REDRIVE)
        return
    result = ranking.redrive(engine, ranker, clock.now(), settings)
    context.log.info(ranking.redrive_sentence(result))
    context.add_output_metadata(asdict(result))


@dg.op
def redrive_messages_op(
    context: dg.OpExecutionContext, engine: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]
) -> None:
    """Put dead letters back into the outbox, with new attempts."""
    context.add_output_metadata({"messages_put_back": outbox.redrive(engine, clock.now())})


@dg.job(
    description="Retry dead-lettered messages and failed LLM calls.",
    metadata=code_reference(),
    tags=bounded("redrive", minutes=60, owner=PLATFORM),
)
def redrive_dead_letters() -> None:
    """Redrive messages and LLM calls independently; then deliver."""
    redrive_llm_calls_op()
    deliver_messages(after=redrive_messages_op())
