"""Find the lessons, and the slots of alternatives, that do not meet what their school requires."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.notifications import contacts
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.queries.schedule import credentials as rows
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.rescheduling.requirements import REQUIREMENTS, Credentials
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import (
    CredentialRecords,
    Shortcoming,
)
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Booking, Records, Row, Span
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.errors import PlainError


class UnknownSchoolError(PlainError, ValueError):
    """A school that is not stored."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """A lesson ahead that does not meet a requirement: ``who`` is a person's name or an aircraft. Personal."""

    school: str
    booking_id: int
    reference: str
    starts_at_utc: datetime
    time_zone: str
    resource: str
    who: str
    requirement: str
    what: str
    effect: str


def lapses(engine: Engine, now_utc: datetime, days: int, school: str | None = None) -> list[Lapse]:
    """Return what the lessons of the next days lack, soonest first; of one school, by its name, if it is given.

    Raises:
        UnknownSchoolError: there is no such school.
    """
    with engine.connect() as connection:
        schools = contacts.schools(connection)
        wanted = {key for key, one in schools.items() if school is None or one.name.lower() == school.lower()}
        if not wanted:
            named = ", ".join(one.name for one in schools.values()) or "none"
            raise UnknownSchoolError(f"there is no school named '{school}'; the schools are: {named}")
        to_utc = now_utc + days * DAY
        required = rows.credentials(connection, now_utc, to_utc + DAY, school_ids=wanted)
        if not required.requirements:
            return []
        lessons = schedule.lessons_of_schools(connection, _concerned(required) & wanted, now_utc, to_utc + DAY)
        people = contacts.students(connection), contacts.instructors(connection)
        aircraft = contacts.aircraft_names(connection, wanted)
    ahead = [row for row in lessons if now_utc <= row["starts_at_utc"] < to_utc and row["status"] != "held"]
    found: list[Lapse] = []
    for row, one in shortcomings(ahead, lessons, required):
        found.append(
            Lapse(
                schools[row["school_id"]].name, row["booking_id"], row["reference"], row["starts_at_utc"],
                row["time_zone"], one.resource, _name(one, *people, aircraft), one.requirement, _what(one),
                "block" if one.blocks else "warn",
            )
        )  # fmt: skip
    return found


def shortcomings(
    lessons: Sequence[Row], bookings: Sequence[Row], required: Credentials
) -> Iterator[tuple[Row, Shortcoming]]:
    """Yield what each of some lessons lacks where it is booked; ``bookings`` are all that their aircraft have."""
    records, credentials = Records(bookings, []), CredentialRecords(required)
    for row in lessons:
        booking = records.bookings[row["booking_id"]]
        for one in credentials.shortcomings(
            booking, booking.span, booking.instructor_id, booking.aircraft_id, _flown(records, booking.aircraft_id)
        ):
            if booking.form == "flight" or one.resource != "aircraft":
                yield row, one


def slot_warnings(
    connection: Connection, moves: Collection[Move], now_utc: datetime
) -> Mapping[tuple[int, Slot], Sequence[str]]:
    """Return what slots for lessons do not meet, in sentences; a slot that meets everything is left out.

    Of an instructor only that a document is missing: which one is nobody else's matter.
    """
    if not moves or not (concerned := {one.school_id for one in rows.requirements(connection)}):
        return {}
    ends = max(move.slot.ends_at_utc for move in moves)
    required = rows.credentials(connection, now_utc, ends + DAY, school_ids=concerned)
    ids = {move.booking_id for move in moves}
    records = Records(schedule.lessons_of_schools(connection, concerned, now_utc, ends + DAY, ids), [])
    credentials = CredentialRecords(required)
    found: dict[tuple[int, Slot], Sequence[str]] = {}
    for move in moves:
        booking, slot = records.bookings.get(move.booking_id), move.slot
        if booking is None:
            continue
        span = Span(slot.starts_at_utc, slot.ends_at_utc)
        keeps = span.start == booking.span.start
        short = [
            one
            for one in credentials.shortcomings(
                booking, span, slot.instructor_id, slot.aircraft_id, _flown(records, slot.aircraft_id)
            )
            if not keeps or one.resource != "aircraft"
        ]
        if sentences := list(dict.fromkeys(map(_sentence, short))):
            found[move.booking_id, slot] = sentences
    return found


def _concerned(required: Credentials) -> set[int]:
    return {one.school_id for one in required.requirements}


def _flown(records: Records, aircraft_id: int | None) -> Sequence[Booking]:
    return records.lessons_of("aircraft", aircraft_id)


def _name(
    one: Shortcoming, students: Mapping[int, contacts.Person], instructors: Mapping[int, contacts.Person],
    aircraft: Mapping[int, str],
) -> str:  # fmt: skip
    if one.resource_id is None:
        return "nobody"
    if one.resource == "aircraft":
        return aircraft.get(one.resource_id, "unknown")
    people = students if one.resource == "student" else instructors
    return people[one.resource_id].name if one.resource_id in people else "unknown"


def _what(one: Shortcoming) -> str:
    what = REQUIREMENTS[one.requirement].what
    return f"{what} ({one.equipment})" if one.equipment else what


def _sentence(one: Shortcoming) -> str:
    if one.resource == "instructor":
        return "A document of the instructor's does not cover this time; the school only warns of it."
    if one.requirement == "squawk":
        return "The aircraft has an open squawk; the school only warns of it."
    if one.requirement == "equipment":
        return f"The aircraft lacks equipment ({one.equipment}); the school only warns of it."
    return f"The {one.resource}'s {_what(one)} does not cover this time; the school only warns of it."
