"""The raw text of METARs and TAFs, read word by word (FMH-1, NWSI 10-813, WMO FM 15 and FM 51).

A second account beside the decoded fields: what these drop (CB in a METAR, wind shear) or garble stands here.
A word that is not understood is passed over; the decoded fields then speak alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from flightsched_pipelines.weather.codes import is_weather
from flightsched_pipelines.weather.conditions import Element
from flightsched_pipelines.weather.said import Said, Sky, Visibility, Wind

KT_PER_MPS = 1.943_844
SM_PER_METRE = 1 / 1_609.344

_WIND = re.compile(r"(?P<direction>\d{3}|VRB)P?(?P<speed>\d{2,3})(?:GP?(?P<gust>\d{2,3}))?(?P<unit>KT|MPS)")
_VISIBILITY_SM = re.compile(
    r"(?P<bound>[PM])?(?:(?P<whole>\d{1,2})|(?:(?P<units>\d) )?(?P<top>\d)/(?P<bottom>\d{1,2}))SM"
)
_VISIBILITY_METRES = re.compile(r"\d{4}(?:NDV)?")
_CLOUD = re.compile(r"(?P<cover>FEW|SCT|BKN|OVC)(?P<base>\d{3}|///)(?P<kind>CB|TCU|///)?")
_VERTICAL = re.compile(r"VV(?P<base>\d{3}|///)")
_SHEAR = re.compile(r"WS\d{3}/\d{5}KT|WS")
_PERIOD = re.compile(r"(\d{2})(\d{2})/(\d{2})(\d{2})")
_FROM = re.compile(r"FM(\d{2})(\d{2})(\d{2})")
_PROBABILITY = re.compile(r"PROB(\d{2})")
_CLEAR = frozenset({"SKC", "CLR", "NSC", "NCD"})
_TREND = frozenset({"TEMPO", "BECMG", "NOSIG", "RMK"})
_NO_REPORT = frozenset({"NIL", "CNL"})
_ISSUED = re.compile(r"(\d{2})(\d{2})(\d{2})Z")
_AFTER_THE_SKY = re.compile(r"(M?\d{2}|//|XX)/(M?\d{2}|//|XX)?|[AQ](\d{3,4}|////)")
_TEMPERATURE = re.compile(r"(?P<air>M?\d{2})/(?P<dew>M?\d{2})?")

Change = Literal["BASE", "FM", "BECMG", "TEMPO", "PROB"]


@dataclass(frozen=True, slots=True)
class RawGroup:
    """One group of a TAF's text; ``to_utc`` is ``None`` for FM, which holds until the next."""

    change: Change
    probability: int | None
    from_utc: datetime
    to_utc: datetime | None
    said: Said


def speaks_of(raw: str, station: str) -> bool:
    """Whether a text is a report of this station's at all."""
    return station in raw.split()[:4]


def issued_at(raw: str, near_utc: datetime) -> datetime | None:
    """The time in a report's heading (``092153Z``), in the month that lies nearest; ``None`` without one."""
    matched = next((found for word in raw.split()[:5] if (found := _ISSUED.fullmatch(word))), None)
    return None if matched is None else _moment(int(matched[1]), int(matched[2]), int(matched[3]), near_utc)


def metar_said(raw: str) -> Said:
    """What a METAR's text says now: neither its trend nor its remarks, but for sensors that are out (TSNO, PWINO)."""
    words = raw.split()
    end = next((n for n, word in enumerate(words) if word in _TREND), len(words))
    said = _said(words[:end])
    temperature = next((found for word in words[:end] if (found := _TEMPERATURE.fullmatch(word))), None)
    return replace(
        said,
        temperature_c=_celsius(temperature["air"]) if temperature else None,
        dewpoint_c=_celsius(temperature["dew"]) if temperature else None,
        thunderstorm_sensor_out="TSNO" in words[end:],
        illegible=said.illegible | ({"weather"} if "PWINO" in words[end:] else set()),
    )


def is_cut_off(raw: str) -> bool:
    """Whether a METAR's text ends before its temperature and pressure: clouds, and CB among them, come before these."""
    words = raw.split()
    end = next((n for n, word in enumerate(words) if word in _TREND), len(words))
    return not any(_AFTER_THE_SKY.fullmatch(word) for word in words[:end])


def is_cancelled(raw: str) -> bool:
    """Whether a text says that there is no report (NIL), or no longer (CNL)."""
    return not _NO_REPORT.isdisjoint(raw.split())


def taf_groups(raw: str, near_utc: datetime) -> list[RawGroup]:
    """The groups of a TAF's text, its days resolved to the month that lies nearest to ``near_utc``."""
    words = re.split(r"\sRMK\b", raw)[0].split()
    groups: list[RawGroup] = []
    if is_cancelled(raw):
        return groups
    for change, probability, period, body in _split(words):
        span = _span(period, near_utc)
        if span is not None:
            groups.append(RawGroup(change, probability, span[0], span[1], _said(body)))
    return groups


