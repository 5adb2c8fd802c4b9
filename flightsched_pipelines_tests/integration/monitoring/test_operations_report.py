"""The operators' hourly report on a running platform: metrics as rows, in Dagster and on CloudWatch, and a page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.reporting import page
from flightsched_pipelines.reporting.metrics import METRICS, NAMESPACE
from flightsched_pipelines.services.monitoring import operations_report as desk
from flightsched_pipelines.services.monitoring import report_pages
from flightsched_pipelines.services.monitoring.platform_health import StepAttempt
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch
from flightsched_pipelines_tests.integration.monitoring.conftest import Healthy
from flightsched_pipelines_tests.integration.monitoring.faults.fault import run_hour
from flightsched_pipelines_tests.integration.monitoring.faults.weather import forget_weather
from flightsched_pipelines_tests.servers import moto_server

HOUR = timedelta(hours=1)


@pytest.fixture(params=[False, True], ids=["within the hour", "as the hour ends"])
def reported(
    request: pytest.FixtureRequest, watch: Watch, healthy: Healthy, tmp_path: Path
) -> tuple[Watch, dg.ExecuteInProcessResult]:
    """A platform whose hour was dispatched, delivered and reported."""
    watch.settings = watch.settings.model_copy(update={"report_folder": tmp_path / "reports"})
    if request.param:
        watch.stand_at(minutes=60)
    watch.stay_in_hour()
    dispatch(watch.engine, watch.clock.now(), watch.settings)
    watch.deliver()
    watch.clock = TurnedClock(minutes=watch.clock.minutes + 1 / 20)  # the delivery's clock is a second ahead
    result = watch.run("report", healthy.hour)
    assert result.success
    return watch, result


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the report, as plain values."""
    (event,) = result.asset_materializations_for_node("operations_report")
    return {name: value.value for name, value in event.metadata.items()}


def of_hour(watch: Watch, hour: datetime) -> dict[str, float]:
    return {metric: points[-1][1] for metric, points in metrics.series(watch.engine, hour, hour).items()}


def test_an_hour_leaves_its_metrics_as_rows_as_numbers_and_as_a_page(
    reported: tuple[Watch, dg.ExecuteInProcessResult], healthy: Healthy
) -> None:
    watch, result = reported
    stored, shown = of_hour(watch, healthy.hour), told(result)
    assert {name: value for name, value in shown.items() if name in METRICS} == pytest.approx(stored)
    assert stored["weather_monitor_invocations"] == stored["ai_rescheduler_invocations"] == 1
    assert stored["weather_monitor_errors"] == stored["ai_rescheduler_errors"] == 0
    assert stored["weather_monitor_duration_seconds"] > 0
    assert stored["conflicts_detected"] == stored["notifications_published"] > 10
    assert stored["cases_open"] == stored["conflicts_detected"]
    assert stored["weather_alerts_queue_depth"] == stored["conflicts_detected"]
    assert stored["lessons_at_risk"] >= stored["conflicts_detected"]
    assert stored["delivery_seconds"] >= 0
    assert "confirmation_minutes" not in stored, "nobody has confirmed anything yet"
    assert shown["report"].count("data:image/svg+xml;base64,") >= 4
    file = report_pages.page_path(healthy.hour, watch.settings)
    assert file.name in shown["page"]
    assert file.name == f"{healthy.hour:%Y-%m-%dT%H}.html"
    assert file.read_text() == (file.parent / "latest.html").read_text()
    assert "Rescheduling funnel" in file.read_text()

    cloudwatch = aws.client("cloudwatch", moto_server.REGION, watch.settings.aws_endpoint_url)
    listed = cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]
    named = {(metric["Dimensions"][0]["Value"], metric["MetricName"]) for metric in listed}
    assert named == {(f"{METRICS[key].part}-test", METRICS[key].name) for key in stored}
    assert shown["cloudwatch"] == f"{len(stored)} metrics put into {NAMESPACE}"

    with watch.engine.connect() as connection:
        words = connection.execute(
            text("SELECT name FROM school.students UNION SELECT email FROM school.students UNION SELECT phone FROM "
                 "school.students UNION SELECT name FROM school.instructors UNION SELECT tail_number FROM "
                 "school.aircraft UNION SELECT note FROM school.student_preferences")
        ).scalars().all()  # fmt: skip
    log = "".join(str(entry) for entry in watch.instance.all_logs(result.run_id))
    assert [word for word in words if word and (word in file.read_text() or word in log)] == []

    later = healthy.hour + 26 * HOUR
    attempts = [StepAttempt("run", "weather_monitor", healthy.hour + timedelta(minutes=5), 7.0, failed=False)]
    again = [desk.measure(watch.engine, attempts, healthy.hour, later + n * HOUR, watch.settings) for n in range(2)]
    assert again[0] == again[1], "an hour that is over is reported again with the same figures"
    assert again[0]["lessons_at_risk"] == stored["lessons_at_risk"]
    assert not {"cases_open", "messages_waiting", "weather_alerts_queue_depth"} & again[0].keys(), "they stand only now"
    assert {"cases_open", "messages_waiting", "weather_alerts_queue_depth"} <= stored.keys()


