"""Faults of the LLM."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from flightsched_pipelines_tests.integration.monitoring.builders import Watch
from flightsched_pipelines_tests.integration.monitoring.faults.fault import do, fault, rank
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

MANY = 10_000
SLOW_ANSWER_SECONDS = 4
LESSONS = 8
"""Enough to be an alarm, whatever the hour: more than five requests that are throttled."""

OF_LESSONS_AT_RISK = ("at_risk_bookings", "reschedule_candidates", "unplaceable_bookings", "reschedule_plan")


@contextmanager
def language_model(watch: Watch, mode: str, **settings: object) -> Generator[None]:
    """Run an LLM in a ``mode`` for the running hour; once it works, requests are repeated, and hours pass.

    A few of the lessons at risk are enough.
    """
    few = f"SELECT DISTINCT booking_id FROM pipeline.reschedule_plan ORDER BY booking_id LIMIT {LESSONS}"  # noqa: S608, our own
    do(watch, f"CREATE TABLE school.few AS {few}")
    others = "booking_id NOT IN (SELECT booking_id FROM school.few)"
    do(watch, *(f"DELETE FROM pipeline.{table} WHERE {others}" for table in OF_LESSONS_AT_RISK))  # noqa: S608, our own
    do(watch, "DROP TABLE school.few")
    with OpenAIServer(mode, failures=MANY, slow_seconds=SLOW_ANSWER_SECONDS) as server:
        watch.restart_with(openai_api_key="test", openai_base_url=server.url, **settings)
        rank(watch)
        yield
        server.mode = "ok"
        watch.run("redrive_dead_letters")
        do(watch, "UPDATE school.llm_calls SET called_at = called_at - interval '7 hours'")
        watch.restart_with(openai_daily_budget_usd=1_000_000_000)
        rank(watch)


@fault(
    "an LLM that throttles",
    "llm_ranks", "ai_rescheduler_errors", "ai_rescheduler_throttles", "ai_rescheduler_dead_letters",
    "ai_rescheduler_error_rate",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    with language_model(watch, "rate_limited"):
        yield


@fault(
    "an LLM that answers garbage, slowly and dearly",
    "llm_ranks", "ai_rescheduler_errors", "ai_rescheduler_dead_letters", "ai_rescheduler_error_rate",
    "ai_rescheduler_answer_time", "llm_cost_is_in_budget",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    limits = {"ai_rescheduler_answer_time": SLOW_ANSWER_SECONDS - 0.5, "llm_cost_is_in_budget": 1e-6}
    with language_model(watch, "rambling", alarms=limits):
        yield


@fault(
    "an LLM that fails",
    "llm_ranks",
    "ai_rescheduler_errors",
    "ai_rescheduler_dead_letters",
    "ai_rescheduler_error_rate",
)
def _(watch: Watch) -> Generator[None]:
    with language_model(watch, "server_error"):
        yield


@fault("an LLM whose model is about to be shut down", "llm_model_stays")
def _(watch: Watch) -> Generator[None]:
    with OpenAIServer() as server:
        watch.restart_with(openai_api_key="test", openai_base_url=server.url)
        server.models[watch.settings.openai_model] = f"{watch.hour + timedelta(days=30):%Y-%m-%d}"
        rank(watch)
        yield
        server.models[watch.settings.openai_model] = None
        rank(watch)
