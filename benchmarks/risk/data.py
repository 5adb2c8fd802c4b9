"""Sample forecasts and bookings, the same for the same numbers: the input of every contender.

The airports are real ones of the contiguous United States. A third of them issue TAFs, another third takes one from
nearby, the rest has the model alone: prevailing groups that change every few hours, some in the middle of an hour,
TEMPO and PROB groups over them, an observation of the running hour, and the model's hours after the TAF ends (its
earlier hours do not govern). Some reports lack elements or did not come.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import airportsdata
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.risk.forecasts import FIRST_HOUR_UTC, HOURS, Generator, Ints, first_hour, forecasts
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import (
    MINIMUM_COLUMNS,
    default_minimums,
    in_force,
    typed_minimums,
)
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, TRAINING_LEVELS, UNITS
from flightsched_pipelines.domain.weather.daylight import sun_table

BUFFER_MINUTES = 30


AIRPORTS_A_SCHOOL = 5


FRAMES = ("bookings", "forecasts", "minimums", "airports", "runways", "suns")


_SEED = 20_260_921


_SUN_DAYS = 5


_STRANGER = "XNON"
"""An unknown airport."""


_MINUTE = np.timedelta64(1, "m")


BOOKINGS = (
    "booking_id", "school_id", "training_level", "solo", "lesson_kind", "departure", "route", "starts_at_utc",
    "ends_at_utc", "aircraft_crosswind_kt",
)  # fmt: skip
"""The columns that a verdict needs; the contenders with tables have no others."""

FORECASTS = (
    "airport", "hour_utc", "layer", "wind_direction_deg", "wind_speed_kt", "wind_gust_kt", "visibility_sm",
    "ceiling_ft", "temperature_c", "weather", "hazards", "missing", "governs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """The frames that ``assess`` takes."""

    bookings: pd.DataFrame
    forecasts: pd.DataFrame
    minimums: pd.DataFrame
    airports: pd.DataFrame
    runways: pd.DataFrame
    suns: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write a pickle a frame."""
        for name in FRAMES:
            getattr(self, name).to_pickle(folder / f"{name}.pickle")


def load(folder: Path) -> World:
    """Return the frames written by ``World.save``."""
    return World(**{name: pd.read_pickle(folder / f"{name}.pickle") for name in FRAMES})  # noqa: S301, our own


