"""Other readers of METARs, brought to the same four elements: avwx-engine and python-metar."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from avwx.current.metar import parse as avwx_parse
from metar.Metar import Metar, ParserError

from flightsched_pipelines.domain.weather.reports.metar_text import metar_elements, metar_words
from flightsched_pipelines.domain.weather.reports.report_elements import conditions_of
from flightsched_pipelines.domain.weather.reports.words.weather_codes import is_weather, read_weather

SM_PER_METRE = 1 / 1_609.344
ELEMENTS = ("wind_kt", "gust_kt", "visibility_sm", "ceiling_ft", "hazards")

Elements = Mapping[str, Any]
"""A reader's elements of a METAR; ``None`` where it gives none, "missing" where it marks it so."""


def this(report: str) -> Elements:
    """Read with this code, the text alone."""
    conditions = conditions_of(metar_elements(*metar_words(report, station_of(report))))
    missing = conditions.missing
    return {
        "wind_kt": "missing" if "wind" in missing else conditions.wind_speed_kt,
        "gust_kt": "missing" if "wind" in missing else conditions.wind_gust_kt,
        "visibility_sm": "missing" if "visibility" in missing else conditions.visibility_sm,
        "ceiling_ft": "missing" if "ceiling" in missing else conditions.ceiling_ft,
        "hazards": "missing" if "weather" in missing else frozenset(conditions.hazards),
    }


def avwx(report: str) -> Elements:
    """Read with avwx-engine."""
    try:
        data, units, _ = avwx_parse(station_of(report), report.removeprefix("METAR ").removeprefix("SPECI "))
    except Exception:  # noqa: BLE001, whatever it raises is its answer
        return dict.fromkeys(ELEMENTS)
    if data is None:
        return dict.fromkeys(ELEMENTS)
    knots = {"m/s": 1.943_844, "km/h": 1 / 1.852}.get(units.wind_speed, 1.0)
    miles = SM_PER_METRE if units.visibility == "m" else 1.0
    bases = [cloud.base for cloud in data.clouds if cloud.type in {"BKN", "OVC", "VV"} and cloud.base is not None]
    codes = [code.repr for code in data.wx_codes]
    kinds = {cloud.modifier for cloud in data.clouds} & {"CB", "TCU"}
    return {
        "wind_kt": _scaled(data.wind_speed, knots, 0),
        "gust_kt": _scaled(data.wind_gust, knots, 0),
        "visibility_sm": _scaled(data.visibility, miles, 2),
        "ceiling_ft": 100.0 * min(bases) if bases else None,
        "hazards": frozenset(read_weather(" ".join(code for code in codes if is_weather(code))).hazards | kinds),
    }


def python_metar(report: str) -> Elements:
    """Read with python-metar, which stops at an unknown word unless set not to be strict."""
    try:
        data = Metar(report, strict=False, year=2026, month=7)
    except (ParserError, ValueError, AttributeError, IndexError):
        return dict.fromkeys(ELEMENTS)
    bases = [height.value("FT") for cover, height, _ in data.sky if cover in {"BKN", "OVC", "VV"} and height]
    codes = " ".join("".join(part or "" for part in parts) for parts in data.weather)
    return {
        "wind_kt": None if data.wind_speed is None else float(round(data.wind_speed.value("KT"))),
        "gust_kt": None if data.wind_gust is None else float(round(data.wind_gust.value("KT"))),
        "visibility_sm": None if data.vis is None else round(data.vis.value("SM"), 2),
        "ceiling_ft": min(bases, default=None),
        "hazards": frozenset(read_weather(codes).hazards | ({kind for *_, kind in data.sky} & {"CB", "TCU"})),
    }


PEERS: Mapping[str, Callable[[str], Elements]] = MappingProxyType({"avwx-engine": avwx, "python-metar": python_metar})
"""The other readers."""


def station_of(report: str) -> str:
    """The ident of a report."""
    return next(word for word in report.split() if word not in {"METAR", "SPECI", "COR", "TAF", "AMD"})


def _scaled(number: Any, by: float, digits: int) -> float | None:  # noqa: ANN401, theirs
    return None if number is None or number.value is None else round(float(number.value) * by, digits)
