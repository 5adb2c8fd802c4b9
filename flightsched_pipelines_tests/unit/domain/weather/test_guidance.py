"""The National Blend of Models among the sources: beyond TAFs, before One Call, and never in a TAF's place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.forecast_quality import contradictions
from flightsched_pipelines.domain.weather.guidance.bulletin import GuidanceSource
from flightsched_pipelines.domain.weather.guidance.governing_guidance import UNLIKELY, GuidanceRules, stands_beside
from flightsched_pipelines.domain.weather.guidance.reading import read_bulletin
from flightsched_pipelines.domain.weather.one_call import read_one_call
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.domain.weather.source_selection import blend, blend_of_files
from flightsched_pipelines_tests.unit.domain.weather.builders import fair, hour, one_call, one_call_hour, taf
from flightsched_pipelines_tests.unit.domain.weather.bulletins import Changes, block

NOW = 12
AIRPORTS = (
    pd.DataFrame(
        [("KOWN", 37.0, -122.0, True), ("KBARE", 37.1, -122.0, False), ("KFAR", 39.0, -122.0, False)],
        columns=["airport", "latitude_deg", "longitude_deg", "issues_taf"],
    )
    .assign(elevation_ft=100.0)
    .assign(issues_metar=False)
)
BARE = AIRPORTS[AIRPORTS["airport"] == "KBARE"]
DUE: dict[GuidanceSource, set[str]] = {"NBH": {"KBARE"}, "NBS": {"KBARE"}}


def guidance(
    source: GuidanceSource, station: str = "KBARE", cycle: int = 11, changes: Changes | None = None
) -> list[ForecastGroup]:
    return read_bulletin(block(source, hour(cycle), station, changes)).groups


def blended(
    groups: list[ForecastGroup],
    asked: dict[GuidanceSource, set[str]] | None = None,
    airports: pd.DataFrame = BARE,
    unread: list[ForecastGroup] | None = None,
    models: tuple[str, ...] = (),
    stations: pd.DataFrame | None = None,
    verified: Sequence[int] = (),
    **rules: Any,
) -> pd.DataFrame:
    reading = ParsedReports(
        groups, unread=unread or [], asked_of_guidance=DUE if asked is None else asked, asked_of_models=list(models)
    )
    return blend(
        airports, reading, hour(NOW), horizon_hours=96, taf_max_distance_nm=30, taf_max_age_hours=13,
        observation_max_age_minutes=90, guidance=GuidanceRules(**rules), stations=stations,
        verified_hours=[hour(NOW + lead) for lead in verified],
    )  # fmt: skip


def governing(frame: pd.DataFrame, n: int, airport: str = "KBARE") -> pd.DataFrame:
    return frame[(frame["airport"] == airport) & (frame["hour_utc"] == hour(n)) & frame["governs"]]


def sources(frame: pd.DataFrame, n: int, airport: str = "KBARE") -> list[str]:
    return sorted(set(governing(frame, n, airport)["source"]))


def model(station: str, *hours: int) -> list[ForecastGroup]:
    return read_one_call(one_call(*(one_call_hour(n) for n in hours)), station)


def test_nbh_governs_to_its_end_then_nbs_then_nothing() -> None:
    frame = blended([*guidance("NBH"), *guidance("NBS")])

    assert [sources(frame, n) for n in (12, 35, 36, 80, 82)] == [["NBH"], ["NBH"], ["NBS"], ["NBS"], []]
    assert not frame["missing"].str.len().any()


def test_one_call_is_last() -> None:
    frame = blended([*guidance("NBH"), *guidance("NBS"), *model("KBARE", *range(12, 60))], models=("KBARE",))

    assert not frame.loc[frame["governs"], "source"].eq("OpenWeatherMap").any()


def test_guidance_governs_beyond_a_taf_and_stands_beside_it_before() -> None:
    own = AIRPORTS.head(1)
    asked: dict[GuidanceSource, set[str]] = {"NBH": {"KOWN"}, "NBS": {"KOWN"}}
    bad: Changes = {"CIG": dict.fromkeys(range(25), 3)}
    told = [
        *read_taf(taf(fair(0, 30), station="KOWN", ends=30)),
        *guidance("NBH", "KOWN"),
        *guidance("NBS", "KOWN", changes=bad),
    ]
    frame = blended(told, asked, own)

    assert sources(frame, 29, "KOWN") == ["TAF"]
    assert sources(frame, 30, "KOWN") == ["NBH"]
    beside = frame[(frame["hour_utc"] == hour(29)) & ~frame["governs"]]
    assert beside["source"].tolist() == ["NBH"]


def test_a_field_without_a_station_takes_the_nearest_within_the_distance() -> None:
    asked: dict[GuidanceSource, set[str]] = {"NBS": {"KOWN"}}
    frame = blended(guidance("NBS", "KOWN"), asked, AIRPORTS.assign(issues_taf=False))

    assert governing(frame, 24, "KBARE")["station"].unique().tolist() == ["KOWN"]
    assert governing(frame, 24, "KBARE")["station_distance_nm"].unique().tolist() == [pytest.approx(6.0, abs=0.1)]
    assert governing(frame, 24, "KFAR").empty


BOTH = [*guidance("NBH"), *guidance("NBS")]
REACHED = [*(("NBH", lead) for lead in (1, 3, 6, 12)), *(("NBS", lead) for lead in (3, 6, 12, 24, 48))]


def test_what_does_not_count_is_kept_at_verified_hours_and_changes_nothing() -> None:
    plain, kept = blended(BOTH), blended(BOTH, verified=LEADS_HOURS)
    of = kept.assign(lead=(kept["hour_utc"] - pd.Timestamp(hour(NOW))) // pd.Timedelta(hours=1))
    of = of[of["lead"].isin(LEADS_HOURS)]
    prevailing = of[of["layer"] == "prevailing"]
    thunder = of[of["layer"] == "temporary"]

    assert sorted(set(zip(prevailing["source"], prevailing["lead"], strict=True))) == REACHED
    assert sorted(zip(thunder["source"], thunder["lead"], strict=True)) == REACHED
    assert set(zip(thunder["change"], thunder["probability"], strict=True)) == {(UNLIKELY, 1)}
    assert_frame_equal(kept[kept["governs"]].reset_index(drop=True), plain[plain["governs"]].reset_index(drop=True))
    beside = [("NBS", 3), ("NBS", 6), ("NBS", 12)]
    assert len(kept) == len(plain) + len(beside) + len(REACHED)
    assert stands_beside(kept).sum() == len(beside) + len(REACHED)
    assert not stands_beside(plain).any()
    assert contradictions(kept) == contradictions(plain)


def test_likely_thunder_beside_keeps_its_kind() -> None:
    kept = blended([*guidance("NBH"), *guidance("NBS", changes={"T03": {2: 60}})], verified=[6])
    assert set(kept.loc[kept["source"].eq("NBS") & kept["hour_utc"].eq(hour(NOW + 6)), "change"]) == {"HOURLY", "PROB"}


@pytest.mark.parametrize("cycle", [11, 4])
def test_a_bulletin_that_is_not_relied_on_is_not_kept_beside(cycle: int) -> None:
    kept = blended([*guidance("NBH"), *guidance("NBS", cycle=cycle)], verified=[6])
    assert bool((kept["hour_utc"].eq(hour(NOW + 6)) & kept["source"].eq("NBS")).any()) == (cycle == 11)


NEAR, NEXT = "KBBB", "41112"
STRANGERS = pd.DataFrame(
    [(NEAR, 37.2, -122.0, 5_100.0), (NEXT, 37.25, -122.0, 0.0), ("KNIL", 39.1, -122.0, 100.0)],
    columns=["airport", "latitude_deg", "longitude_deg", "elevation_ft"],
)
"""Stations of the blend that are no airport of a school's."""


