"""Read one station's block of a text bulletin of the National Blend of Models into numbers, column by column.

A block is fixed in width: a label, then a field of three characters for each forecast hour. The layout is that of the
NBM v5.0 text card (https://vlab.noaa.gov/web/mdl/nbm-textcard-v5.0): NBH has every hour to 25 h, NBS every third to
72 h, all times are UTC, and -99 means missing. A row that does not fill its columns exactly may have shifted, and one
with a number as no bulletin has it (-0, 00, 07) was garbled, so none of it is read; a block whose hours contradict each
other is not read at all.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, cast

from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import plural

GuidanceSource = Literal["NBH", "NBS"]

GUIDANCE_SOURCES: tuple[GuidanceSource, ...] = ("NBH", "NBS")

STEP: Mapping[GuidanceSource, timedelta] = MappingProxyType({"NBH": HOUR, "NBS": 3 * HOUR})
"""Time from one column to the next."""

MISSING_CODE = -99

REACH: Mapping[GuidanceSource, timedelta] = MappingProxyType({"NBH": 25 * HOUR, "NBS": 72 * HOUR})
"""Time from the cycle up to which a bulletin has columns; a block that ends a step or more before it is cut short."""

MAX_COLUMNS = 30

EVERY_COLUMN = frozenset(
    {
        "TMP", "TSD", "DPT", "DSD", "WBG", "SKY", "SSD", "WDR", "WSP", "WSD", "GST", "GSD", "P01", "Q01", "T01", "T03",
        "PZR", "PSN", "PPL", "PRA", "S01", "SLV", "I01", "CIG", "MVC", "IFC", "LIC", "LCB", "VIS", "MVV", "IFV", "LIV",
        "MHT", "TWD", "TWS", "SOL", "SWH",
    }
)  # fmt: skip
"""Elements that have a value in every column."""

SOME_COLUMNS = frozenset({"TXN", "XND", "P06", "P12", "Q06", "Q12", "DUR", "T06", "T12", "S06", "I06", "HID"})
"""Elements of longer periods, which have a value in the column that ends each period."""

_LABEL_WIDTH, _FIELD_WIDTH = 4, 3
_NUMBER = r" {2}[0-9]| -[1-9]| [1-9][0-9]|-[1-9][0-9]|[1-9][0-9]{2}"
"""A field with a number, right-aligned, without leading zeros."""
_NUMBERS = re.compile(f"(?:{_NUMBER})*")
_NUMBERS_OR_BLANKS = re.compile(rf"(?:{_NUMBER}|\s{{3}})*")
_DIRECTIONS = re.compile(f"(?:{_NUMBER}| 0[0-9])*")
"""Directions may have a leading zero: that of a calm wind is 00."""
_TIMES = re.compile("(?: [0-9]{2})*")
_NAMED_COLUMNS = 3
"""A date of fewer columns may have no room for its name."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_HEADER = re.compile(
    r" ?(?P<station>[A-Z0-9]{3,8}) +NBM V\d+\.\d+ (?P<source>NBH|NBS) GUIDANCE +"
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}) +(?P<hour>\d{2})00 UTC *"
)
_DATE = re.compile(r"/([A-Z]{3})[A-Z]? *(\d{1,2})")


class BulletinError(ValueError):
    """A block that cannot be read; the message says which, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The first line of a block: station, bulletin, and the cycle's time, from which its hours count."""

    station: str
    source: GuidanceSource
    cycle_utc: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """One station's forecast: a value for each element and hour, ``None`` where it is missing or has none.

    ``shifted`` are rows that do not fill their columns, with their text; ``unknown`` are labels of no known element.
    """

    heading: Heading
    hours_utc: Sequence[datetime]
    rows: Mapping[str, Sequence[int | None]]
    shifted: Mapping[str, str]
    unknown: Sequence[str]


def heading_of(line: str) -> Heading | None:
    """Return the heading in a line; ``None`` if it is not one, or names a time that does not exist."""
    matched = _HEADER.fullmatch(line.rstrip())
    if matched is None:
        return None
    month, day, year, hour = (int(matched[name]) for name in ("month", "day", "year", "hour"))
    try:
        cycle = datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None
    return Heading(matched["station"], cast(GuidanceSource, matched["source"]), cycle)


