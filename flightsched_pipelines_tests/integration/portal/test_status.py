"""The status page, its JSON, and the signs of life: true figures, and nothing about a person."""

import json
import logging
import re
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine

from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.portal.protection import POLICY
from flightsched_pipelines.portal.server import JsonFormatter
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, words
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, one, rows, run


def test_the_status_of_a_platform_that_runs(told_engine: Engine) -> None:
    visitor = Visitor(told_engine)

    status = json.loads(visitor.get("/status.json").content)

    assert status["last_good_hour_utc"] == SEED_HOUR.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert status["forecasts_age_minutes"] == (LATER - SEED_HOUR) / timedelta(minutes=1)
    counted = rows(told_engine, "SELECT state, count(*) FROM school.reschedule_cases GROUP BY state")
    assert status["open_cases"] == {row[0]: row[1] for row in counted}
    due = "SELECT count(*) FROM school.outbox WHERE status = 'waiting' AND due_at <= :at"
    assert status["backlog"]["messages"] == one(told_engine, due, at=LATER)
    assert {provider["name"] for provider in status["providers"]} >= {"aviation_weather_center"}
    assert status["days"] == [{"day": "2026-11-10", "good": 1, "due": 14}]
    asked_for = visitor.client.get("/status", headers={"accept": "application/json"})
    assert json.loads(asked_for.content) == status
    page = words(visitor.get("/status").text)
    assert "Last good hour: Tue 10 Nov 14:00 UTC" in page
    assert "waiting for a student" in page


def test_alerts_and_failing_providers_are_counted(told_engine: Engine) -> None:
    run(told_engine, "UPDATE pipeline.raw_weather SET error = 'it is down' WHERE product = 'taf'")
    run(
        told_engine,
        "INSERT INTO school.alerts (key, severity, state, failing, opened_at, times_told, next_tell_at)"
        " VALUES ('weather', 'error', 'open', '[]', :at, 1, :at)",
        at=LATER,
    )

    status = json.loads(Visitor(told_engine).get("/status.json").content)

    assert status["open_alerts"] == {"error": 1}
    assert sum(provider["failed"] for provider in status["providers"]) >= 1


def test_before_the_first_hour_there_is_a_page_too(engine: Engine) -> None:
    visitor = Visitor(engine)

    assert "No hour has been run yet" in words(visitor.get("/status").text)
    assert json.loads(visitor.get("/status.json").content)["last_good_hour_utc"] is None
    assert visitor.get("/readyz").status_code == 200


def test_no_person_is_in_the_status(told_engine: Engine) -> None:
    visitor = Visitor(told_engine)
    people = "SELECT name FROM school.students UNION SELECT name FROM school.instructors"

    shown = visitor.get("/status").text + visitor.get("/status.json").text

    assert not [name for (name,) in rows(told_engine, people) if name in shown]


def test_without_a_database_it_lives_and_is_not_ready() -> None:
    visitor = Visitor(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"), raises=False)

    assert visitor.get("/healthz").status_code == 200
    not_ready = visitor.get("/readyz")
    assert (not_ready.status_code, not_ready.text) == (503, "not ready: the database cannot be reached\n")
    page = visitor.get("/status")
    assert (page.status_code, "Not available at present" in words(page.text)) == (503, True)
    assert page.headers["content-security-policy"] == POLICY, "pages of errors have the headers too"


def test_a_database_of_another_version_is_not_ready(engine: Engine) -> None:
    run(engine, "UPDATE alembic_version SET version_num = '0001'")

    not_ready = Visitor(engine).get("/readyz")

    assert (not_ready.status_code, "flightsched db upgrade" in not_ready.text) == (503, True)


def test_a_database_that_a_later_version_upgraded_is_ready(engine: Engine) -> None:
    run(engine, "UPDATE alembic_version SET version_num = '9999'")

    assert Visitor(engine).get("/readyz").status_code == 200


def test_metrics_are_there_for_who_has_the_token_and_name_nobody(told_engine: Engine) -> None:
    metrics.insert_metrics(told_engine, SEED_HOUR, {"lessons_at_risk": 34.0, "llm_cost_usd": 0.0125})
    assert Visitor(told_engine).get("/metrics").status_code == 404, "nobody asked for the page"
    visitor = Visitor(told_engine, SETTINGS.model_copy(update={"metrics_token": SecretStr("a-token")}))
    assert visitor.get("/metrics").status_code == 401
    assert visitor.client.get("/metrics", headers={"authorization": "Bearer other"}).status_code == 401

    page = visitor.client.get("/metrics", headers={"authorization": "Bearer a-token"})

    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = page.text.splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r'flightsched_\w+\{environment="\w+"(,\w+="\w+")?\}', name) for name in samples)
    good = samples['flightsched_last_good_hour_timestamp_seconds{environment="development"}']
    assert float(good) == SEED_HOUR.timestamp()
    cases = rows(told_engine, "SELECT state, count(*) FROM school.reschedule_cases GROUP BY state")
    for state, count in cases:
        assert float(samples[f'flightsched_open_cases{{environment="development",state="{state}"}}']) == count
    stored = rows(told_engine, "SELECT metric, value FROM pipeline.hourly_metrics")
    assert stored
    for metric, value in stored:
        assert float(samples[f'flightsched_{metric}{{environment="development"}}']) == value
    helped = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert (
        helped
        == {line.split()[2] for line in lines if line.startswith("# TYPE")}
        >= {name.partition("{")[0] for name in samples}
    )


def test_a_line_of_the_log_is_json_and_has_no_words_of_an_error() -> None:
    with pytest.raises(ValueError, match="Ada") as raised:
        int("Ada Example")
    cause = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("portal", logging.ERROR, "", 0, "%s %d", ("GET /status", 500), cause)
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"], line["error"]) == ("ERROR", "GET /status 500", "ValueError")
    assert "Ada" not in str(line)
