"""Faults of the platform: each is made to happen, found by its check, told once, and resolved when it is over."""

from datetime import timedelta
from typing import Any

import dagster as dg
from sqlalchemy import text

from flightsched_pipelines.alarms.catalogue import ALARMS
from flightsched_pipelines.alarms.on_operations import ON_OPERATIONS
from flightsched_pipelines.database.alerts import history, standing_of
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.alerts.watch import TurnedClock, Watch

CALL = (
    "INSERT INTO school.llm_calls (partition_hour, booking_id, question_digest, prompt_version, model, status, "
    "attempts, input_tokens, cached_tokens, output_tokens, cost_usd, latency_seconds) "
    "SELECT now(), n, n::text, 'v', 'm', :status, 1, 0, 0, 0, 0, :seconds FROM generate_series(1, :number) n"
)
LETTER = (
    "INSERT INTO school.dead_letters (kind, key, partition_hour, problem, request) "
    "SELECT :kind, n::text, now(), 'no', cast(:request AS jsonb) FROM generate_series(1, 2) n"
)
MESSAGE = (
    "INSERT INTO school.outbox (key, channel, event, role, payload, status, next_attempt_at, created_at) "
    "SELECT 'x' || n, 'sns', 'opened', 'system', '{}', 'waiting', now() - interval '20 minutes', "
    "now() - interval '20 minutes' FROM generate_series(1, 3) n"
)
CASE = (
    "INSERT INTO school.reschedule_cases (booking_id, state, opened_hour, last_hour, starts_at_utc, ends_at_utc, "
    "aircraft_id, deadline_utc, round, opened_at) SELECT id, 'open', now(), now(), now(), now(), 1, "
    "now() - interval '1 hour', 0, now() FROM school.bookings LIMIT 1"
)
HOUR = timedelta(hours=1)
FAILED_ANSWERS = "UPDATE pipeline.raw_weather SET error = 'HTTP 503', outcome = 'server_error', fetched_at_utc = now()"


def change(watch: Watch, statement: str, **values: object) -> None:
    with watch.engine.begin() as connection:
        connection.execute(text(statement), values)


