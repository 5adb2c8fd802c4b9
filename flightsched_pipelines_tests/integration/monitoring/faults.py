"""Faults of the platform, each made to happen for real, and fixed.

A fault is a generator: before its ``yield`` something breaks and the platform's jobs meet it, after it the fault is
fixed and they run again. ``fails`` are the checks that must fail meanwhile. If a check looks back over hours, these
pass by moving the rows that it reads back in time.
"""

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather.weather_source import LiveWeather
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import PIPELINE_TABLES, hourly_metrics, partitions
from flightsched_pipelines.defs.monitoring.run_history import attempts_since
from flightsched_pipelines.services.notifications import dispatch as desk
from flightsched_pipelines_tests.conftest import keep_awake, settings_for
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch
from flightsched_pipelines_tests.servers import moto_server, smtp_server
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer
from flightsched_pipelines_tests.servers.proxy import wire_to
from flightsched_pipelines_tests.servers.weather_servers import (
    AviationWeatherServer,
    Body,
    OpenWeatherMapServer,
    simulated_bodies,
)

KEY = "a-key"
PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=2)
"""Waits as long as a busy machine takes, and does not pause."""
HASTY = replace(PATIENT, one_attempt=0.5)
"""For a provider that does not answer at all."""
FOREVER = 3_600
MANY = 10_000
SLOW_ANSWER_SECONDS = 4

Happening = Callable[[Watch], Generator[None]]


@dataclass(frozen=True)
class Fault:
    """A fault: its name, how it happens and is fixed, and the checks that must fail meanwhile."""

    name: str
    happens: Callable[[Watch], AbstractContextManager[None]]
    fails: frozenset[str]


FAULTS: dict[str, Fault] = {}
"""Every fault by its name."""


def fault(name: str, *fails: str) -> Callable[[Happening], Happening]:
    """Add a generator to the faults."""

    def add(happening: Happening) -> Happening:
        FAULTS[name] = Fault(name, contextmanager(happening), frozenset(fails))
        return happening

    return add


def do(watch: Watch, *statements: str) -> None:
    """Change rows."""
    with watch.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


Providers = tuple[AviationWeatherServer, OpenWeatherMapServer]


@contextmanager
def live_weather(watch: Watch, patience: RetryPolicy = PATIENT) -> Generator[Providers]:
    """Run both providers, working, as the platform's source, with the hour's weather not fetched yet."""
    bodies = simulated_bodies(schedule.airports(watch.engine), watch.hour)
    with AviationWeatherServer(bodies=bodies) as center, OpenWeatherMapServer(bodies=bodies, key=KEY) as map_server:
        source = LiveWeather(
            AviationWeatherCenter(center.url, "ops@example.com", patience, seconds_between_polls=0),
            OpenWeatherMap(map_server.url, KEY, patience),
        )
        watch.parts = {**watch.parts, "weather": source}
        forget_weather(watch)
        yield center, map_server


def forget_weather(watch: Watch) -> None:
    """Let the hour's weather be fetched again, the good responses too."""
    do(watch, "DELETE FROM pipeline.raw_weather")


def run_hour(watch: Watch) -> dg.ExecuteInProcessResult:
    """Run the running hour."""
    return watch.run("hourly_tick", watch.hour)


@fault(
    "providers down or refusing the key",
    "providers_answer", "airports_are_covered", "unknown_share_is_low", "tafs_are_fresh", "providers_agree",
    "weather_monitor_errors", "weather_monitor_error_rate",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch) as (center, map_server):
        center.mode, map_server.key = "server_error", "another-key"
        result = run_hour(watch)
        assert KEY not in str(watch.instance.all_logs(result.run_id))
        yield
        center.mode, map_server.key = "ok", KEY
        run_hour(watch)


@fault(
    "providers sending garbage or nothing in time", "providers_answer", "airports_are_covered", "unknown_share_is_low"
)
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch, HASTY) as (center, map_server):
        center.mode, map_server.mode, map_server.slow_seconds = "garbage", "slow", FOREVER
        run_hour(watch)
        yield
    with live_weather(watch):
        run_hour(watch)


