"""Traces of runs: from the hour to the request to the LLM, and nothing that a person entered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.defs.instance import prepare_instance
from flightsched_pipelines.defs.partitions import FIRST_HOUR_FORMAT, FIRST_HOUR_VARIABLE, key_of
from flightsched_pipelines.defs.runs.tracing import TracedExecutor, trace_provider
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer
from flightsched_pipelines_tests.servers.ports import free_port
from flightsched_pipelines_tests.servers.trace_collector import KeptSpan, TraceCollector

MODEL = "a-model"
OWN = {"telemetry": {"enabled": False}}


def entered(engine: Engine) -> list[str]:
    """Return every person's name and address, and every tail number."""
    with engine.connect() as connection:
        people = text(
            "SELECT name FROM school.students UNION SELECT name FROM school.instructors UNION "
            "SELECT email FROM school.students UNION SELECT tail_number FROM school.aircraft"
        )
        return [str(one) for one in connection.execute(people).scalars()]


def of_name(collector: TraceCollector, name: str) -> KeptSpan:
    (span,) = [span for span in collector.spans if span.name == name]
    return span


def test_an_hour_is_traced_to_the_llm_without_anything_of_a_person(seeded_engine: Engine, tmp_path: Path) -> None:
    url = seeded_engine.url.render_as_string(hide_password=False)
    settings = settings_for(database_url=url, flightsched_home=tmp_path)
    command = ["job", "execute", "-m", "flightsched_pipelines.definitions", "-j", "hourly_tick"]
    tags = json.dumps({"dagster/partition": key_of(SEED_HOUR)})
    with TraceCollector() as collector, OpenAIServer() as llm:
        environment = os.environ | prepare_instance(settings) | {
            "DATABASE_URL": url, "FLIGHTSCHED_HOME": str(tmp_path), "OTLP_ENDPOINT": collector.url,
            "OPENAI_API_KEY": "a-key", "OPENAI_BASE_URL": llm.url, "OPENAI_MODEL": MODEL,
            FIRST_HOUR_VARIABLE: f"{SEED_HOUR:{FIRST_HOUR_FORMAT}}",
        }  # fmt: skip
        done = subprocess.run(  # noqa: S603, our own
            [sys.executable, "-m", "dagster", *command, "--tags", tags],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3_000:]

    hour, ranking = of_name(collector, "hourly_tick"), of_name(collector, "reschedule_proposals")
    requests = [span for span in collector.spans if span.name == f"chat {MODEL}"]
    assert (hour.parent_id, ranking.parent_id) == (b"", hour.span_id)
    assert hour.attributes["dagster.partition"] == key_of(SEED_HOUR)
    assert len(requests) == len([body for body in llm.requests if body]) > 0
    assert {(span.parent_id, span.trace_id) for span in requests} == {(ranking.span_id, hour.trace_id)}
    for span in requests:
        assert span.attributes["gen_ai.request.model"] == MODEL
        assert span.attributes["gen_ai.usage.input_tokens"] != span.attributes["gen_ai.usage.output_tokens"]
    sent = b"".join(collector.bodies)
    assert [one for one in entered(seeded_engine) if one.encode() in sent] == []


@dg.executor(name="traced", config_schema=dg.in_process_executor.config_schema.as_field())
def traced(context: dg.InitExecutorContext) -> dg.Executor:
    """The executor of runs, with a provider that no other test uses."""
    create, provider = dg.in_process_executor.executor_creation_fn, trace_provider(settings_for(**COLLECTOR))
    assert create is not None
    assert provider is not None
    return TracedExecutor(create(context), provider)


COLLECTOR: dict[str, str] = {}


@dg.op
def quotes_a_row() -> None:
    raise ValueError("Ada Abara has that row")


@dg.job(executor_def=traced)
def failing() -> None:
    quotes_a_row()


@pytest.mark.parametrize("answers", [True, False], ids=["a collector", "no collector at that address"])
def test_a_step_that_fails_is_marked_by_its_kind_and_a_lost_collector_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    with TraceCollector() as collector, dg.DagsterInstance.local_temp(str(tmp_path), OWN) as instance:
        address = collector.url if answers else f"http://127.0.0.1:{free_port()}"
        monkeypatch.setitem(COLLECTOR, "otlp_endpoint", address)
        with dg.execute_job(dg.reconstructable(failing), instance=instance) as result:
            assert [event.step_key for event in result.all_events if event.is_step_failure] == ["quotes_a_row"]

    if answers:
        step = of_name(collector, "quotes_a_row")
        assert (step.failed, step.attributes["error.type"]) == (True, "ValueError")
        assert b"Ada Abara" not in b"".join(collector.bodies)


def test_an_error_that_ends_a_run_is_traced_without_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TraceCollector() as collector, dg.DagsterInstance.local_temp(str(tmp_path), OWN) as instance:
        monkeypatch.setitem(COLLECTOR, "otlp_endpoint", collector.url)
        with pytest.raises(ValueError, match="Ada Abara"):
            dg.execute_job(dg.reconstructable(failing), instance=instance, raise_on_error=True)

    assert {span.name for span in collector.spans} == {"failing", "quotes_a_row"}
    assert b"Ada Abara" not in b"".join(collector.bodies)


def test_without_a_collector_nothing_is_traced() -> None:
    assert trace_provider(settings_for()) is None
