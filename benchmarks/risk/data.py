"""Sample forecasts and bookings, the same for the same numbers: the input of every contender.

The airports are real ones of the contiguous United States. A third of them issue TAFs, another third takes one from
nearby, the rest has the model alone: prevailing groups that change every few hours, some in the middle of an hour,
TEMPO and PROB groups over them, an observation of the running hour, and the model's hours after the TAF ends (its
earlier hours do not govern). Some reports lack elements or did not come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import airportsdata
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS
from flightsched_pipelines.domain.risk.limits.minimums import (
    MINIMUM_COLUMNS,
    default_minimums,
    in_force,
    typed_minimums,
)
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, TRAINING_LEVELS, UNITS
from flightsched_pipelines.domain.weather.conditions import ELEMENTS
from flightsched_pipelines.domain.weather.daylight import sun_table
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

FIRST_HOUR_UTC = datetime(2026, 9, 21, 14, tzinfo=UTC)
"""Near the equinox, when the sun rises and sets everywhere."""

HOURS = 72
BUFFER_MINUTES = 30
AIRPORTS_A_SCHOOL = 5
FRAMES = ("bookings", "forecasts", "minimums", "airports", "runways", "suns")

_SEED = 20_260_921
_SUN_DAYS = 5
_STRANGER = "XNON"
"""An unknown airport."""

_WEATHER = {
    "": 0.900, "BR": 0.020, "-RA": 0.020, "-RA BR": 0.008, "HZ": 0.012, "-SHRA": 0.010, "-SN": 0.002, "FG": 0.004,
    "VCTS": 0.004, "-TSRA": 0.004, "+TSRA BR": 0.002, "-FZRA": 0.001, "FZFG": 0.001, "-DZ": 0.004, "//": 0.002,
}  # fmt: skip
_CEILINGS_FT = (np.nan, 300, 800, 1_000, 1_500, 2_500, 3_500, 5_000, 8_000, 12_000, 20_000)
_CEILING_ODDS = (0.70, 0.004, 0.006, 0.007, 0.013, 0.02, 0.03, 0.04, 0.06, 0.07, 0.05)
_VISIBILITIES_SM = (0.25, 0.75, 1, 2, 3, 4, 5, 6, 10)
_VISIBILITY_ODDS = (0.001, 0.002, 0.003, 0.004, 0.005, 0.007, 0.013, 0.065, 0.90)
_MINUTE, _HOUR = np.timedelta64(1, "m"), np.timedelta64(60, "m")

Generator = np.random.Generator
Ints = NDArray[np.int64]


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
        forecasts=_forecasts(random, fields),
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
    """The defaults, and own rows of every fifth school."""
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
    return in_force(pd.concat([default_minimums(), rows], ignore_index=True), FIRST_HOUR_UTC.date())


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
    return _first_hour() + minutes * _MINUTE


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


def _first_hour() -> np.datetime64:
    return np.datetime64(FIRST_HOUR_UTC.replace(tzinfo=None), "us")


def _forecasts(random: Generator, airports: pd.DataFrame) -> pd.DataFrame:
    count = len(airports)
    place = np.arange(count)
    has_taf = place % 3 != 2
    taf_end = np.where(has_taf, random.choice([24, 30], count) * 60, 0)
    groups = pd.concat(
        [
            _taf_groups(random, place[has_taf], taf_end[has_taf]),
            _temporary_groups(random, place[has_taf], taf_end[has_taf]),
            _observations(random, place),
            _model_hours(random, place[random.random(count) >= 0.01], taf_end),
        ],
        ignore_index=True,
    )
    groups = _with_conditions(random, groups, airports["latitude_deg"].to_numpy())
    return _by_hour(groups, airports["airport"].to_numpy(dtype=object))


def _group_frame(place: Ints, begin: Ints, end: Ints, **facts: object) -> pd.DataFrame:
    """Groups with their times in minutes from the first hour."""
    constant = {"layer": "prevailing", "change": "FM", "probability": np.nan, "governs": True, "unreadable": False}
    return pd.DataFrame({"place": place, "begin": begin, "end": end} | constant | facts)


def _taf_groups(random: Generator, place: Ints, end: Ints) -> pd.DataFrame:
    """Five groups one after the other; every second change is in the middle of an hour. A few TAFs are unreadable."""
    share = np.sort(random.random((len(place), 4)), axis=1)
    changes = np.round(share * end[:, None] / 30).astype(np.int64) * 30
    begin = np.column_stack([np.zeros_like(end), changes])
    until = np.column_stack([changes, end])
    unreadable = np.repeat(random.random(len(place)) < 0.01, 5)
    rows = _group_frame(np.repeat(place, 5), begin.reshape(-1), until.reshape(-1), source="TAF", unreadable=unreadable)
    return rows[rows["begin"] < rows["end"]]


def _temporary_groups(random: Generator, place: Ints, end: Ints) -> pd.DataFrame:
    """Up to four groups of two to eight hours a TAF."""
    of = np.repeat(np.arange(len(place)), random.choice(5, len(place), p=[0.2, 0.3, 0.25, 0.15, 0.1]))
    begin = (random.random(len(of)) * (end[of] // 60 - 8)).astype(np.int64) * 60
    likely = random.choice([np.nan, 30.0, 40.0], len(of), p=[0.7, 0.2, 0.1])
    return _group_frame(
        place[of],
        begin,
        begin + random.integers(2, 9, len(of)) * 60,
        source="TAF",
        layer="temporary",
        change=np.where(np.isnan(likely), "TEMPO", "PROB"),
        probability=likely,
    )


def _observations(random: Generator, place: Ints) -> pd.DataFrame:
    zeros = np.zeros_like(place)
    unreadable = random.random(len(place)) < 0.03
    return _group_frame(place, zeros, zeros + 60, source="METAR", change="METAR", unreadable=unreadable)


def _model_hours(random: Generator, place: Ints, taf_end: Ints) -> pd.DataFrame:
    of, begin = np.repeat(place, HOURS), np.tile(np.arange(HOURS) * 60, len(place))
    governs = begin + 60 > taf_end[of]
    rows = _group_frame(of, begin, begin + 60, source="OpenWeatherMap", change="HOURLY", governs=governs)
    return rows[random.random(len(rows)) >= 0.001]


def _with_conditions(random: Generator, groups: pd.DataFrame, latitude_deg: NDArray[np.float64]) -> pd.DataFrame:
    count = len(groups)
    temporary = (groups["layer"] == "temporary").to_numpy()
    speed = np.round(random.gamma(3.0, 1.6, count) * np.where(temporary, 1.6, 1.0))
    gusts = (speed >= 3) & (random.random(count) < np.where(temporary, 0.6, 0.2))
    variable = (speed <= 6) & (random.random(count) < 0.15)
    words = np.array(list(_WEATHER), dtype=object)
    odds = np.array(list(_WEATHER.values()))
    weather = random.choice(len(words), count, p=odds / odds.sum())
    weather = np.where(temporary & (weather == 0), random.choice(len(words), count, p=odds / odds.sum()), weather)
    hazards = _hazards(random, words[weather].tolist())
    missing = _missing(random, count)
    lacks = {name: np.array([name in row for row in missing]) for name in ELEMENTS}
    has_temperature = (groups["source"] != "TAF").to_numpy()
    temperature = 24 - 0.6 * (latitude_deg[groups["place"]] - 32) + random.normal(0, 5, count)
    visibility = random.choice(_VISIBILITIES_SM, count, p=_VISIBILITY_ODDS)
    ceiling = random.choice(_CEILINGS_FT, count, p=_CEILING_ODDS)
    made = groups.assign(
        wind_direction_deg=np.where(variable | lacks["wind"], np.nan, random.integers(1, 37, count) * 10.0),
        wind_speed_kt=np.where(lacks["wind"], np.nan, speed),
        wind_gust_kt=np.where(gusts & ~lacks["wind"], speed + random.integers(4, 13, count), np.nan),
        visibility_sm=np.where(lacks["visibility"], np.nan, visibility),
        ceiling_ft=np.where(lacks["ceiling"], np.nan, ceiling),
        temperature_c=np.where(has_temperature, np.round(temperature, 1), np.nan),
        weather=words[weather],
        hazards=hazards,
        missing=missing,
    )
    blank = made["unreadable"].to_numpy()
    measured = ["wind_direction_deg", "wind_speed_kt", "wind_gust_kt", "visibility_sm", "ceiling_ft", "temperature_c"]
    made.loc[blank, measured] = np.nan
    made.loc[blank, "weather"] = ""
    for name, value in (("hazards", []), ("missing", sorted(ELEMENTS))):
        lists = made[name].to_list()
        made[name] = [list(value) if is_blank else one for one, is_blank in zip(lists, blank, strict=True)]
    return made


def _hazards(random: Generator, weather: Sequence[str]) -> list[list[str]]:
    """The hazards of the codes, and now and then clouds, wind shear, or an unknown code."""
    of_codes = {codes: read_weather(codes).hazards for codes in set(weather)}
    extra = random.choice(["", "CB", "TCU", "LLWS", "VA"], len(weather), p=[0.985, 0.007, 0.004, 0.0035, 0.0005])
    return [sorted(of_codes[codes] | {one} - {""}) for codes, one in zip(weather, extra.tolist(), strict=True)]


def _missing(random: Generator, count: int) -> list[list[str]]:
    choices = [[], ["ceiling"], ["visibility"], ["weather"], ["wind"], ["thunderstorm"]]
    chosen = random.choice(len(choices), count, p=[0.985, 0.004, 0.003, 0.003, 0.002, 0.003])
    return [list(choices[number]) for number in chosen.tolist()]


def _by_hour(groups: pd.DataFrame, idents: NDArray[np.object_]) -> pd.DataFrame:
    """One row an hour that a group overlaps, airport by airport."""
    first = groups["begin"].to_numpy() // 60
    lengths = np.minimum(-(-groups["end"].to_numpy() // 60), HOURS) - first
    of = np.repeat(np.arange(len(groups)), lengths)
    hour = np.arange(len(of)) - np.repeat(lengths.cumsum() - lengths, lengths) + first[of]
    order = np.lexsort((hour, groups["place"].to_numpy()[of]))
    of, hour = of[order], hour[order]
    rows = groups.iloc[of].reset_index(drop=True)
    issued = _first_hour() - 2 * _HOUR
    times = {
        "hour_utc": _first_hour() + hour * _HOUR,
        "group_from_utc": _first_hour() + rows["begin"].to_numpy() * _MINUTE,
        "group_to_utc": _first_hour() + rows["end"].to_numpy() * _MINUTE,
        "issued_at_utc": np.full(len(rows), issued),
    }
    airport = idents[rows["place"].to_numpy()]
    return (
        rows.assign(
            airport=airport,
            station=airport,
            **{name: pd.Series(values).dt.tz_localize("UTC") for name, values in times.items()},
            hazards=[list(codes) for codes in rows["hazards"]],
            missing=[list(names) for names in rows["missing"]],
            probability=rows["probability"].astype("Int64"),
            visibility_at_least=rows["visibility_sm"] >= 10,
            ceiling_estimated=False,
            dewpoint_c=rows["temperature_c"] - 3,
            flight_category="VFR",
            station_distance_nm=0.0,
            age_minutes=120.0,
            lead_minutes=(hour + 2) * 60.0,
        )
        .astype(dict(FORECAST_COLUMNS))
        .loc[:, list(FORECAST_COLUMNS)]
    )