def spoiled(body: Body, spoil: Callable[[list[dict[str, Any]]], None]) -> Body:
    """Return OpenWeatherMap's response with its hours changed."""

    def answer(query: Any) -> str:
        told = json.loads(body if isinstance(body, str) else body(query))
        spoil(told["hourly"])
        return json.dumps(told)

    return answer


def _in_another_unit(hours: list[dict[str, Any]]) -> None:
    for hour in hours:
        hour["wind_speed"] = hour["wind_gust"] = 110


@fault("a forecast in a wrong unit", "units_are_plausible", "job/hourly_tick")
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch) as (_, map_server):
        well = map_server.bodies["onecall"]
        map_server.bodies["onecall"] = spoiled(well, _in_another_unit)
        run_hour(watch)
        yield
        map_server.bodies["onecall"] = well
        forget_weather(watch)
        run_hour(watch)


@fault("a station that writes in a form of its own", "words_are_understood")
def _(watch: Watch) -> Generator[None]:
    with live_weather(watch) as (center, _):
        well = center.bodies["metar"]

        def in_its_own_form(query: Any) -> str:
            reports = json.loads(well if isinstance(well, str) else well(query))
            for report in reports:
                report["rawOb"] = report["rawOb"].replace(" RMK ", " A300OO RMK ")
            return json.dumps(reports)

        center.bodies["metar"] = in_its_own_form
        run_hour(watch)
        yield
        center.bodies["metar"] = well
        forget_weather(watch)
        run_hour(watch)


@fault(
    "providers that are stale and contradict each other", "tafs_are_fresh", "providers_agree", "weather_moves_plausibly"
)
def _(watch: Watch) -> Generator[None]:
    def contrary(hours: list[dict[str, Any]]) -> None:
        for n, hour in enumerate(hours):
            hour["wind_speed"], hour["wind_gust"] = 50, 60
            hour["temp"] += 12 if n % 2 else -12

    with live_weather(watch) as (center, map_server):
        well, well_map = center.bodies, map_server.bodies
        center.bodies = simulated_bodies(schedule.airports(watch.engine), watch.hour - timedelta(hours=10))
        map_server.bodies = {"onecall": spoiled(well_map["onecall"], contrary)}
        run_hour(watch)
        yield
        center.bodies, map_server.bodies = well, well_map
        forget_weather(watch)
        run_hour(watch)


@fault("a provider that is slow", "weather_monitor_duration", "weather_monitor_mean_duration")
def _(watch: Watch) -> Generator[None]:
    steps = [one for one in attempts_since(watch.instance, watch.hour) if one.part == "weather_monitor"]
    usual = sum(step.seconds for step in steps)
    watch.restart_with(alarms=dict.fromkeys(("weather_monitor_duration", "weather_monitor_mean_duration"), usual + 1))
    with live_weather(watch) as (center, _):
        center.slow_seconds, center.mode = usual + 3, "slow"
        slow = run_hour(watch)
        yield
        watch.instance.delete_run(slow.run_id)  # as when the window that is looked at has gone by


@fault("limits and settings entered wrongly", "at_risk_share_is_usual", "threatened_have_alternatives")
def _(watch: Watch) -> Generator[None]:
    change = "UPDATE school.weather_minimums SET limit_value = limit_value {} 10 WHERE rule = 'visibility'"
    usual = watch.settings
    do(watch, change.format("+"))
    watch.restart_with(lookahead_hours=24, reschedule_horizon_days=1, reschedule_earliest_hours=23)
    run_hour(watch)
    yield
    do(watch, change.format("-"))
    watch.settings = usual
    run_hour(watch)


@fault("minimums that cannot be read, and looser ones", "rows_can_be_read", "minimums_are_not_loosened")
def _(watch: Watch) -> Generator[None]:
    entered = (
        "INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, "
        "effective_from, reference) VALUES (1, 'school', 'wind', '<', {}, '{}', 'block', '2020-01-01', 'a fault')"
    )
    do(
        watch,
        "ALTER TABLE school.weather_minimums DROP CONSTRAINT weather_minimums_meaning_check",  # as a row from before
        entered.format(9, "furlongs"),
        entered.format(30, "m/s"),
    )
    run_hour(watch)
    yield
    do(watch, "DELETE FROM school.weather_minimums WHERE reference = 'a fault'")
    run_hour(watch)


