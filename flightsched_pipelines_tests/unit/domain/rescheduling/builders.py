"""A small school: a student, two instructors, two aircraft, one field, one open day."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import pandas as pd

from flightsched_pipelines.domain.rescheduling.preferences import PREFERENCE_COLUMNS
from flightsched_pipelines.domain.rescheduling.requirements import NO_CREDENTIALS, Credentials
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.candidates import Search, search_slots
from flightsched_pipelines.domain.rescheduling.search.kept_slots import after_alternatives, kept_slots
from flightsched_pipelines.domain.rescheduling.solver.assignment import choose
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation import Validation, validate
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Proposal, Records, read_proposal
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import ForecastRecords
from flightsched_pipelines.domain.risk.bookings import FORM_COLUMNS
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS

UTC_TIME = "datetime64[us, UTC]"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""A Monday, five in the morning at the school in Palo Alto."""

OPENS = datetime(2026, 6, 2, 16, tzinfo=UTC)
CLOSES = datetime(2026, 6, 2, 22, tzinfo=UTC)
"""Tuesday, nine to three on the local clock: eleven starts for a lesson of an hour."""

ALL_STARTS = [OPENS + timedelta(minutes=30) * step for step in range(11)]

SCHOOL, STUDENT, INSTRUCTOR, AIRCRAFT = 1, 5, 11, 21
PLACES = ["KPAO", "KSQL", "KLVK"]
LEVELS = ["student_pilot", "private_pilot", "instrument_rated"]


def at(hour: int, minute: int = 0) -> datetime:
    """A time of the open day, in UTC."""
    return OPENS.replace(hour=hour, minute=minute)


def booking(booking_id: int, starts_at_utc: datetime, minutes: int = 60, **facts: object) -> dict[str, Any]:
    """Return a dual lesson of the one student with the one instructor, by default."""
    return {
        "booking_id": booking_id,
        "reference": f"BK-{booking_id}",
        "school_id": SCHOOL,
        "student_id": STUDENT,
        "instructor_id": INSTRUCTOR,
        "aircraft_id": AIRCRAFT,
        "aircraft_type": "C172S",
        "training_level": "student_pilot",
        "solo": False,
        "lesson_kind": "local",
        "departure": "KPAO",
        "route": [],
        "starts_at_utc": starts_at_utc,
        "ends_at_utc": starts_at_utc + timedelta(minutes=minutes),
        "status": "confirmed",
        "aircraft_crosswind_kt": 15.0,
        "time_zone": "America/Los_Angeles",
    } | facts


LOST = booking(1, NOW + timedelta(hours=8))
"""The lesson that the weather threatens, on the Monday."""


def period(
    resource: str, resource_id: int, starts: datetime = OPENS, ends: datetime = CLOSES, **facts: object
) -> dict[str, Any]:
    """A time in which something may be used."""
    return {
        "school_id": SCHOOL,
        "resource": resource,
        "resource_id": resource_id,
        "starts_at_utc": starts,
        "ends_at_utc": ends,
        "aircraft_type": "C172S" if resource == "aircraft" else None,
        "aircraft_crosswind_kt": 15.0 if resource == "aircraft" else None,
        "may_teach": LEVELS if resource == "instructor" else None,
    } | facts


OPEN_DAY = (
    period("school", SCHOOL),
    period("student", STUDENT),
    period("instructor", INSTRUCTOR),
    period("aircraft", AIRCRAFT),
)


def forecast(hour_utc: datetime, airport: str = "KPAO", **facts: object) -> dict[str, Any]:
    """A fine hour at an airport."""
    return {
        "airport": airport,
        "hour_utc": hour_utc,
        "layer": "prevailing",
        "change": "BASE",
        "probability": None,
        "group_from_utc": NOW - timedelta(hours=1),
        "group_to_utc": NOW + timedelta(days=20),
        "wind_direction_deg": 310.0,
        "wind_varies_from_deg": None,
        "wind_varies_to_deg": None,
        "wind_speed_kt": 5.0,
        "wind_gust_kt": None,
        "visibility_sm": 10.0,
        "visibility_at_least": True,
        "ceiling_ft": None,
        "ceiling_estimated": False,
        "temperature_c": None,
        "dewpoint_c": None,
        "outside_air_temperature_c": None,
        "outside_air_dewpoint_c": None,
        "altimeter_hpa": None,
        "weather": "",
        "hazards": [],
        "missing": [],
        "unread": [],
        "flight_category": "VFR",
        "source": "TAF",
        "station": airport,
        "station_distance_nm": 0.0,
        "issued_at_utc": NOW - timedelta(hours=1),
        "age_minutes": 60.0,
        "lead_minutes": 0.0,
        "governs": True,
    } | facts


