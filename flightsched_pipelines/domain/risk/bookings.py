"""Bookings as a frame, the names of training levels, lesson kinds and verdicts, and bookings read from a file."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pandas as pd

from flightsched_pipelines.domain.risk.rules import LESSON_KINDS, MAX_LESSON, TRAINING_LEVELS
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.time_zones import instant_in, zone_of

VERDICTS = ("ok", "watch", "unknown", "at_risk")
"""From best to worst. ``unknown`` is never shown as fine; ``at_risk`` is known to be below the minimums."""

VERDICT_COLUMNS: Mapping[str, str] = MappingProxyType({"booking_id": "int64", "verdict": "str", "uncertainty": "str"})
"""One row for each assessed booking, whatever its verdict.

``uncertainty`` is a sentence where guidance would give another verdict than the TAF that governs; null elsewhere.
"""

BOOKING_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "booking_id": "int64",
        "reference": "str",
        "school_id": "Int64",
        "student_id": "Int64",
        "instructor_id": "Int64",
        "aircraft_id": "Int64",
        "aircraft_type": "str",
        "training_level": "str",
        "solo": "bool",
        "lesson_kind": "str",
        "departure": "str",
        "route": "object",
        "starts_at_utc": "datetime64[us, UTC]",
        "ends_at_utc": "datetime64[us, UTC]",
        "status": "str",
        "aircraft_crosswind_kt": "float64",
        "time_zone": "str",
    }
)
"""Columns of a bookings frame, one row a booking.

``route`` is a list of idents after ``departure``, the last of them the destination; empty for a lesson that stays.
``aircraft_crosswind_kt`` is the demonstrated crosswind, NaN where unknown. ``time_zone`` is the departure's.
"""

FORM_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"form": "object", "slot_kept_as": "object", "highest_ft": "float64"}
)
"""Columns that a frame of bookings may have beside them: one of ``LESSON_FORMS`` and of ``SLOT_KEPT_AS``, or null.

