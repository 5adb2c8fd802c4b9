"""A school's day as a timeline: a row an aircraft and an instructor, in columns of a quarter of an hour."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor

from flightsched_pipelines.durations import HOUR
from flightsched_pipelines.formatting import format_clock, format_period
from flightsched_pipelines.messages.page_texts import board_letter, verdict_words
from flightsched_pipelines.services.dispatch_board.school_day import SchoolDay
from flightsched_pipelines.services.hourly.board import BoardLesson

QUARTER = timedelta(minutes=15)
QUARTERS_AN_HOUR = 4
MAX_QUARTERS = 25 * QUARTERS_AN_HOUR
"""A day has 25 hours when the clock is put back."""

FIRST_HOUR, LAST_HOUR = 6, 22
"""Hours of the day that are shown even if nothing is booked in them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A lesson in a row: from column ``begin`` to before column ``end``, its letter, and its words."""

    begin: int
    end: int
    kind: str
    letter: str
    verdict: str
    reference: str
    time: str
    who: str
    on_hold: bool
    uncertain: bool
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """The day of an aircraft or an instructor."""

    name: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows by kind of resource over ``quarters`` columns; ``hours`` are the columns of full hours with their labels."""

    quarters: int
    hours: Sequence[tuple[int, str]]
    groups: Sequence[tuple[str, Sequence[Row]]]
    counts: Mapping[str, int]


def timeline(day: SchoolDay, time_zone: str) -> Timeline:
    """Return the timeline of a day, on the clock of the school's airport."""
    hours = _hours(day)
    origin = day.from_utc + hours[0] * HOUR
    quarters = (hours[1] - hours[0]) * QUARTERS_AN_HOUR
    marks = [
        (1 + QUARTERS_AN_HOUR * number, format_clock(origin + number * HOUR, time_zone)[:2])
        for number in range(hours[1] - hours[0])
    ]
    rows = {
        "aircraft": _rows(day.aircraft, day.lessons, "aircraft", origin, quarters, time_zone),
        "instructor": _rows(day.instructors, day.lessons, "instructor", origin, quarters, time_zone),
    }
    counts: dict[str, int] = dict.fromkeys(("at_risk", "unknown", "watch", "ok", "none"), 0)
    for one in day.lessons:
        if one.status != "held" and one.form == "flight":
            counts[one.verdict or "none"] += 1
    return Timeline(quarters, marks, [("Aircraft", rows["aircraft"]), ("Instructors", rows["instructor"])], counts)


def _hours(day: SchoolDay) -> tuple[int, int]:
    """Return the first and the last hour shown, counted from midnight: those of work, and of every lesson."""
    whole = round((day.to_utc - day.from_utc) / HOUR)
    starts = [floor((one.starts_at_utc - day.from_utc) / HOUR) for one in day.lessons]
    ends = [ceil((one.ends_at_utc - day.from_utc) / HOUR) for one in day.lessons]
    return max(min([FIRST_HOUR, *starts]), 0), min(max([LAST_HOUR, *ends]), whole)


def _rows(
    names: Sequence[str], lessons: Sequence[BoardLesson], resource: str, origin: datetime, quarters: int, zone: str
) -> list[Row]:
    found: defaultdict[str, list[Block]] = defaultdict(list)
    for one in lessons:
        if (name := getattr(one, resource)) is not None:
            found[name].append(_block(one, resource, origin, quarters, zone))
    return [Row(name, found.get(name, [])) for name in sorted({*names, *found})]


def _block(one: BoardLesson, resource: str, origin: datetime, quarters: int, zone: str) -> Block:
    begin = max(floor((one.starts_at_utc - origin) / QUARTER), 0)
    end = min(ceil((one.ends_at_utc - origin) / QUARTER), quarters)
    held, verdict = one.status == "held", one.verdict if one.form == "flight" else None
    other = one.instructor if resource == "aircraft" else one.aircraft
    times = (format_clock(at, zone) for at in (one.starts_at_utc, one.ends_at_utc))
    # A lesson from a field in another zone has its own times, with the zone's name.
    time = "–".join(times) if one.time_zone == zone else format_period(
        one.starts_at_utc, one.ends_at_utc, one.time_zone
    )  # fmt: skip
    return Block(
        begin + 1,
        max(end, begin + 1) + 1,
        "held" if held else verdict or "none",
        board_letter(verdict, one.form, held=held),
        "Slot held until it is confirmed" if held else verdict_words(verdict, one.form),
        one.reference.removesuffix(" (held)"),
        time,
        ", ".join(filter(None, (one.student, other))),
        one.status == "weather_hold",
        one.uncertainty is not None,
        f"/board/cases/{one.case_id}" if one.case_id is not None else f"/board/lessons/{one.booking_id}",
    )
