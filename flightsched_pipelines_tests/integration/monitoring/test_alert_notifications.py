"""Alerts from statuses to notifications: mutes, reminders, a channel that is down, and failing ticks."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo
from sqlalchemy import Engine, text

from flightsched_pipelines.database.queries.monitoring.alerts import history
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.defs.monitoring import alert_sensors, instance_status
from flightsched_pipelines.defs.monitoring.run_history import attempts_since
from flightsched_pipelines.domain.monitoring.alert_lifecycle import CheckStatus
from flightsched_pipelines.services.monitoring.alerts import SilenceError, record_statuses, silence
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock, Watch

NOW = datetime(2026, 11, 10, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = settings_for(mail_via="off", slack_webhook_url="http://127.0.0.1:1/hook")


def standing(name: str = "a:check", *, passed: bool = False, at: datetime = NOW, cause: str = "weather") -> CheckStatus:
    return CheckStatus(name, cause, "error", passed, "it is bad", "mend it", "section", at, at)


def words(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT payload->>'word' FROM school.outbox ORDER BY id")).scalars())


def test_what_is_noted_twice_or_too_late_is_told_once(engine: Engine) -> None:
    for _ in range(2):
        record_statuses(engine, [standing()], NOW, SETTINGS)
    record_statuses(engine, [standing(passed=True, at=NOW - HOUR)], NOW, SETTINGS)
    assert words(engine) == ["opened"]
    (alert,) = history(engine, NOW, NOW)
    assert (alert.state, alert.times_told) == ("open", 1)


def test_reminders_grow_rarer_and_a_new_fault_after_the_end_is_a_new_alert(engine: Engine) -> None:
    for n in range(9):
        record_statuses(engine, [standing(at=NOW + n * HOUR)], NOW + n * HOUR, SETTINGS)
    assert words(engine) == ["opened", "reminder", "reminder", "reminder"]  # at 0, 1, 3 and 7 hours
    record_statuses(engine, [standing(passed=True, at=NOW + 10 * HOUR)], NOW + 10 * HOUR, SETTINGS)
    record_statuses(engine, [standing(at=NOW + 11 * HOUR)], NOW + 11 * HOUR, SETTINGS)
    assert words(engine)[-2:] == ["resolved", "opened"]
    assert [alert.state for alert in history(engine, NOW, NOW + 11 * HOUR)] == ["open", "resolved"]


def test_a_silenced_alert_is_kept_and_speaks_when_the_silence_ends(engine: Engine) -> None:
    assert silence(engine, "weather", 4, "a front passes", NOW) == NOW + 4 * HOUR
    record_statuses(engine, [standing()], NOW, SETTINGS)
    (alert,) = history(engine, NOW, NOW)
    assert (alert.state, alert.times_told, alert.silenced_why) == ("open", 0, "a front passes")
    assert words(engine) == []
    record_statuses(engine, [], NOW + 5 * HOUR, SETTINGS)
    assert words(engine) == ["opened"]


@pytest.mark.parametrize(
    ("key", "hours", "why", "said"),
    [
        ("wether", 4, "x", "there is no alert 'wether'; there are"),
        ("weather", -1, "x", "hours must be between 0 and 336; got -1"),
        ("weather", 4, " ", "the reason is missing"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_in_a_sentence(
    engine: Engine, key: str, hours: float, why: str, said: str
) -> None:
    with pytest.raises(SilenceError, match=said):
        silence(engine, key, hours, why, NOW)


def test_with_no_channel_an_alert_is_kept_all_the_same(engine: Engine) -> None:
    record_statuses(engine, [standing()], NOW, Settings(mail_via="off"))
    assert words(engine) == []
    assert len(history(engine, NOW, NOW)) == 1


def test_an_alert_waits_for_channels_that_are_down_and_ops_silence_it_by_a_job(watch: Watch) -> None:
    watch.slack.mode = "rate_limited"
    topics = watch.settings
    watch.settings = topics.model_copy(update={"environment": "without-topics"})
    record_statuses(watch.engine, [standing()], watch.clock.now(), watch.settings)
    assert sorted(watch.deliver().down) == ["slack", "sns_alerts"]
    watch.slack.mode, watch.settings = "ok", topics
    watch.clock = TurnedClock(minutes=5)
    assert watch.told() == ["weather opened"]
    assert outbox.counts(watch.engine)["sns_alerts", "dead"] == 0

    def silenced(key: str) -> bool:
        asked = {"mute_alert_op": {"config": {"key": key, "hours": 2, "why": "KNOWN"}}}
        return watch.run("mute_alert", ops=asked).success

    assert silenced("weather")
    assert history(watch.engine, watch.clock.now(), watch.clock.now())[0].silenced_why == "known, and being worked on"
    assert not silenced("wether")
    assert watch.told() == ["platform opened"]


def test_a_sensor_whose_tick_failed_and_checks_that_do_not_run_are_told_and_resolved(watch: Watch) -> None:
    sensor = alert_sensors.tick_monitor_sensor
    with dg.build_sensor_context(instance=watch.instance) as context:
        look = {"engine": watch.engine, "settings": watch.settings}
        record_statuses(
            watch.engine, [standing("job/operations", passed=True, at=watch.clock.now())], NOW, watch.settings
        )
        add_tick(watch.instance, TickStatus.FAILURE)
        sensor(context, **look, clock=watch.clock)
        assert watch.told() == ["delivery opened"]
        add_tick(watch.instance, TickStatus.SUCCESS)
        sensor(context, **look, clock=watch.clock)
        assert watch.told() == ["delivery resolved"]
        watch.clock = TurnedClock(minutes=30)
        sensor(context, **look, clock=watch.clock)
        assert watch.told() == ["platform opened"]


def add_tick(instance: dg.DagsterInstance, status: TickStatus) -> None:
    """Leave a tick of the dispatch's sensor behind, as the daemon does."""
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("flightsched_pipelines"), "__repository__")
    origin = RemoteInstigatorOrigin(repository, "dispatch_sensor")
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    if not instance.all_instigator_state():
        instance.add_instigator_state(state)
    now = datetime.now(UTC).timestamp()
    instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id, instigator_name="dispatch_sensor",
            instigator_type=InstigatorType.SENSOR, status=status, timestamp=now, end_timestamp=now,
            selector_id=state.selector_id, run_ids=[],
            error=SerializableErrorInfo("no", [], None) if status == TickStatus.FAILURE else None,
        )
    )  # fmt: skip


def test_a_run_that_failed_before_its_first_step_counts(watch: Watch) -> None:
    before = attempts_since(watch.instance, watch.clock.now() - HOUR)
    assert {attempt.part for attempt in before} == {"weather_monitor", "ai_rescheduler"}
    assert not any(attempt.failed for attempt in before)
    watch.instance.add_run(dg.DagsterRun("hourly_tick", status=dg.DagsterRunStatus.FAILURE))
    failed = [one for one in attempts_since(watch.instance, watch.clock.now() - HOUR) if one.failed]
    assert [attempt.part for attempt in failed] == ["weather_monitor"]


def test_a_run_without_checks_stands_by_itself(watch: Watch) -> None:
    run = dg.DagsterRun("redrive_dead_letters", status=dg.DagsterRunStatus.FAILURE)
    (job,) = instance_status.run_statuses(watch.instance, run, NOW)
    assert (job.name, job.cause, job.passed) == ("job/redrive_dead_letters", "platform", False)
