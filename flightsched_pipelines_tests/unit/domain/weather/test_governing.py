"""The governing report: the newest that was issued, readable or not."""

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.governing import MODEL_HOURS
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports, read_response
from flightsched_pipelines.domain.weather.source_selection import blend
from flightsched_pipelines_tests.unit.domain.weather.builders import at, fair, hour, metar, one_call, one_call_hour, taf

NOW = 14
AIRPORTS = pd.DataFrame(
    [("KXYZ", 37.0, -122.0, True, True)],
    columns=["airport", "latitude_deg", "longitude_deg", "issues_taf", "issues_metar"],
).assign(elevation_ft=100.0)
UNREPORTED = AIRPORTS.assign(issues_taf=False, issues_metar=False)


def issued(at_hour: float, **fields: Any) -> dict[str, Any]:
    """A TAF issued at an hour of the tests' day, valid from then for a day; fair but for what is named."""
    begins, minutes = int(at_hour), round(at_hour * 60) % 60
    report = taf(fair(begins, begins + 24, **fields), ends=begins + 24)
    return report | {"validTimeFrom": at(begins), "issueTime": f"2026-03-10T{begins:02d}:{minutes:02d}:00Z"}


def forecast(*reports: object, now: int = NOW, **options: Any) -> pd.DataFrame:
    return blended(read_response(json.dumps(reports)), now, **options)


def blended(reading: ParsedReports, now: int = NOW, airports: pd.DataFrame = AIRPORTS, **options: Any) -> pd.DataFrame:
    settings: dict[str, Any] = {
        "horizon_hours": 72, "taf_max_distance_nm": 30, "taf_max_age_hours": 8, "observation_max_age_minutes": 90,
    }  # fmt: skip
    frame = blend(airports, reading, hour(now), **(settings | options))
    return frame[frame["governs"]]


def visibilities(frame: pd.DataFrame, n: int) -> list[float | None]:
    """The visibility of each row that governs an hour, the lowest first; ``None`` where it is missing."""
    rows = frame[(frame["hour_utc"] == hour(n)) & (frame["source"] != "METAR")]
    pairs = zip(rows["visibility_sm"], rows["missing"], strict=True)
    seen = [None if "visibility" in missing else sm for sm, missing in pairs]
    return sorted(seen, key=lambda sm: (sm is None, sm))


FOG, FAIR = issued(13, visib=0.5), issued(9)


def test_of_two_the_newer_governs() -> None:
    assert visibilities(forecast(FAIR, FOG), 16) == [0.5]
    assert visibilities(forecast(issued(9, visib=0.5), issued(13)), 16) == [6]


@pytest.mark.parametrize(
    "garbled",
    [
        FOG | {"validTimeTo": None},
        FOG | {"icaoId": None},
        FOG | {"icaoId": "KABC", "rawTAF": "TAF KXYZ 101300Z 1013/1113 24006KT 1/2SM FG VV002"},
        {"icaoId": "KXYZ", "rawTAF": "TAF KXYZ 101300Z 10"},
        {"icaoId": "KXYZ", "fcsts": 7},
        None,
        "TAF",
        {},
    ],
)
def test_a_newest_taf_that_cannot_be_read_hands_nothing_to_the_older_one(garbled: object) -> None:
    frame = forecast(FAIR, garbled)

    assert all(None in visibilities(frame, n) for n in range(NOW, NOW + 24))


@pytest.mark.parametrize(
    "misdated",
    [
        {"issueTime": "2026-03-10T04:00:00Z", "rawTAF": "TAF KXYZ 101300Z 1013/1113 24006KT 1/2SM FEW060"},
        {"issueTime": "2026-03-10T04:00:00Z", "bulletinTime": "2026-03-10T13:00:00Z"},
        {"issueTime": "2026-03-10T04:00:00Z"},
        {"issueTime": "2026-03-10T04:00:00Z", "mostRecent": 1},
        {"issueTime": "2026-03-13T04:00:00Z"},
        {"issueTime": "1926-03-13T04:00:00Z"},
        {"issueTime": None},
    ],
)
def test_a_newest_taf_with_a_wrong_issue_time_keeps_governing(misdated: dict[str, Any]) -> None:
    assert 0.5 in visibilities(forecast(FAIR, FOG | misdated), 16)


def test_an_older_taf_with_a_wrong_issue_time_governs_nothing_alone() -> None:
    misdated = FAIR | {"issueTime": "2026-03-10T13:30:00Z", "rawTAF": "TAF KXYZ 100900Z 1009/1109 24006KT P6SM FEW060"}

    assert 0.5 in visibilities(forecast(misdated, FOG), 16)


