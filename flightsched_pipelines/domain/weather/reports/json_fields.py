"""Read single fields of providers' JSON with suspicion: absent, legible, or neither.

``None`` is *absent*; ``ILLEGIBLE`` (NaN) is a value that is present and means nothing.
"""

import math
import re
from datetime import UTC, datetime
from typing import cast

ILLEGIBLE = math.nan

BEGINNING, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Before and after every report: a time that is not known lies between them."""

_BEGINNING_SECONDS, _END_SECONDS = BEGINNING.timestamp(), END.timestamp()


class FieldError(ValueError):
    """A field without which a report means nothing; the message names report and field."""


def is_illegible(value: float | None) -> bool:
    """Return whether a field was present and could not be read."""
    return value is not None and math.isnan(value)


def number(value: object, least: float, most: float) -> float | None:
    """Return a number within its physical range; ``None`` when absent (null or empty), otherwise ``ILLEGIBLE``."""
    if type(value) is float or type(value) is int:  # nearly always
        return float(value) if least <= value <= most else ILLEGIBLE
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return ILLEGIBLE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ILLEGIBLE
    return float(value) if least <= value <= most else ILLEGIBLE


def at_least_number(value: object, least: float, most: float) -> tuple[float | None, bool]:
    """Return a number that may end in "+" ("6+", "10+"), and whether it did."""
    if isinstance(value, str) and (matched := re.fullmatch(r"(\d+(?:\.\d+)?)\+", value.strip())):
        return number(matched[1], least, most), True
    return number(value, least, most), False


def epoch(value: object) -> datetime | None:
    """Return a time given in epoch seconds, aware, in UTC; ``None`` when absent or not between 2000 and 2100."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not _BEGINNING_SECONDS <= value <= _END_SECONDS:
        return None
    return datetime.fromtimestamp(value, UTC)


def iso_time(value: object) -> datetime | None:
    """Return a time given in ISO 8601 with its offset, in UTC; ``None`` when absent or illegible."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    if time.tzinfo is None or not BEGINNING.year < time.year < END.year:
        return None
    return time.astimezone(UTC)


def text(value: object) -> str | None:
    """Return a string without surrounding space; ``None`` when absent, empty or not a string."""
    return (value.strip() or None) if isinstance(value, str) else None


def objects(value: object) -> list[dict[str, object]] | None:
    """Return a list of objects; ``None`` when absent, or when any item is something else."""
    if not isinstance(value, list):
        return None
    items = cast(list[object], value)
    if not all(isinstance(item, dict) for item in items):
        return None
    return cast(list[dict[str, object]], items)


def station_of(report: dict[str, object] | object) -> str:
    """Return the ICAO ident of a report.

    Raises:
        FieldError: it has none.
    """
    ident = text(cast(dict[str, object], report).get("icaoId"))
    if ident is None or re.fullmatch(r"[A-Za-z0-9]{3,4}", ident) is None:
        raise FieldError("icaoId is missing or not an ident, so its airport is unknown")
    return ident.upper()
