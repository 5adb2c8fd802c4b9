"""Messages of the evening before, as rows: where people's clocks are, and whose lessons they have not heard of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Text,
    and_,
    any_,
    cast,
    exists,
    literal,
    or_,
    select,
    union,
    update,
)

from flightsched_pipelines.database.queries.cases.cases import LiveBooking, schedule
from flightsched_pipelines.database.schema import airports, bookings, contact_preferences, outbox, schools
from flightsched_pipelines.domain.cases.actions import PersonRole


def key_of(day: date, role: str, person_id: int) -> str:
    """Return the key of the message to a person about a day: one person hears of one day once."""
    return f"{_before(day, role)}{person_id}{_AFTER}"


def zones_of_people(connection: Connection) -> list[str]:
    """Return every time zone that people of the schools have."""
    p = contact_preferences.c
    home = select(airports.c.time_zone).join(schools, schools.c.base_airport == airports.c.ident)
    own = select(p.time_zone).where(p.time_zone.is_not(None))
    return sorted(connection.execute(union(home, own)).scalars())


def lessons_untold(
    connection: Connection, from_utc: datetime, to_utc: datetime, days: Collection[date]
) -> list[LiveBooking]:
    """Return the lessons of a period whose student or instructor has no message about one of these days.

    Of a person without one they are all there.
    """
    b = bookings.c
    people = (("student", b.student_id), ("instructor", b.instructor_id))
    untold = or_(*(_is_untold(day, role, person) for day in days for role, person in people))
    return [one for one in schedule(connection, from_utc, to_utc, untold) if one.status != "held"]


@dataclass(frozen=True, slots=True)
class WaitingEvening:
    """A message that waits although it was made in an earlier hour; its payload is JSON, and personal."""

    message_id: int
    role: PersonRole
    person_id: int
    payload: Mapping[str, Any]


def waiting_since_before(connection: Connection, hour_utc: datetime, now_utc: datetime) -> list[WaitingEvening]:
    """Return the messages that are due and were made before an hour, locked; those that a worker has are skipped."""
    o = outbox.c
    made_utc = cast(o.payload["sent_at_utc"].astext, DateTime(timezone=True))
    query = (
        select(o.id, o.role, o.person_id, o.payload)
        .where(
            o.key.startswith(_EVENING), o.status == "waiting", o.next_attempt_at <= now_utc, made_utc < hour_utc,
        )
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    return [WaitingEvening(*row) for row in connection.execute(query)]


def lessons_of(
    connection: Connection, people: Collection[tuple[str, int]], from_utc: datetime, to_utc: datetime
) -> list[LiveBooking]:
    """Return the lessons of these people (role and id) that overlap a period, in order of time."""
    b = bookings.c
    students, instructors = ([key for at, key in people if at == role] for role in ("student", "instructor"))
    theirs = or_(
        b.student_id == any_(literal(students, ARRAY(BigInteger))),
        b.instructor_id == any_(literal(instructors, ARRAY(BigInteger))),
    )
    found = [one for one in schedule(connection, from_utc, to_utc, theirs) if one.status != "held"]
    return sorted(found, key=lambda one: (one.slot.starts_at_utc, one.booking_id))


def suppress(connection: Connection, message_id: int, why: str, now_utc: datetime) -> None:
    """Settle a waiting message that must not be sent any more."""
    settled = {"status": "suppressed", "last_error": why, "settled_at": now_utc}
    connection.execute(update(outbox).where(outbox.c.id == message_id).values(settled))


_EVENING = "evening-"
_AFTER = "/email"


def _before(day: date, role: str) -> str:
    return f"{_EVENING}{day:%Y%m%d}/{role}-"


def _is_untold(day: date, role: str, person: Column[Any]) -> ColumnElement[bool]:
    key = literal(_before(day, role)).concat(cast(person, Text)).concat(_AFTER)
    return and_(person.is_not(None), ~exists().where(outbox.c.key == key))
