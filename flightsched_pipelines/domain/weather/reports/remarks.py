"""Read the remarks of a METAR: plain words and codes, of which a few make the report worse (FMH-1 chapter 12.7).

These count: sensors that are out, a ceiling or visibility that varies or differs elsewhere on the field, hail, and
anything that rotates. All other remarks are additive data or plain language, which an observer writes freely: they are
harmless. A word one slip away from one that counts is read as that word.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, Element, UnreadWord
from flightsched_pipelines.domain.weather.reports.report_elements import (
    CloudLayerSummary,
    ReportElements,
    Visibility,
    together,
)
from flightsched_pipelines.domain.weather.reports.words.meanings import FRACTION, MILES, SM_PER_METRE
from flightsched_pipelines.domain.weather.reports.words.word_shapes import one_slip_apart

COLDEST_WITHOUT_ICE_C = 5.0
"""Above this, rain does not freeze on contact, so a missing freezing-rain sensor means nothing."""

_SM = rf"M?(?:{FRACTION}|(?:{MILES})(?: (?:{FRACTION}))?)"
_DIRECTIONS = r"(?:[NESW]{1,2}(?:-[NESW]{1,2})* )?"
_VISIBILITY = re.compile(rf"\bVIS ?{_DIRECTIONS}(?:(?P<sm>{_SM})(?:SM)?(?:V{_SM})?|(?P<m>\d{{4}})M?)(?= |$)")
_VARIES_SM = re.compile(rf"(?:^| )(?P<sm>{_SM})V{_SM}(?= |$)")
_LIKE_VISIBILITY = re.compile(rf"\bVIS ?{_DIRECTIONS}(?=\S*[\d/])|(?:^| )[\d/]*V[\d/]+(?= |$)|(?:^| )[\d/]+V(?= |$)")
_CEILING = re.compile(r"\bCIG ?(?P<low>\d{3})(?:V\d{3})?(?= |$)|(?:^| )(?P<alone>\d{3})V\d{3}(?= |$)")
_VARYING_SKY = re.compile(r"(?:^| )(?:FEW|SCT|BKN|OVC)(?P<base>\d{3})? V (?:BKN|OVC)(?= |$)")
_HAIL = re.compile(r"(?:^| )GR(?: LESS THAN)?(?: [\d/]+)+(?= |$)|\bHAIL\b")
_TENTHS = re.compile(r"T(?P<air>[01]\d{3})(?P<dew>[01]\d{3})?")
_SENSORS = {"TSNO": "thunderstorm", "PWINO": "weather", "FZRANO": "freezing"}
_STORMS = {"TORNADO": "+FC", "TORNADIC": "+FC", "WATERSPOUT": "+FC", "FUNNEL": "FC"}
_OUT = re.compile(
    r"\b(?P<what>TS/LTNG|TS|LTNG|WX|PRESENT WX|CIG|CLD|SKY|CLDS|CB|VIS|WND|WIND)(?: (?:SENSOR|DATA|INFO))?"
    r"(?: TEMPO| TEMPORARILY)? (?:UNAVBL|UNAVAIL|UNAVAILABLE|NOT AVBL|MISG|MISSING|OTS|INOP)\b"
)
_OUT_ELEMENT: dict[str, Element] = {
    "TS/LTNG": "thunderstorm", "TS": "thunderstorm", "LTNG": "thunderstorm", "CB": "thunderstorm", "WX": "weather",
    "PRESENT WX": "weather", "VIS": "visibility", "WND": "wind", "WIND": "wind",
}  # fmt: skip
_UNRELATED = frozenset({"SLPNO", "RVRNO", "VISNO", "CHINO", "PNO"})
_HEADINGS = frozenset({"METAR", "SPECI", "TAF"})


def remark_elements(words: Sequence[str], temperature_c: float | None) -> ReportElements:
    """Return the elements that remarks add to the report above them; they make it worse, or leave it unchanged.

    Args:
        words: the remarks, without RMK.
        temperature_c: of the report, ``None`` when it has none.
    """
    if not words:
        return ReportElements()
    text = " ".join(words)
    parts = _visibility(text), _ceiling(text), _storms(words, text), _sensors(words, text, temperature_c)
    return together((*parts, _tenths(words)))


def _visibility(text: str) -> ReportElements:
    miles: list[float] = []
    left = text
    for form in (_VISIBILITY, _VARIES_SM):
        for matched in form.finditer(left):
            metres = matched.groupdict().get("m")
            miles.append(int(metres) * SM_PER_METRE if metres else _miles(matched["sm"]))
        left = form.sub(" ", left)
    said = ReportElements(visibility=Visibility(round(min(miles), 2), at_least=False)) if miles else ReportElements()
    return together((said, _unread("VIS", "visibility"))) if _LIKE_VISIBILITY.search(left) else said


def _ceiling(text: str) -> ReportElements:
    lows = [100.0 * int(matched["low"] or matched["alone"]) for matched in _CEILING.finditer(text)]
    lows += [100.0 * int(matched["base"]) for matched in _VARYING_SKY.finditer(text) if matched["base"]]
    said = ReportElements(sky=CloudLayerSummary(min(lows))) if lows else ReportElements()
    unknown = any(matched["base"] is None for matched in _VARYING_SKY.finditer(text))
    announced = re.search(r"\bCIG (?!RAGGED|RGD|LWR|HIR|UNKN)", text) is not None
    doubtful = unknown or (announced and _CEILING.search(text) is None)
    return together((said, _unread("CIG", "ceiling"))) if doubtful else said


def _tenths(words: Sequence[str]) -> ReportElements:
    """Temperature and dew point in tenths of a degree (FMH-1 12.7.2: T00220017, 1 for below zero)."""
    found = [matched for word in words if (matched := _TENTHS.fullmatch(word))]
    return together(
        ReportElements(temperature_c=_of_tenths(one["air"]), dewpoint_c=_of_tenths(one["dew"])) for one in found
    )


def _of_tenths(word: str | None) -> float | None:
    return None if word is None else (-1 if word[0] == "1" else 1) * int(word[1:]) / 10


def _storms(words: Sequence[str], text: str) -> ReportElements:
    """Anything that rotates, and hail: at or seen from the field, at any time within the hour."""
    found = {code for word in words for storm, code in _STORMS.items() if len(word) > 4 and one_slip_apart(word, storm)}
    return ReportElements(weather=" ".join(sorted(found | ({"GR"} if _HAIL.search(text) else set()))) or None)


def _sensors(words: Sequence[str], text: str, temperature_c: float | None) -> ReportElements:
    out: set[str] = {_OUT_ELEMENT.get(matched["what"], "ceiling") for matched in _OUT.finditer(text)}
    pairs = [first + second for first, second in pairwise(words)]
    for word in (*words, *pairs):
        for sensor, element in _SENSORS.items():
            if sensor in word or (word not in _UNRELATED and one_slip_apart(word, sensor)):
                out.add(element)
    if "freezing" in out and (temperature_c is None or temperature_c <= COLDEST_WITHOUT_ICE_C):
        out.add("weather")
    illegible: frozenset[Element] = frozenset(element for element in ELEMENTS if element in out)
    glued = tuple(UnreadWord(word, ELEMENTS) for word in words if word in _HEADINGS)
    return ReportElements(thunderstorm_sensor_out="thunderstorm" in out, illegible=illegible, unread=glued)


def _unread(word: str, element: Element) -> ReportElements:
    return ReportElements(unread=(UnreadWord(f"{word} ...", (element,)),))


def _miles(text: str) -> float:
    return sum(
        int(top) / int(bottom or 1) for top, _, bottom in (part.partition("/") for part in text.strip("M").split())
    )
