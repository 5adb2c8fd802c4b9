"""The simulated sky: read without a doubt, the same each time, and never fair for three days."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.clients.weather.simulation.atmosphere import SimulatedConditions, conditions_at
from flightsched_pipelines.clients.weather.simulation.reports import Station, metar, taf
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.domain.weather.provider_responses import read_responses
from flightsched_pipelines.domain.weather.reports.taf import read_taf

HOUR = timedelta(hours=1)
FIRST_UTC = datetime(2026, 2, 26, 5, tzinfo=UTC)
LONGITUDES_DEG = {"KAPA": -104.85, "KSQL": -122.25, "KFRG": -73.41, "PHNL": -157.92, "EGKB": 0.03, "NZAR": 174.97}
AIRPORTS = pd.DataFrame(
    {
        "airport": list(LONGITUDES_DEG),
        "name": "A field",
        "latitude_deg": 40.0,
        "longitude_deg": list(LONGITUDES_DEG.values()),
        "elevation_ft": [5885.0, 5.0, None, 13.0, 598.0, 111.0],
        "issues_taf": [True, False, True, True, False, True],
        "issues_metar": [True, True, True, False, False, True],
    }
)
STATION = Station("KAPA", "Centennial", 39.57, -104.85, 5885)


def skies(ident: str, first_utc: datetime, hours: int) -> list[SimulatedConditions]:
    return [conditions_at(ident, LONGITUDES_DEG[ident], first_utc + n * HOUR) for n in range(hours)]


@pytest.mark.parametrize("day", [0, 2, 3, 300])
def test_every_answer_is_read_whole(day: int) -> None:
    for n in (0, 5, 11, 16, 19):
        reading = read_responses(SimulatedWeather().fetch(AIRPORTS, FIRST_UTC + timedelta(days=day, hours=n)))
        assert not reading.problems
        assert not [group for group in reading.groups if group.conditions.missing]
        assert {group.station for group in reading.groups if group.source == "OpenWeatherMap"} == set(LONGITUDES_DEG)
        assert {group.station for group in reading.groups if group.source == "TAF"} == {"KAPA", "KFRG", "PHNL", "NZAR"}
        assert len([group for group in reading.groups if group.source == "METAR"]) == 4


def test_the_same_hour_gets_the_same_answers() -> None:
    assert SimulatedWeather().fetch(AIRPORTS, FIRST_UTC) == SimulatedWeather().fetch(AIRPORTS, FIRST_UTC)
    assert SimulatedWeather().supports_backfill


@pytest.mark.parametrize("ident", LONGITUDES_DEG)
@pytest.mark.parametrize("start", range(0, 72, 7))
def test_any_three_days_hold_a_storm_fog_a_gale_and_mostly_fair_weather(ident: str, start: int) -> None:
    seen = skies(ident, FIRST_UTC + start * HOUR, 72)
    assert sum("TS" in sky.air.weather for sky in seen) == 2
    assert {sky.passing.change for sky in seen if sky.passing} == {"TEMPO", "PROB"}
    assert sum(sky.air.weather == "FG" for sky in seen) == 5
    assert sum(sky.air.wind_gust_kt == 28 for sky in seen) == 4
    fair = [sky for sky in seen if not sky.air.weather and not sky.air.wind_gust_kt and not sky.passing]
    assert len(fair) == 54
    for sky in fair:
        assert 4 <= sky.air.wind_speed_kt <= 8
        assert sky.air.visibility_sm is None
        assert not [layer for layer in sky.air.layers if layer.cover in {"BKN", "OVC"} or layer.base_ft < 6_000]


def test_fog_is_there_at_sunrise_and_gone_by_ten() -> None:
    for sky, n in zip(skies("EGKB", datetime(2026, 3, 1, tzinfo=UTC), 72), range(72), strict=True):
        assert (sky.air.weather == "FG") <= (5 <= n % 24 < 10)


def test_the_wind_shifts_with_the_front() -> None:
    seen = skies("KAPA", FIRST_UTC, 96)
    arrival = next(n for n, sky in enumerate(seen) if n > 12 and "TS" in sky.air.weather)
    assert seen[arrival - 1].air.wind_direction_deg <= 220
    assert seen[arrival].air.wind_direction_deg >= 280


def test_a_later_forecast_tells_of_the_same_front() -> None:
    def weather_by_hour(report: dict[str, Any]) -> dict[int, set[str | None]]:
        hours = range(report["validTimeFrom"], report["validTimeTo"], 3600)
        return {h: {g["wxString"] for g in report["fcsts"] if g["timeFrom"] <= h < g["timeTo"]} for h in hours}

    forecasts = [weather_by_hour(taf(STATION, FIRST_UTC + n * HOUR)) for n in range(0, 72, 6)]
    for before, after in pairwise(forecasts):
        shared = before.keys() & after.keys()
        assert len(shared) >= 18
        assert all(before[hour] == after[hour] for hour in shared)
    assert any("TSRA" in weather for forecast in forecasts for weather in forecast.values())


@pytest.mark.parametrize("hour", range(24))
def test_a_taf_was_issued_before_the_hour_and_reaches_past_it(hour: int) -> None:
    now = datetime(2026, 12, 31, hour, tzinfo=UTC)
    report = taf(STATION, now)
    issued = datetime.fromisoformat(report["issueTime"])
    assert issued < now
    assert issued.hour in {5, 11, 17, 23}
    assert report["validTimeFrom"] <= now.timestamp() < report["validTimeTo"] - 17 * 3600
    assert (report["validTimeTo"] - report["validTimeFrom"]) / 3600 in {24, 30}
    prevailing = [g for g in report["fcsts"] if g["fcstChange"] in {None, "FM"}]
    assert [g["timeFrom"] for g in prevailing[1:]] == [g["timeTo"] for g in prevailing[:-1]]


def test_a_period_that_ends_at_midnight_ends_in_hour_24() -> None:
    report = taf(Station("KFRG", "Republic", 40.73, -73.41, 82), datetime(2026, 7, 9, 3, tzinfo=UTC))
    assert report["rawTAF"].startswith(("TAF KFRG 082340Z 0900/0924 ", "TAF KFRG 082340Z 0900/1006 "))
    assert "/0924" in taf(STATION, datetime(2026, 7, 9, 3, tzinfo=UTC))["rawTAF"]


def test_a_metar_is_taken_seven_minutes_before_the_hour() -> None:
    report = metar(STATION, datetime(2026, 3, 1, 0, tzinfo=UTC))
    assert report["rawOb"].startswith("METAR KAPA 282353Z ")
    assert report["obsTime"] == datetime(2026, 2, 28, 23, 53, tzinfo=UTC).timestamp()


def test_raw_text_and_fields_of_fog_say_the_same() -> None:
    reports = [metar(STATION, FIRST_UTC + n * HOUR) for n in range(24 * 30)]
    fog = [report for report in reports if report.get("wxString") == "FG"]
    assert {report["visib"] for report in fog} == {0.25, 0.5}
    assert all(("VV002" in r["rawOb"]) == (r.get("vertVis") == 2) == (r["cover"] == "OVX") for r in fog)
    assert {report["fltCat"] for report in fog} == {"LIFR"}


def test_a_taf_gives_vertical_visibility_in_feet_and_is_read_so() -> None:
    reports = [taf(STATION, FIRST_UTC + n * HOUR) for n in range(0, 24 * 30, 6)]
    fog = [(report, g) for report in reports for g in report["fcsts"] if g["vertVis"] is not None]
    assert {(g["vertVis"], g["clouds"][0]["cover"], g["clouds"][0]["base"]) for _, g in fog} == {(200, "OVX", None)}
    assert all("FG VV002" in report["rawTAF"] for report, _ in fog)
    ceilings = [
        group.conditions.ceiling_ft for r, _ in fog for group in read_taf(r) if "FG" in group.conditions.weather
    ]
    assert set(ceilings) <= {200, 300}
    assert 200 in ceilings


def test_one_call_speaks_openweathermaps_units() -> None:
    answers = SimulatedWeather().fetch(AIRPORTS, FIRST_UTC)
    hours = [h for a in answers if a.product == "one_call" for h in json.loads(a.body or "")["hourly"]]
    assert len(hours) == 48 * len(AIRPORTS)
    assert all(280 < hour["temp"] < 300 and hour["dew_point"] <= hour["temp"] for hour in hours)
    assert {hour["weather"][0]["id"] for hour in hours} >= {201, 741, 800}
    assert max(hour["visibility"] for hour in hours) == 10_000
    assert max(hour["wind_gust"] for hour in hours if "wind_gust" in hour) == pytest.approx(32 * 0.5144, abs=0.01)