def test_a_station_that_is_no_airport_serves_the_nearest_fields_by_its_weather_and_elevation() -> None:
    asked: dict[GuidanceSource, set[str]] = {"NBS": {"KOWN", NEAR, NEXT}}
    told = [*guidance("NBS", "KOWN"), *guidance("NBS", NEAR), *guidance("NBS", NEXT)]
    frame = blended(
        told, asked, AIRPORTS.assign(issues_taf=False, latitude_deg=[37.0, 37.16, 39.0]), stations=STRANGERS
    )
    at = governing(frame, 24)

    assert at[["station", "station_distance_nm"]].drop_duplicates().to_numpy().tolist() == [
        [NEAR, pytest.approx(2.4, abs=0.1)]
    ]
    assert at["temperature_c"].tolist() == [20.0]
    assert at["outside_air_temperature_c"].tolist() == [pytest.approx(20.0 + 5 * 1.98)]
    assert governing(frame, 24, "KOWN")["station"].tolist() == ["KOWN"]
    assert governing(frame, 24, "KFAR").empty


def test_a_stranger_that_was_due_and_did_not_come_gives_its_airport_to_no_other() -> None:
    asked: dict[GuidanceSource, set[str]] = {"NBS": {NEAR, NEXT}}
    at = governing(blended(guidance("NBS", NEXT), asked, stations=STRANGERS), 24)

    assert at["station"].tolist() == [NEAR]
    assert at["missing"].str.len().tolist() == [4]


