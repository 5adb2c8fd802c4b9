"""The terminal read as a person reads it: text in order, in 80 columns; and the same as JSON."""

import json
import re
import unicodedata
from datetime import datetime, timedelta, tzinfo

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.console import console
from flightsched_pipelines.cli.hourly import board
from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.integration.services.helpers import cases
from flightsched_pipelines_tests.servers.weather_servers import AviationWeatherServer, Body, OpenWeatherMapServer

HOUR = f"{SEED_HOUR:%Y-%m-%dT%H}"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch, flightsched: Type) -> None:  # noqa: ARG001, which sets a width first
    """A terminal of 80 columns."""
    monkeypatch.setattr(console, "width", 80)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, told_engine: Engine) -> Engine:
    """Return the commands' database: an hour that was dispatched."""
    monkeypatch.setenv("DATABASE_URL", told_engine.url.render_as_string(hide_password=False))
    return told_engine


class AtSeedHour(datetime):
    """A clock that shows the seeded hour."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a moment of the seeded hour."""
        return (SEED_HOUR + timedelta(minutes=8)).astimezone(tz)


def widths(out: str) -> set[int]:
    return {
        sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line) for line in out.splitlines()
    }


@pytest.mark.usefixtures("narrow")
def test_cases_name_who_is_to_be_called_and_a_case_is_found_by_its_booking(flightsched: Type, told: Engine) -> None:
    (case_id, _), *_ = cases(told)
    with told.connect() as connection:
        reference, student, phone, tail = connection.execute(
            text("SELECT b.reference, s.name, s.phone, a.tail_number FROM school.reschedule_cases c "
                 "JOIN school.bookings b ON b.id = c.booking_id JOIN school.students s ON s.id = b.student_id "
                 "JOIN school.aircraft a ON a.id = c.aircraft_id WHERE c.id = :id"),
            {"id": case_id},
        ).one()  # fmt: skip
    by_number = flightsched("case", str(case_id)).out
    for named in (reference, reference.lower()):
        assert flightsched("case", named).out == by_number
    lines = by_number.splitlines()
    assert lines[0].startswith(f"Case {case_id}, {reference} ")
    said = " ".join(by_number.split())
    order = [said.index(words) for words in (reference, student, tail, "1. ", "opened")]
    assert order == sorted(order)
    assert phone is None or phone in said
    assert max(widths(flightsched("cases").out)) <= 80
    listed = json.loads(flightsched("cases", "--json").out)
    assert all(set(one) == set(JSON_FIELDS["cases"][1]) for one in listed)
    one = next(one for one in listed if one["case_id"] == case_id)
    assert (one["student"], one["aircraft"]) == (student, tail)
    assert one["reason"]
    whole = json.loads(flightsched("case", reference.lower(), "--json").out)
    assert set(whole) == {*JSON_FIELDS["cases"][1], *JSON_FIELDS["case"][1]}
    missing = flightsched("case", "PAO-9999999")
    assert (missing.code, missing.err.count("\n")) == (2, 1)


@pytest.mark.usefixtures("narrow", "told")
def test_an_explanation_is_a_table_and_the_line_of_the_report(flightsched: Type) -> None:
    (first, *_) = json.loads(flightsched("cases", "--json").out)
    out = flightsched("explain", first["reference"].lower(), "--hour", HOUR).out
    assert out.splitlines()[0].startswith(first["reference"])
    assert "Besides these" not in out
    assert max(widths(out.partition("source")[0])) <= 80
    said = " ".join(out.split())
    order = [said.index(words) for words in ("Below the school's minimums", "hour", "what", "forecast", "limit")]
    assert order == sorted(order)
    explained = json.loads(flightsched("explain", first["reference"], "--hour", HOUR, "--json").out)
    assert set(explained) == set(JSON_FIELDS["explain"][1])
    assert explained["verdict"] == "at_risk"
    from_reports = [one for one in explained["breaches"] if one["source"].startswith(("TAF", "METAR"))]
    for one in from_reports:
        assert one["line"], one
        assert one["source"].split()[1] in one["line"] or re.match(r"(FM|TEMPO|BECMG|PROB)", one["line"])


@pytest.mark.usefixtures("told")
def test_other_commands_print_the_fields_that_the_reference_promises(flightsched: Type) -> None:
    for command in ("alerts", "standby", "outbox", "db status"):
        shown = json.loads(flightsched(*command.split(), "--json").out)
        rows = shown if isinstance(shown, list) else [shown]
        assert all(set(row) == set(JSON_FIELDS[command][1]) for row in rows)
    assert "No lessons in these days." in flightsched("board", "--school", "no such school").out