def world(bookings: int, airports: int) -> World:
    """Return frames of this many bookings and airports."""
    random = np.random.default_rng(_SEED)
    fields = _airports(random, airports)
    schools = max(airports // AIRPORTS_A_SCHOOL, 1)
    return World(
        bookings=_bookings(random, bookings, fields, schools),
        forecasts=forecasts(random, fields),
        minimums=_minimums(random, schools),
        airports=fields,
        runways=_runways(random, fields),
        suns=sun_table(fields, FIRST_HOUR_UTC.date() - timedelta(days=1), _SUN_DAYS),
    )


def _airports(random: Generator, count: int) -> pd.DataFrame:
    known = sorted(
        (ident, field)
        for ident, field in airportsdata.load("ICAO").items()
        if ident[0] == "K" and len(ident) == 4 and field["tz"].startswith("America/")
    )
    if count > len(known):
        raise ValueError(f"{count} airports are asked for; there are {len(known)}")
    chosen = [known[n] for n in random.choice(len(known), size=count, replace=False)]
    chosen.sort(key=lambda one: (round(one[1]["lon"] / 2), one[1]["lat"]))  # neighbours in the frame lie near
    instrument = random.random(count) < 0.6
    place = np.arange(count)
    return pd.DataFrame(
        {
            "airport": pd.Series([ident for ident, _ in chosen], dtype="str"),
            "name": [field["name"] for _, field in chosen],
            "latitude_deg": [field["lat"] for _, field in chosen],
            "longitude_deg": [field["lon"] for _, field in chosen],
            "elevation_ft": [field["elevation"] for _, field in chosen],
            "time_zone": [field["tz"] for _, field in chosen],
            "issues_taf": place % 3 == 0,
            "issues_metar": True,
            "approach_ceiling_ft": np.where(instrument, random.choice([200.0, 350.0, 600.0], count), np.nan),
            "approach_visibility_sm": np.where(instrument, random.choice([0.5, 1.0, 1.25], count), np.nan),
        }
    )


def _runways(random: Generator, airports: pd.DataFrame) -> pd.DataFrame:
    """One to three runways an airport, none at some, two ends each.

    Headings are off whole degrees, so that no crosswind equals a limit up to the last bit, in which libraries differ.
    """
    counts = random.choice([0, 1, 2, 3], len(airports), p=[0.02, 0.55, 0.33, 0.10])
    idents = np.repeat(airports["airport"].to_numpy(dtype=object), counts)
    headings = random.integers(0, 180, len(idents)) + random.integers(1, 10, len(idents)) / 10
    closed = random.random(len(idents)) < 0.03
    return pd.DataFrame(
        {
            "airport": pd.Series(np.repeat(idents, 2), dtype="str"),
            "runway": np.tile(["low", "high"], len(idents)),
            "heading_true_deg": np.stack([headings, headings + 180], axis=1).reshape(-1),
            "length_ft": 4_000.0,
            "closed": np.repeat(closed, 2),
        }
    )


def _minimums(random: Generator, schools: int) -> pd.DataFrame:
    """The defaults but for density altitude, which the rivals do not compute, and own rows of every fifth school."""
    own: list[dict[str, object]] = []
    for school in range(1, schools + 1, 5):
        own += [
            _own(school, "wind", "<", float(random.integers(10, 16)), training_level="student_pilot"),
            _own(school, "crosswind", "<=", float(random.integers(6, 13)), training_level="student_pilot", solo=True),
            _own(school, "ceiling", ">=", float(random.integers(25, 40) * 100), effect="warn", lesson_kind="pattern"),
            _own(school, "visibility", ">", 6.0, effect="warn", night=True),
            _own(school, "gust_spread", "<=", 8.0, effect="warn", lesson_kind="local"),
            _own(school, "daylight", ">=", 30.0, effect="warn", training_level="private_pilot", solo=True),
        ]
        if school % 2:
            own.append(_own(school, "aircraft_crosswind", "<=", None))
    rows = typed_minimums(pd.DataFrame(own, columns=list(MINIMUM_COLUMNS)))
    defaults = default_minimums()
    defaults = defaults[defaults["rule"] != "density_altitude"]
    return in_force(pd.concat([defaults, rows], ignore_index=True), FIRST_HOUR_UTC.date())


def _own(school: int, rule: str, comparison: str, limit: float | None, **facts: object) -> dict[str, object]:
    return {
        "school_id": school, "authority": "school", "rule": rule, "comparison": comparison, "limit_value": limit,
        "unit": UNITS[rule], "effect": "block", "effective_from": date(2026, 1, 1),
        "reference": f"minimums of school {school}",
    } | facts  # fmt: skip


def _bookings(random: Generator, count: int, airports: pd.DataFrame, schools: int) -> pd.DataFrame:
    """Lessons of one to three hours by day, mostly; half of them go to one or two fields nearby."""
    school = random.integers(1, schools + 1, count)
    departure = (school - 1) * AIRPORTS_A_SCHOOL + random.integers(0, AIRPORTS_A_SCHOOL, count)
    departure = np.minimum(departure, len(airports) - 1)
    starts = _starts(random, airports["longitude_deg"].to_numpy()[departure])
    minutes = random.choice([60, 90, 120, 150, 180], count, p=[0.25, 0.35, 0.2, 0.1, 0.1])
    kind = random.choice([0, 1, 2], count, p=[0.2, 0.3, 0.5])
    idents = np.append(airports["airport"].to_numpy(dtype=object), _STRANGER)
    home = np.where(random.random(count) < 0.002, len(airports), departure)
    frame = {
        "booking_id": np.arange(1, count + 1),
        "reference": [f"BK-{number}" for number in range(1, count + 1)],
        "school_id": pd.array(np.where(random.random(count) < 0.002, np.nan, school), dtype="Int64"),
        "student_id": random.integers(1, max(count // 5, 2), count),
        "instructor_id": random.integers(1, max(count // 20, 2), count),
        "aircraft_id": random.integers(1, max(count // 20, 2), count),
        "aircraft_type": random.choice(["C172S", "C152", "PA28"], count),
        "training_level": np.array(TRAINING_LEVELS, dtype=object)[random.choice(3, count, p=[0.5, 0.3, 0.2])],
        "solo": random.random(count) < 0.3,
        "lesson_kind": np.array(LESSON_KINDS, dtype=object)[kind],
        "departure": idents[home],
        "route": _routes(random, departure, kind == LESSON_KINDS.index("cross_country"), idents),
        "starts_at_utc": pd.Series(starts).dt.tz_localize("UTC"),
        "ends_at_utc": pd.Series(starts + minutes * _MINUTE).dt.tz_localize("UTC"),
        "status": "confirmed",
        "aircraft_crosswind_kt": random.choice([12.0, 15.0, 17.0, np.nan], count, p=[0.3, 0.4, 0.2, 0.1]),
        "time_zone": airports["time_zone"].to_numpy(dtype=object)[departure],
    }
    return pd.DataFrame(frame, columns=list(BOOKING_COLUMNS)).astype(dict(BOOKING_COLUMNS))


def _starts(random: Generator, longitude_deg: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Quarter hours, mostly from seven to seven by the sun, of the next three days; a few lessons have begun."""
    count = len(longitude_deg)
    local = np.where(random.random(count) < 0.05, random.integers(0, 96, count), random.integers(28, 76, count))
    utc = local * 15 - np.round(longitude_deg / 15).astype(np.int64) * 60
    minutes = (utc - FIRST_HOUR_UTC.hour * 60 + random.integers(0, 3, count) * 1_440) % (HOURS * 60)
    minutes -= 1_440 * (minutes >= HOURS * 60 - 210)  # the forecast covers all of nearly every lesson
    minutes = np.where(random.random(count) < 0.002, -random.integers(1, 6, count) * 15, minutes)
    return first_hour() + minutes * _MINUTE


def _routes(
    random: Generator, departure: Ints, goes: NDArray[np.bool_], idents: NDArray[np.object_]
) -> list[list[str]]:
    """None, one or two of the 20 nearest rows of the airports, or an unknown airport."""
    count, last = len(departure), len(idents) - 1
    steps = random.integers(1, 11, (2, count)) * random.choice([-1, 1], (2, count))
    places = (departure + steps) % last
    places = np.where(random.random((2, count)) < 0.001, last, places)
    lengths = np.where(goes, random.integers(1, 3, count), 0)
    both = zip(idents[places[0]].tolist(), idents[places[1]].tolist(), lengths.tolist(), strict=True)
    return [[first, second][:length] for first, second, length in both]
