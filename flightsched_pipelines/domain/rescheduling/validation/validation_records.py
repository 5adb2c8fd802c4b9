"""Stored rows for validation: plain records, looked up by name. Used by ``validation`` alone."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Any, TypeVar

import pandas as pd

from flightsched_pipelines.domain.rescheduling.rules import RELEASED_STATUSES
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN

_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Span:
    """A time from ``start`` to just before ``end``, both aware."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return the length."""
        return self.end - self.start

    def meets(self, other: "Span", gap: timedelta) -> bool:
        """Return whether less than a gap is between two times; spans that touch have no gap."""
        return self.start < other.end + gap and other.start < self.end + gap

    def shares(self, other: "Span") -> timedelta:
        """Return the length of the overlap."""
        return max(min(self.end, other.end) - max(self.start, other.start), _NOTHING)


@dataclass(frozen=True, slots=True)
class Booking:
    """A stored booking."""

    booking_id: int
    reference: str
    school_id: int | None
    student_id: int | None
    instructor_id: int | None
    aircraft_id: int | None
    aircraft_type: str | None
    aircraft_crosswind_kt: float | None
    training_level: str
    solo: bool
    lesson_kind: str
    way: tuple[str, ...]
    """The airports in the order of the flight, the last of them its destination: one may come twice."""
    airports: tuple[str, ...]
    """The same, each once."""
    span: Span
    released: bool
    notice_hours: float
    form: str = "flight"
    slot_kept_as: str = "none"
    highest_ft: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal that could be read."""

    booking_id: int
    rank: int
    span: Span
    instructor_id: int | None
    aircraft_id: int | None
    verdict: str
    same_instructor: bool
    same_aircraft: bool
    minutes_moved: int

    @property
    def flies(self) -> bool:
        """Return whether it is a flight, by its own word: what does not fly keeps the lesson's slot."""
        return self.verdict != NOT_FLOWN


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A proposal that could not be read, with the reason."""

    booking_id: int | None
    rank: int | None
    problem: str


Row = Mapping[Any, Any]
"""One row of a table or frame, by the names of its columns."""

BOOKING_FACTS = (
    "booking_id", "reference", "school_id", "student_id", "instructor_id", "aircraft_id", "aircraft_type",
    "aircraft_crosswind_kt", "training_level", "solo", "lesson_kind", "departure", "route", "starts_at_utc",
    "ends_at_utc", "status", "notice_hours", "form", "slot_kept_as", "highest_ft",
)  # fmt: skip
"""The columns of a booking that validation uses."""

_Held = TypeVar("_Held", Booking, Proposal)


class _UnreadableError(ValueError):
    """A value of a proposal that its column cannot have."""


def read_proposal(row: Row) -> Proposal | Unreadable:
    """Return a proposal's row as a record, or its first fault."""
    try:
        return Proposal(
            booking_id=_whole(row, "booking_id"),
            rank=_whole(row, "rank"),
            span=_span(row),
            instructor_id=None if is_null(row.get("instructor_id")) else _whole(row, "instructor_id"),
            aircraft_id=_aircraft(row),
            verdict=str(row.get("verdict")),
            same_instructor=_flag(row, "same_instructor"),
            same_aircraft=_flag(row, "same_aircraft"),
            minutes_moved=_whole(row, "minutes_moved"),
        )
    except _UnreadableError as problem:
        return Unreadable(_whole_or_none(row, "booking_id"), _whole_or_none(row, "rank"), str(problem))


class Records:
    """Bookings, availability and the proposals themselves, looked up by resource.

    ``concerned`` lists the resources whose availability is needed: add it with `learn`.
    """

    def __init__(self, bookings: Iterable[Row], proposals: Sequence[Proposal]) -> None:
        self.bookings = {booking.booking_id: booking for booking in map(_booking, bookings)}
        self._lessons = _by_resource((booking, booking) for booking in self.bookings.values() if not booking.released)
        self._proposed = _by_resource(
            (proposal, self.bookings[proposal.booking_id])
            for proposal in proposals
            if proposal.booking_id in self.bookings
        )
        self._proposals: dict[int, list[Proposal]] = defaultdict(list)
        for proposal in proposals:
            self._proposals[proposal.booking_id].append(proposal)
        self._periods: dict[tuple[str, int, int], list[Span]] = {}
        self._aircraft_types: dict[tuple[int, int], str] = {}
        self._levels: dict[tuple[int, int], frozenset[str]] = {}
        simulators = {("simulator", one.aircraft_id) for one in proposals if not one.flies and one.aircraft_id}
        self.concerned = {
            *self._proposed,
            *simulators,
            *(("school", booking.school_id) for booking in self.bookings.values()),
        }

    def learn(self, availability: Iterable[Row]) -> None:
        """Add the availability of resources, all of it at once."""
        for row in availability:
            self._read_availability(row)
        self._periods = {key: _joined(spans) for key, spans in self._periods.items()}

    def may_use(self, kind: str, school_id: int | None, resource_id: int | None, span: Span) -> bool:
        """Return whether one period of use contains the whole time; a resource not on record may not be used."""
        if school_id is None or resource_id is None:
            return False
        periods = self._periods.get((kind, school_id, resource_id), ())
        return any(period.start <= span.start and span.end <= period.end for period in periods)

    def lessons_of(self, kind: str, resource_id: int | None) -> Sequence[Booking]:
        """Return the bookings of a student, instructor, aircraft or simulator."""
        return self._lessons.get((_shared(kind), resource_id), ())

    def proposed_to(self, kind: str, resource_id: int | None) -> Sequence[Proposal]:
        """Return the proposals that would use a student, instructor, aircraft or simulator."""
        return self._proposed.get((_shared(kind), resource_id), ())

    def proposals_for(self, booking_id: int) -> Sequence[Proposal]:
        """Return the proposals of one booking."""
        return self._proposals[booking_id]

    def levels_taught(self, school_id: int | None, instructor_id: int) -> frozenset[str]:
        """Return the training levels that an instructor may teach at a school; none if not on record there."""
        return frozenset() if school_id is None else self._levels.get((school_id, instructor_id), frozenset())

    def aircraft_type(self, school_id: int | None, aircraft_id: int) -> str | None:
        """Return the type of a school's aircraft, if on record."""
        return None if school_id is None else self._aircraft_types.get((school_id, aircraft_id))

    def places_taught(self, instructor_id: int) -> dict[int, list[Span]]:
        """Return each dual lesson that an instructor gives or is proposed to give, with all its times."""
        places: dict[int, list[Span]] = defaultdict(list)
        for lesson in (*self.lessons_of("instructor", instructor_id), *self.proposed_to("instructor", instructor_id)):
            if not self.bookings[lesson.booking_id].solo:
                places[lesson.booking_id].append(lesson.span)
        return places

    def _read_availability(self, row: Row) -> None:
        if any(is_null(row[name]) for name in ("school_id", "resource_id", "starts_at_utc", "ends_at_utc")):
            return
        school, resource = int(row["school_id"]), int(row["resource_id"])
        self._periods.setdefault((row["resource"], school, resource), []).append(_span(row))
        if row["resource"] == "aircraft" and not is_null(row["aircraft_type"]):
            self._aircraft_types[school, resource] = str(row["aircraft_type"])
        if row["resource"] == "instructor" and not is_null(row["may_teach"]):
            self._levels[school, resource] = frozenset(row["may_teach"])


