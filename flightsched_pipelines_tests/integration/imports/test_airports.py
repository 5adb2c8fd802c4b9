"""``flightsched airports`` and ``flightsched init``."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines_tests.integration.cli.conftest import Type, flightsched
from flightsched_pipelines_tests.integration.imports.helpers import rows

__all__ = ["flightsched"]

COLUMNS = (
    "id,airport_ref,airport_ident,length_ft,width_ft,surface,lighted,closed,le_ident,le_latitude_deg,"
    "le_longitude_deg,le_elevation_ft,le_heading_degT,le_displaced_threshold_ft,he_ident,he_latitude_deg,"
    "he_longitude_deg,he_elevation_ft,he_heading_degT,he_displaced_threshold_ft\n"
)
PALO_ALTO = '1,2,"KPAO",2441,70,"ASP",1,0,"13",37.4637,-122.1180,6,142,,"31",37.4585,-122.1120,6,322,\n'
BOULDER = (  # OurAirports gives no headings for it
    '3,4,"KBDU",4100,75,"ASPH",0,0,"08",40.0391006,-105.2330017,,,,"26",40.0391006,-105.2190018,,,\n'
    '5,4,"KBDU",4100,20,"TURF",0,0,"08G",,,,,,"26G",,,,,\n'
)
LAMPSON = '6,7,"1O2",3600,60,"ASP",1,1,"10",38.99,-122.90,,,,"28",38.99,-122.89,,295,\n'
ELSEWHERE = '8,9,"00A",80,80,"ASPH-G",1,0,"H1",,,,,,"",,,,,\n'
SCHOOL = ("init", "--name", "Redwood", "--base", "pao", "--hours", "mon-fri 07:00-20:00", "--metar", "--no-taf")


@pytest.fixture(autouse=True)
def _on_an_empty_database(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))


def test_airports_are_added_by_any_ident_that_names_one(flightsched: Type, engine: Engine) -> None:
    assert "KBDU, KPAO, NTGA added" in flightsched("airports", "add", "pao", "KBDU", "NTGA", "--metar").out
    assert "there already" in flightsched("airports", "add", "PAO").out
    found = rows(engine, "SELECT ident, time_zone, issues_metar, issues_taf FROM school.airports ORDER BY 1")
    assert found[:2] == [("KBDU", "America/Denver", True, None), ("KPAO", "America/Los_Angeles", True, None)]

    both = flightsched("airports", "add", "AAA", "KSJC")
    none = flightsched("airports", "add", "NOWHERE")

    assert (both.code, none.code) == (2, 2)
    assert "'AAA' names KAAA (FAA: Logan County Airport) and NTGA (IATA: Anaa Airport); give the ICAO" in both.err
    assert "no airport has the ident 'NOWHERE'" in none.err
    assert len(rows(engine, "SELECT FROM school.airports")) == 3, "all of them or none"


def test_runways_come_from_our_airports_and_nothing_is_replaced_unasked(
    flightsched: Type, engine: Engine, tmp_path: Path
) -> None:
    flightsched("airports", "add", "KPAO", "KBDU", "K1O2")
    file = tmp_path / "runways.csv"
    file.write_text(COLUMNS + PALO_ALTO + BOULDER + LAMPSON + ELSEWHERE)

    done = flightsched("airports", "sync", "--runways", str(file))

    assert "6 runway ends added, 0 changed, 0 unchanged" in done.out
    assert "no open runway of K1O2 is known: the full wind counts as crosswind there" in done.err
    stored = "SELECT airport, runway, heading_true_deg, length_ft, closed FROM school.runways ORDER BY 1, 2"
    assert rows(engine, stored) == [
        ("K1O2", "10", 115.0, 3600.0, True), ("K1O2", "28", 295.0, 3600.0, True),
        ("KBDU", "08", 90.0, 4100.0, False), ("KBDU", "26", 270.0, 4100.0, False),
        ("KPAO", "13", 142.0, 2441.0, False), ("KPAO", "31", 322.0, 2441.0, False),
    ]  # fmt: skip
    file.write_text(COLUMNS + PALO_ALTO.replace("142", "145"))
    before = rows(engine, stored)
    refused = flightsched("airports", "sync", "--runways", str(file))
    assert refused.code == 2
    assert "other values than are stored of 1 runway ends (KPAO 13)" in refused.out
    assert rows(engine, stored) == before
    assert (
        "0 runway ends added, 1 changed, 1 un" in flightsched("airports", "sync", "--yes", "--runways", str(file)).out
    )


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", COLUMNS + 'x,"'])
def test_another_file_is_said_so(flightsched: Type, tmp_path: Path, content: str) -> None:
    (tmp_path / "other.csv").write_text(content)

    assert flightsched("airports", "sync", "--runways", str(tmp_path / "other.csv")).code == 2


def test_a_school_is_made_by_options(flightsched: Type, engine: Engine) -> None:
    done = flightsched(*SCHOOL)

    assert "Redwood is made, with the id pao" in done.out
    assert rows(engine, "SELECT name, base_airport, external_id FROM school.schools") == [("Redwood", "KPAO", "pao")]
    assert rows(engine, "SELECT issues_metar, issues_taf FROM school.airports") == [(True, False)]
    assert rows(engine, "SELECT count(*) FROM school.opening_hours") == [(5,)]
    assert rows(engine, "SELECT count(*) > 5 FROM school.weather_minimums") == [(True,)]
    again = flightsched(*SCHOOL)
    assert again.code == 2
    assert "there is a school 'pao' or 'Redwood' already" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no answer, so nothing was created"),
        ((*SCHOOL[:3], "--base", "PAO", "--hours", "always"), "--hours is 'always'; give days and hours, such as"),
        ((*SCHOOL[:3], "--base", "NOWHERE", *SCHOOL[5:]), "no airport has the ident 'NOWHERE'"),
    ],
)
def test_what_cannot_be_made_is_said(flightsched: Type, engine: Engine, words: tuple[str, ...], said: str) -> None:
    done = flightsched("init", *[word for word in words if word != "init"])

    assert done.code == 2
    assert said in done.err
    assert rows(engine, "SELECT FROM school.schools") == []


def test_a_report_that_came_is_noted_unless_somebody_said(flightsched: Type, engine: Engine) -> None:
    flightsched("airports", "add", "KPAO")
    flightsched("airports", "add", "KBDU", "--no-taf")

    schedule.note_issuers(engine, "issues_taf", ["KPAO", "KBDU"])

    found = rows(engine, "SELECT ident, issues_taf, issues_metar FROM school.airports ORDER BY 1")
    assert found == [("KBDU", False, None), ("KPAO", True, None)]
