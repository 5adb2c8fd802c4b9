"""Simulate weather that behaves like real weather, so that the platform can be tried without any provider.

Every region goes through the same three solar days over and over: a cold front with thunderstorms, the gusty day behind
it, and a calm night that ends in fog. The next region east has the front a day later. The weather depends only on the
airport and the absolute hour: successive forecasts show one front approach, and any 72 hours contain all three.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, pi
from typing import Literal, TypeVar
from zlib import crc32

from flightsched_pipelines.durations import hour_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REGION_WIDTH_DEG = 8

Cover = Literal["FEW", "SCT", "BKN", "OVC"]
Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Layer:
    """A cloud layer, its base above ground; ``type`` is set for cumulonimbus only."""

    cover: Cover
    base_ft: int
    type: Literal["CB"] | None = None


@dataclass(frozen=True, slots=True)
class Air:
    """The weather of a forecast group: ``visibility_sm`` of ``None`` is more than 6 SM.

    ``vertical_visibility_ft`` replaces the layers if the sky is obscured.
    """

    wind_direction_deg: int
    wind_speed_kt: int
    wind_gust_kt: int | None = None
    visibility_sm: float | None = None
    weather: str = ""
    layers: tuple[Layer, ...] = ()
    vertical_visibility_ft: int | None = None


@dataclass(frozen=True, slots=True)
class Passing:
    """Temporary weather while other weather prevails."""

    change: Literal["TEMPO", "PROB"]
    air: Air


@dataclass(frozen=True, slots=True)
class SimulatedConditions:
    """The true weather over an airport for one hour."""

    air: Air
    passing: Passing | None
    temperature_c: int
    dewpoint_c: int


_STORM = (Layer("BKN", 2_500, "CB"), Layer("OVC", 6_000))
_SQUALL = Passing("TEMPO", Air(270, 20, 33, 2, "TSRA", (Layer("BKN", 3_000, "CB"),)))
_LAST_SHOWER = Passing("PROB", Air(300, 12, 22, 3, "SHRA", (Layer("BKN", 2_500),)))
_FIRST_GUSTS = Passing("TEMPO", Air(300, 14, 24, layers=(Layer("SCT", 6_000),)))
_FAIR_LAYERS: tuple[tuple[Layer, ...], ...] = (
    (),
    (Layer("FEW", 6_000),),
    (Layer("FEW", 7_000), Layer("SCT", 20_000)),
    (Layer("SCT", 8_000),),
)


def conditions_at(airport: str, longitude_deg: float, time_utc: datetime) -> SimulatedConditions:
    """Return the weather over an airport in the hour of ``time_utc``; equal arguments always give equal weather."""
    hour_utc = hour_of(time_utc)
    solar = hour_utc - _EPOCH + timedelta(minutes=4 * longitude_deg)
    day, solar_hour = solar.days, solar.seconds / 3600
    region = int((longitude_deg + 180) % 360 // REGION_WIDTH_DEG)
    spells = (_front_day, _gusty_day, _foggy_day)[(day - region) % 3]
    air, passing = spells(airport, day, solar_hour)
    temperature_c = round(18 + 6 * cos(2 * pi * (solar_hour - 15) / 24))
    return SimulatedConditions(air, passing, temperature_c, _dewpoint_c(air, temperature_c))


def days_of_front(region: int, around_utc: datetime) -> list[datetime]:
    """Return the midnights of the days of the front in a region, on the clock of Greenwich, about a time.

    The sun is at a longitude as on that clock, a quarter of an hour later for each degree to the west over fifteen.
    """
    today = (around_utc - _EPOCH).days
    days = [day for day in range(today - 2, today + 3) if (day - region) % 3 == 0]
    return [_EPOCH + timedelta(days=day) for day in days]


def _front_day(airport: str, day: int, solar_hour: float) -> tuple[Air, Passing | None]:
    if solar_hour < 11:
        return _fair(airport, day, "before dawn" if solar_hour < 7 else "warm sector", 190), None
    if solar_hour < 13:
        return Air(200, 8, layers=(Layer("SCT", 6_000),)), _SQUALL
    if solar_hour < 15:
        return Air(_one_of((280, 290, 300), airport, day), 18, 32, 2, "TSRA", _STORM), None
    if solar_hour < 18:
        return Air(320, 8, layers=(Layer("SCT", 7_000),)), _LAST_SHOWER
    return _fair(airport, day, "behind the front", 320), None


def _gusty_day(airport: str, day: int, solar_hour: float) -> tuple[Air, Passing | None]:
    if solar_hour < 10:
        return _fair(airport, day, "cold night" if solar_hour < 7 else "cold morning", 310), None
    if solar_hour < 12:
        return _fair(airport, day, "cold morning", 310), _FIRST_GUSTS
    if solar_hour < 16:
        return Air(_one_of((290, 300, 310), airport, day), 18, 28, layers=(Layer("SCT", 6_000),)), None
    return _fair(airport, day, "evening", 300), None


def _foggy_day(airport: str, day: int, solar_hour: float) -> tuple[Air, Passing | None]:
    if 5 <= solar_hour < 10:
        thick = Air(0, 0, None, 0.25, "FG", (), 200)
        thin = Air(100, 4, None, 0.5, "FG", (Layer("OVC", 300),))
        return _one_of((thick, thin), airport, day), None
    if solar_hour < 5:
        return _fair(airport, day, "calm night", 100), None
    return _fair(airport, day, "noon" if solar_hour < 14 else "return flow", 150), None


def _fair(airport: str, day: int, spell: str, direction_deg: int) -> Air:
    turn_deg = _one_of((-20, -10, 0, 10, 20), airport, day, spell, "direction")
    speed_kt = _one_of((4, 5, 6, 7, 8), airport, day, spell, "speed")
    return Air(direction_deg + turn_deg, speed_kt, layers=_one_of(_FAIR_LAYERS, airport, day, spell, "layers"))


def _dewpoint_c(air: Air, temperature_c: int) -> int:
    if air.weather == "FG":
        return temperature_c
    if "TS" in air.weather:
        return temperature_c - 4
    return min(9, temperature_c - 2)


def _one_of(choices: tuple[Choice, ...], *key: object) -> Choice:
    # A checksum, because Python's own hash of a string changes from process to process.
    return choices[crc32(repr(key).encode()) % len(choices)]
