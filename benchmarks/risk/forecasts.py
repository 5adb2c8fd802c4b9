"""Sample forecasts: groups of TAFs, an observation of the running hour, and the hours of the model."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.weather.conditions import ELEMENTS
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

FIRST_HOUR_UTC = datetime(2026, 9, 21, 14, tzinfo=UTC)
"""Near the equinox, when the sun rises and sets everywhere."""


HOURS = 72
_MINUTE, _HOUR = np.timedelta64(1, "m"), np.timedelta64(60, "m")


_WEATHER = {
    "": 0.900, "BR": 0.020, "-RA": 0.020, "-RA BR": 0.008, "HZ": 0.012, "-SHRA": 0.010, "-SN": 0.002, "FG": 0.004,
    "VCTS": 0.004, "-TSRA": 0.004, "+TSRA BR": 0.002, "-FZRA": 0.001, "FZFG": 0.001, "-DZ": 0.004, "//": 0.002,
}  # fmt: skip


_CEILINGS_FT = (np.nan, 300, 800, 1_000, 1_500, 2_500, 3_500, 5_000, 8_000, 12_000, 20_000)


_CEILING_ODDS = (0.70, 0.004, 0.006, 0.007, 0.013, 0.02, 0.03, 0.04, 0.06, 0.07, 0.05)


_VISIBILITIES_SM = (0.25, 0.75, 1, 2, 3, 4, 5, 6, 10)


_VISIBILITY_ODDS = (0.001, 0.002, 0.003, 0.004, 0.005, 0.007, 0.013, 0.065, 0.90)


Generator = np.random.Generator


Ints = NDArray[np.int64]


def first_hour() -> np.datetime64:
    """Return the first hour, without a zone."""
    return np.datetime64(FIRST_HOUR_UTC.replace(tzinfo=None), "us")


def forecasts(random: Generator, airports: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast groups of airports, a row for each hour of a group."""
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
        wind_varies_from_deg=np.nan,  # no METAR here has a sector of directions, which the rivals would not read
        wind_varies_to_deg=np.nan,
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
    issued = first_hour() - 2 * _HOUR
    times = {
        "hour_utc": first_hour() + hour * _HOUR,
        "group_from_utc": first_hour() + rows["begin"].to_numpy() * _MINUTE,
        "group_to_utc": first_hour() + rows["end"].to_numpy() * _MINUTE,
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
            outside_air_temperature_c=rows["temperature_c"],
            outside_air_dewpoint_c=rows["temperature_c"] - 3,
            altimeter_hpa=1_013.0,
            flight_category="VFR",
            unread=[[] for _ in range(len(rows))],
            station_distance_nm=0.0,
            age_minutes=120.0,
            lead_minutes=(hour + 2) * 60.0,
        )
        .astype(dict(FORECAST_COLUMNS))
        .loc[:, list(FORECAST_COLUMNS)]
    )