def blocks_of(text: str) -> Iterator[list[str]]:
    """Yield the lines of each block; lines before the first heading are a block without one."""
    block: list[str] = []
    for line in text.splitlines():
        if heading_of(line) is not None and block:
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def read_block(lines: Sequence[str], cycle_utc: datetime | None = None) -> Block:
    """Read the lines of one block.

    Args:
        lines: the heading, and the rows.
        cycle_utc: the cycle that was requested; ``None`` if that is not known.

    Raises:
        BulletinError: it has no heading or that of another cycle, its hours are missing or contradict each other, or it
            has a row twice, or more columns than hours.
    """
    heading = heading_of(lines[0])
    if heading is None:
        raise BulletinError(f"guidance without a legible heading, where one was expected: {lines[0].strip()[:60]!r}")
    if cycle_utc is not None and heading.cycle_utc != cycle_utc:
        raise BulletinError(
            f"{heading.source} of {heading.station}: it is of the cycle {heading.cycle_utc:%Y-%m-%d %H}Z, "
            f"but {cycle_utc:%Y-%m-%d %H}Z was requested"
        )
    texts = _rows(heading, lines[1:])
    hours = _hours(heading, texts)
    longer = [label for label in texts.keys() & EVERY_COLUMN if _columns(texts[label]) > len(hours)]
    if len(longer) > 1:
        raise BulletinError(
            f"{heading.source} of {heading.station}: "
            f"it has {plural(len(hours), 'hour')}, and more columns in {min(longer)}"
        )
    rows: dict[str, Sequence[int | None]] = {}
    shifted: dict[str, str] = {}
    for label in sorted(texts.keys() & (EVERY_COLUMN | SOME_COLUMNS)):
        values = _values(texts[label], len(hours), _form_of(label))
        if values is None:
            shifted[label] = texts[label].strip()
        else:
            rows[label] = values
    unknown = sorted(texts.keys() - EVERY_COLUMN - SOME_COLUMNS - {"UTC", "FHR", "DT"})
    return Block(heading, hours, rows, shifted, unknown)


def _rows(heading: Heading, lines: Sequence[str]) -> dict[str, str]:
    """The rows by label, each without it."""
    rows: dict[str, str] = {}
    for line in lines:
        label = line[:_LABEL_WIDTH].strip()
        if label in rows:
            raise BulletinError(f"{heading.source} of {heading.station}: row {label} comes twice, so two are mixed up")
        rows[label] = line[_LABEL_WIDTH:]
    return rows


def _hours(heading: Heading, rows: Mapping[str, str]) -> list[datetime]:
    """The time of each column, on which all rows of times must agree."""
    name = f"{heading.source} of {heading.station}"
    clock = _times(rows.get("UTC", ""))
    if not clock:
        raise BulletinError(f"{name}: its row of hours (UTC) is missing or cannot be read")
    step = STEP[heading.source] // HOUR
    if heading.source == "NBS":
        leads = _times(rows.get("FHR", ""))
        if not leads:
            raise BulletinError(f"{name}: its row of forecast hours (FHR) is missing or cannot be read")
    else:
        leads = [number + 1 for number in range(len(clock))]
    hours = [heading.cycle_utc + lead * HOUR for lead in leads]
    steps_agree = leads == list(range(leads[0], leads[0] + step * len(leads), step))
    if not steps_agree or [hour.hour for hour in hours] != clock:
        raise BulletinError(f"{name}: its hours do not follow from its cycle, {heading.cycle_utc:%Y-%m-%d %H}Z")
    if leads[-1] * HOUR + STEP[heading.source] <= REACH[heading.source]:
        raise BulletinError(
            f"{name}: it is cut short, ending {leads[-1]} h after its cycle and not {REACH[heading.source] // HOUR}"
        )
    dates = {(month, int(day)) for month, day in _DATE.findall(rows.get("DT", ""))}
    columns_of = Counter((_MONTHS[hour.month - 1], hour.day) for hour in hours)
    named = {date for date, columns in columns_of.items() if columns >= _NAMED_COLUMNS}
    if heading.source == "NBS" and not named <= dates <= columns_of.keys():
        raise BulletinError(f"{name}: its dates (DT) do not follow from its cycle, {heading.cycle_utc:%Y-%m-%d %H}Z")
    return hours


def _times(row: str) -> list[int]:
    """The hours in a row that has one in every column; none if it has not, or has too many."""
    count = len(row.rstrip()) // _FIELD_WIDTH
    values = _values(row, count, _TIMES) if 0 < count <= MAX_COLUMNS else None
    return [value for value in values or () if value is not None]


def _columns(row: str) -> int:
    return -(-(len(row.rstrip()) - 1) // _FIELD_WIDTH)


def _form_of(label: str) -> re.Pattern[str]:
    """The form of an element's row."""
    if label in SOME_COLUMNS:
        return _NUMBERS_OR_BLANKS
    return _DIRECTIONS if label == "WDR" else _NUMBERS


def _values(row: str, columns: int, form: re.Pattern[str]) -> list[int | None] | None:
    """The numbers of a row in its columns, ``None`` for blank and missing ones; ``None`` if it has not this form."""
    length, has_blanks = columns * _FIELD_WIDTH, form is _NUMBERS_OR_BLANKS
    text = row[1:].rstrip()
    if row[:1].strip() or len(text) > length or (not has_blanks and len(text) < length):
        return None
    text = text.ljust(length)
    if not form.fullmatch(text):
        return None
    fields = [text[start : start + _FIELD_WIDTH] for start in range(0, length, _FIELD_WIDTH)]
    values = [int(field) if field.strip() else None for field in fields] if has_blanks else [*map(int, fields)]
    return [None if value == MISSING_CODE else value for value in values]