@pytest.mark.usefixtures("told")
def test_the_board_prints_each_lesson_with_its_verdict_as_json_too(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "datetime", AtSeedHour)
    listed = json.loads(flightsched("board", "--json").out)
    assert all(tuple(one) == JSON_FIELDS["board"][1] for one in listed)
    assert {one["verdict"] for one in listed} >= {"ok", "at_risk"}
    assert all(datetime.fromisoformat(one["starts_at_utc"]).utcoffset() == timedelta() for one in listed)
    drawn = flightsched("board").out
    assert all(name in drawn for one in listed for name in (one["school"], one["aircraft"]))


def test_a_response_at_the_terminal_is_the_dispatchers_on_behalf_of_the_person(flightsched: Type, told: Engine) -> None:
    (case_id, _), *_ = cases(told)
    flightsched("respond", str(case_id), "--none-suit", "--key", "desk")
    flightsched("respond", str(case_id), "--accept", "1", "--as", "student", "--key", "own")
    with told.connect() as connection:
        rows = connection.execute(
            text("SELECT key, role, person_id FROM school.responses WHERE key IN ('desk', 'own')")
        )
        found = {key: (role, person) for key, role, person in rows}
    assert found["desk"] == ("dispatcher", None)
    assert found["own"][0] == "student"


@pytest.mark.usefixtures("told")
def test_the_doctor_says_what_is_wrong_and_what_to_do(flightsched: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    well = flightsched("doctor", "--json")
    found = json.loads(well.out)
    assert all(set(one) == set(JSON_FIELDS["doctor"][1]) for one in found)
    assert {one["name"]: one["state"] for one in found} == {
        "database": "ok", "schema": "ok", "school": "ok", "analysts": "ok", "clock": "ok", "Dagster home": "ok",
        "disk": "ok", "weather": "ok", "OpenWeatherMap": "off", "guidance": "off", "OpenAI": "off", "mail": "ok",
        "AWS": "off", "Redis": "off", "Slack": "off", "portal": "off",
    }  # fmt: skip
    assert well.code == 0
    monkeypatch.setenv("REDIS_URL", "redis://:secret-word@127.0.0.1:1/0")
    ill = flightsched("doctor")
    assert ill.code == 1
    assert "✗ Redis" in ill.out
    assert "check REDIS_URL" in ill.out
    assert "secret-word" not in ill.out + ill.err
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    away = flightsched("doctor")
    assert (away.code, "✗ database" in away.out, "secret-word" in away.out) == (1, True, False)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("key", "state", "found"),
    [
        ("a-key", "ok", "it responds with a forecast"),
        ("another-key", "wrong", "refused the key in OPENWEATHERMAP_API_KEY"),
    ],
)
def test_the_doctor_tries_the_key_of_open_weather_map(
    key: str, state: str, found: str, flightsched: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: dict[str, Body] = {"onecall": "{}"}
    with OpenWeatherMapServer(bodies=bodies, key="a-key") as server, AviationWeatherServer() as center:
        for name, value in {
            "WEATHER_SOURCE": "live", "OPENWEATHERMAP_API_KEY": key, "OPEN_WEATHER_MAP_URL": server.url,
            "AVIATION_WEATHER_URL": center.url, "GUIDANCE_URL": "off", "WEATHER_CONTACT": "ops@example.com",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        told = flightsched("doctor", "--json").out
    (finding,) = [one for one in json.loads(told) if one["name"] == "OpenWeatherMap"]
    assert (finding["state"], found in finding["found"], "another-key" in told) == (state, True, False)


def test_the_configuration_is_shown_and_its_services_are_tried(
    flightsched: Type, seeded: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = flightsched("config", "--json")
    assert shown.code == 0
    parts = json.loads(shown.out)
    assert tuple(parts) == JSON_FIELDS["config"][1]
    assert parts["checks"] == []
    (database,) = [one for one in parts["settings"] if one["name"] == "DATABASE_URL"]
    assert (database["source"], database["is_set"], database["value"]) == ("environment", True, "set")
    assert "DATABASE_URL" in flightsched("config").out

    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    tried = flightsched("config", "--check")
    assert tried.code == 1
    assert "to do: check REDIS_URL, and that the server is up" in tried.out
    assert str(seeded.url.password) not in tried.out + shown.out