def _split(words: list[str]) -> Iterator[tuple[Change, int | None, str, list[str]]]:
    """Each group's kind, probability, period word and remaining words."""
    change: Change = "BASE"
    probability: int | None = None
    period, body = "", list[str]()
    for word in words:
        matched = _PROBABILITY.fullmatch(word)
        opens = matched is not None or word in {"TEMPO", "BECMG"} or _FROM.fullmatch(word) is not None
        if opens and word == "TEMPO" and change == "PROB" and not period:
            continue  # PROB30 TEMPO is one group
        if opens:
            if period:
                yield change, probability, period, body
            period, body = (word, []) if word.startswith("FM") else ("", [])
            probability = int(matched[1]) if matched else None
            change = "PROB" if matched else "FM" if word.startswith("FM") else "TEMPO" if word == "TEMPO" else "BECMG"
        elif not period and _PERIOD.fullmatch(word):
            period = word
        elif period:
            body.append(word)
    if period:
        yield change, probability, period, body


def _span(period: str, near_utc: datetime) -> tuple[datetime, datetime | None] | None:
    if matched := _FROM.fullmatch(period):
        start = _moment(int(matched[1]), int(matched[2]), int(matched[3]), near_utc)
        return None if start is None else (start, None)
    matched = _PERIOD.fullmatch(period)
    if matched is None:
        return None
    start = _moment(int(matched[1]), int(matched[2]), 0, near_utc)
    end = _moment(int(matched[3]), int(matched[4]), 0, near_utc)
    return None if start is None or end is None or end <= start else (start, end)


def _moment(day: int, hour: int, minute: int, near_utc: datetime) -> datetime | None:
    """The moment on that day of the month, in the month that brings it nearest; hour 24 ends the day."""
    if not (1 <= day <= 31 and 0 <= hour <= 24 and 0 <= minute <= 59):
        return None
    midnight = near_utc.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=n) for n in range(-16, 17))
    same = [date for date in days if date.day == day]
    if not same:
        return None
    nearest = min(same, key=lambda date: abs(date - near_utc))
    return nearest + timedelta(hours=hour, minutes=minute)


def _said(words: list[str]) -> Said:
    wind: Wind | None = None
    visibility: Visibility | None = None
    weather: list[str] = []
    illegible: set[Element] = set()
    sky = _sky(words, illegible)
    shear = False
    for n, word in enumerate(words):
        wind = wind or _wind(word)
        visibility = visibility or _visibility(word, words[n - 1] if n else "")
        if is_weather(word):
            weather.append(word)
        if word == "//":
            illegible.add("weather")
        shear = shear or _SHEAR.fullmatch(word) is not None
    return Said(
        wind=wind,
        visibility=visibility,
        sky=sky,
        weather=" ".join(weather) if weather else None,
        shear=shear,
        illegible=frozenset(illegible),
    )


def _celsius(word: str | None) -> float | None:
    """A temperature as METARs write it: ``M05`` is five below zero."""
    return None if word is None else float(word.replace("M", "-"))


def _wind(word: str) -> Wind | None:
    matched = _WIND.fullmatch(word)
    if matched is None:
        return None
    knots = KT_PER_MPS if matched["unit"] == "MPS" else 1.0
    direction = None if matched["direction"] == "VRB" else float(matched["direction"])
    gust = None if matched["gust"] is None else float(round(float(matched["gust"]) * knots))
    return Wind(direction, float(round(float(matched["speed"]) * knots)), gust)


def _visibility(word: str, before: str) -> Visibility | None:
    if word == "CAVOK":  # ceiling and visibility OK: 10 km or more
        return Visibility(6, at_least=True)
    if _VISIBILITY_METRES.fullmatch(word):
        metres = 10_000 if word.startswith("9999") else int(word[:4])
        return Visibility(round(metres * SM_PER_METRE, 2), at_least=metres == 10_000)
    joined = f"{before} {word}" if re.fullmatch(r"\d", before) and "/" in word else word
    matched = _VISIBILITY_SM.fullmatch(joined)
    if matched is None:
        return None
    if matched["whole"] is not None:
        miles = float(matched["whole"])
    elif int(matched["bottom"]) == 0:
        return None
    else:
        miles = float(matched["units"] or 0) + int(matched["top"]) / int(matched["bottom"])
    return Visibility(miles, at_least=matched["bound"] == "P")


def _sky(words: list[str], illegible: set[Element]) -> Sky | None:
    """Ceiling and convective clouds; ``None`` when no word speaks of the sky. Marks a ceiling without its height."""
    named = False
    ceilings: list[float] = []
    hazards: set[str] = set()
    for word in words:
        if word in _CLEAR or word == "CAVOK":
            named = True
        elif matched := _CLOUD.fullmatch(word) or _VERTICAL.fullmatch(word):
            named = True
            parts = matched.groupdict()
            hazards |= {parts["kind"]} & {"CB", "TCU"} if parts.get("kind") else set()
            if parts.get("cover") in {"FEW", "SCT"}:
                continue
            if parts["base"] == "///":
                illegible.add("ceiling")
            else:
                ceilings.append(100.0 * int(parts["base"]))
    if not named or ("ceiling" in illegible and not ceilings):
        return None
    return Sky(min(ceilings, default=None), frozenset(hazards))
