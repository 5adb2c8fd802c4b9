"""Responses through Dagster's jobs and through the queue: applied once, refused with a sentence, poison set aside."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.notifications.sensors import response_queue_sensor
from flightsched_pipelines.services.responses import queued_responses
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import settings_for
from flightsched_pipelines_tests.integration.monitoring.builders import TurnedClock
from flightsched_pipelines_tests.integration.services.helpers import LATER, cases, held, one, place, rows, state
from flightsched_pipelines_tests.servers import moto_server


class StoppedClock:
    """Ten minutes after the dispatch."""

    def now(self) -> datetime:
        """Return that moment."""
        return LATER


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings for a server of Amazon's protocols, with its topics and queues made."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setitem(os.environ, name, "testing")
    with moto_server.running() as url:
        settings = settings_for(aws_region=moto_server.REGION, aws_endpoint_url=url)
        aws.bootstrap(moto_server.REGION, url, settings.environment)
        yield settings


def execute(engine: Engine, job: str, config: dict[str, Any], settings: Settings | None = None) -> Any:
    """Run a job with one op."""
    parts = build_definitions(engine=engine, settings=settings or settings_for(), clock=StoppedClock())
    definition = parts.resolve_job_def(job)
    op = definition.nodes[0].name
    with dg.DagsterInstance.ephemeral() as instance:
        return definition.execute_in_process(
            instance=instance, run_config={"ops": {op: {"config": config}}} if config else {}, raise_on_error=False
        )


def why(result: Any) -> str:
    """The sentence of a run that failed."""
    return next(event.step_failure_data.user_failure_data.description for event in result.get_step_failure_events())


def test_a_job_takes_an_answer_and_another_moves_the_booking(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    assert execute(told_engine, "apply_response", {"case_id": case_id, "action": "ACCEPT", "number": 1}).success
    assert held(told_engine, booking_id) == 1
    assert execute(told_engine, "apply_response", {"case_id": case_id, "action": "CONFIRM"}).success
    assert place(told_engine, booking_id)[0] == "scheduled"
    assert one(told_engine, "SELECT count(*) FROM school.responses WHERE door = 'job'") == 2


def test_a_refused_answer_fails_its_run_with_the_sentence(told_engine: Engine) -> None:
    result = execute(told_engine, "apply_response", {"case_id": 10**6, "action": "WITHDRAW"})
    assert not result.success
    assert why(result) == "there is no case 1000000."


def test_a_job_takes_what_would_suit_and_refuses_days_that_cannot_be(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    none_suit = {"case_id": case_id, "action": "NONE_SUIT"}
    no_day = execute(told_engine, "apply_response", none_suit | {"days": ["someday"]})
    assert why(no_day).startswith("days: Input should be 'mon', 'tue'")
    between = {"earliest_date": "2026-12-10", "latest_date": "2026-12-01"}
    assert why(execute(told_engine, "apply_response", none_suit | between)) == (
        "there is no day after 2026-12-10 and before 2026-12-01; give the earlier date first."
    )
    assert state(told_engine, case_id) == "proposed"
    wishes = {"days": ["sat", "sun"], "parts_of_day": ["morning"], "earliest_date": "2026-11-24"}
    assert execute(told_engine, "apply_response", none_suit | wishes).success


def test_jobs_of_dispatchers_end_cases_and_hold_and_release_bookings(told_engine: Engine) -> None:
    case_id, booking_id = cases(told_engine)[0]
    assert "case_open" not in state(told_engine, case_id)
    assert why(execute(told_engine, "release_booking", {"booking": str(booking_id), "reason": "OTHER"})).startswith(
        "case"
    )
    assert execute(told_engine, "cancel_case", {"case_id": case_id}).success
    assert (state(told_engine, case_id), place(told_engine, booking_id)[0]) == ("cancelled", "weather_hold")
    assert execute(told_engine, "release_booking", {"booking": str(booking_id), "reason": "PEOPLE"}).success
    assert place(told_engine, booking_id)[0] == "scheduled"
    assert execute(told_engine, "hold_booking", {"booking": str(booking_id), "reason": "FIELD"}).success
    assert place(told_engine, booking_id)[0] == "weather_hold"


def message(case_id: int, student: int, **changed: Any) -> str:
    """Return an acceptance as a message of the queue."""
    said = {"key": "partner-0001", "case_id": case_id, "action": "accept", "role": "student", "person_id": student,
            "number": 1}  # fmt: skip
    return json.dumps(said | changed)


def test_the_queue_is_drained_each_answer_once_and_poison_set_aside(told_engine: Engine, amazon: Settings) -> None:
    case_id, booking_id = cases(told_engine)[0]
    student = one(told_engine, "SELECT student_id FROM school.bookings WHERE id = :id", id=booking_id)
    queue, dead = queued_responses.queues(amazon)
    bodies = [
        message(case_id, student),
        message(case_id, student),
        message(case_id, student + 1, key="partner-0002"),
        "{not JSON",
        json.dumps(["a", "list"]),
        message(case_id, student, key="short"),
        message(case_id, student, key="partner-0003", action="explode"),
        message(case_id, student, key="partner-0004", surplus=1),
        message(case_id, student, key="partner-0005", reason="fog\x00"),
        message(case_id, student, key="partner-0006", **{"Ada\x00": 1}),
        "x" * 200_000,
    ]
    for body in bodies:
        queue.send(body, {})
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, resources={"settings": amazon, "clock": StoppedClock()})
        assert isinstance(response_queue_sensor(context), dg.RunRequest)

    with dg.DagsterInstance.ephemeral() as instance:  # a run that died stands there as started
        instance.add_run(dg.DagsterRun(job_name="apply_queued_responses", status=dg.DagsterRunStatus.STARTED))
        for minutes, asked in ((0, dg.SkipReason), (2, dg.RunRequest)):
            now = TurnedClock(minutes=minutes)
            context = dg.build_sensor_context(instance, resources={"settings": amazon, "clock": now})
            assert isinstance(response_queue_sensor(context), asked)

    result = execute(told_engine, "apply_queued_responses", {}, amazon)

    assert result.success
    assert queue.depth().waiting == queue.depth().in_flight == 0
    assert held(told_engine, booking_id) == 1
    outcomes = dict(rows(told_engine, "SELECT outcome, count(*) FROM school.responses GROUP BY 1"))
    assert outcomes == {"applied": 1, "wrong_person": 1, "unreadable": 8}
    assert dead.depth().waiting == 8
    letters = [letter for _ in range(3) for letter in dead.receive()]
    assert all(letter.attributes["problem"] for letter in letters)
    refused = "SELECT payload ->> 'sentence' FROM school.outbox WHERE event = 'response_refused'"
    assert rows(told_engine, refused) == [(f"case {case_id} is about another student's lesson.",)]
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, resources={"settings": amazon, "clock": StoppedClock()})
        assert isinstance(response_queue_sensor(context), dg.SkipReason)


def test_the_error_of_one_message_is_not_that_of_the_others(told_engine: Engine, amazon: Settings) -> None:
    function = "FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$"
    when = "BEFORE INSERT ON school.responses FOR EACH ROW WHEN (NEW.key = 'poison-0001')"
    with told_engine.begin() as connection:
        connection.execute(text(f"CREATE {function}"))
        connection.execute(text(f"CREATE TRIGGER refuse {when} EXECUTE FUNCTION refuse()"))
    some = cases(told_engine)[:9]
    assert len(some) == 9
    queue, dead = queued_responses.queues(amazon)
    for number, (case_id, booking_id) in enumerate(some, start=1):
        if number == 5:
            queue.send(message(case_id, 1, key="poison-0001"), {})
        student = one(told_engine, "SELECT student_id FROM school.bookings WHERE id = :id", id=booking_id)
        queue.send(message(case_id, student, key=f"partner-000{number}", action="none_suit", number=None), {})

    result = execute(told_engine, "apply_queued_responses", {}, amazon)

    assert not result.success, "ops are to see it"
    taken = one(told_engine, "SELECT count(*) FROM school.responses WHERE key LIKE 'partner-%'")
    assert taken == 9
    assert (queue.depth().waiting + queue.depth().in_flight, dead.depth().waiting) == (1, 0), "it stays in the queue"


def test_a_message_of_three_hundred_kilobytes_is_no_answer() -> None:
    with pytest.raises(queued_responses.UnreadableResponseError, match=r"307,200 bytes; an answer has at most 16,384"):
        queued_responses.read_message("x" * 307_200)


def test_without_a_region_there_is_no_queue(told_engine: Engine) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, resources={"settings": settings_for(), "clock": StoppedClock()})
        assert isinstance(response_queue_sensor(context), dg.SkipReason)
    assert "AWS_REGION is not set" in why(execute(told_engine, "apply_queued_responses", {}))