@fault("lessons whose aircraft has no annual inspection", "lessons_meet_requirements")
def _(watch: Watch) -> Generator[None]:
    required = "INSERT INTO school.requirements (school_id, requirement, effect, reference) "
    do(watch, required + "VALUES (1, 'annual', 'warn', 'a fault')")
    run_hour(watch)
    yield
    do(watch, "DELETE FROM school.requirements")
    run_hour(watch)


@fault("proposals that go missing on their way", "proposals_are_valid", "job/hourly_tick")
def _(watch: Watch) -> Generator[None]:
    do(
        watch,
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER lose BEFORE INSERT ON pipeline.reschedule_proposals FOR EACH ROW WHEN (NEW.rank = 1) "
        "EXECUTE FUNCTION lose()",
    )
    run_hour(watch)
    yield
    do(watch, "DROP FUNCTION lose CASCADE")
    run_hour(watch)


@contextmanager
def language_model(watch: Watch, mode: str, **settings: object) -> Generator[None]:
    """Run an LLM in a ``mode`` for the running hour; once it works, requests are repeated, and hours pass."""
    with OpenAIServer(mode, failures=MANY, slow_seconds=SLOW_ANSWER_SECONDS) as server:
        watch.restart_with(openai_api_key="test", openai_base_url=server.url, **settings)
        run_hour(watch)
        yield
        server.mode = "ok"
        watch.run("redrive_dead_letters")
        do(watch, "UPDATE school.llm_calls SET called_at = called_at - interval '7 hours'")
        watch.restart_with(openai_daily_budget_usd=1_000_000_000)
        run_hour(watch)


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
        run_hour(watch)
        yield
        server.models[watch.settings.openai_model] = None
        run_hour(watch)


def dispatch(watch: Watch, minutes_ago: float) -> None:
    """Dispatch the hour, some minutes ago."""
    keep_awake(watch.engine)
    run_at(watch, "dispatch", -minutes_ago)


def run_at(watch: Watch, job: str, minutes: float) -> None:
    """Run a job some minutes after the present."""
    watch.clock = TurnedClock(minutes=minutes)
    assert watch.run(job).success
    watch.clock = TurnedClock()


@fault("a mail server that is down", "outbox_is_young", "channels_deliver")
def _(watch: Watch) -> Generator[None]:
    with smtp_server.running() as server, wire_to("127.0.0.1", server.port) as wire:
        watch.restart_with(mail_via="smtp", smtp_url=f"smtp://127.0.0.1:{wire.end}")
        wire.cut()
        dispatch(watch, minutes_ago=20)
        run_at(watch, "deliver", -2)
        yield
        wire.mend()
        run_at(watch, "deliver", 2)  # a channel that is down is left alone for a minute
        assert server.mails


@fault("mail that the server refuses", "channels_deliver")
def _(watch: Watch) -> Generator[None]:
    with smtp_server.running("refuse") as server:
        watch.restart_with(mail_via="smtp", smtp_url=server.url)
        dispatch(watch, minutes_ago=0)
        yield
        server.mode = "accept"
        watch.run("redrive_dead_letters")
        assert server.mails


@fault("systems that choke on messages and send others", "weather_monitor_dead_letters", "weather_alerts_queue_depth",
       "ai_rescheduler_dead_letters")  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    watch.restart_with(alarms={"weather_alerts_queue_depth": 2})
    dispatch(watch, minutes_ago=0)
    alerts, answers = watch.queue(aws.alerts_queue), watch.queue(aws.responses_queue)
    for _ in range(aws.MAX_RECEIVES + 1):
        alerts.receive(2, visible_after_seconds=0)  # and never deleted: given up in the end
    for poison in ("one", "two"):
        answers.send(f"no answer: {poison}", {})
    watch.run("apply_queued_responses")
    yield
    names = aws.alerts_queue("test"), aws.alerts_dead_letters("test")
    assert aws.redrive(moto_server.REGION, watch.settings.aws_endpoint_url, *names, most=10) == 2
    for queue in (alerts, watch.queue(aws.responses_dead_letters)):
        while messages := queue.receive():
            for message in messages:
                queue.delete(message)


