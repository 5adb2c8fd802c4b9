"""Limits on density altitude: for a type of aircraft, in words, and where what it follows from is missing."""

from typing import Any

import pytest

from flightsched_pipelines.domain.risk.assess import Assessment
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS
from flightsched_pipelines.domain.risk.missing_forecasts import lacks_weather
from flightsched_pipelines_tests.unit.domain.risk.builders import fine, frame, hold, lesson, minimum

HOT: dict[str, Any] = {"outside_air_temperature_c": 40.0, "altimeter_hpa": 1013.25}
"""At Palo Alto a density altitude of some 3,000 ft."""


def held(*rows: dict[str, Any], aircraft_type: str | None = "C172S", **air: Any) -> Assessment:
    wind = minimum("wind", "<", 30)
    minimums = frame([wind, *rows], MINIMUM_COLUMNS)
    return hold([lesson(aircraft_type=aircraft_type)], fine(**air), minimums)


def limit(feet: float, **facts: Any) -> dict[str, Any]:
    return minimum("density_altitude", "<=", feet, **{"authority": "school", "school_id": 1, "effect": "warn"} | facts)


@pytest.mark.parametrize(("aircraft_type", "verdict"), [("C172S", "at_risk"), ("C152", "ok"), (None, "at_risk")])
def test_a_limit_is_for_its_type_and_for_aircraft_that_may_be_of_it(aircraft_type: str | None, verdict: str) -> None:
    assessed = held(limit(2_500, aircraft_type="C172S", effect="block"), aircraft_type=aircraft_type, **HOT)
    assert assessed.verdicts.tolist() == [verdict]


def test_a_density_altitude_above_its_limit_is_told_with_the_amount_and_without_a_report() -> None:
    assessed = held(limit(2_500), **HOT)
    (row,) = assessed.broken.to_dict("records")
    assert (row["rule"], row["effect"], round(row["value"]), row["limit_value"]) == (
        "density_altitude",
        "warn",
        3009,
        2500,
    )
    assert row["source"] != row["source"], "it is of the hour, not of one report"
    assert assessed.words(0).startswith(
        "Watch: density altitude 3,009 ft, 509 ft above the school's maximum of 2,500 ft for student pilots: KPAO"
    )


@pytest.mark.parametrize("missing", [*HOT])
def test_one_that_is_not_known_is_watched_or_unknown_if_it_may_be_above_the_limit(missing: str) -> None:
    air = HOT | {missing: None}
    warned, blocked = held(limit(4_000), **air), held(limit(4_000, effect="block"), **air)
    assert warned.words(0).startswith(
        "Watch: density altitude not known, and perhaps above the school's maximum of 4,000 ft for student pilots: KPAO"
    )
    assert blocked.words(0).startswith("Unknown: the forecast for KPAO lacks, from")
    assert blocked.broken["hazard"].tolist() == ["density altitude"]
    assert lacks_weather("density altitude")
    assert held(limit(9_000, effect="block"), **air).verdicts.tolist() == ["ok"]


def test_a_block_of_its_own_replaces_the_default_for_the_type_alone() -> None:
    default = minimum("density_altitude", "<=", 2_000, effect="warn")
    own = limit(8_000, effect="block", aircraft_type="C172S")
    verdicts = [held(default, own, aircraft_type=one, **HOT).verdicts.iloc[0] for one in ("C172S", "C152", None)]
    assert verdicts == ["ok", "watch", "watch"]