def fine_day(airport: str = "KPAO", **facts: object) -> list[dict[str, Any]]:
    """A fine forecast for every hour from now to the day after the open day."""
    return [forecast(NOW + timedelta(hours=hour), airport, **facts) for hour in range(48)]


FINE_DAY = tuple(fine_day())


def minimum(rule: str, comparison: str, limit_value: float, unit: str, **facts: object) -> dict[str, Any]:
    """A default of the school for everyone, that blocks."""
    return {
        "school_id": None,
        "student_id": None,
        "authority": "default",
        "training_level": None,
        "solo": None,
        "lesson_kind": None,
        "night": None,
        "aircraft_type": None,
        "rule": rule,
        "comparison": comparison,
        "limit_value": limit_value,
        "unit": unit,
        "effect": "block",
        "effective_from": datetime(2020, 1, 1, tzinfo=UTC).date(),
        "effective_to": None,
        "reference": "a test",
        "minimum_id": None,
        "fault": None,
    } | facts


MINIMUMS = (
    minimum("visibility", ">", 5, "SM"),
    minimum("ceiling", ">=", 3000, "ft"),
    minimum("wind", "<", 15, "kt"),
    minimum("gust", "<", 20, "kt"),
    minimum("crosswind", "<", 8, "kt"),
    minimum("thunderstorm", "none", float("nan"), ""),
    minimum("icing", "none", float("nan"), ""),
    minimum("daylight", ">=", 60, "min", solo=True),
)


def frame(rows: Collection[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Rows with their columns' types."""
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind).array for name, kind in types.items()}
    )


BOOKING_TYPES = dict.fromkeys(LOST, "str") | {
    "booking_id": "int64",
    "school_id": "Int64",
    "student_id": "Int64",
    "instructor_id": "Int64",
    "aircraft_id": "Int64",
    "solo": "bool",
    "route": "object",
    "starts_at_utc": UTC_TIME,
    "ends_at_utc": UTC_TIME,
    "aircraft_crosswind_kt": "float64",
}
OPTIONAL_COLUMNS = {**PREFERENCE_COLUMNS, **FORM_COLUMNS}
PERIOD_TYPES = dict.fromkeys(period("school", 1), "str") | {
    "school_id": "int64",
    "resource_id": "int64",
    "starts_at_utc": UTC_TIME,
    "ends_at_utc": UTC_TIME,
    "aircraft_crosswind_kt": "float64",
    "may_teach": "object",
}
MINIMUM_TYPES = dict.fromkeys(minimum("x", ">", 0, ""), "str") | {
    "school_id": "Int64",
    "minimum_id": "Int64",
    "solo": "boolean",
    "night": "boolean",
    "limit_value": "float64",
    "effective_from": "object",
    "effective_to": "object",
}


@cache
def _fine_days() -> pd.DataFrame:
    return frame(FINE_DAY, FORECAST_COLUMNS)


