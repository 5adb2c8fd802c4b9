"""A platform under test: its jobs run, its sensors tick, its messages arrive."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.database.queries.monitoring import alerts
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.monitoring import alert_sensors
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines.messages.alert import MARKS
from flightsched_pipelines.services.delivery import channel_senders
from flightsched_pipelines.services.delivery.outbox_worker import DeliveryResult, drain
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.servers import moto_server
from flightsched_pipelines_tests.servers.slack_server import SlackServer

CHECKS = dg.AssetChecksDefinition
ENDS = {True: dg.DagsterEventType.RUN_SUCCESS, False: dg.DagsterEventType.RUN_FAILURE}


def running_hour() -> datetime:
    """Return the running hour. It may end in the middle of a test.

    For its runs, it then continues (``HourThatRuns``), and no check looks for the next one before that is over.
    """
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


class TurnedClock(Clock):
    """A clock that a test turns."""

    minutes: float = 0

    def now(self) -> datetime:
        """Return the present plus the turned minutes."""
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


class HourThatRuns(TurnedClock):
    """A clock for runs of an hour that has not ended, however long the tests before them took."""

    ends: float

    def now(self) -> datetime:
        """Return the present, and never more than the last second before the end."""
        return min(super().now(), datetime.fromtimestamp(self.ends - 1, UTC))


@dataclass
class Watch:
    """A platform of the test's own, with Amazon and Slack for alerts."""

    engine: Engine
    instance: dg.DagsterInstance
    settings: Settings
    slack: SlackServer
    hour: datetime
    clock: TurnedClock = field(default_factory=TurnedClock)
    parts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def run(
        self, job: str, hour: datetime | None = None, assets: Sequence[str] = (), **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Run a job, or only some of its assets, then let the sensors see its end."""
        result = self.execute(job, hour, assets, **config)
        self.see(result)
        return result

    def execute(
        self, job: str, hour: datetime | None = None, assets: Sequence[str] = (), **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Run a job, or only some of its assets; no sensor has seen it yet."""
        parts = dict(self._parts())
        if hour is not None and hour == self.hour:
            parts["clock"] = HourThatRuns(minutes=self.clock.minutes, ends=(hour + timedelta(hours=1)).timestamp())
        definition = build_definitions(**parts).resolve_job_def(job)
        return definition.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            partition_key=key_of(hour) if hour else None,
            asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
            run_config=config or None,
        )

    def see(self, result: dg.ExecuteInProcessResult) -> None:
        """Tick the sensor that the daemon would tick."""
        ended = next(event for event in reversed(result.all_events) if event.event_type == ENDS[result.success])
        sensor = (
            alert_sensors.alert_on_run_success_sensor if result.success else alert_sensors.alert_on_run_failure_sensor
        )
        context = dg.build_run_status_sensor_context(
            sensor.name, ended, self.instance, result.dagster_run, repository_def=None
        )
        if not result.success:
            context = context.for_run_failure()
        sensor(context, engine=self.engine, settings=self.settings, clock=self.clock)
        if result.success and result.dagster_run.job_name == "hourly_tick":
            alert_sensors.heartbeat_sensor(context, settings=self.settings, clock=self.clock)

    def look(self) -> None:
        """Tick tick_monitor_sensor once more."""
        with dg.build_sensor_context(instance=self.instance) as context:
            alert_sensors.tick_monitor_sensor(context, engine=self.engine, settings=self.settings, clock=self.clock)

    def failing(self) -> set[str]:
        """The checks that fail, by name, and jobs whose last run failed, as ``job/name``."""
        with self.engine.connect() as connection:
            return {standing.name.rpartition(":")[2] for standing in alerts.failing(connection)}

    def open_alerts(self) -> list[alerts.History]:
        """The alerts that are open, as ``flightsched alerts`` lists them."""
        return [one for one in alerts.history(self.engine, self.clock.now(), self.clock.now()) if one.state == "open"]

    def restart_with(self, **values: object) -> None:
        """Change settings, as a restart with other variables does."""
        self.settings = settings_for(**self.settings.model_dump(exclude_unset=True) | values)

    def stay_in_hour(self) -> None:
        """Have the clock stop four seconds before the hour ends: a delivery and a run are then within it, too."""
        ends = self.hour + timedelta(hours=1) - timedelta(seconds=3)
        self.clock = HourThatRuns(minutes=self.clock.minutes, ends=ends.timestamp())

    def stand_at(self, *, minutes: float) -> None:
        """Turn the clock to some minutes after the hour began, whichever minute it is now."""
        since = datetime.now(UTC) - self.hour
        self.clock = TurnedClock(minutes=minutes - since / timedelta(minutes=1))

    def check_operations(self) -> dict[str, dg.AssetCheckEvaluation]:
        """Run the operational checks; returns their evaluations by name (and asset, of freshness)."""
        result = self.run("operations")
        assert result.success
        return {
            one.check_name if one.check_name != "is_fresh" else f"is_fresh:{one.asset_key.to_user_string()}": one
            for one in result.get_asset_check_evaluations()
        }

    def _parts(self) -> Mapping[str, Any]:
        return {"engine": self.engine, "settings": self.settings, "clock": self.clock, **self.parts}

    def deliver(self) -> DeliveryResult:
        """Send due messages."""
        with channel_senders.open_channels(self.engine, self.settings) as channels:
            return drain(self.engine, channels, self.settings, now=lambda: self.clock.now() + timedelta(seconds=1))

    def queue(self, named: Callable[[str], str]) -> aws.Queue:
        """Return one of the platform's queues, for the systems at its other end."""
        return aws.Queue(moto_server.REGION, self.settings.aws_endpoint_url, named(self.settings.environment))

    def told(self) -> list[str]:
        """Return the notifications of operators since the last call, as ``alert word``: by SNS, the same by Slack."""
        self.deliver()
        told = self.told_by_sns()
        assert self.told_by_slack() == len(told)
        return sorted(told)

    def told_by_sns(self) -> list[str]:
        """Return the notifications through the topic since the last call, as ``alert word``, in order."""
        queue = aws.Queue(moto_server.REGION, self.settings.aws_endpoint_url, SUBSCRIBED)
        found: list[str] = []
        while messages := queue.receive():
            for message in messages:
                notice = json.loads(json.loads(message.body)["Message"])
                found.append(f"{notice['alert']} {notice['word']}")
                queue.delete(message)
        return found

    def told_by_slack(self) -> int:
        """Return the number of alerts posted since the last call."""
        posts = [post for post in self.slack.posts if any(mark in str(post) for mark in MARKS.values())]
        self.slack.posts.clear()
        return len(posts)


SUBSCRIBED = "operators"


def subscribe(endpoint_url: str, environment: str) -> None:
    """Create the topics, and a queue that gets the operators' notifications."""
    aws.bootstrap(moto_server.REGION, endpoint_url, environment)
    sns, sqs = (aws.client(service, moto_server.REGION, endpoint_url) for service in ("sns", "sqs"))
    url = sqs.create_queue(QueueName=SUBSCRIBED)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    topic = next(one for one in topics if one.endswith(aws.operations_topic(environment)))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
