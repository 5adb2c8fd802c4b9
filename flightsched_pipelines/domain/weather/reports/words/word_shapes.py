"""Guess by its shape the elements that a word which is not understood may have named.

A shape is that of one kind of word with a letter or digit wrong, and no more: a word in which two have run together, or
that might have opened a group of a TAF, has none, and then every element is in doubt.
"""

import re
from functools import lru_cache

from flightsched_pipelines.domain.weather.conditions import ELEMENTS, Element

# No shape is so wide that a slip in another kind of word has it: "V000" may have been 4000, "0S" DS, "Q500" 2500.
_LIKE_WIND = re.compile(
    r"(?=.*\d)[0-9VRBOIGP]{4,10}(?:KTS?|TK|K|T|MPS|MSP|PMS|MP|PS|KMH)|[0-9G]*KT|(?=.{7,8}$)[0-9OI]{2,4}V[0-9OI]{2,4}"
)
_LIKE_VISIBILITY = re.compile(
    r"(?=.*\d)[PMO]?[0-9OIL]{0,3}(?:/[0-9OIL]{0,3})?(?:SM|MS|SSM|SMM)|(?:[0-9OIL]{2}|[0-9OIL]{1,2}/[0-9OIL]{1,2})[SM]"
)
_LIKE_SKY = re.compile(r"(?P<cover>[A-Z]{2,4}?)(?P<height>[0-9OIL/X]{1,4})(?P<kind>.*)")
_LIKE_WEATHER = re.compile(r"[+-](?!SM|KT)[A-Z]{0,8}|VC[A-Z]{0,4}")
_LIKE_TEMPERATURE = re.compile(r"(?=.{5,})(?![56])M{0,2}\d{2,3}/M{0,2}\d{1,3}")
_LIKE_PRESSURE = re.compile(r"(?=.{5,})[AQ]{1,2}[0-9OI]{3,5}")

_COVERS = ("FEW", "SCT", "BKN", "OVC", "VV")
_KINDS = ("CB", "TCU")
_SKY: tuple[Element, ...] = ("ceiling",)
_SKY_AND_ITS_KIND: tuple[Element, ...] = ("ceiling", "thunderstorm")


@lru_cache(maxsize=10_000)
def suggested(word: str) -> tuple[Element, ...]:
    """Return the elements that a word's shape suggests; all if it suggests none, none if it was a pressure."""
    if _LIKE_WIND.fullmatch(word):
        return ("wind",)
    if _LIKE_VISIBILITY.fullmatch(word):
        return ("visibility",)
    if _LIKE_WEATHER.fullmatch(word):
        return ("weather",)
    if _LIKE_TEMPERATURE.fullmatch(word):
        return ("temperature",)
    if _LIKE_PRESSURE.fullmatch(word):
        return ()
    return _cloud_shape(word) or ELEMENTS


def one_slip_apart(word: str, other: str) -> bool:
    """Return whether two words differ by at most one character that is wrong, missing, added or swapped."""
    if word == other:
        return True
    if abs(len(word) - len(other)) > 1:
        return False
    first = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, other_rest = word[first:], other[first:]
    swapped = rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
    return swapped or rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:]


def _cloud_shape(word: str) -> tuple[Element, ...]:
    if word in _COVERS:
        return _SKY_AND_ITS_KIND
    matched = _LIKE_SKY.fullmatch(word)
    if matched is None or not any(one_slip_apart(matched["cover"], cover) for cover in _COVERS):
        return ()
    if not matched["kind"]:
        return _SKY if len(matched["height"]) == 3 else _SKY_AND_ITS_KIND
    like_a_kind = matched["kind"].strip("/") == "" or any(one_slip_apart(matched["kind"], kind) for kind in _KINDS)
    return _SKY_AND_ITS_KIND if like_a_kind else ()
