"""Measure the platform's operational checks from recorded facts.

A check of a disabled feature (no LLM, no AWS) is not measured, and so neither passes nor fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.delivery_errors import DeliveryError
from flightsched_pipelines.database.queries.cases.cases import PROVEN
from flightsched_pipelines.database.queries.imports.feed_files import feed_health
from flightsched_pipelines.database.queries.llm_calls import LLM_ANSWER
from flightsched_pipelines.database.queries.monitoring import health, queue_waits
from flightsched_pipelines.database.queries.monitoring.health import CallResult
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.check_definition import Cause, Measurement
from flightsched_pipelines.domain.monitoring.statistics import max_in_window, share_percent
from flightsched_pipelines.durations import DAY, HOUR, MINUTE, hour_of
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services.monitoring.storage import measure_storage
from flightsched_pipelines.services.notifications import channels
from flightsched_pipelines.settings import Settings

BURST = timedelta(minutes=5)
BURST_LOOKED_FOR = timedelta(minutes=10)
REACH = timedelta(hours=2)
RUN_REACH = timedelta(minutes=70)
LONG = timedelta(hours=6)
LATE = timedelta(minutes=15)
CASE_GRACE = timedelta(minutes=10)
DUE_AFTER = timedelta(hours=1)
"""An hour is due when the next one begins."""
THROTTLED = "rate_limited"

ASSETS = (*PIPELINE_TABLES, health.REPORT)
"""Every asset, each with an hour that is due."""

Part = Literal["weather_monitor", "ai_rescheduler"]


@dataclass(frozen=True, slots=True)
class StepAttempt:
    """One attempt at a step of the hourly job, or a run that failed before any step: its end and its duration."""

    run_id: str
    part: Part
    ended_at: datetime
    seconds: float
    failed: bool


Name = tuple[str, str | None]
"""A check's name, and the asset if the check belongs to several assets."""


def measure(
    engine: Engine,
    attempts: Sequence[StepAttempt],
    now_utc: datetime,
    settings: Settings,
    began_at_utc: datetime | None = None,
) -> dict[Name, Measurement]:
    """Measure every enabled operational check now.

    Args:
        engine: the database.
        attempts: the hourly job's steps of the last six hours.
        now_utc: now.
        settings: the enabled channels, and whether the LLM is on.
        began_at_utc: when the hourly schedule was first on, if known.
    """
    weather = [attempt for attempt in attempts if attempt.part == "weather_monitor"]
    rescheduler = [attempt for attempt in attempts if attempt.part == "ai_rescheduler"]
    answers = health.provider_calls(engine, now_utc - LONG)
    calls = health.calls(engine, now_utc - LONG)
    found: dict[str, Measurement] = {
        "weather_monitor_errors": _errors(weather, answers, now_utc, "steps and answers"),
        "weather_monitor_duration": _duration(weather, now_utc - RUN_REACH),
        "weather_monitor_error_rate": _error_rate(weather, answers, "steps and answers"),
        "weather_monitor_mean_duration": _duration(weather, now_utc - LONG),
        "ai_rescheduler_errors": _errors(rescheduler, calls, now_utc, "steps and calls"),
        "ai_rescheduler_error_rate": _error_rate(rescheduler, calls, "steps and calls"),
        "cases_end_in_time": _cases(engine, now_utc),
        "hours_are_complete": _hours(engine, now_utc),
        "clocks_agree": Measurement(abs((health.database_now(engine) - now_utc).total_seconds()), 1, "clocks"),
        "database_has_connections": _connections(engine),
    }
    if settings.openai_api_key is not None:
        found |= _llm(rescheduler, calls, now_utc)
    found |= queues(engine, settings)
    found |= _response_wait(engine, now_utc, settings)
    found |= _delivery(engine, now_utc, settings)
    found |= _feed(engine, now_utc, settings)
    found |= measure_storage(engine, now_utc, settings)
    everything = {(name, None): measured for name, measured in found.items()} | _freshness(engine, now_utc)
    if _is_new(engine, began_at_utc, now_utc):
        return {key: measured for key, measured in everything.items() if measured.examined or not _is_of_hours(key[0])}
    return everything


