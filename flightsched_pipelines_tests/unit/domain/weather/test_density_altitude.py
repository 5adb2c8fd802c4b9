"""Density altitude: published worked values, the air that it follows from, and what is told where that is missing."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flightsched_pipelines.domain.weather.conditions import Conditions, ForecastGroup, ReportSource
from flightsched_pipelines.domain.weather.density_altitude import (
    density_altitude_ft,
    highest_density_altitude_ft,
    pressure_altitude_ft,
)
from flightsched_pipelines.domain.weather.outside_air import with_outside_air
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines_tests.unit.domain.weather.builders import hour, metar

HPA_PER_INHG = 33.8639
AIRPORTS = pd.DataFrame(
    {
        "airport": ["KAAA", "KBBB", "KCCC", "KFAR"], "latitude_deg": [37.0, 38.0, 38.6, 47.0],
        "longitude_deg": [-122.0, -122.0, -122.0, -122.0], "elevation_ft": [6_000.0, 1_000.0, 8_000.0, np.nan],
    }
)  # fmt: skip
"""The second is 60 NM from the first, the third 96; the last is near none."""


def of(elevation_ft: float, inches: float, fahrenheit: float) -> float:
    air = np.array([elevation_ft]), np.array([inches * HPA_PER_INHG]), np.array([(fahrenheit - 32) / 1.8])
    return float(density_altitude_ft(*air)[0])


@pytest.mark.parametrize(
    ("elevation_ft", "inches", "correction_ft"),
    [(0, 29.92, 0), (0, 28.0, 1_824), (0, 29.0, 863), (0, 30.1, -165), (5_883, 30.1, -165), (0, 31.0, -973)],
)
def test_pressure_altitude_agrees_with_the_table_of_the_handbook(
    elevation_ft: float, inches: float, correction_ft: float
) -> None:
    """PHAK (FAA-H-8083-25C), figure 11-4: feet to add for an altimeter setting."""
    found = pressure_altitude_ft(np.array([elevation_ft]), np.array([inches * HPA_PER_INHG]))
    assert found[0] == pytest.approx(elevation_ft + correction_ft, abs=12)


@pytest.mark.parametrize(
    ("elevation_ft", "inches", "fahrenheit", "published_ft"),
    [
        pytest.param(5_883, 30.10, 70, 7_700, id="PHAK, sample problem 1"),
        pytest.param(5_250, 29.25, 81, 8_500, id="FAA knowledge test, 5,250 ft"),
        pytest.param(3_894, 30.35, 25, 2_000, id="FAA knowledge test, 3,894 ft"),
        pytest.param(0, 29.92, 59, 0, id="standard atmosphere"),
    ],
)
def test_density_altitude_is_never_below_the_published_one_and_at_most_250_ft_above(
    elevation_ft: float, inches: float, fahrenheit: float, published_ft: float
) -> None:
    assert -1 <= of(elevation_ft, inches, fahrenheit) - published_ft <= 250


def test_what_is_not_known_is_taken_at_its_highest() -> None:
    nan = np.nan
    elevation, hpa, celsius = (
        np.array([0.0, 0, 0, 0, nan]),
        np.array([990, nan, 990, nan, 990]),
        np.array([30, 30, nan, nan, 30]),
    )
    known, highest = (f(elevation, hpa, celsius) for f in (density_altitude_ft, highest_density_altitude_ft))
    assert np.isnan(known).tolist() == [False, True, True, True, True]
    assert highest[0] == known[0] < highest[1] < highest[3]
    assert highest[0] < highest[2] < highest[3] < 7_500
    assert highest[4] == np.inf


@pytest.mark.parametrize(
    ("words", "fields", "hpa"),
    [
        ("A2992", {}, 1013.2),
        ("Q1013", {}, 1013.0),
        ("A2992 Q1009", {}, 1009.0),
        ("A2992", {"altim": 1010.0}, 1010.0),
        ("A9992", {"altim": 1013.2}, 1013.2),
        ("A////", {}, None),
        ("Q0101", {}, None),
        ("A2992", {"altim": 99.0}, 1013.2),
        ("A2992", {"altim": "29.92"}, 1013.2),
    ],
)
def test_the_lower_of_the_altimeter_settings_that_a_metar_gives_counts(
    words: str, fields: dict[str, Any], hpa: float | None
) -> None:
    report = metar(f"METAR KXYZ 101153Z 24006KT 10SM FEW060 20/08 {words}", **fields)
    assert read_metar(report).conditions.altimeter_hpa == hpa


@pytest.mark.parametrize(
    ("remarks", "temperature_c", "dewpoint_c"),
    [
        ("RMK AO2 T02040083", 20.4, 8.3),
        ("RMK AO2", 20.0, 8.0),
        ("RMK AO2 T0204", 20.4, 8.0),
        ("RMK AO2 T10040083", None, 8.3),
        ("RMK AO2 T0204008", 20.0, 8.0),
    ],
)
def test_remarks_give_the_temperature_in_tenths(
    remarks: str, temperature_c: float | None, dewpoint_c: float | None
) -> None:
    """FMH-1 12.7.2. One that contradicts the body leaves no temperature."""
    report = metar(f"METAR KXYZ 101153Z 24006KT 10SM FEW060 20/08 A2992 {remarks}")
    conditions = read_metar({key: value for key, value in report.items() if key not in {"temp", "dewp"}}).conditions
    assert (conditions.temperature_c, conditions.dewpoint_c) == (temperature_c, dewpoint_c)


def row(source: ReportSource, airport: str, begins: int, hours: int = 1, **air: Any) -> ForecastGroup:
    return ForecastGroup(
        source,
        airport,
        "prevailing",
        "HOURLY",
        None,
        hour(begins),
        hour(begins + hours),
        hour(begins),
        Conditions(**air),
    )


def air_at(groups: list[ForecastGroup], airport: str, at: int) -> tuple[float | None, float | None]:
    found = with_outside_air(hourly_rows(groups), AIRPORTS, AIRPORTS)
    rows = found[(found["airport"] == airport) & (found["hour_utc"] == hour(at))]
    pairs = {
        (None if np.isnan(celsius) else celsius, None if np.isnan(hpa) else hpa)
        for celsius, hpa in zip(rows["outside_air_temperature_c"], rows["altimeter_hpa"], strict=True)
    }
    (pair,) = pairs
    return pair


NOW = row("METAR", "KAAA", 0, temperature_c=20.0, altimeter_hpa=1010.0)


@pytest.mark.parametrize(
    ("others", "at", "expected"),
    [
        pytest.param([row("NBH", "KAAA", 0, temperature_c=30.0)], 0, (20.0, 1010.0), id="the METAR in its own hour"),
        pytest.param(
            [row("NBH", "KAAA", 1, temperature_c=22.0), row("OpenWeatherMap", "KAAA", 1, temperature_c=40.0)],
            1, (22.0, 1010.0), id="guidance before One Call",
        ),
        pytest.param(
            [row("NBS", "KAAA", 1, temperature_c=22.0), row("NBS", "KAAA", 1, temperature_c=25.0)],
            1, (25.0, 1010.0), id="the warmer of two neighbours",
        ),
        pytest.param(
            [row("NBH", "KAAA", 1, temperature_c=None), row("NBS", "KAAA", 1, temperature_c=25.0)],
            1, (None, 1010.0), id="what is due and lacks it is missing",
        ),
        pytest.param(
            [row("NBS", "KAAA", 1, temperature_c=None), row("NBS", "KAAA", 1, temperature_c=25.0)],
            1, (None, 1010.0), id="one of two neighbours lacks it",
        ),
        pytest.param([row("TAF", "KAAA", 0, 3)], 1, (20.0, 1010.0), id="the METAR for one hour more"),
        pytest.param([row("TAF", "KAAA", 0, 3)], 2, (None, 1010.0), id="and no longer"),
        pytest.param([row("OpenWeatherMap", "KBBB", 5, temperature_c=9.0)], 5, (9.0, 1010.0), id="nearest setting"),
        pytest.param([row("OpenWeatherMap", "KFAR", 5, temperature_c=9.0)], 5, (9.0, None), id="none within 100 NM"),
        pytest.param(
            [row("METAR", "KBBB", 0, temperature_c=9.0), row("NBH", "KCCC", 0, temperature_c=8.0)],
            0, (8.0, None), id="the nearest station's, though it lacks it",
        ),
    ],
)  # fmt: skip
def test_the_air_of_an_hour_is_that_of_the_source_which_is_due(
    others: list[ForecastGroup], at: int, expected: tuple[float | None, float | None]
) -> None:
    airport = others[-1].station
    assert air_at([NOW, *others], airport, at) == expected


@pytest.mark.parametrize(
    ("airport", "station", "expected_c"),
    [
        pytest.param("KBBB", "KAAA", 20.0 + 5 * 1.98, id="a station 5,000 ft higher"),
        pytest.param("KCCC", "KAAA", 20.0, id="a lower station, which is warmer"),
        pytest.param("KAAA", "KAAA", 20.0, id="its own"),
        pytest.param("KFAR", "KFAR", 20.0, id="its own, at an unknown elevation"),
        pytest.param("KAAA", "KFAR", None, id="a station at an unknown elevation"),
        pytest.param("KAAA", "KNONE", None, id="a station that is not known"),
    ],
)
def test_guidance_of_a_higher_station_is_raised_to_the_airports_elevation(
    airport: str, station: str, expected_c: float | None
) -> None:
    rows = hourly_rows([row("NBH", airport, 1, temperature_c=20.0)]).assign(station=station)

    found = with_outside_air(rows, AIRPORTS, AIRPORTS)["outside_air_temperature_c"].iloc[0]

    assert (None if np.isnan(found) else found) == (None if expected_c is None else pytest.approx(expected_c))


def test_of_metars_that_may_both_be_the_newest_the_worse_counts() -> None:
    other = row("METAR", "KAAA", 0, temperature_c=23.0, altimeter_hpa=1004.0)
    assert air_at([NOW, other], "KAAA", 0) == (23.0, 1004.0)
    unread = row("METAR", "KAAA", 0)
    assert air_at([NOW, unread], "KAAA", 0) == (None, None)


def test_the_newest_of_stored_metars_gives_the_setting() -> None:
    earlier = row("METAR", "KAAA", -2, temperature_c=15.0, altimeter_hpa=990.0)
    assert air_at([earlier, NOW, row("NBH", "KAAA", 4, temperature_c=25.0)], "KAAA", 4) == (25.0, 1010.0)
    assert hour(0) - hour(-2) == timedelta(hours=2)
