"""The grammar of present weather codes (WMO table 4678, FMH-1 chapter 12), read token by token.

Never by substring: the ident KSNA contains SN, and VCTS is not TS.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from flightsched_pipelines.weather.conditions import HAZARDS

_DESCRIPTORS = ("MI", "PR", "BC", "DR", "BL", "SH", "TS", "FZ")
_PRECIPITATION = ("DZ", "RA", "SN", "SG", "IC", "PL", "GR", "GS", "UP")
_PHENOMENA = (*_PRECIPITATION, "BR", "FG", "FU", "VA", "DU", "SA", "HZ", "PY", "PO", "SQ", "FC", "SS", "DS")
_CODE = re.compile(
    rf"(?P<intensity>\+|-|VC)?(?P<descriptor>{'|'.join(_DESCRIPTORS)})?(?P<phenomena>(?:{'|'.join(_PHENOMENA)})*)"
)
_RECENT = re.compile(rf"RE(?:{'|'.join(_DESCRIPTORS)})?(?:{'|'.join(_PHENOMENA)})*")

NO_SIGNIFICANT_WEATHER = "NSW"


@dataclass(frozen=True, slots=True)
class Weather:
    """What a string of weather codes says: hazards by exact code, and whether something falls from the sky.

    ``legible`` is false when any token is not a weather code; what it stood for is then unknown.
    """

    hazards: frozenset[str]
    precipitation: bool
    legible: bool


def is_weather(token: str) -> bool:
    """Whether a token of a report is a present-weather code."""
    return token == NO_SIGNIFICANT_WEATHER or _parts(token) is not None


@lru_cache(maxsize=10_000)  # most hours say one of few things
def read_weather(codes: str) -> Weather:
    """Read codes such as ``"+TSRA BR"``; an empty string is no weather."""
    hazards: set[str] = set()
    precipitation, legible = False, True
    for token in codes.split():
        if token == NO_SIGNIFICANT_WEATHER or (len(token) > 2 and _RECENT.fullmatch(token)):
            continue
        parts = _parts(token)
        if parts is None:
            legible = False
            continue
        intensity, descriptor, phenomena = parts
        hazards |= _hazards(intensity, descriptor, phenomena)
        precipitation |= intensity != "VC" and any(code in _PRECIPITATION for code in phenomena)
    return Weather(frozenset(hazards), precipitation, legible)


def _parts(token: str) -> tuple[str, str, list[str]] | None:
    matched = _CODE.fullmatch(token)
    if matched is None or not (matched["descriptor"] or matched["phenomena"]):
        return None
    if not matched["phenomena"] and matched["descriptor"] not in {"TS", "SH"}:
        return None
    phenomena = matched["phenomena"]
    return (
        matched["intensity"] or "",
        matched["descriptor"] or "",
        [phenomena[n : n + 2] for n in range(0, len(phenomena), 2)],
    )


def _hazards(intensity: str, descriptor: str, phenomena: list[str]) -> set[str]:
    if intensity == "VC":
        return {"VCTS"} if descriptor == "TS" else set()
    found = {"TS"} if descriptor == "TS" else set[str]()
    if descriptor == "FZ":
        # Freezing belongs to what can freeze: "-FZRAPL" is freezing rain with ice pellets.
        found |= {f"FZ{code}" for code in phenomena if code in {"RA", "DZ", "FG", "UP"}}
    elif descriptor not in {"MI", "PR", "BC"}:
        found |= {"FG"} & set(phenomena)
    for code in phenomena:
        if code == "FC":
            found.add("+FC" if intensity == "+" else "FC")
        elif code in {"PL", "GR", "SQ"}:
            found.add(code)
    return found & set(HAZARDS)
