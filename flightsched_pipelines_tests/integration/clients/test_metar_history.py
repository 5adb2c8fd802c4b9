"""Every METAR of a past time, SPECIs included: none is lost where the Aviation Weather Center cuts its responses."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.aviation_weather import AviationWeatherCenter
from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.metar_history import LONGEST_HISTORY_HOURS
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.domain.weather.observed_reports import every_metar
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse, read_responses
from flightsched_pipelines_tests.servers.weather_servers import CENTER_RETURNS, AviationWeatherServer, Body, history

PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=1)
UNTIL_UTC = datetime(2026, 7, 9, 20, tzinfo=UTC)
"""The showers about the front have just passed: some stations have sent a SPECI."""
HOUR = timedelta(hours=1)


def stations(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "airport": [f"K{number:03d}" for number in range(count)],
            "name": "A field",
            "latitude_deg": 40.0,
            "longitude_deg": -104.0,
            "elevation_ft": 5_000.0,
            "issues_metar": True,
            "issues_taf": False,
        }
    )


def history_of(airports: pd.DataFrame) -> dict[str, Body]:
    return {"metar": lambda query: history(airports, query)}


def fetched(server: AviationWeatherServer, airports: pd.DataFrame, hours: int) -> list[ProviderResponse]:
    center = AviationWeatherCenter(server.url, "ops@school.example", PATIENT, seconds_between_polls=0)
    return list(center.fetch_metars(airports["airport"].tolist(), hours, UNTIL_UTC))


def taken(answers: list[ProviderResponse]) -> set[tuple[str, datetime]]:
    reports = {(group.station, group.issued_at_utc) for group in every_metar(answers)}
    return {(station, at) for station, at in reports if at < UNTIL_UTC}


@pytest.mark.parametrize(("count", "hours", "requests"), [(9, 1, 1), (9, 2, 1), (120, 2, 2), (7, 30, 2), (1, 72, 3)])
def test_every_report_comes_specis_included(count: int, hours: int, requests: int) -> None:
    airports = stations(count)
    with AviationWeatherServer(bodies=history_of(airports)) as server:
        answers = fetched(server, airports, hours)
    assert {answer.product for answer in answers} == {"metar_history"}
    every = taken(list(SimulatedWeather().fetch_metars(airports, hours, UNTIL_UTC)))
    assert taken(answers) >= every
    assert any(at.minute == 20 for _, at in every)
    assert len(answers) == len(server.requests) == requests


def test_a_response_that_may_have_been_cut_is_requested_in_parts() -> None:
    """Stations that report every minute: even the reports of one, in a few hours, are more than come at once."""

    def every_minute(query: Mapping[str, str]) -> str:
        until = datetime.strptime(query["date"], "%Y%m%d_%H%M").replace(tzinfo=UTC)
        times = [until - timedelta(minutes=n) for n in range(60 * int(query["hours"]))]
        every = [(ident, at) for at in times for ident in query["ids"].split(",")]
        return json.dumps(
            [
                {"icaoId": ident, "rawOb": f"METAR {ident} {at:%d%H%M}Z 18005KT 10SM CLR 20/10 A2992",
                 "obsTime": int(at.timestamp())}
                for ident, at in every[:CENTER_RETURNS]
            ]
        )  # fmt: skip

    airports = stations(3)
    with AviationWeatherServer(bodies={"metar": every_minute}) as server:
        answers = fetched(server, airports, 12)
    minutes = {UNTIL_UTC - timedelta(minutes=n) for n in range(1, 12 * 60 + 1)}
    assert taken(answers) >= {(ident, at) for ident in airports["airport"] for at in minutes}
    assert all(len(answer.stations) == 1 for answer in answers)


def test_a_request_that_fails_is_a_response_and_the_others_come() -> None:
    airports = stations(120)
    with AviationWeatherServer("server_error", history_of(airports), failures=1) as server:
        answers = fetched(server, airports, 2)
    assert [answer.outcome for answer in answers] == ["server_error", "ok"]


@pytest.mark.parametrize("hours", [0, -1, LONGEST_HISTORY_HOURS + 1])
def test_more_than_is_kept_is_refused(hours: int) -> None:
    with (
        AviationWeatherServer() as server,
        pytest.raises(ValueError, match=f"hours must be between 1 and 359; got {hours}"),
    ):
        fetched(server, stations(1), hours)
    assert server.requests == []


def test_no_station_is_no_request() -> None:
    with AviationWeatherServer() as server:
        assert fetched(server, stations(0), 1) == []
    assert server.requests == []


def test_a_report_of_the_history_never_governs_in_the_place_of_one_that_did_not_come() -> None:
    airports = stations(1)
    answers = list(SimulatedWeather().fetch_metars(airports, 3, UNTIL_UTC))
    assert read_responses(answers).groups == []
    assert len(every_metar([*answers, *answers])) == len(every_metar(answers)) >= 3


def test_past_tafs_are_requested_by_their_time_400_stations_at_once() -> None:
    idents = [f"K{number:03d}" for number in range(401)]
    times = [UNTIL_UTC - 6 * HOUR, UNTIL_UTC]
    with AviationWeatherServer(bodies={"taf": lambda _: "[]"}) as server:
        center = AviationWeatherCenter(server.url, "ops@school.example", PATIENT, seconds_between_polls=0)
        found = dict(center.fetch_past_tafs(idents, times))

    assert list(found) == times
    assert [len(answer.stations) for answer in found[UNTIL_UTC]] == [400, 1]
    assert {request.query["date"] for request in server.requests} == {"20260709_1400", "20260709_2000"}
    assert len(server.requests) == 4