def failing(found: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    return {name.partition(":")[0] for name, one in found.items() if not one.passed}


def test_a_platform_that_is_well_is_quiet_and_says_how_much_it_looked_at(watch: Watch) -> None:
    found = watch.check_operations()
    assert failing(found) == set()
    assert watch.told() == []
    of_the_llm = {"ai_rescheduler_throttles", "ai_rescheduler_answer_time"}
    assert {name.partition(":")[0] for name in found} == {alarm.name for alarm in ON_OPERATIONS} - of_the_llm
    for one in found.values():
        alarm = ALARMS[one.check_name]
        told: dict[str, Any] = {name: value.value for name, value in one.metadata.items()}
        assert told["examined"] > 0
        assert (told["limit"], told["todo"]) == (alarm.limit, alarm.todo)
        assert told["runbook"] == f"docs/runbook.md#{alarm.section}"
        assert one.description


def test_faults_are_told_once_a_cause_and_resolved_when_they_are_over(watch: Watch) -> None:
    watch.settings = watch.settings.model_copy(
        update={"openai_api_key": settings_for(openai_api_key="test").openai_api_key}
    )
    change(watch, "UPDATE school.outbox SET status = 'sent'")
    change(watch, CALL, status="server_error", seconds=200, number=4)
    change(watch, CALL, status="rate_limited", seconds=200, number=6)
    change(watch, LETTER, kind="llm_answer", request="{}")
    change(watch, LETTER, kind="outbox", request='{"channel": "sqs"}')
    change(watch, MESSAGE)
    change(watch, CASE)
    change(watch, FAILED_ANSWERS)
    watch.settings = watch.settings.model_copy(update={"alarms": {"database_has_connections": 0.5}})
    found = watch.check_operations()

    assert failing(found) == {
        "ai_rescheduler_errors", "ai_rescheduler_throttles", "ai_rescheduler_dead_letters",
        "ai_rescheduler_error_rate", "ai_rescheduler_answer_time", "weather_monitor_errors",
        "weather_monitor_error_rate", "weather_monitor_dead_letters", "outbox_is_young", "channels_deliver",
        "notifications_are_published", "cases_end_in_time", "database_has_connections",
    }  # fmt: skip
    assert watch.told() == ["database opened", "delivery opened", "llm opened", "weather opened"]
    assert set(watch.checks_told) == failing(found)
    watch.check_operations()
    assert watch.told() == []
    assert names_of_people(watch) == []

    change(watch, "UPDATE school.llm_calls SET called_at = called_at - interval '7 hours'")
    change(watch, "UPDATE school.dead_letters SET settled_at = now()")
    change(watch, "UPDATE school.outbox SET status = 'sent', settled_at = now()")
    change(watch, "UPDATE school.reschedule_cases SET state = 'expired', closed_at = now()")
    change(watch, "UPDATE pipeline.raw_weather SET error = NULL")
    watch.settings = watch.settings.model_copy(update={"alarms": {}})
    assert failing(watch.check_operations()) == set()
    assert watch.told() == ["database resolved", "delivery resolved", "llm resolved", "weather resolved"]
    watch.check_operations()
    assert watch.told() == []


def names_of_people(watch: Watch) -> list[str]:
    """Whoever is named, or can be reached or recognised, by what operators were told."""
    with watch.engine.connect() as connection:
        told = str(connection.execute(text("SELECT payload FROM school.outbox WHERE event = 'alert'")).all())
        people = connection.execute(
            text("SELECT name FROM school.students UNION SELECT name FROM school.instructors UNION "
                 "SELECT email FROM school.students UNION SELECT tail_number FROM school.aircraft")
        ).scalars()  # fmt: skip
        return [person for person in people if person in told]


def test_no_schedule_a_wrong_clock_and_lost_hours_are_one_alert(watch: Watch) -> None:
    watch.clock = TurnedClock(minutes=3 * 60)
    found = watch.check_operations()
    assert failing(found) >= {"is_fresh", "clocks_agree", "hours_are_complete", "weather_monitor_duration"}
    assert all(not one.passed for name, one in found.items() if name.startswith("is_fresh"))
    assert watch.told() == ["hours opened"]
    watch.clock = TurnedClock()
    watch.check_operations()
    assert watch.told() == ["hours resolved"]


def test_a_report_still_to_come_alarms_nobody_and_one_that_never_comes_does(watch: Watch) -> None:
    with watch.engine.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.hourly_metrics"))
    assert watch.check_operations()["is_fresh:operations_report"].passed
    watch.clock = TurnedClock(minutes=2 * 60)
    assert not watch.check_operations()["is_fresh:operations_report"].passed
    with watch.engine.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.partitions"))
    watch.clock = TurnedClock()
    assert not watch.check_operations()["is_fresh:operations_report"].passed


def test_slowness_is_told(watch: Watch) -> None:
    watch.settings = watch.settings.model_copy(
        update={"alarms": {"weather_monitor_duration": 0, "weather_monitor_mean_duration": 0}}
    )
    assert failing(watch.check_operations()) == {"weather_monitor_duration", "weather_monitor_mean_duration"}
    assert watch.told() == ["weather opened"]


def test_a_queue_is_told_when_nobody_reads_it_never_passes_unread_and_is_forgotten_when_off(watch: Watch) -> None:
    watch.fill_queue(3)
    watch.settings = watch.settings.model_copy(update={"alarms": {"weather_alerts_queue_depth": 2}})
    assert failing(watch.check_operations()) == {"weather_alerts_queue_depth"}
    assert watch.told() == ["delivery opened"]
    watch.settings = watch.settings.model_copy(update={"environment": "nowhere"})
    unread = {"weather_alerts_queue_depth", "weather_monitor_dead_letters", "ai_rescheduler_dead_letters"}
    assert failing(watch.check_operations()) == unread
    watch.settings = watch.settings.model_copy(update={"aws_region": None})
    assert "weather_alerts_queue_depth" not in watch.check_operations()
    assert standing_of(watch.engine, "at_risk_bookings:weather_alerts_queue_depth") is None
    assert [alert.state for alert in history(watch.engine, watch.clock.now() - HOUR, watch.clock.now())] == ["resolved"]
