"""Lessons, fields and forecasts in few words: benign unless a test says otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd

from flightsched_pipelines.risk.assess import Assessment, assess
from flightsched_pipelines.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.risk.minimums import MINIMUM_COLUMNS, default_minimums
from flightsched_pipelines.weather.conditions import FORECAST_COLUMNS

HOUR = timedelta(hours=1)
NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
"""The first hour of the forecast, in the middle of the solar day of every field here."""

FIELDS = ("KAAA", "KBBB", "KCCC")
DAWN, SUNRISE, SUNSET, DUSK = time(4), time(5), time(20), time(21)

Row = dict[str, Any]


def booking(booking_id: int = 1, starts: datetime = NOON + HOUR, minutes: int = 60, **facts: object) -> Row:
    """A dual lesson of a student pilot at KAAA, an hour from now."""
    return {
        "booking_id": booking_id,
        "reference": f"BK-{booking_id}",
        "school_id": 1,
        "student_id": 5,
        "instructor_id": 11,
        "aircraft_id": 21,
        "aircraft_type": "C172S",
        "training_level": "student_pilot",
        "solo": False,
        "lesson_kind": "local",
        "departure": "KAAA",
        "route": [],
        "starts_at_utc": starts,
        "ends_at_utc": starts + timedelta(minutes=minutes),
        "status": "scheduled",
        "aircraft_crosswind_kt": 15.0,
        "time_zone": "America/Los_Angeles",
    } | facts


def forecast(hour_utc: datetime, airport: str = "KAAA", **facts: object) -> Row:
    """A fine hour of a TAF: unlimited, 10 miles, 5 kt along the runway."""
    return {
        "airport": airport,
        "hour_utc": hour_utc,
        "layer": "prevailing",
        "change": "BASE",
        "probability": None,
        "group_from_utc": NOON,
        "group_to_utc": NOON + 24 * HOUR,
        "wind_direction_deg": 360.0,
        "wind_speed_kt": 5.0,
        "wind_gust_kt": None,
        "visibility_sm": 10.0,
        "visibility_at_least": True,
        "ceiling_ft": None,
        "ceiling_estimated": False,
        "temperature_c": None,
        "dewpoint_c": None,
        "weather": "",
        "hazards": [],
        "missing": [],
        "flight_category": "VFR",
        "source": "TAF",
        "station": airport,
        "station_distance_nm": 0.0,
        "issued_at_utc": NOON - HOUR,
        "age_minutes": 60.0,
        "lead_minutes": 0.0,
        "governs": True,
    } | facts


def fine(airports: Iterable[str] = FIELDS, hours: int = 8) -> list[Row]:
    """Fine hours from noon on at each field."""
    return [forecast(NOON + n * HOUR, airport) for airport in airports for n in range(hours)]


def with_hour(hour: int, airport: str = "KAAA", **facts: object) -> list[Row]:
    """Fine hours, of which one has other facts."""
    return [
        row | facts if (row["airport"], row["hour_utc"]) == (airport, NOON + hour * HOUR) else row for row in fine()
    ]


def minimum(rule: str, comparison: str, limit_value: float | None, **facts: object) -> Row:
    """A default for everyone that blocks."""
    return {
        "school_id": None,
        "authority": "default",
        "training_level": None,
        "solo": None,
        "lesson_kind": None,
        "night": None,
        "rule": rule,
        "comparison": comparison,
        "limit_value": limit_value,
        "unit": "",
        "effect": "block",
        "effective_from": date(2020, 1, 1),
        "effective_to": None,
        "reference": f"the test's {rule}",
    } | facts


def frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame of declared columns."""
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))


def airports(**approach: tuple[float, float]) -> pd.DataFrame:
    """The fields, with approach minima (ceiling, visibility) where given."""
    nothing = (float("nan"), float("nan"))
    return pd.DataFrame(
        [
            {
                "airport": ident,
                "name": ident,
                "latitude_deg": 37.0,
                "longitude_deg": 0.0,
                "elevation_ft": 0.0,
                "time_zone": "America/Los_Angeles",
                "issues_taf": True,
                "issues_metar": True,
                "approach_ceiling_ft": approach.get(ident, nothing)[0],
                "approach_visibility_sm": approach.get(ident, nothing)[1],
            }
            for ident in FIELDS
        ]
    ).astype({"airport": "str"})


def runways() -> pd.DataFrame:
    """One runway, north and south, at each field but the last, which has none on record."""
    ends = [(ident, end, heading) for ident in FIELDS[:-1] for end, heading in (("36", 360.0), ("18", 180.0))]
    return pd.DataFrame(
        [
            {"airport": ident, "runway": end, "heading_true_deg": heading, "length_ft": 3_000.0, "closed": False}
            for ident, end, heading in ends
        ]
    )


def suns(days: int = 4) -> pd.DataFrame:
    """The same sun over every field on each day, from the day before."""
    dates = [NOON.date() + timedelta(days=n - 1) for n in range(days)]
    names = {"dawn_utc": DAWN, "sunrise_utc": SUNRISE, "sunset_utc": SUNSET, "dusk_utc": DUSK}
    table = pd.DataFrame(
        [
            {"airport": ident, "solar_date": day} | {name: datetime.combine(day, at, UTC) for name, at in names.items()}
            for ident in FIELDS
            for day in dates
        ]
    )
    return table.astype({"airport": "str"} | dict.fromkeys(names, "datetime64[us, UTC]"))


def judge(
    bookings: Sequence[Row], forecasts: Sequence[Row], minimums: Sequence[Row] | None = None, **inputs: Any
) -> Assessment:
    """Bookings assessed under the default minimums, unless others are given."""
    rules = default_minimums() if minimums is None else frame(minimums, MINIMUM_COLUMNS)
    grounds = {"airports": airports(), "runways": runways(), "suns": suns(), "first_hour_utc": NOON} | inputs
    return assess(frame(bookings, BOOKING_COLUMNS), frame(forecasts, FORECAST_COLUMNS), rules, **grounds)


def verdict(lesson: Row, forecasts: Sequence[Row], minimums: Sequence[Row] | None = None, **inputs: Any) -> str:
    """The verdict of one booking."""
    return str(judge([lesson], forecasts, minimums, **inputs).verdicts.iloc[0])