def test_when_amazon_is_down_the_report_is_made_and_says_so_and_no_queue_counts_as_empty(
    watch: Watch, healthy: Healthy, tmp_path: Path
) -> None:
    down = {"aws_endpoint_url": "http://127.0.0.1:1", "report_folder": tmp_path / "reports"}
    watch.settings = watch.settings.model_copy(update=down)
    result = watch.run("report", healthy.hour)
    assert result.success
    assert "CloudWatch cannot be reached" in told(result)["cloudwatch"]
    stored = of_hour(watch, healthy.hour)
    assert "weather_alerts_queue_depth" not in stored
    assert "weather_monitor_dead_letters" not in stored
    assert stored["messages_waiting"] == 0


def test_errors_rates_and_durations_count_what_ended_within_the_window(watch: Watch, healthy: Healthy) -> None:
    now = watch.clock.now() + 40 * HOUR  # an hour of which nothing else is stored
    hour = now.replace(minute=0, second=0, microsecond=0)
    ended = now - timedelta(minutes=1)
    attempts = [
        StepAttempt("one", "weather_monitor", ended, 4.0, failed=True),
        StepAttempt("one", "weather_monitor", ended, 6.0, failed=False),
        StepAttempt("two", "weather_monitor", ended, 2.0, failed=False),
        StepAttempt("two", "ai_rescheduler", ended, 3.0, failed=False),
        StepAttempt("old", "ai_rescheduler", now - 2 * HOUR, 99.0, failed=True),
    ]
    values = desk.measure(watch.engine, attempts, hour, now, watch.settings)
    assert values["weather_monitor_invocations"] == 2
    assert values["weather_monitor_errors"] == 1
    assert values["weather_monitor_error_rate_percent"] == pytest.approx(100 / 3)
    assert values["weather_monitor_duration_seconds"] == 6.0
    assert values["ai_rescheduler_errors"] == values["ai_rescheduler_error_rate_percent"] == 0
    assert values["ai_rescheduler_duration_seconds"] == 3.0
    assert "lessons_at_risk" not in values, "the hour was not run"
    assert healthy.hour < hour


def test_calls_of_the_llm_are_counted_throttled_and_priced(watch: Watch, healthy: Healthy) -> None:
    watch.stay_in_hour()
    now = watch.clock.now()
    with watch.engine.begin() as connection:
        for status, cost, seconds, ago in (("ok", 0.02, 3.0, 1), ("rate_limited", 0, 9.0, 2), ("ok", 5, 1.0, 90)):
            connection.execute(
                text(
                    "INSERT INTO school.llm_calls (called_at, partition_hour, booking_id, question_digest, "
                    "prompt_version, model, status, attempts, input_tokens, cached_tokens, output_tokens, cost_usd, "
                    "latency_seconds) VALUES (:at, :hour, 1, 'd', 'v', 'm', :status, 1, 1, 0, 1, :cost, :seconds)"
                ),
                {
                    "at": now - timedelta(minutes=ago),
                    "hour": healthy.hour,
                    "status": status,
                    "cost": cost,
                    "seconds": seconds,
                },
            )
    values = desk.measure(watch.engine, [], healthy.hour, now, watch.settings)
    assert values["llm_calls"] == 2
    assert values["ai_rescheduler_throttles"] == values["ai_rescheduler_errors"] == 1
    assert values["llm_answer_seconds"] == 6.0
    assert values["llm_cost_usd"] == pytest.approx(0.02)
    report = desk.compose_report(watch.engine, healthy.hour, now, watch.settings)
    assert len(report.cost_by_day_usd) == desk.SHOWN_DAYS
    assert sum(usd for _, usd in report.cost_by_day_usd) == pytest.approx(5.02)


def test_a_confirmation_is_timed_from_the_detection(
    reported: tuple[Watch, dg.ExecuteInProcessResult], healthy: Healthy
) -> None:
    watch, _ = reported
    confirmed_at = healthy.hour + timedelta(minutes=10)
    with watch.engine.begin() as connection:
        case = connection.execute(
            text("UPDATE school.reschedule_cases SET opened_at = :at WHERE id = (SELECT min(id) FROM "
                 "school.reschedule_cases) RETURNING id"),
            {"at": confirmed_at - timedelta(seconds=90)},
        ).scalar_one()  # fmt: skip
        connection.execute(
            text("INSERT INTO school.case_events (case_id, at, actor, event, from_state, to_state, why) VALUES "
                 "(:case, :at, 'instructor', 'confirmed', 'student_accepted', 'student_accepted', '')"),
            {"case": case, "at": confirmed_at},
        )  # fmt: skip
    values = desk.measure(watch.engine, [], healthy.hour, confirmed_at + timedelta(minutes=1), watch.settings)
    assert values["confirmation_minutes"] == pytest.approx(1.5)


