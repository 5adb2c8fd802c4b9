"""Stored responses, and checks of a forecast."""

import json
from datetime import timedelta

import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.forecast_quality import contradictions, implausible, uncovered, unread_words
from flightsched_pipelines.domain.weather.provider_responses import (  # fmt: skip
    ProviderResponse,
    ProviderResponseError,
    one_call_position,
    read_response,
    read_responses,
    station_positions,
)
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines_tests.unit.domain.weather.builders import fair, hour, metar, one_call, one_call_hour, taf


def answer(body: str | None, outcome: str = "ok", product: str = "taf", error: str | None = None) -> ProviderResponse:
    return ProviderResponse("p", product, "/r", ["KXYZ"], hour(0), 200, outcome, error, None, None, body)  # pyright: ignore[reportArgumentType]


def test_one_unreadable_report_costs_no_other() -> None:
    reading = read_response(json.dumps([taf(fair(0, 24)), {"icaoId": "KBAD", "fcsts": []}, 7, metar(obsTime=None)]))

    assert {group.station for group in reading.groups} == {"KXYZ"}
    assert len(reading.problems) == 3
    assert "KBAD" in reading.problems[0]


def test_an_answer_that_failed_is_a_problem_and_says_nothing() -> None:
    reading = read_responses(
        [answer(None, "timeout", error="It did not answer"), answer("<html>"), answer("[]", "empty")]
    )

    assert reading.groups == []
    assert reading.problems[0] == "It did not answer"
    assert "an HTML page" in reading.problems[1]


def test_a_one_call_answer_needs_its_airport() -> None:
    body = json.dumps(one_call(one_call_hour(1)))

    with pytest.raises(ProviderResponseError, match="names no airport"):
        read_response(body)
    assert one_call_position(body) == (37.0, -122.0)
    assert one_call_position("[]") is None
    assert one_call_position("no") is None
    assert one_call_position('{"lat": 1e400, "lon": 2, "hourly": []}') is None


def test_stations_say_where_they_are() -> None:
    assert station_positions(json.dumps([metar(lat=1.0, lon=2.0), metar(icaoId="KNOW", lat=None)])) == {
        "KXYZ": (1.0, 2.0)
    }
    assert station_positions("no") == {}


@pytest.mark.parametrize(
    ("column", "value"),
    [("wind_speed_kt", 300), ("wind_gust_kt", 1), ("visibility_sm", 9_999), ("ceiling_ft", -1), ("temperature_c", 290)],
)
def test_a_value_in_a_wrong_unit_is_implausible(column: str, value: float) -> None:
    rows = hourly_rows(read_taf(taf(fair(0, 2))))
    assert implausible(rows) == []

    rows.loc[0, column] = value

    assert len(implausible(rows)) >= 1
    assert "KXYZ" in implausible(rows)[0]


def test_an_airport_is_covered_when_every_hour_has_a_readable_forecast() -> None:
    rows = hourly_rows(read_taf(taf(fair(0, 24))))

    assert uncovered(rows, ["KXYZ", "KNONE"], hour(0)) == ["KNONE"]
    assert uncovered(rows, ["KXYZ"], hour(1)) == ["KXYZ"], "the last hour is missing"
    unreadable = rows.assign(missing=pd.Series([["wind"], *rows["missing"].tolist()[1:]]))
    assert uncovered(unreadable, ["KXYZ"], hour(0)) == ["KXYZ"]
    beside = rows.assign(governs=rows["hour_utc"] != pd.Timestamp(hour(0) + timedelta(hours=5)))
    assert uncovered(beside, ["KXYZ"], hour(0)) == ["KXYZ"]


def test_words_that_were_not_understood_are_counted_by_station() -> None:
    raw = "METAR KXYZ 101153Z 24006KT 10SM FEW060 +TSRX BKN0O8 20/08 A2992"
    observed = hourly_rows(read_response(json.dumps([metar(raw)])).groups)
    forecasts = hourly_rows(read_response(json.dumps([taf(fair(0, 24)), taf(fair(0, 24), station="KABC")])).groups)

    sentences, words, stations = unread_words(forecasts, observed)
    assert (words, stations) == (2, 2)
    assert sentences == ["KXYZ: 2 (+TSRX: weather missing; BKN0O8: ceiling missing)"]
    assert unread_words(forecasts) == ([], 0, 2)


def test_no_forecast_contradicts_nothing() -> None:
    none = pd.DataFrame(columns=list(FORECAST_COLUMNS)).astype(dict(FORECAST_COLUMNS))

    assert contradictions(none) == ([], 0)
