"""The Aviation Weather Center's client: whatever the server does becomes a stored response."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines_tests.servers.weather_servers import ETAG, HTML, AviationWeatherServer, simulated_bodies

HOUR_UTC = datetime(2026, 7, 9, 18, tzinfo=UTC)
FOREVER = 3_600
PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=3)
"""Waits as long as a busy machine takes, and does not pause."""
HASTY = replace(PATIENT, one_attempt=0.15)
"""For a server that does not answer at all."""
AIRPORTS = pd.DataFrame(
    {
        "airport": ["KAPA", "KBJC", "KLMO"],
        "name": ["Centennial", "Rocky Mountain", "Vance Brand"],
        "latitude_deg": [39.57, 39.909, 40.164],
        "longitude_deg": [-104.849, -105.117, -105.163],
        "elevation_ft": [5885.0, 5673.0, 5055.0],
        "issues_taf": [True, True, False],
        "issues_metar": [True, True, True],
    }
)
BODIES = simulated_bodies(AIRPORTS, HOUR_UTC)


def fetch(
    server: AviationWeatherServer, earlier: list[ProviderResponse] | None = None, patience: RetryPolicy = PATIENT
) -> list[ProviderResponse]:
    center = AviationWeatherCenter(server.url, "ops@school.example", patience, seconds_between_polls=0)
    return center.fetch(AIRPORTS, earlier or [])


def test_metars_and_tafs_are_asked_of_the_airports_that_issue_them() -> None:
    with AviationWeatherServer(bodies=BODIES) as server:
        answers = fetch(server)
    assert [(a.product, a.stations) for a in answers] == [
        ("metar", ("KAPA", "KBJC", "KLMO")),
        ("taf", ("KAPA", "KBJC")),
    ]
    assert [request.query["ids"] for request in server.requests] == ["KAPA,KBJC,KLMO", "KAPA,KBJC"]
    assert all("ops@school.example" in request.headers["user-agent"] for request in server.requests)
    reading = read_responses(answers)
    assert not reading.problems
    assert {group.station for group in reading.groups} == {"KAPA", "KBJC", "KLMO"}


def test_each_product_with_hazard_areas_is_asked_as_a_whole_and_kept_verbatim() -> None:
    forecast = '{"type": "FeatureCollection", "features": [ ]}'
    with AviationWeatherServer(bodies={"airsigmet": '[ {"hazard": "ICE"}]', "tcf": forecast, "cwa": "7"}) as server:
        center = AviationWeatherCenter(server.url, "ops@school.example", PATIENT, seconds_between_polls=0)
        answers = {answer.product: answer for answer in center.fetch_areas()}
    assert [(request.path, request.query) for request in server.requests] == [
        *((f"/{product}", {"format": "json"}) for product in ("airsigmet", "isigmet", "gairmet", "cwa")),
        ("/tcf", {"format": "geojson"}),
    ]
    assert {product: answer.outcome for product, answer in answers.items()} == {
        "airsigmet": "ok", "isigmet": "empty", "gairmet": "empty", "cwa": "not_json", "tcf": "ok",
    }  # fmt: skip
    assert (answers["tcf"].body, answers["tcf"].stations) == (forecast, ())


def test_a_body_is_kept_verbatim() -> None:
    odd = '[ {"icaoId" : "KAPA",\n "rawOb":"METAR KAPA é"} ]'
    with AviationWeatherServer(bodies={"metar": odd}) as server:
        metars, tafs = fetch(server)
    assert (metars.body, metars.outcome) == (odd, "ok")
    assert (tafs.body, tafs.outcome) == ("[]", "empty")


@pytest.mark.parametrize(
    ("mode", "outcome", "status", "attempts", "words"),
    [
        ("ok", "ok", 200, 1, None),
        ("empty", "empty", 204, 1, None),
        ("empty_list", "empty", 200, 1, None),
        ("rejected", "rejected", 400, 1, "rejected the request (400)"),
        ("moved", "rejected", 302, 1, "redirects to elsewhere.invalid (302), which is not followed"),
        ("server_error", "server_error", 503, 3, "has an internal error (503) after 3 attempts"),
        ("html", "not_json", 200, 1, "sent a web page, not weather"),
        ("truncated", "not_json", 200, 1, "sent invalid JSON, or JSON that is cut off"),
        ("garbage", "not_json", 200, 1, "sent invalid JSON, or JSON that is cut off"),
        ("bad_gzip", "not_json", None, 1, "sent something that cannot be unpacked"),
        ("cut_off", "unreachable", None, 3, "could not be reached"),
        ("reset", "unreachable", None, 3, "could not be reached"),
        ("huge", "too_large", 200, 1, "more than 10 MB"),
    ],
)
def test_whatever_the_server_does_becomes_an_answer(
    mode: str, outcome: str, status: int | None, attempts: int, words: str | None
) -> None:
    with AviationWeatherServer(mode, BODIES) as server:
        answers = fetch(server)
    for answer in answers:
        assert (answer.outcome, answer.status_code) == (outcome, status)
        if words is None:
            assert answer.error is None
        else:
            assert words in (answer.error or "")
            assert (answer.error or "").startswith("The Aviation Weather Center")
    assert len(server.requests) == 2 * attempts


def test_a_server_that_does_not_answer_in_time_is_asked_as_often_as_one_that_fails() -> None:
    with AviationWeatherServer("slow", BODIES, slow_seconds=FOREVER) as server:
        answers = fetch(server, patience=HASTY)
    assert [(answer.outcome, answer.status_code) for answer in answers] == [("timeout", None)] * 2
    sentence = "The Aviation Weather Center did not answer within 0.15 s after 3 attempts"
    assert all((answer.error or "").startswith(sentence) for answer in answers)


def test_a_web_page_is_kept_for_whoever_looks_into_it() -> None:
    with AviationWeatherServer("html") as server:
        assert fetch(server)[0].body == HTML


def test_garbage_is_kept_without_the_character_that_postgresql_refuses() -> None:
    with AviationWeatherServer("garbage") as server:
        body = fetch(server)[0].body
    assert body
    assert "\0" not in body


def test_one_product_that_fails_leaves_the_other() -> None:
    with AviationWeatherServer("server_error", BODIES, failures=3) as server:
        metars, tafs = fetch(server)
    assert (metars.outcome, tafs.outcome) == ("server_error", "ok")


def test_too_many_requests_is_waited_out() -> None:
    with AviationWeatherServer("rate_limited", BODIES) as server:
        answers = fetch(server)
    assert [answer.outcome for answer in answers] == ["ok", "ok"]
    assert len(server.requests) == 3


@pytest.mark.parametrize("retry_after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT", "soon", "-1", "1e9"])
def test_a_long_wait_is_cut_short(retry_after: str) -> None:
    with AviationWeatherServer("rate_limited", BODIES, failures=100, retry_after=retry_after) as server:
        begun = time.monotonic()
        answers = fetch(server)
    assert time.monotonic() - begun < 1_800, "none of the times asked for is waited"
    assert {answer.outcome for answer in answers} == {"rate_limited"}
    assert len(server.requests) == 6


def test_nothing_listens() -> None:
    with AviationWeatherServer() as server:
        pass
    answers = fetch(server)
    assert {answer.outcome for answer in answers} == {"unreachable"}
    assert all(answer.failed for answer in answers)


@pytest.mark.parametrize("address", ["gopher://example.com", "nonsense", "http://[::bad"])
def test_an_impossible_address_is_an_answer_too(address: str) -> None:
    answers = AviationWeatherCenter(address, "ops@school.example", PATIENT).fetch(AIRPORTS)
    assert {answer.outcome for answer in answers} == {"unreachable"}


def test_all_questions_together_are_bounded_in_time() -> None:
    patience = RetryPolicy(one_attempt=0.3, total=0.2, first_wait=0.01, longest_wait=0.05, attempts=3)
    with AviationWeatherServer("slow", BODIES, slow_seconds=FOREVER) as server:
        answers = AviationWeatherCenter(server.url, "ops@school.example", patience).fetch(AIRPORTS)
    assert [answer.outcome for answer in answers] == ["timeout", "timeout"]
    assert "was not requested" in (answers[1].error or "")


def test_what_has_not_changed_is_not_sent_again() -> None:
    with AviationWeatherServer("etag", BODIES) as server:
        first = fetch(server)
        second = fetch(server, first)
        third = fetch(server, second)
    assert [answer.etag for answer in first] == [ETAG, ETAG]
    assert [(a.status_code, a.outcome, a.body) for a in second] == [(304, "ok", a.body) for a in first]
    assert third[1].body == first[1].body
    assert [request.headers.get("if-none-match") for request in server.requests] == [None, None, *[ETAG] * 4]


def test_a_second_poll_waits_its_time() -> None:
    with AviationWeatherServer(bodies=BODIES) as server:
        center = AviationWeatherCenter(server.url, "ops@school.example", PATIENT, seconds_between_polls=0.4)
        begun = time.monotonic()
        center.fetch(AIRPORTS)
        center.fetch(AIRPORTS)
    assert time.monotonic() - begun >= 0.4


def test_a_failed_answer_makes_no_request_conditional() -> None:
    with AviationWeatherServer("html") as server:
        failed = fetch(server)
        fetch(server, failed)
    assert not any("if-none-match" in request.headers for request in server.requests)


def test_a_thousand_and_one_stations_are_three_requests() -> None:
    idents = [f"K{n:03X}" for n in range(1_001)]
    airports = pd.DataFrame({"airport": idents, "issues_taf": False, "issues_metar": True})
    with AviationWeatherServer() as server:
        answers = AviationWeatherCenter(server.url, "ops@school.example", PATIENT).fetch(airports)
    assert [len(answer.stations) for answer in answers] == [400, 400, 201]
    assert [ident for request in server.requests for ident in request.query["ids"].split(",")] == idents


def test_no_station_is_no_request() -> None:
    with AviationWeatherServer() as server:
        assert AviationWeatherCenter(server.url, "", PATIENT).fetch(AIRPORTS.iloc[:0]) == []
    assert server.requests == []


def test_an_ident_cannot_change_the_request() -> None:
    airports = pd.DataFrame({"airport": ["K&x=1 #"], "issues_taf": False, "issues_metar": True})
    with AviationWeatherServer(bodies={"metar": json.dumps([{"icaoId": "KAPA"}])}) as server:
        AviationWeatherCenter(server.url, "naïve\nX-Header: 1", PATIENT).fetch(airports)
    assert server.requests[0].query == {"ids": "K&x=1 #", "format": "json"}
    assert "x-header" not in server.requests[0].headers