def _is_new(engine: Engine, began_at_utc: datetime | None, now_utc: datetime) -> bool:
    """Return whether no hour was run yet, and none had to be: the first begins after the schedule was first on."""
    if began_at_utc is None or health.written(engine):
        return False
    return now_utc < _hour_of(began_at_utc) + HOUR + DUE_AFTER


def _is_of_hours(alarm: str) -> bool:
    """Return whether a check with nothing to examine points to missing hourly runs."""
    return Cause.HOURS in {CHECKS[alarm].idle, CHECKS[alarm].cause}


def _errors(attempts: Sequence[StepAttempt], answers: Sequence[CallResult], now_utc: datetime, of: str) -> Measurement:
    ends = [(attempt.ended_at, attempt.failed) for attempt in attempts]
    ends += [(answer.at_utc, answer.failed) for answer in answers]
    failed = [at for at, is_failed in ends if is_failed and at > now_utc - BURST_LOOKED_FOR]
    return Measurement(max_in_window(failed, BURST), sum(at > now_utc - REACH for at, _ in ends), of)


def _error_rate(attempts: Sequence[StepAttempt], answers: Sequence[CallResult], of: str) -> Measurement:
    failed = sum(attempt.failed for attempt in attempts) + sum(answer.failed for answer in answers)
    examined = len(attempts) + len(answers)
    return Measurement(share_percent(failed, examined), examined, of)


def _duration(attempts: Iterable[StepAttempt], since_utc: datetime) -> Measurement:
    runs: dict[str, float] = {}
    for attempt in attempts:
        if attempt.ended_at >= since_utc:
            runs[attempt.run_id] = runs.get(attempt.run_id, 0.0) + attempt.seconds
    return Measurement(sum(runs.values()) / len(runs) if runs else 0.0, len(runs), "runs")


def _llm(attempts: Sequence[StepAttempt], calls: Sequence[CallResult], now_utc: datetime) -> dict[str, Measurement]:
    throttled = [call.at_utc for call in calls if call.status == THROTTLED and call.at_utc > now_utc - BURST_LOOKED_FOR]
    # An hour whose requests all had stored responses has no call: its ranking counts as examined.
    examined = len(calls) + sum(attempt.ended_at > now_utc - REACH for attempt in attempts)
    seconds = sum(call.seconds for call in calls) / len(calls) if calls else 0.0
    return {
        "ai_rescheduler_throttles": Measurement(max_in_window(throttled, BURST), examined, "calls and steps"),
        "ai_rescheduler_answer_time": Measurement(seconds, examined, "calls and steps"),
    }


def queues(engine: Engine, settings: Settings) -> dict[str, Measurement]:
    """Measure the messages waiting in the queue of weather alerts (if AWS is on) and among the dead letters."""
    letters = health.dead_letters_waiting(engine)
    found = {
        "weather_monitor_dead_letters": Measurement(letters["sqs"] + letters["sns"] + letters["redis"], 1, "queues"),
        "ai_rescheduler_dead_letters": Measurement(letters[LLM_ANSWER], 1, "queues"),
    }
    if settings.aws_region is None:
        return found
    of_queue = {
        "weather_alerts_queue_depth": aws.alerts_queue,
        "responses_queue_depth": aws.responses_queue,
        "weather_monitor_dead_letters": aws.alerts_dead_letters,
        "ai_rescheduler_dead_letters": aws.responses_dead_letters,
    }
    for name, named in of_queue.items():
        queue = aws.Queue(settings.aws_region, settings.aws_endpoint_url, named(settings.environment))
        here = found.get(name, Measurement(0, 0, "queues"))
        try:
            found[name] = Measurement(here.value + queue.depth().waiting, here.examined + 1, "queues")
        except DeliveryError as error:
            found[name] = Measurement(here.value, 0, "queues that can be read", [str(error)])
    return found


def _response_wait(engine: Engine, now_utc: datetime, settings: Settings) -> dict[str, Measurement]:
    if settings.aws_region is None:
        return {}
    queue = aws.Queue(settings.aws_region, settings.aws_endpoint_url, aws.responses_queue(settings.environment))
    try:
        depth = queue.depth()
    except DeliveryError as error:
        return {"responses_are_taken": Measurement(0, 0, "queues that can be read", [str(error)])}
    # A message leased to a run that died comes back: it still waits.
    since = queue_waits.waiting_since(engine, queue.name, depth.waiting + depth.in_flight, now_utc)
    minutes = 0.0 if since is None else max((now_utc - since) / timedelta(minutes=1), 0.0)
    return {"responses_are_taken": Measurement(minutes, 1, "queues")}