def is_null(value: object) -> bool:
    """Return whether a cell of a frame is empty."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def number_or_none(value: object) -> float | None:
    """Return a cell as a number, if it is one."""
    if type(value) is float:  # as most are stored
        return None if math.isnan(value) else value
    return float(value) if isinstance(value, Real) and not is_null(value) else None


def _booking(row: Row) -> Booking:
    way = str(row["departure"]), *row["route"]
    return Booking(
        booking_id=_whole(row, "booking_id"),
        reference=str(row["reference"]),
        school_id=_whole_or_none(row, "school_id"),
        student_id=_whole_or_none(row, "student_id"),
        instructor_id=_whole_or_none(row, "instructor_id"),
        aircraft_id=_whole_or_none(row, "aircraft_id"),
        aircraft_type=None if is_null(row["aircraft_type"]) else str(row["aircraft_type"]),
        aircraft_crosswind_kt=number_or_none(row["aircraft_crosswind_kt"]),
        training_level=str(row["training_level"]),
        solo=_flag(row, "solo"),
        lesson_kind=str(row["lesson_kind"]),
        way=way,
        airports=tuple(dict.fromkeys(way)),
        span=_span(row),
        released=row["status"] in RELEASED_STATUSES,
        notice_hours=number_or_none(row.get("notice_hours")) or 0.0,
        form="flight" if is_null(row.get("form")) else str(row["form"]),
        slot_kept_as="none" if is_null(row.get("slot_kept_as")) else str(row["slot_kept_as"]),
        highest_ft=number_or_none(row.get("highest_ft")),
    )


def _by_resource(lessons: Iterable[tuple[_Held, Booking]]) -> dict[tuple[str, int | None], list[_Held]]:
    index: dict[tuple[str, int | None], list[_Held]] = defaultdict(list)
    for lesson, booking in lessons:
        index["student", booking.student_id].append(lesson)
        index["instructor", lesson.instructor_id].append(lesson)
        index["aircraft", lesson.aircraft_id].append(lesson)
    return {key: found for key, found in index.items() if key[1] is not None}


def _shared(kind: str) -> str:
    """Return the kind under which bookings have a resource: a simulator is in the place of their aircraft."""
    return "aircraft" if kind == "simulator" else kind


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Periods in order, those that touch or overlap made one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _whole(row: Row, name: str) -> int:
    value = row.get(name)
    if type(value) is int:  # as they are stored
        return value
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value).is_integer():
        raise _UnreadableError(f"{name} is {value!r}, not a whole number")
    return int(float(value))


def _whole_or_none(row: Row, name: str) -> int | None:
    try:
        return _whole(row, name)
    except _UnreadableError:
        return None


def _aircraft(row: Row) -> int | None:
    """Return the aircraft or simulator; only what does not fly can do without."""
    without = row.get("verdict") == NOT_FLOWN and is_null(row.get("aircraft_id"))
    return None if without else _whole(row, "aircraft_id")


def _flag(row: Row, name: str) -> bool:
    value = row.get(name)
    if value is not True and value is not False:
        raise _UnreadableError(f"{name} is {value!r}, not true or false")
    return value


def _span(row: Row) -> Span:
    start, end = _moment(row, "starts_at_utc"), _moment(row, "ends_at_utc")
    if end <= start:
        raise _UnreadableError(f"it ends at {end}, not after its start")
    return Span(start, end)


def _moment(row: Row, name: str) -> datetime:
    value = row.get(name)
    if type(value) is datetime and value.tzinfo is UTC:  # as they are stored
        return value
    if is_null(value) or not isinstance(value, datetime) or value.tzinfo is None:
        raise _UnreadableError(f"{name} is {value!r}, not a time with a zone")
    return (value.to_pydatetime() if isinstance(value, pd.Timestamp) else value).astimezone(UTC)
