"""The sun by solar day, and wind across a runway."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.wind import best_runway_crosswind, open_headings


def place(latitude: float, longitude: float) -> pd.DataFrame:
    return pd.DataFrame({"airport": ["KXYZ"], "latitude_deg": [latitude], "longitude_deg": [longitude]})


def test_the_sun_rises_and_sets_when_the_almanac_says() -> None:
    """Compare with San Francisco, 24 November 2026 (US Naval Observatory): sunrise 06:58, sunset 16:53 PST."""
    (day,) = sun_table(place(37.62, -122.38), date(2026, 11, 24), 1).to_dict("records")

    assert abs(day["sunrise_utc"] - datetime(2026, 11, 24, 14, 59, tzinfo=UTC)) < timedelta(minutes=3)
    assert abs(day["sunset_utc"] - datetime(2026, 11, 25, 0, 53, tzinfo=UTC)) < timedelta(minutes=3)
    assert day["dawn_utc"] < day["sunrise_utc"] < day["sunset_utc"] < day["dusk_utc"]


@pytest.mark.parametrize("longitude", [-179.0, -95.0, 0.0, 95.0, 179.0])
def test_noon_lies_between_sunrise_and_sunset_of_its_own_day_everywhere(longitude: float) -> None:
    for day in sun_table(place(40.0, longitude), date(2026, 3, 7), 3).to_dict("records"):
        noon = datetime.combine(day["solar_date"], datetime.min.time(), UTC) + timedelta(
            hours=12, minutes=-4 * longitude
        )
        assert day["sunrise_utc"] < noon < day["sunset_utc"]


def test_a_polar_day_is_light_throughout_and_a_polar_night_never() -> None:
    (summer,) = sun_table(place(74.7, -94.98), date(2026, 7, 9), 1).to_dict("records")
    (winter,) = sun_table(place(74.7, -94.98), date(2026, 12, 21), 1).to_dict("records")

    assert summer["sunset_utc"] - summer["sunrise_utc"] == timedelta(days=1)
    assert pd.isna(winter["sunrise_utc"])
    assert pd.isna(winter["dusk_utc"])


def test_an_airport_without_a_position_has_no_sun() -> None:
    assert sun_table(place(np.nan, np.nan), date(2026, 7, 9), 1).empty


def crosswind(direction: float, speed: float, gust: float, *headings: float) -> tuple[float, float]:
    across, gusting, _ = best_runway_crosswind(
        np.array([direction]), np.array([speed]), np.array([gust]), np.array([headings], dtype=float).reshape(1, -1)
    )
    return float(across[0]), float(gusting[0])


def test_crosswind_is_on_the_runway_most_into_the_wind() -> None:
    assert crosswind(90, 20, np.nan, 0, 90, 180, 270)[0] == pytest.approx(0, abs=1e-9)
    assert crosswind(30, 20, 30, 0, 180) == (pytest.approx(10), pytest.approx(15))


def test_a_variable_wind_or_an_unknown_runway_counts_in_full() -> None:
    assert crosswind(np.nan, 8, 14, 0, 180) == (8, 14)
    assert crosswind(90, 8, 14) == (8, 14)
    assert crosswind(90, 8, 14, np.nan) == (8, 14)


def across_at_worst(direction: float, since: float, until: float, *headings: float) -> float:
    ends, none = np.array([headings], dtype=float).reshape(1, -1), np.array([np.nan])
    sector = np.array([since]), np.array([until])
    return float(best_runway_crosswind(np.array([direction]), np.array([12.0]), none, ends, sector)[0][0])


def test_a_wind_that_varies_counts_at_the_worst_of_its_directions() -> None:
    assert across_at_worst(180, 120, 240, 0, 180) == pytest.approx(12 * np.sin(np.radians(60)))
    assert across_at_worst(180, 150, 270, 0, 180) == 12, "it is abeam on the way"
    assert across_at_worst(10, 340, 50, 0, 180) == pytest.approx(12 * np.sin(np.radians(50))), "through north"
    assert across_at_worst(30, np.nan, np.nan, 0, 180) == pytest.approx(6)


def test_a_gust_below_the_wind_is_no_gust() -> None:
    assert crosswind(90, 20, 5, 0) == (pytest.approx(20), pytest.approx(20))


def test_a_closed_runway_is_none() -> None:
    ends = pd.DataFrame({"airport": ["KXYZ"] * 2, "heading_true_deg": [10.0, 190.0], "closed": [True, False]})

    assert open_headings(ends, ["KXYZ", "KNONE"])[:, 0].tolist() == [190, pytest.approx(np.nan, nan_ok=True)]
