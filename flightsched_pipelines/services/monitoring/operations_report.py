"""Make the hourly operations report: measure and store metrics, publish them to CloudWatch, and render a page."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Engine

from flightsched_pipelines.clients.cloudwatch import put_metrics
from flightsched_pipelines.clients.delivery.delivery_errors import DeliveryError
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.queries.cases import case_statistics
from flightsched_pipelines.database.queries.imports.feed_files import last_import
from flightsched_pipelines.database.queries.llm_calls import LLM_ANSWER
from flightsched_pipelines.database.queries.monitoring import alerts as alert_rows
from flightsched_pipelines.database.queries.monitoring import health, metrics
from flightsched_pipelines.database.queries.monitoring.health import CallResult
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.monitoring.statistics import share_percent
from flightsched_pipelines.domain.risk.bookings import severity
from flightsched_pipelines.durations import DAY, HOUR, MINUTE
from flightsched_pipelines.formatting import plural
from flightsched_pipelines.reporting import page
from flightsched_pipelines.reporting.metrics import NAMESPACE, data_of
from flightsched_pipelines.reporting.models import AlertPeriod, Funnel, Latency, Loss, Report, RiskMap, VerdictCounts
from flightsched_pipelines.services.hourly import hourly_steps, unknown_lessons
from flightsched_pipelines.services.monitoring import platform_health, storage
from flightsched_pipelines.services.monitoring.forecast_record import forecast_record
from flightsched_pipelines.services.monitoring.platform_health import THROTTLED, StepAttempt
from flightsched_pipelines.settings import Settings

MINUTE_OF_REPORT = 20
"""Minute of the next hour at which an hour is reported: its run, dispatch and first deliveries are over by then."""

SHOWN_DAYS, PICTURE_HOURS = 7, 72

WAITS: Mapping[str, str] = {
    "told": "detection to the student's message",
    "accepted": "detection to acceptance",
    "confirmed": "detection to confirmation",
    "ended": "detection to the end of the case",
}

log = logging.getLogger(__name__)


def window_of(hour_utc: datetime, now_utc: datetime) -> tuple[datetime, datetime]:
    """Return the 60 minutes that an hour's metrics cover: up to now, or up to 20 past an hour that is over.

    On schedule, each event is counted in one hour.
    """
    over = now_utc >= hour_utc + HOUR
    until = hour_utc + timedelta(minutes=MINUTE_OF_REPORT) if over else now_utc
    return until - HOUR, until


def measure(
    engine: Engine, attempts: Sequence[StepAttempt], hour_utc: datetime, now_utc: datetime, settings: Settings
) -> dict[str, float]:
    """Return an hour's metrics by key, without those not measured and, for a past hour, without current figures."""
    after, until = window_of(hour_utc, now_utc)
    values: dict[str, float] = {}
    for part, answers in (
        ("weather_monitor", health.provider_calls(engine, after)),
        ("ai_rescheduler", health.calls(engine, after)),
    ):
        of_part = [one for one in attempts if one.part == part and after < one.ended_at <= until]
        of_window = [one for one in answers if after < one.at_utc <= until]
        values |= {f"{part}_{name}": value for name, value in _work(of_part, of_window).items()}
        if part == "ai_rescheduler":
            values |= _llm(of_window)
    done = metrics.done(engine, after, until)
    values |= {
        "llm_cost_usd": done.llm_cost_usd,
        "messages_sent": done.messages_sent,
        "conflicts_detected": done.conflicts_detected,
        "cases_moved": done.cases_moved,
    }
    if settings.aws_region is not None:
        values["notifications_published"] = done.notifications_published
    if done.delivery_seconds is not None:
        values["delivery_seconds"] = done.delivery_seconds
    if done.confirmation_minutes is not None:
        values["confirmation_minutes"] = done.confirmation_minutes
    for counts in verdict_counts(engine, hour_utc, hour_utc):
        values |= {
            "lessons_at_risk": counts.at_risk,
            "lessons_unknown": counts.unknown,
            "lessons_beyond_reach": counts.beyond_reach,
        }
    return values | (_current(engine, now_utc, settings) if now_utc < hour_utc + HOUR else {})


def _work(attempts: Sequence[StepAttempt], answers: Sequence[CallResult]) -> dict[str, float]:
    """The work of one part of the platform: runs, errors, their rate, and the mean time of its steps in a run."""
    seconds: dict[str, float] = {}
    for one in attempts:
        seconds[one.run_id] = seconds.get(one.run_id, 0.0) + one.seconds
    failed = sum(one.failed for one in attempts) + sum(one.failed for one in answers)
    found: dict[str, float] = {"invocations": len(seconds), "errors": failed}
    if attempts or answers:
        found["error_rate_percent"] = share_percent(failed, len(attempts) + len(answers))
    if seconds:
        found["duration_seconds"] = sum(seconds.values()) / len(seconds)
    return found


def _llm(calls: Sequence[CallResult]) -> dict[str, float]:
    found: dict[str, float] = {
        "llm_calls": len(calls),
        "ai_rescheduler_throttles": sum(call.status == THROTTLED for call in calls),
    }
    if calls:
        found["llm_answer_seconds"] = sum(call.seconds for call in calls) / len(calls)
    return found


