"""The source used for an airport's hour."""

from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.issue_times import unread_report
from flightsched_pipelines.domain.weather.one_call import read_one_call
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.domain.weather.source_selection import blend, blend_of_files, hourly_rows
from flightsched_pipelines_tests.unit.domain.weather.builders import at, fair, hour, metar, one_call, one_call_hour, taf

AIRPORTS = pd.DataFrame(
    [
        ("KOWN", 37.0, -122.0, True, True),
        ("KNEAR", 37.1, -122.0, False, False),
        ("KFAR", 39.0, -122.0, False, False),
    ],
    columns=["airport", "latitude_deg", "longitude_deg", "issues_taf", "issues_metar"],
).assign(elevation_ft=100.0)
OWN = AIRPORTS.head(1)


def blended(
    groups: list[ForecastGroup], airports: pd.DataFrame = AIRPORTS, now: int = 12, **options: Any
) -> pd.DataFrame:
    settings: dict[str, Any] = {
        "horizon_hours": 48, "taf_max_distance_nm": 30, "taf_max_age_hours": 13, "observation_max_age_minutes": 90,
    }  # fmt: skip
    return blend(airports, ParsedReports(groups), hour(now), **(settings | options))


def model(station: str, *hours: int, **fields: Any) -> list[ForecastGroup]:
    return read_one_call(one_call(*(one_call_hour(n, **fields) for n in hours)), station)


def governing(frame: pd.DataFrame, airport: str, n: int) -> pd.DataFrame:
    return frame[(frame["airport"] == airport) & (frame["hour_utc"] == hour(n)) & frame["governs"]]


def test_an_hour_cut_in_two_by_an_fm_has_two_prevailing_rows() -> None:
    change = fair(13.5, 24, "FM", visib=2)
    frame = hourly_rows(read_taf(taf(fair(0, 13.5), change)))

    cut = frame[frame["hour_utc"] == hour(13)]
    assert sorted(cut["visibility_sm"]) == [2, 6]
    assert set(cut["layer"]) == {"prevailing"}
    assert list(frame.columns) == list(FORECAST_COLUMNS)


def test_a_field_without_a_taf_takes_the_nearest_and_says_so() -> None:
    frame = blended(read_taf(taf(fair(0, 24), station="KOWN")))

    near = governing(frame, "KNEAR", 14)
    assert near["station"].tolist() == ["KOWN"]
    assert near["station_distance_nm"].tolist() == [pytest.approx(6.0, abs=0.1)]
    assert governing(frame, "KFAR", 14).empty, "too far away to speak"


def test_the_model_speaks_beyond_the_tafs_end_and_stands_beside_it_before() -> None:
    frame = blended([*read_taf(taf(fair(0, 24), station="KOWN")), *model("KOWN", 22, 23, 24, 25)])

    assert governing(frame, "KOWN", 23)["source"].tolist() == ["TAF"]
    assert governing(frame, "KOWN", 24)["source"].tolist() == ["OpenWeatherMap"]
    beside = frame[(frame["airport"] == "KOWN") & ~frame["governs"]]
    assert set(beside["hour_utc"]) == {hour(22), hour(23)}


def test_a_late_taf_hands_its_field_to_nobody() -> None:
    frame = blended(model("KOWN", 14))

    rows = governing(frame, "KOWN", 14)
    assert set(rows["source"]) == {"TAF", "OpenWeatherMap"}
    assert rows.loc[rows["source"] == "TAF", "missing"].tolist() == [["ceiling", "visibility", "weather", "wind"]]
    assert governing(frame, "KNEAR", 14)["missing"].str.len().tolist() == [4]


SAID = pd.Series([True, None, None], dtype="boolean")
UNSAID = AIRPORTS.assign(airport=["KOWN", "KNBY", "KFAR"], issues_taf=SAID, issues_metar=SAID)


def unsaid(groups: list[ForecastGroup], answered: set[str]) -> pd.DataFrame:
    reading = ParsedReports(groups, answered={"taf": answered, "metar": answered})
    return blend(
        UNSAID, reading, hour(12), horizon_hours=48, taf_max_distance_nm=30, taf_max_age_hours=13,
        observation_max_age_minutes=90,
    )  # fmt: skip


