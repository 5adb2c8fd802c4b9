"""Commands, and their output."""

import json
import os
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.cli.console import UsageError
from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.cli.setup.fake_llm import fake_openai
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines_tests.conftest import SEED_HOUR
from flightsched_pipelines_tests.integration.cli.conftest import Type
from flightsched_pipelines_tests.integration.cli.test_what_was_entered import everything_entered
from flightsched_pipelines_tests.servers.openai_server import OpenAIServer

HOUR = f"{SEED_HOUR:%Y-%m-%dT%H}"

HEADER = "reference,starts_at,ends_at,training_level,solo,lesson_kind,departure,route\n"
TAF = {
    "icaoId": "KSJC",
    "lat": 37.36,
    "lon": -121.93,
    "issueTime": "2026-03-09T23:30:00Z",
    "validTimeFrom": 1_773_100_800,
    "validTimeTo": 1_773_187_200,
    "rawTAF": "TAF KSJC 092330Z 1000/1024 30008KT P6SM FEW060 TEMPO 1017/1019 4SM BR",
    "fcsts": [
        {
            "timeFrom": 1_773_100_800, "timeTo": 1_773_187_200, "wdir": 300, "wspd": 8, "visib": "6+",
            "clouds": [{"cover": "FEW", "base": 6000}],
        },
    ],
}  # fmt: skip


COUNTED = ("at_risk", "watch", "unknown", "beyond_reach", "ok")


def test_a_tick_reports_what_the_hour_found(flightsched: Type, seeded: Engine) -> None:
    before = everything_entered(seeded)

    told = flightsched("tick", "--hour", HOUR)

    assert everything_entered(seeded) == before

    assert told.code == 0, told.err
    assert "lessons in the next 72 hours" in told.out
    assert "below the school's minimums" in told.out
    assert "reschedule_proposals" in told.err, "progress goes to standard error"

    reference = next(word for word in told.out.split() if word.startswith(("PAO-", "APA-")))
    explained = flightsched("explain", reference)
    assert explained.out.startswith(f"{reference} ")
    assert "Below the school's minimums, as of the hour" in explained.out

    assert len(told.out.splitlines()) <= 24, "one screen"

    figures = json.loads(flightsched("tick", "--hour", HOUR, "--json").out)
    assert figures["bookings"] == sum(figures[name] for name in COUNTED)
    assert tuple(figures) == JSON_FIELDS["tick"][1]
    assert datetime.fromisoformat(figures["hour_utc"]) == SEED_HOUR
    assert "T" in figures["hour_utc"], "times are ISO 8601"


@pytest.mark.usefixtures("seeded")
def test_an_hour_or_report_that_cannot_be_says_why(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", f"recorded:{tmp_path / 'nowhere'}")
    told = flightsched("tick")
    assert (told.code, told.err.count("Traceback")) == (1, 0)
    assert "flightsched: WEATHER_SOURCE names the folder" in told.err
    monkeypatch.delenv("WEATHER_SOURCE")
    (tmp_path / "file").touch()
    monkeypatch.setenv("REPORT_FOLDER", str(tmp_path / "file"))
    told = flightsched("report")
    assert "cannot be written (File exists); set REPORT_FOLDER to a folder that can" in told.err


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("hour", "words"),
    [
        ("yesterday", "give a full hour in UTC"),
        ("2026-02-30T10", "give a full hour in UTC"),
        ("2026-11-10T10:30", "give a full hour in UTC"),
        ("2036-01-01T00", "has not come yet"),
        ("2020-01-01T00", "is before the first stored hour"),
    ],
)
def test_an_hour_that_makes_no_sense_is_said_so(flightsched: Type, hour: str, words: str) -> None:
    told = flightsched("tick", "--hour", hour)

    assert told.code == 2
    assert words in told.err


def test_an_unknown_booking_is_said_so(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, seeded_url: str, ticked_engine: Engine
) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    assert "No hour has been run yet" in flightsched("explain", "PAO-1001").err

    monkeypatch.setenv("DATABASE_URL", ticked_engine.url.render_as_string(hide_password=False))
    assert "Booking 'nobody' is not among" in flightsched("explain", "nobody").err