def _delivery(engine: Engine, now_utc: datetime, settings: Settings) -> dict[str, Measurement]:
    on = channels.configured_channels(settings)
    if not on:
        return {}
    by_channel = health.channels(engine, on, now_utc - DAY, now_utc - LATE, now_utc)
    oldest = min((one.oldest_due_at for one in by_channel.values() if one.oldest_due_at), default=now_utc)
    shares = {
        name: share_percent(one.undelivered, max(one.messages, one.undelivered)) for name, one in by_channel.items()
    }
    bad = [f"{name}: {one.undelivered} of {one.messages}" for name, one in by_channel.items() if one.undelivered]
    found = {
        "outbox_is_young": Measurement((now_utc - oldest) / MINUTE, len(by_channel), "channels"),
        "channels_deliver": Measurement(max(shares.values()), len(by_channel), "channels", bad),
    }
    if "sns" in on:
        published = health.channels(engine, ["sns"], now_utc - 3 * HOUR, now_utc - LATE, now_utc)["sns"]
        sent = published.messages - published.undelivered
        words = [f"{sent} published of {published.messages} queued"]
        found["notifications_are_published"] = Measurement(published.undelivered, 1, "topics", words)
    return found


def _feed(engine: Engine, now_utc: datetime, settings: Settings) -> dict[str, Measurement]:
    with engine.connect() as connection:
        feed = feed_health(connection, now_utc)
    waiting = {"changes_are_entered": Measurement(feed.hours_waiting, max(feed.waiting, 1), "changes")}
    if settings.schedule_feed is None:
        return waiting if feed.hours_since_import is not None else {}
    return waiting | {
        "schedule_is_recent": Measurement(
            feed.hours_since_import or 0.0, 0 if feed.hours_since_import is None else 1, "imports"
        ),
        "feed_files_are_sound": Measurement(feed.rejected, max(feed.taken, 1), "files"),
    }


def _cases(engine: Engine, now_utc: datetime) -> Measurement:
    past, held = health.cases_past(engine, now_utc - CASE_GRACE)
    return Measurement(past, held, "bookings")


def _connections(engine: Engine) -> Measurement:
    used, allowed = health.connections(engine)
    return Measurement(share_percent(used, allowed), allowed, "connections")


def _hours(engine: Engine, now_utc: datetime) -> Measurement:
    names = [*PIPELINE_TABLES, PROVEN]
    written = health.written(engine)
    newest_due = _hour_of(now_utc - DUE_AFTER)
    if not written:
        return Measurement(0, 0, "hours")
    first = max(min(one.first for one in written.values()), newest_due - DAY + HOUR)
    due = [first + n * HOUR for n in range(int((newest_due - first) / HOUR) + 1)]
    there = health.hours_with_all(engine, names, first, newest_due) if due else set[datetime]()
    lacking = [format_utc(hour) for hour in due if hour not in there]
    # Before the first hour is due, its run counts as examined.
    return Measurement(len(lacking), max(len(due), 1), "hours", lacking)


def _freshness(engine: Engine, now_utc: datetime) -> dict[Name, Measurement]:
    written: Mapping[str, health.PartitionRange] = health.written(engine)
    if not written:
        return {("is_fresh", table): Measurement(0, 0, "hours") for table in ASSETS}
    # An asset without any hour is late since the first hour of all: a new platform's report is still to come.
    before = min(one.first for one in written.values()) - HOUR
    found: dict[Name, Measurement] = {}
    for table in ASSETS:
        newest = written[table].newest if table in written else before
        late = (now_utc - newest - HOUR) / MINUTE
        # An hour in the future means that a clock is wrong: it counts as missing.
        ahead = newest > now_utc + timedelta(minutes=5)
        found["is_fresh", table] = Measurement(max(late, 0.0), 0 if ahead else 1, "hours that have begun")
    return found


def _hour_of(moment: datetime) -> datetime:
    return hour_of(moment)
