"""Imitate the Aviation Weather Center's decoding for texts whose decoded fields were not kept."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flightsched_pipelines.domain.weather.reports.words.meanings import Understood, read_word, words_of

_CLEAR = {"SKC", "CLR", "NSC", "CAVOK", "NCD"}
_TREND = {"NOSIG", "TEMPO", "BECMG", "RMK"}


def fields_of(words: Sequence[str], *, metar: bool) -> dict[str, Any]:
    """The decoded fields of a METAR's words, or of a TAF group's; words that it does not know it leaves out."""
    fields: dict[str, Any] = {"clouds": [], "wxString": None}
    weather: list[str] = []
    for word in words:
        one = read_word(word)
        if not isinstance(one, Understood):
            continue
        said = one.said
        if said.wind and "wspd" not in fields:
            direction = said.wind.direction_deg
            fields |= {"wdir": "VRB" if direction is None else int(direction), "wspd": int(said.wind.speed_kt)}
            fields |= {"wgst": int(said.wind.gust_kt)} if said.wind.gust_kt is not None else {}
        if said.visibility and "visib" not in fields:
            miles = said.visibility.sm
            fields["visib"] = f"{min(miles, 6):g}+" if said.visibility.at_least else miles
        if said.weather:
            weather.append(said.weather)
        if said.shear:
            fields |= {"wshearHgt": 2000, "wshearSpd": 40}
        if said.icing:
            fields["icgTurb"] = [{"var": "ICE", "intensity": 3, "minAlt": 3000, "maxAlt": 6000}]
        if said.temperature_c is not None:
            fields |= {"temp": said.temperature_c, "dewp": said.dewpoint_c}
        fields["clouds"] += _layer(word, metar=metar)
    fields["wxString"] = " ".join(weather) or None
    return fields


def _layer(word: str, *, metar: bool) -> list[dict[str, Any]]:
    if word in _CLEAR:
        return [{"cover": "CAVOK" if word == "CAVOK" else word, "base": None, "type": None}]
    matched = re.fullmatch(r"(FEW|SCT|BKN|OVC|VV)(\d{3})(?:///)?(CB|TCU)?", word)
    if matched is None:
        return []
    cover = "OVX" if matched[1] == "VV" else matched[1]
    return [{"cover": cover, "base": 100 * int(matched[2])} | ({} if metar else {"type": matched[3]})]


def metar_json(text: str, decoded: str, observed: datetime) -> dict[str, Any]:
    """A METAR's object: its text, and the fields of what may be another."""
    station = next(word for word in decoded.split() if word not in {"METAR", "SPECI"})
    words = words_of(decoded)
    end = next((n for n, word in enumerate(words) if word in _TREND), len(words))
    fields = fields_of(words[3:end], metar=True)
    return {"icaoId": station, "obsTime": int(observed.timestamp()), "rawOb": text, **fields}


def taf_json(text: str, decoded: str, issued: datetime) -> dict[str, Any]:
    """A TAF's object: its text, and the groups of what may be another."""
    words = words_of(decoded)
    start = next(n for n, word in enumerate(words) if re.fullmatch(r"\d{4}/\d{4}", word))
    begins, ends = _span(words[start], issued)
    groups: list[dict[str, Any]] = [_group(None, None, begins, ends)]
    bodies: list[list[str]] = [[]]
    awaited: tuple[str, int | None] | None = None
    for word in words[start + 1 :]:
        kind = re.fullmatch(r"(TEMPO|BECMG|PROB)(\d{2})?(?: TEMPO)?", word)
        if kind:
            awaited = kind[1], int(kind[2]) if kind[2] else None
        elif awaited and re.fullmatch(r"\d{4}/\d{4}", word):
            since, until = _span(word, issued)
            groups.append(_group(*awaited, since, until))
            bodies.append([])
            if awaited[0] == "BECMG":
                groups[-1] |= {"timeBec": int(until.timestamp()), "timeTo": int(ends.timestamp())}
            awaited = None
        elif from_time := re.fullmatch(r"FM(\d{2})(\d{2})(\d{2})", word):
            since = _moment(from_time[1], from_time[2], from_time[3], issued)
            for group in groups:
                if group["fcstChange"] in {None, "FM"} and group["timeTo"] > since.timestamp():
                    group["timeTo"] = int(since.timestamp())
            groups.append(_group("FM", None, since, ends))
            bodies.append([])
        else:
            bodies[-1].append(word)
    decoded_groups = [group | fields_of(body, metar=False) for group, body in zip(groups, bodies, strict=True)]
    return {
        "icaoId": next(word for word in words if word not in {"TAF", "AMD", "COR"}),
        "issueTime": f"{issued:%Y-%m-%dT%H:%M:%S}.000Z",
        "validTimeFrom": int(begins.timestamp()),
        "validTimeTo": int(ends.timestamp()),
        "rawTAF": text,
        "fcsts": decoded_groups,
    }


def _group(change: str | None, chance: int | None, since: datetime, until: datetime) -> dict[str, Any]:
    times = {"timeFrom": int(since.timestamp()), "timeTo": int(until.timestamp()), "timeBec": None}
    return {**times, "fcstChange": change, "probability": chance, "notDecoded": None}


def _span(word: str, issued: datetime) -> tuple[datetime, datetime]:
    since, until = word.split("/")
    return _moment(since[:2], since[2:], "00", issued), _moment(until[:2], until[2:], "00", issued)


def _moment(day: str, hour: str, minute: str, issued: datetime) -> datetime:
    midnight = issued.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight + timedelta(days=n) for n in range(-2, 4)]
    return next(date for date in days if date.day == int(day)) + timedelta(hours=int(hour), minutes=int(minute))
