"""Small forecasts and lessons: three fields near Palo Alto, on a summer's day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.risk.assess import Assessment, assess
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import MINIMUM_COLUMNS, default_minimums, in_force
from flightsched_pipelines.domain.risk.rules import UNITS
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS

NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
"""Nine in the morning at the fields."""

HOURS = 10

AIRPORTS = pd.DataFrame(
    {
        "airport": ["KPAO", "KSQL", "KLVK"],
        "name": ["Palo Alto", "San Carlos", "Livermore"],
        "latitude_deg": [37.461, 37.512, 37.693],
        "longitude_deg": [-122.115, -122.250, -121.820],
        "elevation_ft": [7.0, 5.0, 400.0],
        "time_zone": "America/Los_Angeles",
        "issues_taf": [False, False, True],
        "issues_metar": True,
        "approach_ceiling_ft": [600.0, float("nan"), 200.0],
        "approach_visibility_sm": [1.25, float("nan"), 0.5],
    }
)
RUNWAYS = pd.DataFrame(
    [(ident, "13", 134.0, 2400.0, False) for ident in ("KPAO", "KSQL")]
    + [(ident, "31", 314.0, 2400.0, False) for ident in ("KPAO", "KSQL")],
    columns=["airport", "runway", "heading_true_deg", "length_ft", "closed"],
)
"""Livermore has no known runway here."""

SUNS = sun_table(AIRPORTS, date(2026, 5, 31), 4)
DEFAULTS = in_force(default_minimums(), NOW.date())


def at(hours: float) -> datetime:
    """A time so many hours from now."""
    return NOW + timedelta(hours=hours)


def lesson(**facts: Any) -> dict[str, Any]:
    """A dual local lesson of a student pilot at Palo Alto, from ten to eleven on the local clock."""
    return {
        "booking_id": 1,
        "reference": "BK-1",
        "school_id": 1,
        "student_id": 7,
        "training_level": "student_pilot",
        "solo": False,
        "lesson_kind": "local",
        "departure": "KPAO",
        "route": [],
        "starts_at_utc": at(1),
        "ends_at_utc": at(2),
        "status": "confirmed",
        "aircraft_type": "C172S",
        "time_zone": "America/Los_Angeles",
    } | facts


def weather(hour: int, airport: str = "KPAO", **facts: Any) -> dict[str, Any]:
    """A fine hour, counted from now."""
    return {
        "airport": airport,
        "hour_utc": at(hour),
        "layer": "prevailing",
        "change": "FM",
        "group_from_utc": at(-2),
        "group_to_utc": at(24),
        "wind_direction_deg": 310.0,
        "wind_speed_kt": 5.0,
        "visibility_sm": 10.0,
        "visibility_at_least": "visibility_sm" not in facts,
        "ceiling_estimated": False,
        "weather": "",
        "hazards": [],
        "missing": [],
        "source": "TAF",
        "station": airport,
        "station_distance_nm": 0.0,
        "issued_at_utc": at(-1),
        "governs": True,
    } | facts


def fine(*airports: str, **facts: Any) -> list[dict[str, Any]]:
    """Fine hours at some fields, at Palo Alto by default."""
    return [weather(hour, airport, **facts) for airport in airports or ("KPAO",) for hour in range(HOURS)]


def minimum(rule: str, comparison: str, limit_value: float | None, **facts: Any) -> dict[str, Any]:
    """A default for everyone, that blocks."""
    return {
        "authority": "default",
        "rule": rule,
        "comparison": comparison,
        "limit_value": limit_value,
        "unit": UNITS.get(rule, ""),
        "effect": "block",
        "effective_from": date(2020, 1, 1),
        "reference": "a test",
    } | facts


def frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows with exactly these columns and types."""
    given = list(rows)
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in given], dtype=kind).array for name, kind in columns.items()}
    )


def hold(
    lessons: Iterable[Mapping[str, Any]],
    hours: Iterable[Mapping[str, Any]],
    minimums: pd.DataFrame | Iterable[Mapping[str, Any]] = DEFAULTS,
    **facts: Any,
) -> Assessment:
    """Assess lessons in hours."""
    given: dict[str, Any] = {"airports": AIRPORTS, "runways": RUNWAYS, "suns": SUNS, "first_hour_utc": NOW} | facts
    return assess(
        frame(lessons, BOOKING_COLUMNS),
        frame(hours, FORECAST_COLUMNS),
        minimums if isinstance(minimums, pd.DataFrame) else frame(minimums, MINIMUM_COLUMNS),
        **given,
    )


def verdict(a_lesson: Mapping[str, Any], *args: Any, **facts: Any) -> str:
    """The verdict of one lesson."""
    return hold([a_lesson], *args, **facts).verdicts.iloc[0]
