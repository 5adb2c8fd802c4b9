"""The Aviation Weather Center's cache files: every station of the world, of which a few hundred are kept."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines_tests.servers.weather_servers import AviationWeatherServer, Body

PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=1)
IDENTS = [f"K{number:03d}" for number in range(401)]
AIRPORTS = pd.DataFrame({"airport": IDENTS, "issues_metar": True, "issues_taf": True})
METARS = "\n".join(
    [
        "No errors", "No warnings", "3 ms", "data source=metars", "3 results",
        "raw_text,station_id,observation_time,latitude,longitude,temp_c,metar_type",
        "K001 091853Z 24006KT 10SM FEW060 20/08 A2992 RMK AO2,K001,2026-07-09T18:53:00Z,39,-104,20.0,METAR",
        '"K002 091912Z 24022G35KT 2SM +TSRA BKN012CB 18/16 A2980",K002,2026-07-09T19:12:00Z,39,-104,18.0,SPECI',
        "EGLL 091850Z 24006KT 9999 FEW040 20/08 Q1015,EGLL,2026-07-09T18:50:00Z,51,0,20.0,METAR",
        "",
    ]
)  # fmt: skip
TAFS = """<?xml version="1.0" encoding="UTF-8"?>
<response><data num_results="2">
<TAF><raw_text>TAF K001 091720Z 0918/1018 24006KT P6SM FEW060 FM092200 24012KT 2SM BR OVC008</raw_text>
<station_id>K001</station_id><issue_time>2026-07-09T17:20:00Z</issue_time>
<bulletin_time>2026-07-09T17:20:00Z</bulletin_time><valid_time_from>2026-07-09T18:00:00Z</valid_time_from>
<valid_time_to>2026-07-10T18:00:00Z</valid_time_to><forecast><fcst_time_from>x</fcst_time_from></forecast></TAF>
<TAF><raw_text>TAF EGLL 091700Z 0918/1018 24006KT CAVOK</raw_text><station_id>EGLL</station_id></TAF>
</data></response>
"""
BODIES: dict[str, Body] = {"metars.cache.csv.gz": METARS, "tafs.cache.xml.gz": TAFS}


def fetched(
    server: AviationWeatherServer, airports: pd.DataFrame = AIRPORTS, earlier: list[ProviderResponse] | None = None
) -> list[ProviderResponse]:
    client = AviationWeatherCenter(
        server.url, "ops@example.com", PATIENT, seconds_between_polls=0, cache_url=f"{server.url}/data/cache"
    )
    return client.fetch(airports, earlier or [])


def test_above_400_stations_the_files_are_taken_and_the_stations_kept() -> None:
    with AviationWeatherServer(bodies=BODIES) as server:
        answers = fetched(server)

    assert [request.path for request in server.requests] == [
        "/data/cache/metars.cache.csv.gz", "/data/cache/tafs.cache.xml.gz"
    ]  # fmt: skip
    assert [(answer.product, answer.outcome, len(answer.stations)) for answer in answers] == [
        ("metar", "ok", 401), ("taf", "ok", 401)
    ]  # fmt: skip
    reading = read_responses(answers)
    assert not reading.problems
    assert {(group.source, group.station) for group in reading.groups} == {
        ("METAR", "K001"), ("METAR", "K002"), ("TAF", "K001")
    }  # fmt: skip
    special = next(group for group in reading.groups if group.station == "K002")
    assert special.issued_at_utc == datetime(2026, 7, 9, 19, 12, tzinfo=UTC)
    assert {"TS", "CB"} <= special.conditions.hazards
    assert special.conditions.ceiling_ft == 1_200
    assert not special.conditions.missing
    worst = [group.conditions for group in reading.groups if group.source == "TAF"][-1]
    assert (worst.visibility_sm, worst.ceiling_ft, worst.missing) == (2, 800, frozenset())


def test_up_to_400_stations_are_asked_for_by_name() -> None:
    with AviationWeatherServer(bodies=BODIES) as server:
        fetched(server, AIRPORTS.head(400))
    assert {request.path for request in server.requests} == {"/metar", "/taf"}


@pytest.mark.parametrize("mode", ["truncated", "html", "garbage", "cut_off"])
def test_a_file_that_is_cut_off_is_missing(mode: str) -> None:
    with AviationWeatherServer(mode, BODIES) as server:
        answers = fetched(server)
    assert all(answer.failed and answer.error for answer in answers)
    assert read_responses(answers).groups == []


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (METARS.replace("raw_text,station_id", "text,station"), "it has no heading"),
        (METARS.replace(",39,-104,20.0,METAR", ",39,-104,METAR"), "a row has 6 fields, where 7 were expected"),
    ],
)
def test_a_file_of_another_form_is_missing_and_says_why(spoilt: str, words: str) -> None:
    with AviationWeatherServer(bodies=BODIES | {"metars.cache.csv.gz": spoilt}) as server:
        metars, tafs = fetched(server)
    assert (metars.outcome, tafs.outcome) == ("damaged", "ok")
    assert words in str(metars.error)


def test_a_file_that_is_unchanged_is_not_sent_again() -> None:
    with AviationWeatherServer("etag", BODIES) as server:
        earlier = fetched(server)
        again = fetched(server, earlier=earlier)
    assert [answer.status_code for answer in again] == [304, 304]
    assert [answer.body for answer in again] == [answer.body for answer in earlier]