@cache
def ground() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Airports, and their runway ends."""
    airports = pd.DataFrame(
        {
            "airport": PLACES,
            "name": PLACES,
            "latitude_deg": 37.46,
            "longitude_deg": -122.11,
            "elevation_ft": 7.0,
            "time_zone": "America/Los_Angeles",
            "issues_taf": True,
            "issues_metar": True,
            "approach_ceiling_ft": float("nan"),
            "approach_visibility_sm": float("nan"),
        }
    )
    ends = [(place, runway, heading) for place in PLACES for runway, heading in (("13", 134.0), ("31", 314.0))]
    runways = pd.DataFrame(ends, columns=["airport", "runway", "heading_true_deg"])
    return airports, runways.assign(length_ft=2400.0, closed=False)


@cache
def suns(first: date, sunset: timedelta) -> pd.DataFrame:
    """Twenty days from dawn at 12:30 UTC to sunset so long after midnight UTC."""
    days = [first + timedelta(days=day) for day in range(20)]
    midnights = pd.Series([datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days], dtype=UTC_TIME)
    sky = pd.DataFrame(
        {
            "solar_date": days,
            "dawn_utc": midnights + timedelta(hours=12, minutes=30),
            "sunrise_utc": midnights + timedelta(hours=13),
            "sunset_utc": midnights + sunset,
            "dusk_utc": midnights + sunset + timedelta(minutes=30),
        }
    )
    return pd.concat([sky.assign(airport=place) for place in PLACES], ignore_index=True)


Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]
RULES = SchedulingRules(per_booking=400)


@dataclass(frozen=True)
class School:
    """Rows of the school, and the results of the modules on them."""

    bookings: tuple[dict[str, Any], ...] = (LOST,)
    availability: tuple[dict[str, Any], ...] = OPEN_DAY
    forecasts: tuple[dict[str, Any], ...] = FINE_DAY
    minimums: tuple[dict[str, Any], ...] = MINIMUMS
    rules: SchedulingRules = RULES
    now: datetime = NOW
    credentials: Credentials = NO_CREDENTIALS
    sunset: timedelta = timedelta(hours=27)
    """After midnight UTC of the solar day: 20:00 on the local clock."""

    def but(self, **changes: object) -> "School":
        """The same school with a difference."""
        return replace(self, **changes)

    def also(self, *bookings: dict[str, Any], **rows: Iterable[dict[str, Any]]) -> "School":
        """The same school with more bookings, or more rows of another kind."""
        more = {name: (*getattr(self, name), *extra) for name, extra in rows.items()}
        return replace(self, bookings=(*self.bookings, *bookings), **more)

    def without(self, resource: str) -> "School":
        """The same school, and no availability on record for one kind of resource."""
        return replace(self, availability=tuple(row for row in self.availability if row["resource"] != resource))

    @cached_property
    def frames(self) -> Frames:
        """Bookings, availability, forecasts, minimums, airports, runways, suns."""
        optional = {name: kind for name, kind in OPTIONAL_COLUMNS.items() if name in self.bookings[0]}
        return (
            frame(self.bookings, BOOKING_TYPES | optional),
            frame(self.availability, PERIOD_TYPES),
            _fine_days() if self.forecasts is FINE_DAY else frame(self.forecasts, FORECAST_COLUMNS),
            frame(self.minimums, MINIMUM_TYPES),
            *ground(),
            suns(self.now.date() - timedelta(days=2), self.sunset),
        )

    def search(self, *threatened: int) -> Search:
        """Other times for some bookings, for the first by default."""
        bookings = self.frames[0]
        lost = bookings[bookings["booking_id"].isin(threatened or [1])]
        return search_slots(lost, *self.frames, self.rules, now_utc=self.now, credentials=self.credentials)

    def starts(self) -> list[datetime]:
        """The distinct starts offered to the first booking, in order."""
        return sorted({start.to_pydatetime() for start in self.search().candidates["starts_at_utc"]})

    def why_not(self) -> str:
        """Return why the first booking has no candidate."""
        search = self.search()
        assert search.candidates.empty
        return dict(zip(search.unplaceable["booking_id"], search.unplaceable["reason"], strict=True))[1]

    def propose(self, *threatened: int) -> pd.DataFrame:
        """The joint choice for some bookings, for the first by default."""
        return choose(self.search(*threatened).candidates, self.frames[0], self.rules).proposals

    def keep(self, *threatened: int, sent: pd.DataFrame | None = None) -> pd.DataFrame:
        """The slots that some bookings can keep without flying, the first by default."""
        bookings, availability = self.frames[:2]
        lost = bookings[bookings["booking_id"].isin(threatened or [1])]
        return kept_slots(
            lost, bookings, availability, self.rules, now_utc=self.now, sent=sent, credentials=self.credentials
        )

    def offer(self, *threatened: int) -> pd.DataFrame:
        """The alternatives of some bookings, and after them the slots that they can keep."""
        return after_alternatives(self.propose(*threatened), self.keep(*threatened))

    def prove(self, proposals: pd.DataFrame) -> Validation:
        """Return the validation of proposals."""
        read = [read_proposal(row) for row in proposals.to_dict("records")]
        bookings, availability, forecasts, *ground = (frame.to_dict("records") for frame in self.frames)
        records = Records(bookings, [found for found in read if isinstance(found, Proposal)])
        records.learn(availability)
        sky = ForecastRecords(
            [row for row in forecasts if row["governs"]], *ground, first_hour_utc=self.now, buffer=timedelta(minutes=30)
        )
        return validate(read, records, sky, self.rules, self.now, CredentialRecords(self.credentials))

    def objections(self, proposals: pd.DataFrame) -> list[str]:
        """Return the violations that validation finds in proposals."""
        return self.prove(proposals).violations["violation"].tolist()
