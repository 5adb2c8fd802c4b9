"""Read one word of a METAR or TAF (FMH-1 chapter 12, NWSI 10-813, AFMAN 15-124, WMO FM 15 and FM 51).

Every word is understood, harmless, or unread: then the elements that its shape suggests are missing.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, Element, UnreadWord
from flightsched_pipelines.domain.weather.reports.report_elements import (
    MOISTURE_CEILING_FT,
    CloudLayerSummary,
    ReportElements,
    Sector,
    Visibility,
    Wind,
    folded,
    together,
)
from flightsched_pipelines.domain.weather.reports.words.harmless_words import FOOTERS, why_harmless
from flightsched_pipelines.domain.weather.reports.words.weather_codes import (
    NO_SIGNIFICANT_WEATHER,
    is_recent_weather,
    is_weather,
)
from flightsched_pipelines.domain.weather.reports.words.word_shapes import suggested

KT_PER_MPS = 1.943_844
KT_PER_KMH = 1 / 1.852
SM_PER_METRE = 1 / 1_609.344

_SPEED = r"\d{2}|[12]\d{2}"
_WIND = re.compile(
    rf"(?P<direction>[0-2]\d0|3[0-6]0|VRB)P?(?P<speed>{_SPEED})(?:GP?(?P<gust>{_SPEED}))?(?P<unit>KTS?|MPS|KMH)"
)
_VARYING = re.compile(r"([0-2]\d[05]|3[0-5][05]|360)V([0-2]\d[05]|3[0-5][05]|360)")
# The values allowed by FMH-1 table 12-1: others are slips.
MILES = r"[0-9]|1[0-5]|[2-9][05]"
FRACTION = r"(?:1|3|5)/16|[1357]/8|[13]/4|1/2"
_VISIBILITY_SM = re.compile(rf"(?:P?(?P<whole>{MILES})|(?:M|(?P<units>[1-9]) ?)?(?P<fraction>{FRACTION}))SM")
_VISIBILITY_METRES = re.compile(r"(?P<metres>0[0-7][05]0|0[89]00|[1-9]\d00|9999)(?:NDV|[NESW]|[NS][EW])?")
_VISIBILITY_KM = re.compile(r"(\d{1,2})KM")
_CLOUD = re.compile(
    r"(?P<cover>FEW|SCT|BKN|OVC|VV|///)(?P<base>\d{3}|///|(?<=VV)//$)(?:///)?"
    r"(?P<kind>CB|TCU|SC|ST|SF|AC|ACC|AS|NS)?"  # a kind that is a slip away from CB or TCU is in doubt
)
_SHEAR = re.compile(r"WS\d{3}/\d{5}(?:G\d{2})?KT|WS|WSCONDS|WS (?:ALL RWYS?|(?:TKOF |LDG )?R(?:WY)? ?\d{2}[LCR]?)")
_ICING = re.compile(r"6[1-9](?P<base>\d{3})\d")
_TEMPERATURE = re.compile(r"(?P<air>M?\d{2})/(?P<dew>M?\d{2})?")
_ALTIMETER = re.compile(r"A(?P<inches>\d{4})|Q(?P<hpa>\d{4})")
_WIND_AFTER = re.compile(r"WND (\S+) AFT \d{4}")
_CLEAR = frozenset({"SKC", "CLR", "NSC", "NCD"})
_NOT_GIVEN: dict[str, Element] = {"/////KT": "wind", "/////MPS": "wind", "////": "visibility", "//": "weather"}

HPA_PER_INHG = 33.8639
LOWEST_ALTIMETER_HPA, HIGHEST_ALTIMETER_HPA = 870.0, 1_090.0
"""Beyond these no altimeter setting was ever reported: such a word says nothing."""

PHRASES: tuple[str, ...] = (
    *FOOTERS,
    rf"\d (?:{FRACTION})SM",
    r"FM \d{6}",
    r"PROB\d{2} (?:TEMPO|INTER)",
    r"WS (?:ALL RWYS?|(?:TKOF |LDG )?R(?:WY)? ?\d{2}[LCR]?)",
    r"WND \S+ AFT \d{4}",
)
"""Phrases read as one word although they are written as several."""

_WORDS = re.compile(rf"(?<!\S)(?:{'|'.join(PHRASES)})(?!\S)|\S+")


@dataclass(frozen=True, slots=True)
class Understood:
    """A word whose meaning is known."""

    said: ReportElements


@dataclass(frozen=True, slots=True)
class Harmless:
    """A word that may be passed over, with the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that is neither, and the elements that are missing because of it."""

    missing: tuple[Element, ...]


Reading = Understood | Harmless | Unread


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, phrases as one; an end sign (=) is left out."""
    return _WORDS.findall(text.replace("=", " "))


@lru_cache(maxsize=20_000)  # reports use few words, and the same ones every hour
def read_word(word: str) -> Reading:
    """Read one word by itself."""
    for read in _READERS:
        said = read(word)
        if said is not None:
            return Understood(said)
    why = "weather that is over" if is_recent_weather(word) else why_harmless(word)
    return Unread(suggested(word)) if why is None else Harmless(why)


def read_words(words: Iterable[str]) -> ReportElements:
    """Read the words of one group together: the worst of each element, and the words not understood."""
    read = [(word, read_word(word)) for word in words]
    unread = tuple(UnreadWord(word, one.missing) for word, one in read if isinstance(one, Unread))
    said = together(one.said for _, one in read if isinstance(one, Understood))
    return together((said, ReportElements(unread=unread))) if unread else said