``highest_ft`` is the altitude above ground that the school sets for the kind of lesson, NaN for none.
"""

CSV_COLUMNS = ("reference", "starts_at", "ends_at", "training_level", "solo", "lesson_kind", "departure", "route")


class BookingsError(PlainError, ValueError):
    """A file of bookings that cannot be read at all; the message contains the reason and the remedy."""


def with_forms(bookings: pd.DataFrame) -> pd.DataFrame:
    """Return bookings with both ``FORM_COLUMNS``: what says nothing of its form is a flight, and keeps no slot."""
    absent = {name: pd.Series(None, index=bookings.index, dtype=kind) for name, kind in FORM_COLUMNS.items()}
    whole = bookings.assign(**{name: column for name, column in absent.items() if name not in bookings.columns})
    return whole.assign(
        form=whole["form"].astype("object").fillna("flight"),
        slot_kept_as=whole["slot_kept_as"].astype("object").fillna("none"),
    )


def that_fly(bookings: pd.DataFrame) -> pd.DataFrame:
    """Return the bookings that are compared with a forecast: ground and simulator lessons never are."""
    return bookings[(with_forms(bookings)["form"] == "flight").to_numpy(dtype=bool)]


def severity(verdict: object) -> int:
    """Return how bad a verdict is, from 0 for ``ok``."""
    return VERDICTS.index(str(verdict))


def read_bookings_csv(text: str, zones: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Read bookings from CSV; every bad row is one sentence, and affects no other row.

    Args:
        text: the file, with a header line that names CSV_COLUMNS (``route`` may be left out).
        zones: every known airport's IANA zone. A booking at any other airport is kept, and named in a sentence: it has
            no forecast, so its verdict will be ``unknown``.

    Returns:
        BOOKING_COLUMNS, ``booking_id`` being the line number, and the sentences.

    Raises:
        BookingsError: the file is empty or lacks a column.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=None))
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise BookingsError(f"the file of bookings is not CSV ({error}); give a CSV with a header line") from error
    if not header:
        raise BookingsError(f"the file of bookings is empty; give a CSV with the columns {', '.join(CSV_COLUMNS)}")
    absent = [name for name in CSV_COLUMNS if name not in header and name != "route"]
    if absent:
        raise BookingsError(f"the file of bookings has no column {', '.join(absent)}; its header is {','.join(header)}")
    reader.fieldnames = header
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    seen: set[str] = set()
    try:
        for line in reader:
            fields = {name: (line.get(name) or "").strip() for name in CSV_COLUMNS}
            if not any(fields.values()):
                continue
            faults = list(_faults(fields, seen, zones))
            seen.add(fields["reference"])
            if not faults:
                rows.append(_row(fields, reader.line_num, zones))
                faults = list(_strangers(fields, zones))
            if faults:
                problems.append(f"line {reader.line_num}: {', and '.join(faults)}")
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: not CSV ({error}); what follows was not read")
    return pd.DataFrame(rows, columns=list(BOOKING_COLUMNS)).astype(dict(BOOKING_COLUMNS)), problems


def _faults(fields: Mapping[str, str], seen: set[str], zones: Mapping[str, str]) -> Iterator[str]:
    if not fields["reference"]:
        yield "reference is empty; give each booking a name of its own"
    elif fields["reference"] in seen:
        yield f"reference '{fields['reference']}' is on an earlier line too; give each booking its own"
    yield from _time_faults(fields, zones)
    if fields["training_level"] not in TRAINING_LEVELS:
        yield f"training_level is '{fields['training_level']}'; give one of {', '.join(TRAINING_LEVELS)}"
    if fields["solo"].lower() not in {"true", "false"}:
        yield f"solo is '{fields['solo']}'; give true or false"
    if fields["lesson_kind"] not in LESSON_KINDS:
        yield f"lesson_kind is '{fields['lesson_kind']}'; give one of {', '.join(LESSON_KINDS)}"
    if not fields["departure"]:
        yield "departure is empty; give an ICAO ident"


def _time_faults(fields: Mapping[str, str], zones: Mapping[str, str]) -> Iterator[str]:
    times: dict[str, datetime] = {}
    for name in ("starts_at", "ends_at"):
        try:
            times[name] = _time(fields, name, zones)
        except ValueError as error:
            yield f"{name} is '{fields[name]}'; {error}"
    starts, ends = times.get("starts_at"), times.get("ends_at")
    if starts and ends and not timedelta(0) < ends - starts <= MAX_LESSON:
        yield f"ends_at is {fields['ends_at']}; it must be after starts_at, and within 24 hours of it"


def _strangers(fields: Mapping[str, str], zones: Mapping[str, str]) -> Iterator[str]:
    strangers = [f"'{ident}'" for ident in dict.fromkeys(_idents(fields)) if ident not in zones]
    if strangers:
        are = "is not a known airport" if len(strangers) == 1 else "are not known airports"
        yield f"{', '.join(strangers)} {are}, so {fields['reference']} is unknown; give ICAO idents"


def _time(fields: Mapping[str, str], name: str, zones: Mapping[str, str]) -> datetime:
    """Return a time in UTC; without an offset it is on the clock of the departure's airport.

    Raises:
        ValueError: it says no instant; the message says what to give.
    """
    remedy = "give a time such as 2026-07-09T15:00, on the airport's clock, or 2026-07-09T15:00:00-05:00"
    try:
        time = datetime.fromisoformat(fields[name])
    except ValueError:
        raise ValueError(remedy) from None
    if not 1970 < time.year < 2200:
        raise ValueError(remedy)
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    zone = zones.get(fields["departure"].upper())
    if zone is None:
        raise ValueError(f"the time zone of '{fields['departure']}' is not known; give the time with its offset")
    return instant_in(time, zone_of(zone))


def _idents(fields: Mapping[str, str]) -> list[str]:
    return [fields["departure"].upper(), *fields["route"].upper().split()]


def _row(fields: Mapping[str, str], line: int, zones: Mapping[str, str]) -> dict[str, object]:
    departure, *route = _idents(fields)
    return {
        "booking_id": line,
        "reference": fields["reference"],
        "training_level": fields["training_level"],
        "solo": fields["solo"].lower() == "true",
        "lesson_kind": fields["lesson_kind"],
        "departure": departure,
        "route": route,
        "starts_at_utc": _time(fields, "starts_at", zones),
        "ends_at_utc": _time(fields, "ends_at", zones),
        "status": "scheduled",
        "time_zone": zones.get(departure, "UTC"),
    }
