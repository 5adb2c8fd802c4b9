"""Read the heading of a METAR's or TAF's text: its station, its time, and whether it is cancelled (NIL, CNL)."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from flightsched_pipelines.domain.weather.reports.words.meanings import words_of

_ISSUED = re.compile(r"(\d{2})(\d{2})(\d{2})Z")
_LIKE_A_TIME = re.compile(r"[0-9OI]{5,8}[A-Z]?|[0-9OI]{4}Z")
_NO_REPORT = frozenset({"NIL", "CNL"})
REMARKS = frozenset({"RMK", "RMKS"})


def is_report_of(raw: str, station: str) -> bool:
    """Return whether a text is a report of this station."""
    return station in raw.split()[:4]


def after_heading(words: Sequence[str], station: str) -> list[str]:
    """Return the words after the ident and the time: an ident may look like weather (SASA)."""
    begins = words.index(station) + 1 if station in words else 0
    if begins < len(words) and _LIKE_A_TIME.fullmatch(words[begins]):
        begins += 1
    return list(words[begins:])


def issued_at(raw: str, near_utc: datetime) -> datetime | None:
    """Return the time in a report's heading (``092153Z``), in the nearest month; ``None`` without one."""
    matched = next((found for word in raw.split()[:5] if (found := _ISSUED.fullmatch(word))), None)
    return None if matched is None else moment(int(matched[1]), int(matched[2]), int(matched[3]), near_utc)


def without_remarks(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words of the report, and those of its remarks."""
    end = next((n for n, word in enumerate(words) if word in REMARKS), len(words))
    return list(words[:end]), list(words[end + 1 :])


def is_cancelled(raw: str) -> bool:
    """Return whether a text declares that there is no report (NIL), or no longer one (CNL); remarks are ignored."""
    words, _ = without_remarks(words_of(raw))
    return not _NO_REPORT.isdisjoint(words)


def moment(day: int, hour: int, minute: int, near_utc: datetime) -> datetime | None:
    """Return the moment on that day of the month, in the month that brings it nearest; hour 24 ends the day."""
    if not (1 <= day <= 31 and 0 <= hour <= 24 and 0 <= minute <= 59):
        return None
    midnight = near_utc.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight + timedelta(days=n) for n in range(-16, 17))
    same = [date for date in days if date.day == day]
    if not same:
        return None
    nearest = min(same, key=lambda date: abs(date - near_utc))
    return nearest + timedelta(hours=hour, minutes=minute)