def test_a_stranger_whose_place_is_unknown_is_not_used() -> None:
    asked: dict[GuidanceSource, set[str]] = {"NBS": {NEAR}}
    told = guidance("NBS", NEAR)

    assert governing(blended(told, asked, stations=STRANGERS), 24)["station"].tolist() == [NEAR]
    assert blended(told, asked, stations=STRANGERS.iloc[1:]).empty
    assert blended(told, asked).empty


@pytest.mark.parametrize("missing", ["NBH", "NBS"])
def test_a_bulletin_that_was_due_and_is_missing_leaves_its_hours_unreadable(missing: GuidanceSource) -> None:
    other: GuidanceSource = "NBS" if missing == "NBH" else "NBH"
    frame = blended([*guidance(other), *model("KBARE", *range(12, 60))], models=("KBARE",))

    at = 14 if missing == "NBH" else 40
    rows = governing(frame, at)
    assert set(rows["source"]) >= {missing, "OpenWeatherMap"}
    assert rows.loc[rows["source"] == missing, "missing"].str.len().tolist() == [4]


@pytest.mark.parametrize("cycle", [12, 11, 10, 9])
def test_no_hour_of_a_bulletin_passes_for_one_beyond_reach_when_the_bulletin_is_missing(cycle: int) -> None:
    came, missing = blended([*guidance("NBH", cycle=cycle), *guidance("NBS", cycle=cycle)]), blended([])

    assert came["hour_utc"].max() > hour(NOW + 60)
    assert set(came["hour_utc"]) <= set(missing["hour_utc"])
    assert (missing["missing"].str.len() > 0).all()


@pytest.mark.parametrize(("cycle", "relied_on"), [(5, True), (4, False), (14, False)])
def test_a_cycle_is_relied_on_while_it_is_young(cycle: int, relied_on: bool) -> None:
    frame = blended([*guidance("NBH", cycle=cycle), *guidance("NBS", cycle=cycle)])

    assert (governing(frame, 24)["missing"].str.len().max() == 0) == relied_on


def test_an_old_cycle_says_its_age() -> None:
    frame = blended([*guidance("NBH", cycle=6), *guidance("NBS", cycle=6)])
    assert set(frame["age_minutes"]) == {6 * 60}


@pytest.mark.parametrize(("percent", "counts"), [(29, False), (30, True), (100, True)])
def test_thunder_counts_from_the_probability_that_is_set(percent: int, counts: bool) -> None:
    frame = blended([*guidance("NBH", changes={"T01": {4: percent}}), *guidance("NBS")], least_percent=30)

    temporary = frame[frame["layer"] == "temporary"]
    assert temporary["hour_utc"].tolist() == ([hour(15)] if counts else [])
    assert temporary["probability"].tolist() == ([percent] if counts else [])


def test_a_newer_bulletin_that_cannot_be_read_is_not_replaced_by_an_older_one() -> None:
    garbled = read_bulletin(block("NBS", hour(11), "KBARE").replace("FHR", "FXR"))
    frame = blended([*guidance("NBH"), *guidance("NBS", cycle=8)], unread=garbled.unread)

    assert governing(frame, 40)["missing"].str.len().max() == 4


def test_files_alone_are_read_as_far_as_they_reach() -> None:
    reading = ParsedReports(
        [*guidance("NBS"), *model("KBARE", *range(12, 20)), *read_taf(taf(fair(0, 20), station="KOWN"))]
    )
    frame = blend_of_files(AIRPORTS.drop(columns=["issues_taf", "issues_metar"]), reading, taf_max_distance_nm=30)

    assert sources(frame, 12) == ["TAF"]
    assert sources(frame, 30) == ["NBS"]
    assert sources(frame, 30, "KOWN") == ["NBS"]


def test_the_hours_of_a_bulletin_are_those_of_its_cycle() -> None:
    frame = blended(guidance("NBH"))
    first: datetime = frame.loc[frame["source"] == "NBH", "hour_utc"].min()
    assert first == hour(12)
    assert set(frame.loc[frame["source"] == "NBH", "issued_at_utc"]) == {hour(11)}
