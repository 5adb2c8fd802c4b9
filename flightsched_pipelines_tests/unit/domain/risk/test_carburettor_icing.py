"""Carburettor icing: the handbook's bounds, and one sentence on the hour in which it is most likely."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from flightsched_pipelines.domain.risk.carburettor_icing import (
    carburettor_icing,
    icing_advice,
    relative_humidity_percent,
)
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines_tests.unit.domain.risk.builders import at, frame, weather


@pytest.mark.parametrize(("temperature_c", "dewpoint_c", "percent"), [(20, 20, 100), (20, 9.3, 50), (0, -5, 69)])
def test_relative_humidity_agrees_with_published_tables(temperature_c: float, dewpoint_c: float, percent: int) -> None:
    """WMO-No. 8: the dew point of air at 20 °C and 50 % is 9.3 °C."""
    assert relative_humidity_percent(temperature_c, dewpoint_c) == pytest.approx(percent, abs=0.5)


@pytest.mark.parametrize(
    ("temperature_c", "dewpoint_c", "risk"),
    [
        (12, 11, "likely"), (21, 20, "likely"), (22, 21, "possible"), (30, 20, "possible"), (38, 30, "possible"),
        (39, 35, None), (20, 5, None), (-7, -8, "likely"), (-8, -8, None), (float("nan"), 5, None),
        (10, float("nan"), None),
    ],
)  # fmt: skip
def test_the_risk_has_the_bounds_of_the_handbook(temperature_c: float, dewpoint_c: float, risk: str | None) -> None:
    assert carburettor_icing(temperature_c, dewpoint_c) == risk


def air(hour: int, temperature_c: float | None, dewpoint_c: float | None, airport: str = "KPAO") -> dict[str, object]:
    return weather(hour, airport, outside_air_temperature_c=temperature_c, outside_air_dewpoint_c=dewpoint_c)


def advised(*rows: dict[str, object]) -> str | None:
    forecasts: pd.DataFrame = frame(rows, FORECAST_COLUMNS)
    return icing_advice(forecasts, ["KPAO", "KSQL"], at(1), at(3), "America/Los_Angeles")


def test_the_likeliest_hour_of_the_lesson_is_told() -> None:
    told = advised(air(0, 10, 10), air(1, 25, 18), air(2, 15, 13), air(3, 10, 10), air(2, 10, 10, "KLVK"))
    assert told == ("Carburettor icing is likely: 15 °C with a dew point of 13 °C at KPAO, Mon 1 Jun 11:00–12:00 PDT.")
    assert "is possible: 25 °C" in (advised(air(1, 25, 18)) or "")
    assert "at KSQL" in (advised(air(1, 30, 0), air(1, 10, 9, "KSQL")) or "")


def test_nothing_is_told_where_it_does_not_ice_or_the_air_is_not_known() -> None:
    assert advised(air(1, 30, 0), air(2, None, 10), air(2, 10, None)) is None
    assert advised() is None


def test_a_lesson_within_an_hour_is_in_that_hour() -> None:
    forecasts = frame([air(2, 10, 10)], FORECAST_COLUMNS)
    begins = at(2) + timedelta(minutes=20)
    assert icing_advice(forecasts, ["KPAO"], begins, begins + timedelta(minutes=30), "UTC")
    assert at(2) == datetime(2026, 6, 1, 18, tzinfo=UTC)
