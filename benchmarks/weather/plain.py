"""The plain way: a bulletin as one text, fields as the service decoded them, and the first source that has the hour."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from flightsched_pipelines.domain.weather.guidance.reading import bulletin_request
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.durations import HOUR

Governing = dict[tuple[str, int], str]
"""The source of each airport and hour."""


def fetch(url: str, stations: Sequence[str], hour_utc: datetime) -> dict[str, str]:
    """Download both bulletins whole, and cut out the stations' blocks."""
    blocks: dict[str, str] = {}
    wanted = set(stations)
    for source in ("NBH", "NBS"):
        text = httpx.get(f"{url}/{bulletin_request(source, hour_utc - HOUR)}", timeout=600).text
        for block in text.split("\n\n"):
            ident = block.split(maxsplit=1)[0] if block.strip() else ""
            if ident in wanted:
                blocks[f"{source} {ident}"] = block
    return blocks


def blend(answers: Sequence[ProviderResponse], idents: Sequence[str], hour_utc: datetime) -> Governing:
    """Read every body without looking twice, and take for each hour the first of TAF, NBH, NBS and One Call."""
    hours: dict[str, dict[str, dict[int, Any]]] = {name: {} for name in ("TAF", "NBH", "NBS", "OpenWeatherMap")}
    for answer in answers:
        body = answer.body or ""
        if answer.product == "taf":
            for report in json.loads(body):
                of_station = hours["TAF"].setdefault(report["icaoId"], {})
                for group in report["fcsts"]:
                    of_station |= dict.fromkeys(range(group["timeFrom"], group["timeTo"], 3600), group)
        elif answer.product == "one_call":
            hours["OpenWeatherMap"][answer.stations[0]] = {hour["dt"]: hour for hour in json.loads(body)["hourly"]}
        elif answer.product in {"nbh", "nbs"}:
            source = answer.product.upper()
            for block in body.split("\n\n"):
                if block.strip():
                    ident, values = _columns(block, source)
                    hours[source][ident] = values
    since = int(hour_utc.timestamp())
    return {
        (ident, hour): next((name for name, found in hours.items() if hour in found.get(ident, ())), "none")
        for ident in idents
        for hour in range(since, since + 72 * 3600, 3600)
    }


def _columns(block: str, source: str) -> tuple[str, dict[int, dict[str, str]]]:
    heading, *lines = block.splitlines()
    words = heading.split()
    cycle = datetime.strptime(f"{words[-3]} {words[-2]} +0000", "%m/%d/%Y %H%M %z")
    rows = {line[:4].strip(): [line[at : at + 3] for at in range(5, len(line), 3)] for line in lines}
    step, first = (1, 1) if source == "NBH" else (3, int(rows["FHR"][0]))
    values: dict[int, dict[str, str]] = {}
    for column in range(len(rows["UTC"])):
        found = {label: row[column] for label, row in rows.items() if column < len(row)}
        at = int((cycle + (first + step * column) * HOUR).timestamp())
        values |= dict.fromkeys(range(at, at + 3600 * step, 3600), found)
    return words[0], values
