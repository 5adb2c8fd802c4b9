"""Operational checks: when they pass, how much they examine, and what they report if it cannot be read."""

from datetime import timedelta
from typing import Any

import dagster as dg
from sqlalchemy import text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.database.queries.monitoring.alerts import history, status_of
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS
from flightsched_pipelines.services.monitoring import platform_health
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch

HOUR = timedelta(hours=1)


def failing(found: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    return {name.partition(":")[0] for name, one in found.items() if not one.passed}


def test_a_platform_that_is_well_is_quiet_and_says_how_much_it_looked_at(watch: Watch) -> None:
    found = watch.check_operations()
    assert failing(found) == set()
    assert watch.told() == []
    of_the_llm = {"ai_rescheduler_throttles", "ai_rescheduler_answer_time"}
    of_the_feed = {"schedule_is_recent", "feed_files_are_sound", "changes_are_entered"}
    off = of_the_llm | of_the_feed
    assert {name.partition(":")[0] for name in found} == {alarm.name for alarm in OPERATIONAL_CHECKS} - off
    for one in found.values():
        alarm = CHECKS[one.check_name]
        told: dict[str, Any] = {name: value.value for name, value in one.metadata.items()}
        assert int(told["examined"]) > 0
        assert (told["limit"], told["todo"]) == (f"{alarm.limit:g} {alarm.unit}", alarm.todo)
        assert told["runbook"] == f"docs/how-to/runbook.md#{alarm.section}"
        assert one.description


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
    watch.stand_at(minutes=30)
    assert watch.check_operations()["is_fresh:operations_report"].passed
    watch.stand_at(minutes=150)
    assert not watch.check_operations()["is_fresh:operations_report"].passed
    with watch.engine.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.partitions"))
    watch.stand_at(minutes=30)
    assert not watch.check_operations()["is_fresh:operations_report"].passed


def test_a_queue_is_told_when_nobody_reads_it_never_passes_unread_and_is_forgotten_when_off(watch: Watch) -> None:
    for _ in range(3):
        watch.queue(aws.alerts_queue).send("{}", {})
    watch.settings = watch.settings.model_copy(update={"alarms": {"weather_alerts_queue_depth": 2}})
    assert failing(watch.check_operations()) == {"weather_alerts_queue_depth"}
    assert watch.told() == ["delivery opened"]
    watch.settings = watch.settings.model_copy(update={"environment": "nowhere"})
    unread = {
        "responses_queue_depth",
        "responses_are_taken",
        "weather_alerts_queue_depth",
        "weather_monitor_dead_letters",
        "ai_rescheduler_dead_letters",
    }
    assert failing(watch.check_operations()) == unread
    watch.settings = watch.settings.model_copy(update={"aws_region": None})
    assert "weather_alerts_queue_depth" not in watch.check_operations()
    assert status_of(watch.engine, "at_risk_bookings:weather_alerts_queue_depth") is None
    assert [alert.state for alert in history(watch.engine, watch.clock.now() - HOUR, watch.clock.now())] == ["resolved"]


def test_a_new_platform_is_given_until_its_first_hour_is_due(watch: Watch) -> None:
    with watch.engine.begin() as connection:
        connection.execute(text("TRUNCATE pipeline.partitions, pipeline.hourly_metrics, pipeline.raw_weather"))
    began = watch.hour - timedelta(minutes=5)
    for minutes, is_late in ((10, False), (64, False), (65, True), (600, True)):
        found = platform_health.measure(watch.engine, [], began + timedelta(minutes=minutes), watch.settings, began)
        nothing = {name for (name, _), measured in found.items() if not measured.examined}
        assert ("is_fresh" in nothing) is is_late, minutes
        assert ("hours_are_complete" in nothing) is is_late, minutes
    without = platform_health.measure(watch.engine, [], began, watch.settings, None)
    assert without["hours_are_complete", None].examined == 0, "of a platform of unknown age nothing passes"
