"""OpenWeatherMap's client: one response an airport, and a key that is only on the wire."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from pydantic import SecretStr

from flightsched_pipelines.clients.weather.http_fetch import RetryPolicy
from flightsched_pipelines.clients.weather.open_weather_map import OpenWeatherMap
from flightsched_pipelines.clients.weather.weather_source import weather_source
from flightsched_pipelines.domain.weather.areas.products import AREA_PRODUCTS
from flightsched_pipelines.domain.weather.provider_responses import read_responses
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.servers.weather_servers import (
    AviationWeatherServer,
    OpenWeatherMapServer,
    simulated_bodies,
)

KEY = "0123456789abcdef0123456789abcdef"
HOUR_UTC = datetime(2026, 7, 9, 18, tzinfo=UTC)
PATIENT = RetryPolicy(one_attempt=300, total=600, first_wait=0.01, longest_wait=0.02, attempts=2)
"""Waits as long as a busy machine takes, and does not pause."""
HASTY = replace(PATIENT, one_attempt=0.15)
"""For a server that does not answer at all."""
FOREVER = 3_600
AIRPORTS = pd.DataFrame(
    {
        "airport": [f"K{n:03d}" for n in range(9)],
        "name": "A field",
        "latitude_deg": [39.0 + n / 7 for n in range(9)],
        "longitude_deg": [-104.0 - n for n in range(9)],
        "elevation_ft": 5_000.0,
        "issues_taf": [True, True, False] * 3,
        "issues_metar": True,
    }
)
BODIES = simulated_bodies(AIRPORTS, HOUR_UTC)


def test_every_airport_is_asked_for_by_its_position_and_answered_in_order() -> None:
    with OpenWeatherMapServer(bodies=BODIES, key=KEY) as server:
        answers = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS)
    assert [answer.stations for answer in answers] == [(ident,) for ident in AIRPORTS["airport"]]
    assert answers[0].request == "onecall?lat=39.0000&lon=-104.0000&units=standard&exclude=minutely,daily,alerts"
    assert {request.query["appid"] for request in server.requests} == {KEY}
    reading = read_responses(answers)
    assert not reading.problems
    assert len(reading.groups) == 9 * 48


def test_a_refused_key_is_said_once_without_a_second_attempt() -> None:
    with OpenWeatherMapServer(bodies=BODIES, key="another") as server:
        (answer,) = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS.head(1))
    assert (answer.outcome, answer.status_code, len(server.requests)) == ("rejected", 401, 1)
    assert answer.error == "OpenWeatherMap refused the key in OPENWEATHERMAP_API_KEY (401); set a valid key"


@pytest.mark.parametrize("right_key", [KEY, "another"])
@pytest.mark.parametrize("mode", ["ok", "server_error", "reset", "slow", "garbage", "rejected"])
def test_the_key_is_in_no_answer_and_no_log(mode: str, right_key: str, caplog: pytest.LogCaptureFixture) -> None:
    patience = HASTY if mode == "slow" else PATIENT
    with (
        caplog.at_level(logging.DEBUG),
        OpenWeatherMapServer(mode, BODIES, key=right_key, slow_seconds=FOREVER) as server,
    ):
        answers = OpenWeatherMap(server.url, KEY, patience).fetch(AIRPORTS.head(2))
    assert "127.0.0.1" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(answers)


def test_one_airport_that_fails_leaves_the_others() -> None:
    with OpenWeatherMapServer("rejected", BODIES, key=KEY, failures=1) as server:
        answers = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS)
    assert sorted(answer.outcome for answer in answers) == ["ok"] * 8 + ["rejected"]


def test_few_airports_are_asked_for_at_once() -> None:
    with OpenWeatherMapServer("slow", BODIES, key=KEY, slow_seconds=FOREVER, until_at_once=4) as server:
        answers = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS)
    assert {answer.outcome for answer in answers} == {"ok"}
    assert server.most_at_once == 4


@pytest.mark.parametrize("address", ["gopher://example.com", "nonsense", "http://[::bad"])
def test_an_impossible_address_is_an_answer_too(address: str) -> None:
    answers = OpenWeatherMap(address, KEY, PATIENT).fetch(AIRPORTS)
    assert {answer.outcome for answer in answers} == {"unreachable"}


def test_a_redirect_takes_the_key_nowhere() -> None:
    with OpenWeatherMapServer("moved", key=KEY) as server:
        (answer,) = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS.head(1))
    assert (answer.outcome, answer.status_code, len(server.requests)) == ("rejected", 302, 1)
    assert KEY not in repr(answer)


def test_a_list_where_a_forecast_belongs_is_no_weather() -> None:
    with OpenWeatherMapServer("empty_list", key=KEY) as server:
        (answer,) = OpenWeatherMap(server.url, KEY, PATIENT).fetch(AIRPORTS.head(1))
    assert (answer.outcome, answer.error) == ("not_json", "OpenWeatherMap sent JSON of an unknown form")


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("  ")])
def test_without_a_key_the_live_source_asks_the_aviation_weather_center_alone(key: SecretStr | None) -> None:
    with AviationWeatherServer(bodies=BODIES) as server:
        settings = Settings.model_validate(
            {
                "weather_source": "live",
                "aviation_weather_url": server.url,
                "guidance_url": "off",
                "openweathermap_api_key": key,
            }
        )
        source = weather_source(settings)
        answers = source.fetch(AIRPORTS, HOUR_UTC)
    assert not source.supports_backfill
    assert [answer.product for answer in answers] == ["metar", "taf", "metar_history", *AREA_PRODUCTS]


def test_the_live_source_asks_both_and_one_that_is_down_leaves_the_other() -> None:
    with (
        AviationWeatherServer("rejected") as center,
        OpenWeatherMapServer(bodies=BODIES, key=KEY) as one_call,
    ):
        settings = Settings.model_validate(
            {
                "weather_source": "live",
                "aviation_weather_url": center.url,
                "guidance_url": "off",
                "open_weather_map_url": f"{one_call.url}/data/3.0/",
                "openweathermap_api_key": f" {KEY}\n",
            }
        )
        answers = weather_source(settings).fetch(AIRPORTS, HOUR_UTC)
    assert [answer.outcome for answer in answers] == ["rejected"] * (3 + len(AREA_PRODUCTS)) + ["ok"] * 9
    assert one_call.requests[0].path == "/data/3.0/onecall"
