"""Faults of deliveries, responses and deadlines."""

import json
from collections.abc import Generator
from datetime import timedelta

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.services.notifications import dispatch as desk
from flightsched_pipelines_tests.conftest import keep_awake
from flightsched_pipelines_tests.integration.monitoring.builders import Watch
from flightsched_pipelines_tests.integration.monitoring.faults.fault import (
    dispatch,
    do,
    fault,
    run_at,
)
from flightsched_pipelines_tests.servers import moto_server, smtp_server
from flightsched_pipelines_tests.servers.proxy import wire_to


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


@fault("a delivery that does not run, and responses that nobody takes", "notifications_are_published",
       "outbox_is_young", "responses_queue_depth", "responses_are_taken")  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    watch.restart_with(alarms={"responses_queue_depth": 2})
    keep_awake(watch.engine)
    desk.dispatch(watch.engine, watch.clock.now() - timedelta(minutes=20), watch.settings)
    responses = watch.queue(aws.responses_queue)
    for number in range(3):
        responses.send(json.dumps({"key": f"partner-{number:04}", "case_id": 1, "action": "withdraw",
                                   "role": "student", "person_id": 1}), {})  # fmt: skip
    assert watch.check_operations()["responses_are_taken"].passed, "they have only just come"
    do(watch, "UPDATE school.queue_waits SET since_utc = since_utc - interval '16 minutes'")
    yield
    watch.run("deliver")
    assert watch.run("apply_queued_responses").success


@fault("deadlines that nobody passes", "cases_end_in_time")
def _(watch: Watch) -> Generator[None]:
    watch.restart_with(case_answer_hours=0.1)
    dispatch(watch, minutes_ago=30)
    yield
    watch.run("deliver")