def test_a_field_of_which_nobody_spoke_is_judged_by_its_own_taf_once_it_comes() -> None:
    own, other = taf(fair(0, 24, visib=2), station="KNBY"), taf(fair(0, 24), station="KOWN")

    with_own = unsaid([*read_taf(own), *read_taf(other)], {"KOWN", "KNBY", "KFAR"})
    without = unsaid(read_taf(other), {"KOWN", "KNBY", "KFAR"})

    assert governing(with_own, "KNBY", 14)["station"].tolist() == ["KNBY"]
    assert governing(with_own, "KNBY", 14)["visibility_sm"].tolist() == [2]
    assert governing(without, "KNBY", 14)["station"].tolist() == ["KOWN"], "the response had none"


def test_a_request_that_failed_hands_the_field_to_no_neighbour() -> None:
    frame = unsaid(read_taf(taf(fair(0, 24), station="KOWN")), {"KOWN"})

    assert governing(frame, "KNBY", 14)["missing"].str.len().tolist() == [4]


def test_a_report_without_a_station_may_be_of_any_field() -> None:
    nameless = unread_report({"icaoId": None, "rawTAF": ""}, "TAF")
    frame = unsaid([*read_taf(taf(fair(0, 24), station="KOWN")), nameless], {"KOWN", "KNBY", "KFAR"})

    assert "KOWN" not in set(governing(frame, "KNBY", 14)["station"])


def test_an_expired_taf_is_as_good_as_none() -> None:
    frame = blended(read_taf(taf(fair(0, 10), station="KOWN", ends=10)))

    assert governing(frame, "KOWN", 14)["missing"].str.len().tolist() == [4]


def test_the_newest_issue_replaces_the_earlier_one() -> None:
    amended = taf(fair(0, 24, visib=2), station="KOWN") | {"issueTime": "2026-03-10T11:00:00Z"}
    frame = blended([*read_taf(taf(fair(0, 24), station="KOWN")), *read_taf(amended)])

    assert governing(frame, "KOWN", 14)["visibility_sm"].tolist() == [2]


def test_current_weather_speaks_for_the_running_hour_only() -> None:
    observed = read_metar(metar(visib=1, raw="METAR KOWN 101153Z", icaoId="KOWN"))
    frame = blended([*read_taf(taf(fair(0, 24), station="KOWN")), observed])

    assert set(governing(frame, "KOWN", 12)["source"]) == {"TAF", "METAR"}
    assert governing(frame, "KOWN", 13)["source"].tolist() == ["TAF"]


@pytest.mark.parametrize("minutes_old", [91, 300])
def test_an_old_observation_does_not_speak(minutes_old: int) -> None:
    raw = "METAR KOWN"
    observed = read_metar(metar(raw=raw, icaoId="KOWN", obsTime=at(12) - 60 * minutes_old))
    frame = blended([*read_taf(taf(fair(0, 24), station="KOWN")), observed])

    rows = governing(frame, "KOWN", 12)
    assert rows.loc[rows["source"] == "METAR", "missing"].str.len().tolist() == [4]


def test_hours_that_no_source_reaches_have_no_row() -> None:
    frame = blended(read_taf(taf(fair(0, 24), station="KOWN")))

    assert frame["hour_utc"].max() == hour(23)


def test_age_and_lead_are_minutes() -> None:
    row = governing(blended(read_taf(taf(fair(0, 24), station="KOWN"))), "KOWN", 14).iloc[0]

    assert (row["age_minutes"], row["lead_minutes"]) == (12.5 * 60, 14.5 * 60)


def test_stored_reports_alone_expect_nothing_else() -> None:
    groups = [*read_taf(taf(fair(0, 24), station="KOWN")), *model("KFAR", 3), *model("KOWN", 3, 30)]
    frame = blend_of_files(AIRPORTS, ParsedReports(groups), taf_max_distance_nm=30)

    assert not frame["missing"].str.len().any()
    assert governing(frame, "KNEAR", 3)["station"].tolist() == ["KOWN"]
    assert governing(frame, "KFAR", 3)["source"].tolist() == ["OpenWeatherMap"]
    assert governing(frame, "KOWN", 3)["source"].tolist() == ["TAF"]
    assert governing(frame, "KOWN", 30)["source"].tolist() == ["OpenWeatherMap"]


def test_no_reports_and_no_airports_are_an_empty_frame() -> None:
    assert blended([], AIRPORTS.head(0)).empty
    assert list(hourly_rows([]).columns) == list(FORECAST_COLUMNS)
