"""Logs of runs if Amazon is configured: a line of JSON each, with the part of the platform, and no row's content."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from sqlalchemy import Engine, text

from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.instance import DAGSTER_YAML
from flightsched_pipelines.defs.partitions import key_of
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

CONFIGURED = {"python_logs": yaml.safe_load(DAGSTER_YAML.read_text())["python_logs"], "telemetry": {"enabled": False}}

Lines = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lines(engine: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Lines:
    """Run a job on an empty database, and return its standard output."""

    def run(job: str, **options: Any) -> list[dict[str, Any]]:
        definition = build_definitions(engine=engine, settings=settings_for()).resolve_job_def(job)
        with dg.DagsterInstance.local_temp(str(tmp_path), CONFIGURED) as instance:
            definition.execute_in_process(instance=instance, raise_on_error=False, **options)
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return run


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("ENVIRONMENT", "production")


@pytest.mark.usefixtures("amazon")
def test_a_failure_is_a_line_that_a_search_for_errors_finds(lines: Lines) -> None:
    (failed,) = [line for line in lines("dispatch") if line.get("event") == "STEP_FAILURE"]
    assert failed["level"] == "ERROR"
    assert failed["function"] == "ai-rescheduler-production"
    assert failed["job"] == "dispatch"
    assert failed["step"] == "dispatch_hour"
    assert failed["why"].startswith("no hour's proposals are stored and validated yet")
    assert {"time", "message", "run_id"} <= failed.keys()
    assert failed["time"].endswith("Z")


@pytest.mark.usefixtures("amazon")
def test_words_of_the_platform_are_lines_too(lines: Lines) -> None:
    told = [line["message"] for line in lines("redrive_dead_letters") if line["level"] == "INFO"]
    assert [words for words in told if "OPENAI_API_KEY" in words]


@pytest.mark.usefixtures("amazon")
def test_an_error_that_quotes_a_row_is_named_by_its_kind_alone(lines: Lines, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                                "$$ BEGIN RAISE EXCEPTION 'Ada Abara has that row'; END $$"))  # fmt: skip
        connection.execute(text("CREATE TRIGGER refuse BEFORE INSERT OR DELETE ON pipeline.partitions "
                                "FOR EACH ROW EXECUTE FUNCTION refuse()"))  # fmt: skip
    told = lines("hourly_tick", partition_key=key_of(SEED_HOUR))
    failed = [line for line in told if line.get("event") == "STEP_FAILURE"]
    assert {line["function"] for line in failed} == {"weather-monitor-production"}
    assert {line["hour"] for line in failed} == {key_of(SEED_HOUR)}
    assert {line["error"] for line in failed} == {"RaiseException"}
    assert "Ada Abara" not in json.dumps(told)


def test_without_amazon_nothing_is_written(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert lines("redrive_dead_letters") == []
