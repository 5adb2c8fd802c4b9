"""Read OpenWeatherMap's One Call 3.0, hourly: wind in m/s (units ``standard`` or ``metric``), visibility up to 10 km.

It contains no cloud base. Where more than half of the sky is covered, a ceiling is estimated from the spread of
temperature and dew point, and marked so; it is never derived from cloud percent.
"""

from collections.abc import Mapping
from math import floor
from types import MappingProxyType
from typing import Any, cast

from flightsched_pipelines.domain.weather.conditions import Conditions, Element, ForecastGroup, Issue
from flightsched_pipelines.domain.weather.reports.json_fields import (
    BEGINNING,
    END,
    FieldError,
    epoch,
    is_illegible,
    number,
    objects,
)
from flightsched_pipelines.domain.weather.reports.report_elements import (
    CloudLayerSummary,
    ReportElements,
    Visibility,
    Wind,
    conditions_of,
)
from flightsched_pipelines.domain.weather.reports.words.meanings import KT_PER_MPS, SM_PER_METRE
from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import plural

KELVIN_AT_0_C = 273.15
CAPPED_METRES = 10_000
CEILING_COVER_PERCENT = 50
FT_PER_DEGREE_OF_SPREAD = 400
"""The base of a lifted parcel rises about 400 ft for each °C of spread (AC 00-6B: 2.5 °C per 1,000 ft)."""

HOTTEST_C = 60
COLDEST_KELVIN = 150

_CODES: Mapping[int, str] = MappingProxyType(
    {
        **dict.fromkeys((200, 201, 202, 230, 231, 232), "TSRA"),
        **dict.fromkeys((210, 211, 212, 221), "TS"),
        **dict.fromkeys((300, 301, 302, 310, 311, 312), "DZ"),
        **dict.fromkeys((313, 314, 321), "SHRA"),
        **dict.fromkeys((500, 501, 502, 503, 504), "RA"),
        511: "FZRA",
        **dict.fromkeys((520, 521, 522, 531), "SHRA"),
        **dict.fromkeys((600, 601, 602), "SN"),
        **dict.fromkeys((611, 612, 613), "PL"),  # "sleet", which in American usage is ice pellets
        **dict.fromkeys((615, 616), "RASN"),
        **dict.fromkeys((620, 621, 622), "SHSN"),
        701: "BR",
        711: "FU",
        721: "HZ",
        731: "PO",
        741: "FG",
        751: "SA",
        761: "DU",
        762: "VA",
        771: "SQ",
        781: "+FC",
        **dict.fromkeys((800, 801, 802, 803, 804), ""),
    }
)
"""METAR codes by OpenWeatherMap's condition ids (openweathermap.org/weather-conditions)."""


def is_one_call(answer: object) -> bool:
    """Return whether a decoded JSON value is a One Call response."""
    return isinstance(answer, dict) and {"lat", "lon", "hourly"} <= set(cast(dict[str, object], answer))


def read_one_call(answer: Mapping[str, Any], station: str) -> list[ForecastGroup]:
    """Read the hourly forecast of one airport into one group an hour, issued at the response's ``current`` time.

    Without that time it may have been issued at any.

    Raises:
        FieldError: the hours are not a list of objects, or the response is in imperial units.
    """
    hours = objects(answer.get("hourly"))
    if hours is None:
        raise FieldError(f"One Call of {station}: 'hourly' is not a list of objects")
    current = answer.get("current")
    issued = epoch(cast(dict[str, object], current).get("dt")) if isinstance(current, dict) else None
    groups: list[ForecastGroup] = []
    for hour in hours:
        begins = epoch(hour.get("dt"))
        if begins is None:
            continue  # an hour without a time covers no hour
        begins = begins.replace(minute=0, second=0)
        groups.append(
            ForecastGroup(
                source="OpenWeatherMap",
                station=station,
                layer="prevailing",
                change="HOURLY",
                probability=None,
                from_utc=begins,
                to_utc=begins + HOUR,
                issued_at_utc=issued or begins,
                conditions=_conditions(hour, station),
                issue=Issue(issued or BEGINNING, issued or END, begins, begins + HOUR),
            )
        )
    if not groups:
        raise FieldError(f"One Call of {station}: of its {plural(len(hours), 'hour')} none has a time that can be read")
    return groups


def _conditions(hour: Mapping[str, Any], station: str) -> Conditions:
    illegible: set[Element] = set()
    temperature_c, dewpoint_c = (_celsius(hour.get(name), station) for name in ("temp", "dew_point"))
    said = ReportElements(
        wind=_wind(hour),
        visibility=_visibility(hour),
        sky=_clouds(hour, temperature_c, dewpoint_c),
        weather=_weather(hour, illegible),
        temperature_c=temperature_c,
        dewpoint_c=dewpoint_c,
        illegible=frozenset(illegible),
    )
    return conditions_of(said, has_temperature=True)


def _celsius(value: object, station: str) -> float | None:
    degrees = number(value, -100, 400)
    if degrees is None or is_illegible(degrees):
        return None
    if degrees > COLDEST_KELVIN:
        return degrees - KELVIN_AT_0_C
    if degrees > HOTTEST_C:
        raise FieldError(
            f"One Call of {station}: a temperature of {degrees:g} is neither kelvin nor °C; ask with units=standard"
        )
    return degrees


def _wind(hour: Mapping[str, Any]) -> Wind | None:
    speed, gust = (number(hour.get(name), 0, 130) for name in ("wind_speed", "wind_gust"))
    direction = number(hour.get("wind_deg"), 0, 360)
    if speed is None or is_illegible(speed) or is_illegible(gust) or is_illegible(direction):
        return None
    knots = round(speed * KT_PER_MPS, 1)
    return Wind(direction, knots, None if gust is None else max(knots, round(gust * KT_PER_MPS, 1)))


def _visibility(hour: Mapping[str, Any]) -> Visibility | None:
    metres = number(hour.get("visibility"), 0, 100_000)
    if metres is None or is_illegible(metres):
        return None
    return Visibility(round(metres * SM_PER_METRE, 2), at_least=metres >= CAPPED_METRES)


def _clouds(hour: Mapping[str, Any], temperature_c: float | None, dewpoint_c: float | None) -> CloudLayerSummary | None:
    cover = number(hour.get("clouds"), 0, 100)
    if cover is None or is_illegible(cover):
        return None
    if cover <= CEILING_COVER_PERCENT:
        return CloudLayerSummary(None)
    if temperature_c is None or dewpoint_c is None:
        return None
    spread_c = max(temperature_c - dewpoint_c, 0.0)
    return CloudLayerSummary(floor(spread_c * FT_PER_DEGREE_OF_SPREAD / 100) * 100.0, estimated=True)


def _weather(hour: Mapping[str, Any], illegible: set[Element]) -> str | None:
    conditions = objects(hour.get("weather"))
    ids = [condition.get("id") for condition in conditions or []]
    codes = [_CODES.get(code) if isinstance(code, int) else None for code in ids]
    if not codes or None in codes:
        illegible.add("weather")
    return " ".join(code for code in codes if code) or None