def meanings_of(words: Iterable[str]) -> frozenset[str]:
    """Return the words, folded, that were understood or are harmless; they settle what the fields could not read."""
    return frozenset(folded(word) for word in words if not isinstance(read_word(word), Unread))


def is_doubtful(word: str) -> bool:
    """Return whether a word is not understood and could have been anything, even the opening of a group."""
    read = read_word(word)
    return isinstance(read, Unread) and read.missing == ELEMENTS


def _wind(word: str) -> ReportElements | None:
    if after := _WIND_AFTER.fullmatch(word):
        word = after[1]  # a change of wind within the group: the worse counts throughout
    matched = _WIND.fullmatch(word)
    if matched is None:
        return None
    knots = {"MPS": KT_PER_MPS, "KMH": KT_PER_KMH}.get(matched["unit"], 1.0)
    speed = float(round(float(matched["speed"]) * knots))
    gust = None if matched["gust"] is None else float(round(float(matched["gust"]) * knots))
    if gust is not None and gust < speed:
        return None
    return ReportElements(
        wind=Wind(None if matched["direction"] == "VRB" else float(matched["direction"]), speed, gust)
    )


def _varying_wind(word: str) -> ReportElements | None:
    matched = _VARYING.fullmatch(word)
    return None if matched is None else ReportElements(sector=Sector(float(matched[1]), float(matched[2])))


def _visibility(word: str) -> ReportElements | None:
    if word == "CAVOK":  # ceiling and visibility OK: 10 km or more, no cloud that matters, no weather
        return ReportElements(visibility=Visibility(6, at_least=True), sky=CloudLayerSummary(None), weather="")
    if matched := _VISIBILITY_METRES.fullmatch(word):
        metres = 10_000 if matched["metres"] == "9999" else int(matched["metres"])
        return ReportElements(visibility=Visibility(round(metres * SM_PER_METRE, 2), at_least=metres == 10_000))
    if matched := _VISIBILITY_KM.fullmatch(word):
        return ReportElements(visibility=Visibility(round(int(matched[1]) * 1_000 * SM_PER_METRE, 2), at_least=False))
    matched = _VISIBILITY_SM.fullmatch(word)
    if matched is None:
        return None
    return ReportElements(visibility=Visibility(miles_of(matched), at_least=word.startswith("P")))


def miles_of(matched: re.Match[str]) -> float:
    """Return statute miles of a match of ``whole``, ``units`` and ``fraction``: "11/2" is one and a half."""
    if matched["fraction"] is None:
        return float(matched["whole"])
    top, bottom = matched["fraction"].split("/")
    return float(matched["units"] or 0) + int(top) / int(bottom)


def _cloud_layer(word: str) -> ReportElements | None:
    """A layer of cloud. One of unknown height is an illegible ceiling; one of unknown cover counts as a ceiling."""
    if word in _CLEAR:
        return ReportElements(sky=CloudLayerSummary(None))
    if word in {"CB", "TCU"}:
        return ReportElements(sky=CloudLayerSummary(None, frozenset({word})))
    matched = _CLOUD.fullmatch(word)
    if matched is None:
        return None
    hazards = frozenset({matched["kind"]} & {"CB", "TCU"})
    if matched["cover"] in {"FEW", "SCT"}:
        return ReportElements(sky=CloudLayerSummary(None, hazards))
    if not matched["base"].isdigit():
        return ReportElements(
            sky=CloudLayerSummary(None, hazards) if hazards else None, illegible=frozenset({"ceiling"})
        )
    return ReportElements(sky=CloudLayerSummary(100.0 * int(matched["base"]), hazards))


def _weather(word: str) -> ReportElements | None:
    return ReportElements(weather="" if word == NO_SIGNIFICANT_WEATHER else word) if is_weather(word) else None


def _shear(word: str) -> ReportElements | None:
    return ReportElements(shear=True) if _SHEAR.fullmatch(word) else None


def _icing(word: str) -> ReportElements | None:
    """An icing layer of a military TAF, in hundreds of feet; one above the altitudes of trainers is ignored."""
    matched = _ICING.fullmatch(word)
    return None if matched is None else ReportElements(icing=100 * int(matched["base"]) < MOISTURE_CEILING_FT)


def _temperature(word: str) -> ReportElements | None:
    matched = _TEMPERATURE.fullmatch(word)
    if matched is None:
        return None
    return ReportElements(temperature_c=_celsius(matched["air"]), dewpoint_c=_celsius(matched["dew"]))


def _altimeter(word: str) -> ReportElements | None:
    """An altimeter setting in inches of mercury (A2992) or hectopascals (Q1013)."""
    matched = _ALTIMETER.fullmatch(word)
    if matched is None:
        return None
    hpa = HPA_PER_INHG * int(matched["inches"]) / 100 if matched["inches"] else float(matched["hpa"])
    return ReportElements(altimeter_hpa=round(hpa, 1)) if LOWEST_ALTIMETER_HPA <= hpa <= HIGHEST_ALTIMETER_HPA else None


def _celsius(word: str | None) -> float | None:
    """A temperature as METARs write it: ``M05`` is five below zero."""
    return None if word is None else float(word.replace("M", "-"))


def _not_given(word: str) -> ReportElements | None:
    element = _NOT_GIVEN.get(word)
    return None if element is None else ReportElements(illegible=frozenset({element}))


_READERS: Sequence[Callable[[str], ReportElements | None]] = (
    _wind, _visibility, _cloud_layer, _weather, _varying_wind, _shear, _icing, _temperature, _altimeter, _not_given,
)  # fmt: skip
