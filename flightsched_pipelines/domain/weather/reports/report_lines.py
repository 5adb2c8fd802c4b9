"""Find the line of a report's text that a forecast group was read from, to show it as it was published."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

_GROUP = re.compile(r"\s+(?=FM\d{6}|BECMG|PROB\d{2}|(?<!PROB30 )(?<!PROB40 )TEMPO)")
_TEXTS = {"TAF": "rawTAF", "METAR": "rawOb"}


def raw_reports(bodies: Iterable[str], stations: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Return the raw text of TAFs and METARs by source and station, from responses of the Aviation Weather Center."""
    found: dict[tuple[str, str], str] = {}
    for body in bodies:
        for report in _reports(body):
            station = str(report.get("icaoId"))
            for source, name in _TEXTS.items():
                text = report.get(name)
                if station in stations and isinstance(text, str):
                    found.setdefault((source, station), " ".join(text.split()))
    return found


def _reports(body: str) -> list[Mapping[str, Any]]:
    try:
        value: object = json.loads(body)
    except ValueError:
        return []
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


def line_of_group(report: str, change: str, from_utc: datetime, to_utc: datetime) -> str:
    """Return the group of a TAF that begins as given, or the report itself where it has no such group."""
    lines = _GROUP.split(report)
    begins = f"FM{from_utc:%d%H%M}" if change == "FM" else f"{from_utc:%d%H}/{_hour(to_utc)}"
    for line in lines[1:]:
        if begins in line.split()[:3]:
            return line
    return lines[0]


def _hour(to_utc: datetime) -> str:
    return f"{to_utc:%d%H}"
