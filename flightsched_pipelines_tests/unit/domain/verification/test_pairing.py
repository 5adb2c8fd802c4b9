"""Forecasts of an hour are paired with its reports: the worst with the worst, and what is missing is no pair."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS
from flightsched_pipelines.domain.verification.columns import VERIFICATION_COLUMNS
from flightsched_pipelines.domain.verification.events import events
from flightsched_pipelines.domain.verification.pairing import verify_hour
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.guidance.governing_guidance import UNLIKELY
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.risk.builders import (
    AIRPORTS,
    DEFAULTS,
    RUNWAYS,
    at,
    frame,
    minimum,
    weather,
)

Rows = Sequence[dict[str, Any]]
EVENTS = events(DEFAULTS)


def metar(**facts: Any) -> dict[str, Any]:
    return weather(0, **({"source": "METAR", "change": "METAR"} | facts))


def verified(forecast: Rows, reports: Rows, *, lead: int = 6, airports: pd.DataFrame = AIRPORTS) -> pd.DataFrame:
    """Return the outcomes, one row an airport."""
    rows = packed(forecast, reports, lead=lead, airports=airports)
    return rows.explode("airports").rename(columns={"airports": "airport"}).reset_index(drop=True)


def packed(forecast: Rows, reports: Rows, *, lead: int = 6, airports: pd.DataFrame = AIRPORTS) -> pd.DataFrame:
    hours = frame(forecast, FORECAST_COLUMNS), frame(reports, FORECAST_COLUMNS)
    return verify_hour(at(0), {lead: hours[0]}, hours[1], airports, RUNWAYS, EVENTS)


def outcome(forecast: Rows, reports: Rows, element: str, threshold: float, part: str = "prevailing") -> str:
    rows = verified(forecast, reports)
    which = (rows["element"] == element) & (rows["threshold"] == threshold) & (rows["part"] == part)
    (found,) = rows.loc[which, "outcome"]
    return found


@pytest.mark.parametrize(
    ("forecast_ft", "observed_ft", "expected"),
    [(800, 900, "hit"), (800, 1_000, "false_alarm"), (1_000, 900, "miss"), (None, None, "correct_negative")],
)
def test_a_ceiling_below_the_threshold_is_the_event(
    forecast_ft: float | None, observed_ft: float | None, expected: str
) -> None:
    assert outcome([weather(0, ceiling_ft=forecast_ft)], [metar(ceiling_ft=observed_ft)], "ceiling", 1_000) == expected


@pytest.mark.parametrize(
    ("element", "threshold", "bad"),
    [
        ("visibility", 3.0, {"visibility_sm": 2.0}),
        ("wind", 10.0, {"wind_speed_kt": 10.0}),
        ("thunderstorm", 0.0, {"hazards": ["VCTS"], "weather": "VCTS"}),
    ],
)
def test_each_element_has_hits_misses_and_false_alarms(element: str, threshold: float, bad: dict[str, Any]) -> None:
    assert outcome([weather(0, "KPAO", **bad)], [metar(**bad)], element, threshold) == "hit"
    assert outcome([weather(0)], [metar(**bad)], element, threshold) == "miss"
    assert outcome([weather(0, "KPAO", **bad)], [metar()], element, threshold) == "false_alarm"


def test_the_limits_of_wind_are_the_strictest_that_block() -> None:
    stated = [
        minimum("wind", "<=", 20.0),
        minimum("wind", "<", 12.0, training_level="student_pilot"),
        minimum("wind", "<", 5.0, effect="warn"),
        minimum("wind", "<", 3.0, authority="student", student_id=7),
    ]
    (wind,) = (event for event in events(frame(stated, MINIMUM_COLUMNS)) if event.element == "wind")

    assert wind.threshold == 12.0
    assert wind.below > -12.0


def test_a_crosswind_counts_on_the_best_runway() -> None:
    (limit,) = (event.threshold for event in EVENTS if event.element == "crosswind")
    along: dict[str, Any] = {"wind_speed_kt": limit + 1}
    across = along | {"wind_direction_deg": 224.0}

    assert outcome([weather(0, "KPAO", **across)], [metar(**across)], "crosswind", limit) == "hit"
    assert outcome([weather(0, "KPAO", **across)], [metar(**along)], "crosswind", limit) == "false_alarm"


def test_the_worst_report_of_the_hour_counts_specials_included() -> None:
    reports = [metar(), metar(visibility_sm=2.0, issued_at_utc=at(0.3)), metar(issued_at_utc=at(0.9))]

    assert outcome([weather(0)], reports, "visibility", 3.0) == "miss"


@pytest.mark.parametrize("missing", ["ceiling", "weather"])
def test_a_missing_element_is_no_pair_on_either_side(missing: str) -> None:
    element, threshold = {"ceiling": ("ceiling", 500.0), "weather": ("thunderstorm", 0.0)}[missing]

    assert outcome([weather(0, missing=[missing])], [metar()], element, threshold) == "missing"
    assert outcome([weather(0)], [metar(missing=[missing])], element, threshold) == "missing"
    assert outcome([weather(0)], [], element, threshold) == "missing"


def test_a_storm_sensor_that_is_out_observes_no_absence() -> None:
    assert outcome([weather(0)], [metar(missing=["thunderstorm"])], "thunderstorm", 0.0) == "missing"


def test_one_report_with_the_event_is_enough_beside_one_that_lacks_the_element() -> None:
    reports = [metar(ceiling_ft=400.0), metar(missing=["ceiling"])]

    assert outcome([weather(0, ceiling_ft=300.0)], reports, "ceiling", 500.0) == "hit"


def test_temporary_groups_are_apart_with_their_own_probability() -> None:
    prob: dict[str, Any] = {"layer": "temporary", "change": "PROB", "probability": 30, "visibility_sm": 0.5}
    tempo: dict[str, Any] = {"layer": "temporary", "change": "TEMPO", "visibility_sm": 2.0}
    rows = verified([weather(0), weather(0, **tempo), weather(0, **prob)], [metar(visibility_sm=2.5)])
    of = rows[rows["element"] == "visibility"].set_index(["part", "threshold"])

    assert of["outcome"].to_dict() == {
        ("prevailing", 1.0): "correct_negative", ("prevailing", 3.0): "miss", ("prevailing", 5.0): "miss",
        ("tempo", 1.0): "correct_negative", ("tempo", 3.0): "hit", ("tempo", 5.0): "hit",
        ("prob", 1.0): "false_alarm", ("prob", 3.0): "hit", ("prob", 5.0): "hit",
    }  # fmt: skip
    percents = of["probability"].to_dict()
    assert [percents["prevailing", threshold] for threshold in (1.0, 3.0, 5.0)] == [30, 50, 50]
    assert [percents["prob", threshold] for threshold in (1.0, 3.0, 5.0)] == [30, 30, 30]


def test_a_missing_part_leaves_the_probability_of_the_forecast_unknown() -> None:
    tempo = weather(0, layer="temporary", change="TEMPO", missing=["visibility"], visibility_sm=None)
    rows = verified([weather(0), tempo], [metar()])

    of = rows[(rows["element"] == "visibility") & (rows["part"] == "prevailing")]
    assert of["probability"].isna().all()


@pytest.mark.parametrize(("percents", "expected"), [([], 0), ([1], 1), ([7, 23], 23), ([7, 40], 40)])
def test_thunder_that_does_not_count_is_the_probability_of_the_forecast_and_no_group(
    percents: list[int], expected: int
) -> None:
    storms = [
        weather(0, source="NBH", layer="temporary", change="PROB" if percent >= 30 else UNLIKELY, probability=percent,
                weather="TS", hazards=["TS"])
        for percent in percents
    ]  # fmt: skip
    rows = verified([weather(0, source="NBH"), *storms], [metar()])
    of = rows[rows["element"] == "thunderstorm"].set_index("part")

    assert set(of.index) == {"prevailing", *(["prob"] if max(percents, default=0) >= 30 else [])}
    assert of["outcome"].to_dict()["prevailing"] == "correct_negative"
    assert of["probability"].to_dict()["prevailing"] == expected
    others = rows[(rows["element"] != "thunderstorm") & (rows["part"] == "prevailing")]
    assert set(others["probability"]) == {0}


def test_a_forecast_of_another_station_has_a_source_of_its_own() -> None:
    near: dict[str, Any] = {"station": "KSQL", "station_distance_nm": 6.0}
    rows = verified([weather(0, **near), weather(0, "KSQL"), weather(0, source="NBS", **near)], [metar()])

    assert set(zip(rows["airport"], rows["source"], strict=True)) == {
        ("KPAO", "nearest TAF"), ("KPAO", "nearest NBS"), ("KSQL", "TAF")
    }  # fmt: skip


def test_only_airports_that_issue_metars_are_verified() -> None:
    silent = AIRPORTS.assign(issues_metar=[False, True, True])
    rows = verified([weather(0), weather(0, "KSQL")], [metar()], airports=silent)

    assert set(rows["airport"]) == {"KSQL"}
    assert set(rows["outcome"]) == {"missing"}


def test_airports_with_the_same_outcome_share_a_row() -> None:
    rows = packed([weather(0, ident) for ident in ("KSQL", "KPAO", "KLVK")], [metar(visibility_sm=2.0)])
    of = rows[(rows["element"] == "visibility") & (rows["threshold"] == 3.0)].set_index("outcome")

    assert of["airports"].to_dict() == {"miss": ["KPAO"], "missing": ["KLVK", "KSQL"]}
    assert (rows["cases"] == rows["airports"].str.len()).all()
    key = [name for name in VERIFICATION_COLUMNS if name not in {"cases", "airports"}]
    assert not rows.duplicated(key).any()


def test_an_hour_without_forecasts_has_no_rows() -> None:
    rows = packed([], [metar()])

    assert rows.empty
    assert list(rows.columns) == list(VERIFICATION_COLUMNS)


CONDITIONS = st.fixed_dictionaries(
    {
        "airport": st.sampled_from(["KPAO", "KSQL", "KLVK"]),
        "visibility_sm": st.sampled_from([0.5, 2.0, 4.0, 10.0, None]),
        "ceiling_ft": st.sampled_from([400.0, 900.0, 2_000.0, None]),
        "wind_speed_kt": st.sampled_from([5.0, 15.0, None]),
        "hazards": st.sampled_from([[], ["TS"], ["TCU"]]),
        "missing": st.sampled_from([[], ["ceiling"], ["visibility", "wind"], ["weather"], ["thunderstorm"]]),
    }
)
PARTS = st.sampled_from(
    [
        {"layer": "prevailing", "change": "FM"},
        {"layer": "temporary", "change": "TEMPO"},
        {"layer": "temporary", "change": "PROB", "probability": 40},
    ]
)


def _rows(facts: Rows, **more: Any) -> list[dict[str, Any]]:
    return [weather(0, **(more | one)) for one in facts]


@examples(30, "an example is up to eight rows and eight reports, each paired at three airports with every event")
@given(
    forecast=st.lists(st.builds(lambda a, b: {**a, **b}, CONDITIONS, PARTS), min_size=2, max_size=8),
    reports=st.lists(CONDITIONS, max_size=8),
    data=st.data(),
)
def test_order_changes_nothing_and_what_is_lost_makes_no_hit(
    forecast: Rows, reports: Rows, data: st.DataObject
) -> None:
    hours, observed = _rows(forecast), _rows(reports, source="METAR", change="METAR")
    rows = verified(hours, observed)
    shuffled = verified(data.draw(st.permutations(hours)), data.draw(st.permutations(observed)))
    pd.testing.assert_frame_equal(rows, shuffled)

    lost = data.draw(st.sampled_from(["wind", "visibility", "ceiling", "weather"]))
    key = ["airport", "source", "part", "element", "threshold"]
    element = {"weather": "thunderstorm"}.get(lost, lost)
    blinded = [
        one | {"missing": [*one["missing"], lost], "ceiling_ft": None if lost == "ceiling" else one["ceiling_ft"],
               "visibility_sm": None if lost == "visibility" else one["visibility_sm"],
               "wind_speed_kt": None if lost == "wind" else one["wind_speed_kt"],
               "hazards": [] if lost == "weather" else one["hazards"]}
        for one in observed
    ]  # fmt: skip
    unseen = verified(hours, blinded).set_index(key)["outcome"]
    elements = {element, "crosswind"} if element == "wind" else {element}
    assert all(unseen[unseen.index.get_level_values("element").isin(elements)] == "missing")