def test_before_its_run_an_hour_is_reported_as_the_one_before_assessed_it(watch: Watch, healthy: Healthy) -> None:
    own = desk.compose_report(watch.engine, healthy.hour, healthy.hour + HOUR, watch.settings)
    for minute in (0, 2, 19, 20, 21, 59):
        now = healthy.hour + HOUR + timedelta(minutes=minute)
        report = desk.compose_report(watch.engine, healthy.hour + HOUR, now, watch.settings)
        assert report.lessons == own.lessons > 10
        assert report.risk.worst == own.risk.worst != {}
        assert report.verdicts[-1] == own.verdicts[-1], f"at minute {minute}"
        newest = report.verdicts[-1]
        assert newest.at_risk + newest.unknown + newest.watch + newest.beyond_reach <= report.lessons
        (below,) = [tile for tile in page.tiles(report) if tile.label == "Lessons below minimums"]
        assert below.value == f"{newest.at_risk}"
        assert below.note.startswith(f"of {report.lessons} lessons ahead, as assessed ")


class WeatherOf48Hours(SimulatedWeather):
    """Simulated weather as it is abroad, where there is no guidance."""

    def fetch(self, *args: Any, **named: Any) -> list[ProviderResponse]:
        """Return the responses of the other providers."""
        return [answer for answer in super().fetch(*args, **named) if answer.product not in {"nbh", "nbs"}]


def test_lessons_beyond_the_forecast_are_counted_apart_from_those_whose_forecast_is_missing(
    watch: Watch, healthy: Healthy
) -> None:
    watch.parts = {**watch.parts, "weather": WeatherOf48Hours()}
    forget_weather(watch)
    run_hour(watch)
    before = desk.verdict_counts(watch.engine, healthy.hour, healthy.hour)[-1]
    assert before.beyond_reach > 0
    assert before.unknown == 0
    with watch.engine.begin() as connection:
        gone = connection.execute(
            text("SELECT airport FROM pipeline.at_risk_bookings WHERE verdict = 'unknown' AND hazard = 'no forecast' "
                 "GROUP BY airport ORDER BY count(*) DESC LIMIT 1")
        ).scalar_one()  # fmt: skip
        connection.execute(
            text("DELETE FROM pipeline.forecasts WHERE airport = :gone AND source <> 'METAR'"), {"gone": gone}
        )
    after = desk.verdict_counts(watch.engine, healthy.hour, healthy.hour)[-1]
    assert 0 < after.unknown <= before.beyond_reach, "a METAR that remains is about the running hour only"
    assert after.unknown + after.beyond_reach == before.beyond_reach
    values = desk.measure(watch.engine, [], healthy.hour, watch.clock.now(), watch.settings)
    assert (values["lessons_unknown"], values["lessons_beyond_reach"]) == (after.unknown, after.beyond_reach)


def test_without_amazon_there_is_no_topic_whose_messages_could_be_counted(watch: Watch, healthy: Healthy) -> None:
    off = watch.settings.model_copy(update={"aws_region": None})
    values = desk.measure(watch.engine, [], healthy.hour, watch.clock.now(), off)
    assert "notifications_published" not in values
    assert "weather_alerts_queue_depth" not in values
    assert values["messages_sent"] == 0
    assert desk.publish(values, healthy.hour, watch.clock.now(), off) == "off: AWS_REGION is not set"


def test_the_alert_history_is_on_the_page(watch: Watch, healthy: Healthy) -> None:
    now = watch.clock.now()
    with watch.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO school.alerts (key, severity, state, failing, opened_at, next_tell_at) VALUES "
                 "('weather', 'error', 'open', :failing, :at, :at)"),
            {"failing": '[{"name": "x", "sentence": "3 answers failed"}]', "at": now - HOUR},
        )  # fmt: skip
    report = desk.compose_report(watch.engine, healthy.hour, now, watch.settings)
    assert [(alert.key, alert.resolved_at_utc, alert.sentence) for alert in report.alerts] == [
        ("weather", None, "3 answers failed")
    ]


def test_the_schedule_asks_for_the_hour_that_runs_when_it_is_dispatched() -> None:
    schedule = build_definitions().get_repository_def().get_schedule_def("report")
    at = datetime(2026, 11, 10, 12, desk.MINUTE_OF_REPORT, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        tick = schedule.evaluate_tick(dg.build_schedule_context(instance=instance, scheduled_execution_time=at))
    assert [request.partition_key for request in tick.run_requests or []] == ["2026-11-10-12:00"]
