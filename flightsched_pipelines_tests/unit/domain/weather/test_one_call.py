"""OpenWeatherMap's One Call."""

import json
from typing import Any

import pytest

from flightsched_pipelines.domain.weather.conditions import Conditions
from flightsched_pipelines.domain.weather.one_call import read_one_call
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponseError, read_response
from flightsched_pipelines_tests.unit.domain.weather.builders import hour, one_call, one_call_hour


def conditions(**fields: Any) -> Conditions:
    return read_one_call(one_call(one_call_hour(1, **fields)), "KXYZ")[0].conditions


def test_wind_is_metres_a_second_never_miles_an_hour_nor_knots() -> None:
    found = conditions(wind_speed=10.0, wind_gust=15.0)

    assert found.wind_speed_kt == pytest.approx(19.4)
    assert found.wind_gust_kt == pytest.approx(29.2)


def test_ten_kilometres_means_at_least() -> None:
    assert (conditions().visibility_sm, conditions().visibility_at_least) == (pytest.approx(6.21), True)
    assert conditions(visibility=4_000).visibility_at_least is False


def test_a_ceiling_is_never_invented_from_cloud_percent() -> None:
    assert conditions(clouds=50).ceiling_ft is None
    overcast_dry, overcast_moist = conditions(clouds=100), conditions(clouds=100, dew_point=291.15)
    assert (overcast_dry.ceiling_ft, overcast_dry.ceiling_estimated) == (4_800, True)
    assert overcast_moist.ceiling_ft == 800
    assert not overcast_dry.missing


def test_a_ceiling_that_cannot_be_estimated_is_missing() -> None:
    assert "ceiling" in conditions(clouds=100, dew_point=None).missing
    assert "ceiling" in conditions(clouds=None).missing


@pytest.mark.parametrize(
    ("code", "hazards"),
    [
        (211, {"TS"}),
        (511, {"FZRA"}),
        (500, set()),
        (611, {"PL"}),
        (741, {"FG"}),
        (771, {"SQ"}),
        (781, {"+FC"}),
        (800, set()),
    ],
)
def test_condition_ids_are_hazards_by_exact_code(code: int, hazards: set[str]) -> None:
    assert conditions(weather=[{"id": code}]).hazards == hazards


@pytest.mark.parametrize("weather", [None, [], [{"id": 999}], [{"id": "511"}], "rain", [{}]])
def test_weather_that_is_not_known_is_missing(weather: object) -> None:
    assert "weather" in conditions(weather=weather).missing


@pytest.mark.parametrize("lost", [{"visibility": None}, {"visibility": -1}, {"visibility": "far"}])
def test_a_lost_visibility_is_missing(lost: dict[str, Any]) -> None:
    assert conditions(**lost).missing == {"visibility"}


def test_metric_temperatures_are_understood_and_imperial_ones_refused() -> None:
    assert conditions(temp=20.0, dew_point=8.0).temperature_c == 20
    with pytest.raises(ProviderResponseError, match="units=standard"):
        read_response(json.dumps(one_call(one_call_hour(1, temp=72.0))), "KXYZ")


def test_an_answer_without_hours_is_refused() -> None:
    with pytest.raises(ProviderResponseError, match="of its 1 hour none has a time"):
        read_response(json.dumps(one_call({"dt": "noon"})), "KXYZ")


def test_an_hour_is_the_hour_it_says() -> None:
    (group,) = read_one_call(one_call(one_call_hour(13)), "KXYZ")

    assert (group.from_utc, group.to_utc, group.issued_at_utc) == (hour(13), hour(14), hour(12))
