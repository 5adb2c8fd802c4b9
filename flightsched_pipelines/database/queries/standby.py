"""The standby list and freed slots, as rows. Every function works within the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    TAKING_STATUSES,
    aircraft,
    airports,
    bookings,
    freed_slots,
    partitions,
    reschedule_cases,
    schools,
    standby,
    student_preferences,
    students,
)
from flightsched_pipelines.domain.cases.lifecycle import Slot, StandbyRule
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.domain.cases.standby import FreedSlot, StandbyLesson


@dataclass(frozen=True, slots=True)
class StandbyCandidate:
    """A lesson to be put on the list. ``has_case`` is true if it has an open case."""

    booking_id: int
    status: str
    starts_at_utc: datetime
    time_zone: str
    has_case: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the list, as shown to people."""

    reference: str
    student: str
    school: str
    rule: StandbyRule
    waiting: StandbyLesson


def lesson(connection: Connection, reference: str) -> StandbyCandidate | None:
    """Return the lesson of a reference, ``None`` if it does not exist; slots held for lessons are not lessons."""
    b, a, c = bookings.c, airports.c, reschedule_cases.c
    has_case = exists().where(c.booking_id == b.id, c.state.in_(OPEN_STATES))
    query = (
        select(b.id, b.status, func.lower(b.period), a.time_zone, has_case)
        .join(airports, a.ident == b.departure)
        .where(b.reference == reference, b.holds_for.is_(None))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else StandbyCandidate(*row)


def join(connection: Connection, booking_id: int, until: date | None, now_utc: datetime) -> bool:
    """Put a lesson on the list; returns false if it was on it."""
    added = (
        upsert(standby)
        .values(booking_id=booking_id, since=now_utc, until=until, put_by="dispatcher")
        .on_conflict_do_nothing()
        .returning(standby.c.id)
    )
    return connection.execute(added).first() is not None


def leave(connection: Connection, booking_ids: Collection[int], how: str, now_utc: datetime) -> int:
    """End the waiting of these lessons: moved, or withdrawn; returns their number."""
    s = standby.c
    ended = update(standby).where(s.booking_id.in_(sorted(booking_ids)), s.ended_at.is_(None))
    return connection.execute(ended.values(ended_at=now_utc, how=how)).rowcount


def join_held(connection: Connection, now_utc: datetime, horizon: timedelta) -> int:
    """Put lessons on the list that stayed on weather hold after their case ended; returns their number.

    A lesson that a dispatcher took off the list after that is not put there again.
    """
    c, b, s, k = reschedule_cases.c, bookings.c, standby.c, schools.c
    last = (
        select(c.booking_id, c.closed_at)
        .ext(distinct_on(c.booking_id))
        .where(c.freed_slot_id.is_(None))
        .order_by(c.booking_id, c.id.desc())
        .subquery()
    )
    waited = exists().where(s.booking_id == last.c.booking_id, or_(s.ended_at.is_(None), s.since >= last.c.closed_at))
    lost = (
        select(last.c.booking_id, last.c.closed_at, literal("platform"))
        .join(bookings, b.id == last.c.booking_id)
        .join(schools, k.id == b.school_id)
        .where(
            b.status == "weather_hold", last.c.closed_at.is_not(None), k.standby_rule != "nobody",
            func.lower(b.period) > now_utc - horizon, ~waited,
        )
    )  # fmt: skip
    joined = upsert(standby).from_select(["booking_id", "since", "put_by"], lost).on_conflict_do_nothing()
    return len(connection.execute(joined.returning(standby.c.id)).all())


def lapse(connection: Connection, now_utc: datetime, horizon: timedelta) -> int:
    """End waiting that has become pointless; returns the number of lessons.

    The lesson was cancelled or flown, or is about to be; it became a ground lesson; it is older than the horizon; its
    weather hold, for which the platform put it there, was lifted; or its last day is over.
    """
    s, b, a = standby.c, bookings.c, airports.c
    starts = func.lower(b.period)
    over = or_(
        b.status.not_in(ACTIVE_STATUSES),
        b.ground,
        and_(b.status == "scheduled", or_(starts <= now_utc, s.put_by == "platform")),
        starts <= now_utc - horizon,
        s.until < cast(func.timezone(a.time_zone, now_utc), Date),
    )
    ended = update(standby).where(s.ended_at.is_(None), s.booking_id == b.id, a.ident == b.departure, over)
    return connection.execute(ended.values(ended_at=now_utc, how="lapsed")).rowcount


def insert_freed_slot(connection: Connection, slots: Mapping[int, Slot], why: str, now_utc: datetime) -> None:
    """Record the slots that lessons, by their booking, have left; an existing record stays unchanged.

    A slot without an aircraft, or with a simulator, is of no use to a flight.
    """
    b, a = bookings.c, aircraft.c
    query = select(b.id, b.school_id).where(b.id.in_(sorted(slots)))
    schools_of = {row.id: row.school_id for row in connection.execute(query)}
    flying = select(a.id).where(a.id.in_([slot.aircraft_id for slot in slots.values()]), ~a.simulator)
    aircraft_ids = set(connection.execute(flying).scalars())
    rows = [
        {
            "school_id": schools_of[key], "booking_id": key, "why": why, "starts_at_utc": slot.starts_at_utc,
            "ends_at_utc": slot.ends_at_utc, "instructor_id": slot.instructor_id, "aircraft_id": slot.aircraft_id,
            "freed_at": now_utc,
        }
        for key, slot in slots.items()
        if slot.starts_at_utc > now_utc and key in schools_of and slot.aircraft_id in aircraft_ids
    ]  # fmt: skip
    if rows:
        connection.execute(upsert(freed_slots).on_conflict_do_nothing(), rows)


def insert_slots_of_cancelled(connection: Connection, now_utc: datetime) -> None:
    """Record the slots of cancelled lessons."""
    columns = [
        "school_id",
        "booking_id",
        "why",
        "starts_at_utc",
        "ends_at_utc",
        "instructor_id",
        "aircraft_id",
        "freed_at",
    ]
    noted = upsert(freed_slots).from_select(columns, _cancelled(now_utc)).on_conflict_do_nothing()
    connection.execute(noted)


def due(connection: Connection, now_utc: datetime, earliest_utc: datetime) -> list[tuple[FreedSlot, StandbyRule]]:
    """Return the freed slots for which the list must be checked, soonest first, each with its school's rule."""
    f, a, k = freed_slots.c, aircraft.c, schools.c
    query = (
        select(
            f.id, f.school_id, f.starts_at_utc, f.ends_at_utc, f.instructor_id, f.aircraft_id, a.type, k.standby_rule,
        )
        .join(aircraft, a.id == f.aircraft_id)
        .join(schools, k.id == f.school_id)
        .where(_is_due(now_utc, earliest_utc))
        .order_by(f.starts_at_utc, f.id)
    )  # fmt: skip
    return [
        (FreedSlot(row.id, row.school_id, Slot(*row[2:6]), row.type), row.standby_rule)
        for row in connection.execute(query)
    ]


def count_due(connection: Connection, now_utc: datetime, earliest_utc: datetime) -> int:
    """Return the number of freed slots to be checked, including those of cancelled lessons not recorded yet."""
    new = _cancelled(now_utc).where(func.lower(bookings.c.period) >= earliest_utc).subquery()
    old = select(func.count()).select_from(freed_slots).where(_is_due(now_utc, earliest_utc)).scalar_subquery()
    return int(connection.execute(select(func.count() + old).select_from(new)).scalar_one())


def take_slot(connection: Connection, freed_slot_id: int) -> None:
    """Lock a slot for offering until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("school.freed_slots"), freed_slot_id % 2**31)))


def may_offer(connection: Connection, freed: FreedSlot, waiting: StandbyLesson) -> bool:
    """Return whether neither the slot nor the lesson has an open case now, and the lesson waits."""
    c, s = reschedule_cases.c, standby.c
    has_case = exists().where(
        c.state.in_(OPEN_STATES), or_(c.freed_slot_id == freed.freed_slot_id, c.booking_id == waiting.booking_id)
    )
    waits = exists().where(s.booking_id == waiting.booking_id, s.ended_at.is_(None))
    return bool(connection.execute(select(waits & ~has_case)).scalar_one())


def record_looked_at(connection: Connection, freed_slot_id: int, now_utc: datetime) -> None:
    """Record that the list was checked for a slot: it is checked again only after a change."""
    f = freed_slots.c
    connection.execute(update(freed_slots).where(f.id == freed_slot_id).values(looked_at=now_utc))


def waiting_for(connection: Connection, freed: FreedSlot, now_utc: datetime) -> list[StandbyLesson]:
    """Return the lessons at a slot's school that could take it: not offered it before, not their own, no open case."""
    c, b, f = reschedule_cases.c, bookings.c, freed_slots.c
    theirs = bookings.alias()
    offered = (
        exists()
        .where(c.freed_slot_id == freed.freed_slot_id, theirs.c.id == c.booking_id)
        .where(theirs.c.student_id == b.student_id)
    )
    left = exists().where(f.id == freed.freed_slot_id, f.booking_id == b.id)
    has_case = exists().where(c.booking_id == b.id, c.state.in_(OPEN_STATES))
    query = _places(now_utc).where(b.school_id == freed.school_id, ~offered, ~left, ~has_case)
    return [place.waiting for place in _read(connection, query)]


def places(
    connection: Connection, now_utc: datetime, aircraft_type: str | None = None, school_id: int | None = None
) -> list[Place]:
    """Return every place on the lists, of a type of aircraft or a school if given, by school and order of joining."""
    query = _places(now_utc).order_by(schools.c.name, standby.c.since, standby.c.id)
    query = query if aircraft_type is None else query.where(aircraft.c.type == aircraft_type)
    return _read(connection, query if school_id is None else query.where(schools.c.id == school_id))


def aircraft_types(connection: Connection) -> list[str]:
    """Return the existing types of aircraft."""
    return list(connection.execute(select(aircraft.c.type).distinct().order_by(aircraft.c.type)).scalars())


def _cancelled(now_utc: datetime) -> Select[int, int, str, datetime, datetime, int, int, datetime]:
    """The slots of cancelled lessons that are in the future and not recorded."""
    b, f, a = bookings.c, freed_slots.c, aircraft.c
    noted = exists().where(
        f.booking_id == b.id, f.starts_at_utc == func.lower(b.period), f.aircraft_id == b.aircraft_id
    )
    return select(
        b.school_id, b.id, literal("cancelled"), func.lower(b.period), func.upper(b.period), b.instructor_id,
        b.aircraft_id, b.updated_at,
    ).join(aircraft, a.id == b.aircraft_id).where(
        b.status == "cancelled", func.lower(b.period) > now_utc, ~a.simulator, ~noted
    )  # fmt: skip


def _is_due(now_utc: datetime, earliest_utc: datetime) -> ColumnElement[bool]:
    """Not too late, its aircraft still free, not offered now, and something has changed since the last check.

    That is: a newer forecast, a change of the list, or the end of an earlier offer.
    """
    f, b, c, s, p = freed_slots.c, bookings.c, reschedule_cases.c, standby.c, partitions.c
    taken = exists().where(
        b.aircraft_id == f.aircraft_id,
        b.status.in_(TAKING_STATUSES),
        b.period.overlaps(func.tstzrange(f.starts_at_utc, f.ends_at_utc)),
    )
    changed = func.greatest(
        select(func.max(p.at)).where(p.name == "forecasts").scalar_subquery(),
        select(func.max(s.since)).where(s.booking_id == b.id, b.school_id == f.school_id).scalar_subquery(),
        select(func.max(c.closed_at)).where(c.freed_slot_id == f.id).scalar_subquery(),
    )
    offered = exists().where(c.freed_slot_id == f.id, c.state.in_(OPEN_STATES))
    looked_since = and_(f.looked_at.is_not(None), f.looked_at >= changed)
    return and_(
        f.starts_at_utc >= earliest_utc,
        f.starts_at_utc > now_utc,
        ~taken,
        ~offered,
        ~func.coalesce(looked_since, False),
    )


def _places(now_utc: datetime) -> Select[*tuple[Any, ...]]:
    """The places on all lists, with the columns that decide about an offer."""
    s, b, t, k, w = standby.c, bookings.c, students.c, schools.c, student_preferences.c
    flown = bookings.alias()
    last_flown = (
        select(func.max(func.upper(flown.c.period)))
        .where(
            flown.c.student_id == b.student_id,
            or_(
                flown.c.status == "completed",
                and_(flown.c.status == "scheduled", func.upper(flown.c.period) <= now_utc),
            ),
        )
        .scalar_subquery()
    )
    return (
        select(
            b.id, b.reference, b.student_id, b.instructor_id, b.aircraft_id, b.solo, b.status, s.since, s.until,
            func.lower(b.period).label("starts"), func.upper(b.period).label("ends"), aircraft.c.type, t.name,
            k.name.label("school"), k.standby_rule, airports.c.time_zone, w.days, w.parts_of_day, w.latest_date,
            last_flown.label("last_flown"),
        )
        .join_from(standby, bookings, b.id == s.booking_id)
        .join(students, t.id == b.student_id)
        .join(schools, k.id == b.school_id)
        .join(aircraft, aircraft.c.id == b.aircraft_id)
        .join(airports, airports.c.ident == b.departure)
        .outerjoin(student_preferences, w.student_id == b.student_id)
        .where(s.ended_at.is_(None), b.status.in_(ACTIVE_STATUSES))
    )  # fmt: skip


def _read(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[Place]:
    return [
        Place(
            row.reference, row.name, row.school, row.standby_rule,
            StandbyLesson(
                booking_id=row.id,
                student_id=row.student_id,
                lesson=Slot(row.starts, row.ends, row.instructor_id, row.aircraft_id),
                aircraft_type=row.type,
                solo=row.solo,
                on_hold=row.status == "weather_hold",
                since_utc=row.since,
                until=row.until,
                last_flown_utc=row.last_flown,
                wishes=RequestedTimes(
                    frozenset(row.days or ()), frozenset(row.parts_of_day or ()), latest_date=row.latest_date
                ),
                time_zone=row.time_zone,
            ),
        )
        for row in connection.execute(query)
    ]  # fmt: skip