def test_a_database_without_a_school_says_what_to_do(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    told = flightsched("tick")
    assert told.code == 1
    assert "there is no school yet" in told.err
    assert "flightsched init" in told.err
    assert "dagster." not in told.err


def test_a_database_without_schema_is_said_so(
    flightsched: Type, server_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", embedded.url(server_home, "flightsched"))

    told = flightsched("tick")

    assert told.code == 1
    assert "flightsched db upgrade" in told.err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:secret-word@127.0.0.1:1/none", "127.0.0.1:1"),
        ("mysql://root@localhost/x", "DATABASE_URL names mysql"),
        ("not a url", "DATABASE_URL is not a URL"),
        ("postgresql://u:p@127.0.0.1:port/x", "DATABASE_URL is not a URL"),
    ],
)
def test_an_unreachable_database_is_named_without_its_password(
    flightsched: Type,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    words: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATABASE_CONNECT_ATTEMPTS", "2")

    told = flightsched("db", "status")

    assert told.code == 1
    assert words in told.err
    assert told.err.count("\n") == 1, "no word about each attempt"
    assert "secret-word" not in told.err


def test_a_setting_that_makes_no_sense_is_named(flightsched: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", "crystal ball")

    told = flightsched("tick")

    assert told.code == 2
    assert "WEATHER_SOURCE is 'crystal ball'" in told.err


@pytest.mark.usefixtures("seeded")
def test_a_report_says_where_its_page_is(flightsched: Type, tmp_path: Path) -> None:
    told = flightsched("report", "--hour", HOUR)

    page = tmp_path / "home" / "reports" / f"{HOUR}.html"
    assert told.code == 0, told.err
    assert str(page) in told.out
    assert page.read_text().startswith("<!doctype html>")
    assert json.loads(flightsched("report", "--hour", HOUR, "--json").out) == {
        "hour_utc": SEED_HOUR.isoformat(), "page": str(page.resolve()),
    }  # fmt: skip
    assert JSON_FIELDS["report"][1] == ("hour_utc", "page")


def test_db_commands_take_the_schema_there_and_back(
    flightsched: Type, database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    newest = migrations.status(engine).newest

    assert f"schema    {newest}" in flightsched("db", "status").out
    assert flightsched("db", "seed", "--hour", HOUR).code == 0
    assert "students (60)" in flightsched("db", "seed", "--hour", HOUR).err
    assert flightsched("db", "reset", "--yes", "--hour", HOUR).code == 0
    assert "base (empty)" in flightsched("db", "downgrade", "base", "--yes").out
    assert "flightsched db upgrade" in flightsched("db", "seed").err
    assert newest in flightsched("db", "upgrade").out
    assert "that this command does not manage" in flightsched("db", "stop").err
    assert "cannot be taken to 'nowhere'" in flightsched("db", "downgrade", "nowhere", "--yes").err


def test_weather_shows_a_stored_answer_line_by_line(flightsched: Type, tmp_path: Path) -> None:
    file = tmp_path / "tafs.json"
    file.write_text(json.dumps([TAF]))

    told = flightsched("weather", str(file), "--json")

    lines = [json.loads(line) for line in told.out.splitlines()]
    assert told.code == 0
    assert len(lines) == 24 + 2
    assert tuple(lines[0]) == JSON_FIELDS["weather"][1]
    assert lines[0]["airport"] == "KSJC"
    assert lines[0]["hour_utc"] == "2026-03-10T00:00:00Z"
    assert (lines[0]["visibility_sm"], lines[0]["at_least"], lines[0]["ceiling_ft"]) == (6, True, None)
    assert {line["layer"] for line in lines} == {"prevailing", "temporary"}
    assert "KSJC" in flightsched("weather", str(file)).out


def test_weather_names_each_word_that_it_could_not_read(flightsched: Type, tmp_path: Path) -> None:
    file = tmp_path / "tafs.json"
    garbled = TAF | {"rawTAF": "TAF KSJC 092330Z 1000/1024 24006KT P6SM BKN0O8 PROB30 10I4/1018 1SM TSRA"}
    file.write_text(json.dumps([garbled]))

    lines = [json.loads(line) for line in flightsched("weather", str(file), "--json").out.splitlines()]
    unread = [word for line in lines for word in line["unread"]]

    assert {"word": "BKN0O8", "missing": ["ceiling"]} in unread
    assert {"word": "10I4/1018", "missing": []} in unread
    assert "ceiling" in lines[0]["missing"]
    told = flightsched("weather", str(file)).out
    assert "not understood in the TAF of KSJC: BKN0O8: ceiling missing" in told


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "an empty body"),
        ("<html>502 Bad Gateway</html>", "an HTML page"),
        ("[{", "not JSON"),
        ("42", "not a response of a known weather service"),
        ("[]", "the list of reports is empty"),
        ('[{"icaoId": "KSJC"}]', "neither a METAR nor a TAF"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_weather_is_said_so(flightsched: Type, tmp_path: Path, body: str, words: str) -> None:
    file = tmp_path / "answer.json"
    file.write_text(body)

    told = flightsched("weather", str(file))

    assert told.code == 2
    assert words in told.err
    assert "answer.json" in told.err


def test_assess_judges_each_booking_and_names_what_is_wrong_with_others(flightsched: Type, tmp_path: Path) -> None:
    (tmp_path / "tafs.json").write_text(json.dumps([TAF]))
    (tmp_path / "bookings.csv").write_text(
        HEADER
        + "fine,2026-03-10T10:00:00-07:00,2026-03-10T11:00:00-07:00,private_pilot,false,local,KSJC,\n"
        + "soloist,2026-03-10T10:00:00-07:00,2026-03-10T11:00:00-07:00,student_pilot,true,local,KSJC,\n"
        + "dual,2026-03-10T10:00:00-07:00,2026-03-10T11:00:00-07:00,student_pilot,false,local,KSJC,\n"
        + "near,2026-03-10T13:00:00-07:00,2026-03-10T14:00:00-07:00,private_pilot,false,local,KPAO,\n"
        + "far,2026-03-10T13:00:00-07:00,2026-03-10T14:00:00-07:00,private_pilot,false,local,KAPA,\n"
        + "naive,2026-03-10T13:00:00,2026-03-10T14:00:00-07:00,private_pilot,false,local,KSJC,\n"
        + "lost,2026-03-10T13:00:00-07:00,2026-03-10T14:00:00-07:00,private_pilot,false,local,KQQQ,\n"
    )

    told = flightsched("assess", "--weather", "tafs.json", "--bookings", "bookings.csv", "--json")

    verdicts = {line["reference"]: line for line in map(json.loads, told.out.splitlines())}
    assert {name: line["verdict"] for name, line in verdicts.items()} == {
        "fine": "ok", "soloist": "at_risk", "dual": "watch", "near": "ok", "far": "unknown", "naive": "ok",
        "lost": "unknown",
    }  # fmt: skip
    assert tuple(verdicts["dual"]) == JSON_FIELDS["assess"][1]
    (broken,) = verdicts["dual"]["broken"]
    assert broken == {
        "rule": "visibility", "value": 4.0, "limit": 5.0, "airport": "KSJC", "hour_utc": "2026-03-10T17:00:00Z",
        "layer": "temporary",
    }  # fmt: skip
    assert told.code == 2
    assert "line 8: 'KQQQ' is not a known airport" in told.err


def test_a_missing_file_is_named(flightsched: Type) -> None:
    told = flightsched("assess", "--weather", "nowhere.json", "--bookings", "none.csv")

    assert told.code == 2
    assert "nowhere.json cannot be read" in told.err


@pytest.mark.usefixtures("seeded")
def test_an_llm_ranks_where_there_is_a_key_and_what_failed_is_asked_again(
    flightsched: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "OPENAI_API_KEY is not set" in " ".join(flightsched("redrive").out.split())
    with OpenAIServer("refusal") as server:
        monkeypatch.setenv("OPENAI_API_KEY", "a-test-key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        told = flightsched("tick", "--hour", HOUR)
        assert told.code == 0, told.err
        assert "the planner ranked them" in " ".join(told.out.split())

        server.mode = "ok"
        redriven = json.loads(flightsched("redrive", "--json").out)
        assert redriven["answered"] == redriven["tried"] > 10
        assert redriven["waiting"] == 0
        assert "0 dead letters tried again" in flightsched("redrive").out

        figures = json.loads(flightsched("tick", "--hour", HOUR, "--json").out)
        assert figures["ranked_by_llm"] == redriven["answered"]


@pytest.mark.usefixtures("seeded")
def test_preferences_are_imported_and_a_faulty_file_is_said_so(flightsched: Type, tmp_path: Path) -> None:
    file = tmp_path / "preferences.csv"
    line = "school,student,days\nPalo Alto Flight School,student1@example.com"
    file.write_text(f"{line},sat sun\n", encoding="utf-8")
    done = flightsched("import", "preferences", str(file), "--yes")
    assert done.out.startswith("1 preferences: "), done.err

    file.write_text(f"{line},caturday\n", encoding="utf-8")
    refused = flightsched("import", "preferences", str(file))
    assert refused.code == 2
    assert "line 2: days is 'caturday'; give one or more of mon tue" in refused.err


def test_the_stand_in_for_openai_runs_beside_the_demo_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.setenv(name, "")
    with fake_openai():
        url = os.environ["OPENAI_BASE_URL"]
        answer = httpx.post(f"{url}/nowhere", json={}, timeout=10)
        assert answer.status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{url}/nowhere", json={}, timeout=10)


def test_without_the_tests_the_stand_in_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flightsched_pipelines.cli.setup.fake_llm.PACKAGE", "a_package_that_is_not_there")

    with pytest.raises(UsageError, match="run it from a clone"), fake_openai():
        pytest.fail("it started")
