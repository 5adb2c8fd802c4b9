"""The sensors and jobs of notifications, on a real database and a real instance of Dagster."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery.mail import read_maildir
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.notifications.sensors import ENOUGH_TIME, TRY_AGAIN_SECONDS
from flightsched_pipelines.services.hourly import proposal_validation
from flightsched_pipelines.services.notifications import dispatch as desk
from flightsched_pipelines.services.responses import deadlines
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.services.helpers import next_hour, refuse_changes_of, rows

HOUR = timedelta(hours=1)
NOW = SEED_HOUR + timedelta(minutes=8)
KEY = "2026-11-10-14:00"


class StoppedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """Return its time."""
        return self.at


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as of_the_test:
        yield of_the_test


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(flightsched_home=tmp_path)


class Platform:
    """The definitions on a database, at a time."""

    def __init__(self, engine: Engine, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.engine, self.settings, self.instance = engine, settings, instance
        self.clock = StoppedClock()
        self._cursors: dict[str, str | None] = {}

    def tick(self, sensor: str) -> dg.RunRequest | str:
        """Return a sensor's requests now, or its reason for none; it remembers, as under the daemon."""
        with dg.build_sensor_context(self.instance, cursor=self._cursors.get(sensor), resources=self._parts) as context:
            found = build_definitions(**self._parts).resolve_sensor_def(sensor).evaluate_tick(context)
        self._cursors[sensor] = found.cursor
        if not found.run_requests:
            return str(found.skip_message)
        (request,) = found.run_requests
        return request

    def run(self, job: str, config: Any = None) -> dg.ExecuteInProcessResult:
        """Run a job."""
        definition = build_definitions(**self._parts).resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, run_config=config, raise_on_error=False)

    @property
    def _parts(self) -> dict[str, Any]:
        return {"engine": self.engine, "settings": self.settings, "clock": self.clock}


@pytest.fixture
def platform(ticked_engine: Engine, settings: Settings, instance: dg.DagsterInstance) -> Platform:
    return Platform(ticked_engine, settings, instance)


