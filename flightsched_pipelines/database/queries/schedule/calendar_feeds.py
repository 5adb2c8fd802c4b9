"""Calendar feeds by the digest of their secret, and the lessons and held slots that they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from flightsched_pipelines.database.schema import (
    TAKING_STATUSES,
    aircraft,
    bookings,
    calendar_feeds,
    instructors,
    schools,
    students,
)
from flightsched_pipelines.domain.cases.lifecycle import Slot

MAX_ENTRIES = 5_000

_F = calendar_feeds.c


@dataclass(frozen=True, slots=True)
class FeedOwner:
    """The owner of a feed: a student, an instructor or an aircraft of a school, or the whole school."""

    school_id: int
    student_id: int | None = None
    instructor_id: int | None = None
    aircraft_id: int | None = None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A lesson, or the slot that is held for it (status ``held``)."""

    booking_id: int
    slot: Slot
    status: str
    sequence: int
    changed_utc: datetime


def insert_feed(connection: Connection, digest: str, owner: FeedOwner, now_utc: datetime) -> bool:
    """Store a feed unless its digest is stored; return whether its address works."""
    row = {"digest": digest, "made_at": now_utc, **_columns(owner)}
    connection.execute(insert(calendar_feeds).on_conflict_do_nothing(index_elements=["digest"]), row)
    return owner_of(connection, digest) == owner


def owner_of(connection: Connection, digest: str) -> FeedOwner | None:
    """Return the owner of a feed whose address works and who has not left."""
    has_left = or_(students.c.ended_at.is_not(None), instructors.c.ended_at.is_not(None))
    query = (
        select(_F.school_id, _F.student_id, _F.instructor_id, _F.aircraft_id)
        .outerjoin(students, students.c.id == _F.student_id)
        .outerjoin(instructors, instructors.c.id == _F.instructor_id)
        .where(_F.digest == digest, _F.revoked_at.is_(None), has_left.is_not(True))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else FeedOwner(*row)


def revoke_feeds(connection: Connection, which: int | FeedOwner, now_utc: datetime, *, but: str = "") -> int:
    """Revoke a feed by its id, or all of an owner except one digest; return how many worked until now."""
    if isinstance(which, int):
        wanted: Sequence[ColumnElement[bool]] = [_F.id == which]
    else:
        wanted = [_F[name].is_not_distinct_from(key) for name, key in _columns(which).items()]
    statement = update(calendar_feeds).where(*wanted, _F.revoked_at.is_(None), _F.digest != but)
    return len(connection.execute(statement.values(revoked_at=now_utc).returning(_F.id)).all())


def feed_exists(connection: Connection, feed_id: int) -> bool:
    """Return whether there is or was a feed with an id."""
    return connection.execute(select(_F.id).where(_F.id == feed_id)).first() is not None


def feeds(connection: Connection) -> Sequence[RowMapping]:
    """Return all feeds with the names of their owners, the newest first."""
    query = (
        select(
            _F.id, schools.c.name.label("school"), students.c.name.label("student"),
            instructors.c.name.label("instructor"), aircraft.c.tail_number.label("aircraft"), _F.made_at, _F.revoked_at,
        )
        .join(schools, schools.c.id == _F.school_id)
        .outerjoin(students, students.c.id == _F.student_id)
        .outerjoin(instructors, instructors.c.id == _F.instructor_id)
        .outerjoin(aircraft, aircraft.c.id == _F.aircraft_id)
        .order_by(_F.id.desc())
    )  # fmt: skip
    return connection.execute(query).mappings().all()


def school_of_person(connection: Connection, role: str, person_id: int) -> int:
    """Return the school of a student or an instructor."""
    people = students if role == "student" else instructors
    return int(connection.execute(select(people.c.school_id).where(people.c.id == person_id)).scalar_one())


def rows_of(connection: Connection, owner: FeedOwner, from_utc: datetime, to_utc: datetime) -> list[FeedRow]:
    """Return the owner's lessons and held slots that end after a time and begin before another, in their order."""
    b = bookings.c
    keys = {name: key for name, key in _columns(owner).items() if key is not None}
    if len(keys) > 1:
        del keys["school_id"]
    query = (
        select(
            func.coalesce(b.holds_for, b.id), func.lower(b.period), func.upper(b.period), b.instructor_id,
            b.aircraft_id, b.status, b.calendar_sequence, b.updated_at,
        )
        .where(
            *(b[name] == key for name, key in keys.items()), b.status.in_(TAKING_STATUSES),
            func.upper(b.period) > from_utc, func.lower(b.period) < to_utc,
        )
        .order_by(func.lower(b.period), b.id)
        .limit(MAX_ENTRIES)
    )  # fmt: skip
    return [FeedRow(row[0], Slot(*row[1:5]), *row[5:]) for row in connection.execute(query)]


def owner_name(connection: Connection, owner: FeedOwner) -> str:
    """Return what a calendar of the owner is called: the school, or the aircraft; people's own have no name."""
    if owner.aircraft_id is not None:
        return str(
            connection.execute(select(aircraft.c.tail_number).where(aircraft.c.id == owner.aircraft_id)).scalar_one()
        )
    return str(connection.execute(select(schools.c.name).where(schools.c.id == owner.school_id)).scalar_one())


def _columns(owner: FeedOwner) -> dict[str, int | None]:
    return {name: getattr(owner, name) for name in ("school_id", "student_id", "instructor_id", "aircraft_id")}