@pytest.mark.parametrize(("hours_old", "relied_on"), [(0, True), (7, True), (8, True), (9, False), (26, False)])
def test_an_old_taf_can_threaten_and_cannot_reassure(hours_old: int, relied_on: bool) -> None:
    for visibility in (6, 0.5):
        frame = forecast(
            taf(fair(0, 30, visib=visibility), ends=30) | {"issueTime": "2026-03-10T00:00:00Z"}, now=hours_old
        )
        assert visibilities(frame, 28) == ([visibility] if relied_on else [visibility, None])


@pytest.mark.parametrize(
    ("made", "relied_on"),
    [(NOW, True), (NOW + 0.9, True), (NOW - 3, True), (NOW - 4, False), (NOW - 26, False), (NOW + 1, False)],
)
def test_an_old_model_can_threaten_and_cannot_reassure(made: float, relied_on: bool) -> None:
    for metres, visibility in ((10_000, 6.21), (800, 0.5)):
        hours = [one_call_hour(n, visibility=metres) for n in range(NOW, NOW + 40)]
        model = read_response(json.dumps(one_call(*hours) | {"current": {"dt": at(made)}}), "KXYZ")
        frame = blended(replace(model, asked_of_models=["KXYZ"]), airports=UNREPORTED)
        assert visibilities(frame, 28) == ([visibility] if relied_on else [visibility, None])


@pytest.mark.parametrize("current", [None, {}, {"dt": None}, {"dt": "noon"}, []])
def test_a_model_of_unknown_time_cannot_reassure_even_beyond_the_hours_that_are_due(current: object) -> None:
    body = one_call(one_call_hour(20), one_call_hour(NOW + MODEL_HOURS + 3)) | {"current": current}
    frame = blended(read_response(json.dumps(body), "KXYZ"), airports=UNREPORTED)

    assert [len(visibilities(frame, n)) for n in (20, NOW + MODEL_HOURS + 3)] == [2, 2]


def test_beyond_what_is_sure_the_model_governs_beside_what_is_missing() -> None:
    model = read_response(json.dumps(one_call(*(one_call_hour(n) for n in range(NOW, NOW + 48)))), "KXYZ")
    reports = read_response(json.dumps([issued(3)]))
    frame = blended(ParsedReports([*reports.groups, *model.groups], asked_of_models=["KXYZ"]))

    assert None in visibilities(frame, 20)
    assert len(visibilities(frame, 20)) == 3, "the old TAF, what is missing, and the model beside them"


def test_the_hours_that_a_model_was_asked_for_and_did_not_give_are_missing() -> None:
    reports, model = read_response(json.dumps([FOG])), read_response(json.dumps(one_call(one_call_hour(40))), "KXYZ")
    frame = blended(ParsedReports([*reports.groups, *model.groups], asked_of_models=["KXYZ"]))

    assert visibilities(frame, 40) != [None]
    assert [visibilities(frame, n) for n in (38, 39, 41, NOW + MODEL_HOURS - 1)] == [[None]] * 4
    assert visibilities(frame, NOW + MODEL_HOURS) == [], "no source reaches there"
    assert visibilities(blended(reports), 40) == [], "a model that was not asked owes nothing"


@pytest.mark.parametrize(
    "garbled", [{"obsTime": None}, {"obsTime": at(11)}, {"obsTime": at(20)}, {"icaoId": 7}, {"rawOb": "METAR KXYZ NIL"}]
)
def test_a_newest_metar_that_cannot_be_read_hands_nothing_to_the_older_one(garbled: dict[str, Any]) -> None:
    older = metar(raw="METAR KXYZ 101253Z A2992", obsTime=at(12) + 53 * 60)
    newest = metar(raw="METAR KXYZ 101353Z 1/2SM FG A2992", visib=0.5, obsTime=at(13) + 53 * 60)
    frame = forecast(older, newest | garbled, now=NOW)

    rows = frame[(frame["hour_utc"] == hour(NOW)) & (frame["source"] == "METAR")]
    assert rows["missing"].str.len().max() == 4


def test_a_metar_that_is_cut_off_does_not_say_that_there_is_no_cb() -> None:
    whole = metar(raw="METAR KXYZ 101353Z 24006KT 10SM FEW030CB 20/08 A2992", obsTime=at(13) + 53 * 60)
    cut = whole | {"rawOb": "METAR KXYZ 101353Z 24006KT 10SM"}

    assert observed(whole)["hazards"].tolist() == [["CB"]]
    assert observed(cut)["missing"].tolist() == [["thunderstorm"]]


def observed(report: dict[str, Any]) -> pd.DataFrame:
    frame = forecast(report)
    return frame[frame["source"] == "METAR"]