def metadata(result: dg.ExecuteInProcessResult, op: str) -> dict[str, Any]:
    (event,) = [e for e in result.all_node_events if e.is_successful_output and e.node_name == op]
    return {name: value.value for name, value in event.step_output_data.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert event.step_failure_data.user_failure_data is not None
    return str(event.step_failure_data.user_failure_data.description)


def test_the_newest_proven_hour_is_asked_for_once(platform: Platform) -> None:
    asked = platform.tick("dispatch_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert (asked.run_key, asked.tags["flightsched/hour"]) == (f"dispatch-{KEY}-1", KEY)
    assert asked.run_config == {"ops": {"dispatch_hour": {"config": {"hour_utc": "2026-11-10T14"}}}}
    assert platform.tick("dispatch_sensor") == f"the dispatch of {KEY} was launched moments ago"
    assert platform.run("dispatch", asked.run_config).success
    platform.clock.at += timedelta(seconds=TRY_AGAIN_SECONDS)
    assert "was dispatched" in str(platform.tick("dispatch_sensor"))


def test_an_hour_whose_dispatch_failed_is_asked_for_again_under_another_key(platform: Platform) -> None:
    platform.tick("dispatch_sensor")
    platform.clock.at += timedelta(seconds=TRY_AGAIN_SECONDS)
    asked = platform.tick("dispatch_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == f"dispatch-{KEY}-2"


def test_an_hour_that_comes_while_the_last_is_undispatched_is_not_kept_waiting(platform: Platform) -> None:
    platform.tick("dispatch_sensor")
    next_hour(platform.engine, 2)
    next_hour(platform.engine, 1)
    platform.clock.at += 2 * HOUR
    asked = platform.tick("dispatch_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == "dispatch-2026-11-10-16:00-1"


def test_an_old_hour_that_is_backfilled_never_speaks(platform: Platform) -> None:
    next_hour(platform.engine, 2)
    platform.clock.at += 2 * HOUR
    asked = platform.tick("dispatch_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert platform.run("dispatch", asked.run_config).success
    next_hour(platform.engine, 1)
    proposal_validation.record_validated(platform.engine, SEED_HOUR, 1)
    assert "was dispatched" in str(platform.tick("dispatch_sensor"))


def test_an_hour_that_is_too_old_or_not_proven_is_not_asked_for(platform: Platform) -> None:
    platform.clock.at += 3 * HOUR
    assert "too old" in str(platform.tick("dispatch_sensor"))
    platform.clock.at = NOW
    with platform.engine.begin() as connection:
        connection.execute(text("DELETE FROM pipeline.partitions WHERE name = 'proposals_are_valid'"))
    assert "was dispatched, or is too old" in str(platform.tick("dispatch_sensor"))


def test_a_delivery_is_asked_for_when_a_message_is_due_unless_one_was_launched_moments_ago(
    platform: Platform,
) -> None:
    assert "no message is due" in str(platform.tick("delivery_sensor"))
    desk.dispatch(platform.engine, NOW, platform.settings)
    asked = platform.tick("delivery_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert int(asked.tags["flightsched/due"]) > 20
    run = dg.DagsterRun(job_name="deliver", status=dg.DagsterRunStatus.STARTED)
    platform.instance.add_run(run)
    platform.clock.at = datetime.now(UTC)
    assert platform.tick("delivery_sensor") == "a delivery was launched moments ago"
    platform.clock.at += ENOUGH_TIME
    assert isinstance(platform.tick("delivery_sensor"), dg.RunRequest), "it may be dead, or hang"
    waiting = dg.DagsterRun(job_name="deliver", status=dg.DagsterRunStatus.NOT_STARTED)
    platform.instance.add_run(waiting)
    assert platform.tick("delivery_sensor") == "a delivery was launched moments ago", "one that waits is enough"
    for one in (run, waiting):
        platform.instance.delete_run(one.run_id)
    platform.clock.at = NOW
    assert platform.run("deliver").success
    assert "no message is due" in str(platform.tick("delivery_sensor"))


def test_a_delivery_is_asked_for_when_a_case_has_passed_its_deadline(platform: Platform) -> None:
    opened = desk.dispatch(platform.engine, NOW, platform.settings).steps["opened"]
    platform.run("deliver")
    platform.clock.at += timedelta(days=10)
    with platform.engine.begin() as connection:
        connection.execute(text("UPDATE school.outbox SET status = 'sent', settled_at = now()"))
    asked = platform.tick("delivery_sensor")
    assert isinstance(asked, dg.RunRequest)
    assert asked.tags["flightsched/due"] == "0"
    assert metadata(platform.run("deliver"), "deliver_messages")["cases_begun"] == opened
    assert "no deadline has passed" in str(platform.tick("delivery_sensor"))


def test_a_dispatch_tells_in_its_run_what_was_sent_held_back_and_suppressed_and_why(platform: Platform) -> None:
    with platform.engine.begin() as connection:
        connection.execute(text("DELETE FROM school.contact_preferences"))
        people = "SELECT id, {} FROM school.{}"
        for columns, which in (
            ("student_id, email", people.format("false", "students") + " WHERE id % 3 = 0"),
            ("student_id, quiet_from, quiet_to", people.format("time '00:00', time '23:59'", "students")
             + " WHERE id % 3 = 1"),
            ("instructor_id, digest", people.format("true", "instructors")),
        ):  # fmt: skip
            connection.execute(text(f"INSERT INTO school.contact_preferences ({columns}) {which}"))
    result = platform.run("dispatch")
    told, delivered = metadata(result, "dispatch_hour"), metadata(result, "deliver_messages")
    assert (told["hour"], told["dispatched_before"]) == ("2026-11-10T14", False)
    assert told["cases_opened"] > 20
    assert "| email |" in told["queued"]
    assert "| quiet hours |" in told["held_back"]
    assert "| in a digest |" in told["held_back"]
    assert "| does not want mail |" in told["suppressed"]
    assert delivered["sent"] == len(read_maildir(platform.settings.flightsched_home / "mail")) > 0
    assert delivered["sent"] < told["messages_queued"]
    assert f"| email | {delivered['sent']} |" in delivered["sent_by_channel"]
    again = metadata(platform.run("dispatch"), "dispatch_hour")
    assert (again["dispatched_before"], again["messages_queued"]) == (True, 0)


def test_metadata_of_telling_names_no_person(platform: Platform) -> None:
    result = platform.run("dispatch")
    said = "".join(str(entry) for entry in platform.instance.all_logs(result.run_id))
    with platform.engine.connect() as connection:
        people = connection.execute(
            text("SELECT name FROM school.students UNION SELECT name FROM school.instructors UNION "
                 "SELECT email FROM school.students UNION SELECT tail_number FROM school.aircraft")
        ).scalars().all()  # fmt: skip
    assert not [person for person in people if person in said]


@pytest.mark.parametrize(
    ("job", "config", "words"),
    [
        ("dispatch", {"dispatch_hour": {"config": {"hour_utc": "yesterday"}}}, "must be a full hour in UTC"),
        ("dispatch", {"dispatch_hour": {"config": {"hour_utc": "2026-11-10T13"}}}, "not the newest validated hour"),
        ("send_test", {"send_test_email_op": {"config": {"school_id": 99}}}, "there is no school 99; there are 1, 2"),
    ],
)
def test_a_job_that_is_given_what_makes_no_sense_fails_with_one_sentence(
    platform: Platform, job: str, config: Any, words: str
) -> None:
    result = platform.run(job, {"ops": config})
    assert not result.success
    assert words in failure(result)


def test_the_test_mail_goes_the_way_of_all_mail(platform: Platform) -> None:
    result = platform.run("send_test", {"ops": {"send_test_email_op": {"config": {"school_id": 1}}}})
    assert metadata(result, "send_test_email_op")["mail_via"] == "maildir"
    (mail,) = read_maildir(platform.settings.flightsched_home / "mail")
    assert str(mail["To"]) == "dispatch.pao@example.com"
    assert str(mail["Subject"]).startswith("[Test] Weather: ")


def test_dead_messages_are_put_back_and_delivered_by_a_job(platform: Platform) -> None:
    desk.dispatch(platform.engine, NOW, platform.settings)
    with platform.engine.begin() as connection:
        connection.execute(text("UPDATE school.outbox SET status = 'dead', settled_at = now() WHERE role = 'student'"))
    dead = outbox.counts(platform.engine)["email", "dead"]
    result = platform.run("redrive_dead_letters")
    assert metadata(result, "redrive_messages_op")["messages_put_back"] == dead > 0
    assert metadata(result, "deliver_messages")["sent"] > 0
    assert outbox.counts(platform.engine)["email", "dead"] == 0


def test_a_slot_that_came_free_launches_a_run_that_looks_for_who_waits(platform: Platform) -> None:
    with platform.engine.begin() as connection:
        connection.execute(text("UPDATE pipeline.partitions SET at = :at"), {"at": NOW - HOUR})
    assert "no slot has come free" in str(platform.tick("delivery_sensor"))
    with platform.engine.begin() as connection:
        cancelled = "UPDATE school.bookings SET status = 'cancelled' WHERE lower(period) > :at AND id % 50 = 0"
        slots = connection.execute(text(cancelled), {"at": NOW + 7 * HOUR}).rowcount
    assert slots
    assert isinstance(platform.tick("delivery_sensor"), dg.RunRequest)
    result = platform.run("deliver")
    assert result.success
    assert metadata(result, "offer_freed_slots") == {
        "freed_slots_looked_at": slots, "freed_slots_offered": 0, "standby_joined": 0, "standby_lapsed": 0,
    }  # fmt: skip
    assert "no slot has come free" in str(platform.tick("delivery_sensor"))


def test_mail_goes_out_even_if_deadlines_fail_and_the_run_fails_visibly(platform: Platform) -> None:
    desk.dispatch(platform.engine, NOW, platform.settings)
    [(case_id, platform.clock.at), *_] = rows(
        platform.engine, "SELECT id, deadline_utc FROM school.reschedule_cases ORDER BY deadline_utc, id"
    )
    refuse_changes_of(platform.engine, "reschedule_cases", "id", case_id)
    result = platform.run("deliver")
    assert not result.success
    assert [event.node_name for event in result.all_node_events if event.is_step_failure] == ["deliver_messages"]
    assert read_maildir(platform.settings.flightsched_home / "mail")


def test_what_cannot_be_counted_counts_as_due(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise ValueError("it cannot be read")

    assert "no deadline has passed" in str(platform.tick("delivery_sensor"))
    monkeypatch.setattr(deadlines, "deadlines_due", fail)
    assert isinstance(platform.tick("delivery_sensor"), dg.RunRequest)