@fault("responses that nobody takes", "responses_queue_depth", "responses_are_taken")
def _(watch: Watch) -> Generator[None]:
    watch.restart_with(alarms={"responses_queue_depth": 2})
    responses = watch.queue(aws.responses_queue)
    for number in range(3):
        responses.send(json.dumps({"key": f"partner-{number:04}", "case_id": 1, "action": "withdraw",
                                   "role": "student", "person_id": 1}), {})  # fmt: skip
    assert watch.check_operations()["responses_are_taken"].passed, "they have only just come"
    do(watch, "UPDATE school.queue_waits SET since_utc = since_utc - interval '16 minutes'")
    yield
    assert watch.run("apply_queued_responses").success


@fault("a delivery that does not run", "notifications_are_published", "outbox_is_young")
def _(watch: Watch) -> Generator[None]:
    keep_awake(watch.engine)
    desk.dispatch(watch.engine, watch.clock.now() - timedelta(minutes=20), watch.settings)
    yield
    watch.run("deliver")


@fault("deadlines that nobody passes", "cases_end_in_time")
def _(watch: Watch) -> Generator[None]:
    watch.restart_with(case_answer_hours=0.1)
    dispatch(watch, minutes_ago=30)
    yield
    watch.run("deliver")


@fault("a schedule that is off", "is_fresh", "hours_are_complete")
def _(watch: Watch) -> Generator[None]:
    now = watch.hour
    tables = ", ".join(table.fullname for table in (*PIPELINE_TABLES.values(), partitions, hourly_metrics))
    do(watch, f"TRUNCATE {tables}")
    for job in ("hourly_tick", "report"):
        watch.run(job, now - timedelta(hours=3))
    yield
    for hours_ago in (2, 1, 0):
        watch.run("hourly_tick", now - timedelta(hours=hours_ago))
    watch.run("report", now)


@fault("a feed that is late and bad, and a move that nobody enters", "schedule_is_recent", "feed_files_are_sound",
       "changes_are_entered")  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    usual = watch.settings
    with TemporaryDirectory() as folder:
        watch.restart_with(schedule_feed=f"dir:{folder}")
        do(
            watch,
            "INSERT INTO school.imports (kind, imported_at, digest, complete, added, changed, unchanged, gone) "
            "VALUES ('bookings', now() - interval '5 hours', '', false, 1, 0, 0, 0)",
            "INSERT INTO school.feed_files (name, size_bytes, modified_at, seen_at, kind, outcome, taken_at) "
            "VALUES ('bookings.csv', 1, now(), now(), 'bookings', 'rejected', now())",
            "UPDATE school.bookings SET external_id = 'X-1' WHERE id = 1",
            "INSERT INTO school.schedule_changes (booking_id, kind, from_period, from_aircraft_id, made_at) "
            "SELECT id, 'cancellation', tstzrange(now() + interval '1 day', now() + interval '2 days'), aircraft_id, "
            "now() - interval '6 hours' FROM school.bookings WHERE id = 1",
        )
        yield
        do(
            watch,
            "UPDATE school.imports SET imported_at = now()",
            "UPDATE school.feed_files SET outcome = 'imported'",
            "DELETE FROM school.schedule_changes",
        )
        watch.check_operations()
        watch.settings = usual


@fault("a database that is full", "database_has_connections")
def _(watch: Watch) -> Generator[None]:
    url = watch.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    watch.restart_with(alarms={"database_has_connections": 25})
    with ExitStack() as crowd:
        for _ in range(60):
            crowd.enter_context(psycopg.connect(url))
        yield


@fault("a database that goes away", "job/hourly_tick")
def _(watch: Watch) -> Generator[None]:
    url = watch.engine.url
    with wire_to(url.host or "", url.port or 0) as wire:
        far = url.set(drivername="postgresql", port=wire.end).render_as_string(hide_password=False)
        near, watch.engine = watch.engine, connect(settings_for(database_url=far, database_connect_attempts=1))
        wire.cut()
        failed = watch.execute("hourly_tick", watch.hour)
        with pytest.raises(OperationalError):
            watch.see(failed)
        wire.mend()
        watch.see(failed)
        yield
        run_hour(watch)
        watch.engine.dispose()
        watch.engine = near


@fault("a clock that jumps", "clocks_agree")
def _(watch: Watch) -> Generator[None]:
    watch.clock = TurnedClock(minutes=5)
    yield
    watch.clock = TurnedClock()