def _current(engine: Engine, now_utc: datetime, settings: Settings) -> dict[str, float]:
    """Current figures. A queue that cannot be read is left out, never counted as empty."""
    now, letters = metrics.current_figures(engine), health.dead_letters_waiting(engine)
    to_systems = {LLM_ANSWER, "sqs", "sns", "redis"}
    values: dict[str, float] = {
        "cases_open": now.cases_open,
        "messages_waiting": now.messages_waiting,
        "messages_given_up": sum(count for what, count in letters.items() if what not in to_systems),
    }
    with engine.connect() as connection:
        imported = last_import(connection)
    if imported is not None:
        values["schedule_age_minutes"] = (now_utc - imported) / MINUTE
    values[storage.SIZE] = storage.databases_megabytes(engine)
    queues = platform_health.queues(engine, settings)
    return values | {name: measured.value for name, measured in queues.items() if measured.examined}


def publish(values: Mapping[str, float], hour_utc: datetime, now_utc: datetime, settings: Settings) -> str:
    """Publish an hour's metrics to CloudWatch if Amazon is configured; returns a sentence, and never raises."""
    if settings.aws_region is None:
        return "off: AWS_REGION is not set"
    _, until = window_of(hour_utc, now_utc)
    try:
        put_metrics(
            settings.aws_region, settings.aws_endpoint_url, NAMESPACE, data_of(values, settings.environment, until)
        )
    except DeliveryError as error:
        log.warning("metrics were not put: %s", error)
        return str(error)
    return f"{plural(len(values), 'metric')} put into {NAMESPACE}"


def compose_report(engine: Engine, hour_utc: datetime, now_utc: datetime, settings: Settings) -> Report:
    """Return an hour's report from stored rows, its own metrics included."""
    since = hour_utc + HOUR - SHOWN_DAYS * DAY
    first = hour_utc - (page.SHOWN_HOURS - 1) * HOUR
    verdicts = verdict_counts(engine, first, hour_utc)
    assessed = verdicts[-1].hour_utc if verdicts else hour_utc
    rows = {
        name: read_partition(engine, PIPELINE_TABLES[name], [assessed])
        for name in ("at_risk_bookings", "booking_snapshot")
    }
    ahead = hourly_steps.lessons_ahead(rows["booking_snapshot"], assessed, settings.lookahead_hours)
    waits = case_statistics.wait_times(engine, since)
    return Report(
        hour_utc=hour_utc,
        made_at_utc=now_utc,
        environment=settings.environment,
        weather_source=settings.weather_source,
        lessons=len(ahead),
        risk=risk_map(rows["at_risk_bookings"], assessed),
        verdicts=verdicts,
        funnel=Funnel(days=SHOWN_DAYS, **case_statistics.funnel(engine, since)),
        losses=[Loss(*row) for row in case_statistics.losses(engine, since)],
        latencies=[
            Latency(words, waits[name].times, waits[name].median_minutes, waits[name].p90_minutes)
            for name, words in WAITS.items()
        ],
        series=metrics.series(engine, first, hour_utc),
        cost_by_day_usd=_costs(engine, hour_utc, settings),
        budget_usd=settings.openai_daily_budget_usd if settings.openai_api_key else None,
        alerts=_alerts(engine, now_utc),
        forecasts=forecast_record(engine, hour_utc + HOUR),
    )


def verdict_counts(engine: Engine, first_utc: datetime, last_utc: datetime) -> list[VerdictCounts]:
    """Return the lessons by verdict in each hour that was assessed, the oldest first."""
    beyond = unknown_lessons.beyond_reach(engine, first_utc, last_utc)
    return [
        VerdictCounts(
            hour,
            counts.get("at_risk", 0),
            counts.get("unknown", 0) - len(beyond.get(hour, ())),
            counts.get("watch", 0),
            len(beyond.get(hour, ())),
        )
        for hour, counts in case_statistics.verdicts_by_hour(engine, first_utc, last_utc).items()
    ]


def risk_map(broken: pd.DataFrame, hour_utc: datetime) -> RiskMap:
    """Return the worst verdict at each airport and hour ahead, from an hour's rows of ``at_risk_bookings``."""
    worst: dict[tuple[str, datetime], str] = {}
    found = broken[broken["hour_utc"].notna()]
    for airport, hour, verdict in zip(
        found["airport"], found["hour_utc"].dt.to_pydatetime(), found["verdict"], strict=True
    ):
        if severity(verdict) > severity(worst.get((airport, hour), "ok")):
            worst[airport, hour] = verdict
    hours = [hour_utc + n * HOUR for n in range(PICTURE_HOURS)]
    return RiskMap(sorted({airport for airport, _ in worst}), hours, worst)


def _costs(engine: Engine, hour_utc: datetime, settings: Settings) -> list[tuple[date, float]]:
    """The LLM's cost of each of the last days; empty if it is off and never ran."""
    first = hour_utc.date() - (SHOWN_DAYS - 1) * DAY
    spent = case_statistics.cost_by_day(engine, hour_utc.replace(hour=0) - (SHOWN_DAYS - 1) * DAY)
    if not spent and settings.openai_api_key is None:
        return []
    return [(first + n * DAY, spent.get(first + n * DAY, 0.0)) for n in range(SHOWN_DAYS)]


def _alerts(engine: Engine, now_utc: datetime) -> list[AlertPeriod]:
    """The alerts of the last days, the oldest first."""
    found = alert_rows.history(engine, now_utc - page.ALERT_DAYS * DAY, now_utc)
    return sorted(
        (
            AlertPeriod(
                one.key,
                one.severity,
                one.opened_at,
                one.resolved_at,
                "; ".join(check["sentence"] for check in one.failing),
            )
            for one in found
        ),
        key=lambda alert: alert.opened_at_utc,
    )
