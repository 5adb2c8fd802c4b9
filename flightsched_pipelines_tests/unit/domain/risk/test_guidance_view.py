"""TAF and guidance side by side: told where they disagree, and never instead of the TAF."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from flightsched_pipelines.domain.risk.guidance_view import disagreements, seen_by_both, seen_by_guidance
from flightsched_pipelines.domain.verification.columns import LEADS_HOURS
from flightsched_pipelines.domain.weather.guidance.reading import read_bulletin
from flightsched_pipelines.domain.weather.provider_responses import ParsedReports
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.domain.weather.source_selection import blend
from flightsched_pipelines_tests.unit.domain.weather.builders import fair, hour, taf
from flightsched_pipelines_tests.unit.domain.weather.bulletins import block

AIRPORTS = pd.DataFrame(
    {"airport": ["KXYZ"], "latitude_deg": [37.0], "longitude_deg": [-122.0], "elevation_ft": [100.0],
     "issues_taf": [True], "issues_metar": [False]}
)  # fmt: skip
LESSONS = pd.DataFrame(
    {"booking_id": [1, 2], "reference": ["A-1", "A-2"], "departure": "KXYZ", "route": [[], []],
     "starts_at_utc": pd.to_datetime([hour(15), hour(32)], utc=True),
     "ends_at_utc": pd.to_datetime([hour(16), hour(33)], utc=True)}
)  # fmt: skip
BUFFER_MINUTES = 30


def forecasts(bulletin: str, verified_hours: Sequence[datetime] = ()) -> pd.DataFrame:
    guidance = read_bulletin(bulletin)
    groups = [*read_taf(taf(fair(0, 30), ends=30)), *guidance.groups]
    reading = ParsedReports(groups, unread=guidance.unread, asked_of_guidance={"NBH": {"KXYZ"}})
    return blend(
        AIRPORTS, reading, hour(12), horizon_hours=48, taf_max_distance_nm=30, taf_max_age_hours=13,
        observation_max_age_minutes=90, verified_hours=verified_hours,
    )  # fmt: skip


def test_guidance_takes_the_tafs_place_in_the_view_alone() -> None:
    frame = forecasts(block("NBH", hour(11)))
    view = seen_by_guidance(frame)

    shared = frame["hour_utc"] < hour(30)
    assert set(frame.loc[frame["governs"] & shared, "source"]) == {"TAF"}
    assert set(view.loc[view["governs"] & shared, "source"]) == {"NBH"}
    beyond = view["hour_utc"] >= hour(30)
    pd.testing.assert_frame_equal(view[beyond], frame[beyond])


def test_guidance_that_is_kept_to_be_verified_is_no_view() -> None:
    """Thunder of 1 % in each hour, and NBS where NBH is."""
    bulletins = block("NBH", hour(11)) + block("NBS", hour(11), changes={"CIG": dict.fromkeys(range(23), 2)})
    plain, kept = forecasts(bulletins), forecasts(bulletins, [hour(12 + lead) for lead in LEADS_HOURS])
    assert len(kept) > len(plain)
    before, after = (seen_by_guidance(frame) for frame in (plain, kept))
    assert_frame_equal(after[after["governs"]].reset_index(drop=True), before[before["governs"]].reset_index(drop=True))


def test_guidance_that_cannot_be_read_sees_nothing() -> None:
    frame = forecasts(block("NBH", hour(11)).replace(" UTC ", " UTX "))
    pd.testing.assert_frame_equal(seen_by_guidance(frame), frame)
    assert seen_by_both(LESSONS, frame, BUFFER_MINUTES).empty


def test_lessons_beyond_the_taf_are_not_compared() -> None:
    assert seen_by_both(LESSONS, forecasts(block("NBH", hour(11))), BUFFER_MINUTES)["booking_id"].tolist() == [1]


@pytest.mark.parametrize(
    ("begins", "ends", "buffer_minutes", "departure", "route", "is_compared"),
    [
        pytest.param(30, 31, 0, "KXYZ", [], False, id="it begins where the TAF ends"),
        pytest.param(30, 31, 30, "KXYZ", [], True, id="its buffer begins under the TAF"),
        pytest.param(28, 32, 0, "KXYZ", [], True, id="it ends beyond the TAF"),
        pytest.param(11, 12, 0, "KXYZ", [], False, id="it ends before the first hour"),
        pytest.param(11, 12, 30, "KXYZ", [], True, id="its buffer ends within the first hour"),
        pytest.param(15, 16, 0, "KFAR", [], False, id="it goes nowhere that a TAF governs"),
        pytest.param(15, 16, 0, "KFAR", ["KNIL", "KXYZ"], True, id="a TAF governs on its route"),
    ],
)
def test_a_lesson_is_compared_by_all_the_weather_of_its_assessment(
    begins: int, ends: int, buffer_minutes: int, departure: str, route: list[str], is_compared: bool
) -> None:
    lesson = LESSONS.head(1).assign(departure=departure)
    lesson["route"] = [route]
    lesson["starts_at_utc"], lesson["ends_at_utc"] = pd.Timestamp(hour(begins)), pd.Timestamp(hour(ends))
    found = seen_by_both(lesson, forecasts(block("NBH", hour(11))), buffer_minutes)
    assert len(found) == is_compared


def test_without_lessons_none_is_compared() -> None:
    assert seen_by_both(LESSONS.head(0), forecasts(block("NBH", hour(11))), BUFFER_MINUTES).empty


@pytest.mark.parametrize(
    ("told", "seen", "words"),
    [
        ("ok", "at_risk", "The forecasts disagree. The TAF governs; guidance (National Blend of Models) has "),
        ("watch", "at_risk", "The forecasts disagree. The TAF governs; guidance (National Blend of Models) has "),
        ("at_risk", "ok", "The forecasts disagree. The TAF governs and has "),
        ("ok", "watch", "The forecasts disagree. The TAF governs; guidance (National Blend of Models) has "),
        ("watch", "ok", "The forecasts disagree. The TAF governs and has weather below the minimums; guidance "),
        ("at_risk", "watch", "The forecasts disagree. The TAF governs and has "),
        ("watch", "watch", None),
        ("watch", "unknown", None),
        ("ok", "unknown", None),
        ("unknown", "at_risk", None),
        ("at_risk", "at_risk", None),
    ],
)
def test_a_lesson_of_another_verdict_by_guidance_is_uncertain(told: str, seen: str, words: str | None) -> None:
    one = LESSONS.head(1)
    found = disagreements(one, [told], [seen], {1: []}, {1: []})
    assert [item.reference for item in found] == ([] if words is None else ["A-1"])
    assert all(words is not None and item.words.startswith(words) for item in found)
