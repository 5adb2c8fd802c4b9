"""Parse present weather codes (WMO table 4678, FMH-1 chapter 12) token by token.

Never by substring: the ident KSNA contains SN, and VCTS is not TS.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from flightsched_pipelines.domain.weather.conditions import HAZARDS

_DESCRIPTORS = ("MI", "PR", "BC", "DR", "BL", "SH", "TS", "FZ")
_PRECIPITATION = ("DZ", "RA", "SN", "SG", "IC", "PL", "GR", "GS", "UP")
_PHENOMENA = (*_PRECIPITATION, "BR", "FG", "FU", "VA", "DU", "SA", "HZ", "PY", "PO", "SQ", "FC", "SS", "DS")
_PART = rf"(?:{'|'.join(_DESCRIPTORS)})?(?:{'|'.join(_PHENOMENA)})+|TS|SH"
# Stations join codes in more ways than the manuals allow: "-VCTSRA" (automatic ones in the US), "RA/TSRA".
_CODE = re.compile(rf"(?P<intensity>[+-])?(?P<near>VC)?(?P<parts>(?:{_PART})(?:/?(?:{_PART}))*)")
_PARTS = re.compile(rf"(?P<descriptor>{'|'.join(_DESCRIPTORS)})?(?P<phenomena>(?:{'|'.join(_PHENOMENA)})*)")
_RECENT = re.compile(rf"RE(?:{_PART})+")

NO_SIGNIFICANT_WEATHER = "NSW"


@dataclass(frozen=True, slots=True)
class WeatherCodes:
    """The content of a string of weather codes: hazards by exact code, and whether there is precipitation.

    ``legible`` is false when any token is not a weather code; its meaning is then unknown. ``ash`` is volcanic ash,
    which no minimum limits.
    """

    hazards: frozenset[str]
    precipitation: bool
    legible: bool
    ash: bool


def is_weather(token: str) -> bool:
    """Return whether a token of a report is a present-weather code."""
    return token == NO_SIGNIFICANT_WEATHER or _CODE.fullmatch(token) is not None


def is_recent_weather(token: str) -> bool:
    """Return whether a token means weather that is over (RERA); it ended before the report was taken."""
    return _RECENT.fullmatch(token) is not None


@lru_cache(maxsize=10_000)  # most hours say one of few things
def read_weather(codes: str) -> WeatherCodes:
    """Read codes such as ``"+TSRA BR"``; an empty string is no weather."""
    hazards: set[str] = set()
    precipitation, legible, ash = False, True, False
    for token in codes.split():
        if token == NO_SIGNIFICANT_WEATHER or is_recent_weather(token):
            continue
        matched = _CODE.fullmatch(token)
        if matched is None:
            legible = False
            continue
        near = matched["near"] is not None
        for part in _PARTS.finditer(matched["parts"]):
            phenomena = [part["phenomena"][n : n + 2] for n in range(0, len(part["phenomena"]), 2)]
            hazards |= _hazards(matched["intensity"] == "+", near, part["descriptor"] or "", phenomena)
            precipitation |= not near and any(code in _PRECIPITATION for code in phenomena)
            ash |= "VA" in phenomena
    return WeatherCodes(frozenset(hazards), precipitation, legible, ash)


def _hazards(strong: bool, near: bool, descriptor: str, phenomena: list[str]) -> set[str]:
    if near:
        # Funnel clouds and walls of dust nearby come nearer; fog and showers nearby are not a hazard here.
        return {code for code in phenomena if code in {"FC", "SS", "DS"}} | ({"VCTS"} if descriptor == "TS" else set())
    found = {"TS"} if descriptor == "TS" else set[str]()
    if descriptor == "FZ":
        # Freezing belongs to what can freeze: "-FZRAPL" is freezing rain with ice pellets.
        found |= {f"FZ{code}" for code in phenomena if code in {"RA", "DZ", "FG", "UP"}}
    elif descriptor not in {"MI", "PR", "BC"}:
        found |= {"FG"} & set(phenomena)
    for code in phenomena:
        if code == "FC":
            found.add("+FC" if strong else "FC")
        elif code in {"PL", "GR", "GS", "SQ", "SS", "DS"}:
            found.add(code)
    return found & set(HAZARDS)
