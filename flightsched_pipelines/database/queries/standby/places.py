"""Places on the standby list, as rows. Every function works within the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.given_rows import among
from flightsched_pipelines.database.queries.schedule.violating_rows import unwritable_bookings
from flightsched_pipelines.database.readable_columns import day, form_of, is_within_reach, local_time, words
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    aircraft,
    airports,
    bookings,
    freed_slots,
    reschedule_cases,
    schools,
    standby,
    student_preferences,
    students,
)
from flightsched_pipelines.database.schema.base import INSTANT
from flightsched_pipelines.domain.cases.lifecycle import Slot, StandbyRule
from flightsched_pipelines.domain.cases.responses import RequestedTimes
from flightsched_pipelines.domain.cases.standby import FreedSlot, StandbyLesson


@dataclass(frozen=True, slots=True)
class StandbyCandidate:
    """A lesson to be put on the list. ``has_case`` is true if it has an open case, ``flies`` if it is a flight."""

    booking_id: int
    status: str
    starts_at_utc: datetime
    time_zone: str
    has_case: bool
    flies: bool


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
        select(
            b.id,
            b.status,
            func.lower(b.period),
            a.time_zone,
            has_case,
            form_of(bookings, aircraft) == "flight",
        )
        .join(airports, a.ident == b.departure)
        .outerjoin(aircraft, aircraft.c.id == b.aircraft_id)
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
    values = {"leaving": list(booking_ids), "how": how, "now": now_utc}
    return connection.execute(ending_of_waiting(), values).rowcount


def ending_of_waiting() -> Update:
    """Return the change that ends the waiting of lessons, of the parameters ``leaving``, ``how`` and ``now``."""
    s = standby.c
    ended = update(standby).where(among(s.booking_id, "leaving"), s.ended_at.is_(None))
    return ended.values(ended_at=bindparam("now", type_=INSTANT), how=bindparam("how", type_=Text))


def join_held(connection: Connection, now_utc: datetime, horizon: timedelta) -> int:
    """Put lessons on the list that stayed on their case's weather hold after it ended; returns their number.

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
            _on_own_hold(), last.c.closed_at.is_not(None), k.standby_rule != "nobody",
            func.lower(b.period) > now_utc - horizon, ~waited,
        )
    )  # fmt: skip
    joined = upsert(standby).from_select(["booking_id", "since", "put_by"], lost).on_conflict_do_nothing()
    return len(connection.execute(joined.returning(standby.c.id)).all())


def lapse(connection: Connection, now_utc: datetime, horizon: timedelta) -> int:
    """End waiting that has become pointless; returns the number of lessons.

    The lesson was cancelled or flown, or is about to be; it became a ground lesson; it is older than the horizon; its
    weather hold, for which the platform put it there, was lifted or is a dispatcher's now; or its last day is over.
    """
    s, b, a = standby.c, bookings.c, airports.c
    starts = func.lower(b.period)
    over = or_(
        b.status.not_in(ACTIVE_STATUSES),
        b.ground,
        and_(b.status == "scheduled", starts <= now_utc),
        and_(s.put_by == "platform", not_(_on_own_hold())),
        starts <= now_utc - horizon,
        s.until < cast(local_time(a.time_zone, now_utc), Date),
    )
    ended = update(standby).where(s.ended_at.is_(None), s.booking_id == b.id, a.ident == b.departure, over)
    return connection.execute(ended.values(ended_at=now_utc, how="lapsed")).rowcount


def _on_own_hold() -> ColumnElement[bool]:
    """Return the condition that a lesson is on the weather hold that its case set, and nobody has taken over."""
    return and_(bookings.c.status == "weather_hold", bookings.c.weather_hold_by.is_not_distinct_from("platform"))


def waiting_for(connection: Connection, freed: FreedSlot, now_utc: datetime) -> list[StandbyLesson]:
    """Return the lessons at a slot's school that could take it: not offered it before, not their own, no open case.

    One whose row must be mended first cannot.
    """
    c, b, f = reschedule_cases.c, bookings.c, freed_slots.c
    theirs = bookings.alias()
    offered = (
        exists()
        .where(c.freed_slot_id == freed.freed_slot_id, theirs.c.id == c.booking_id)
        .where(theirs.c.student_id == b.student_id)
    )
    left = exists().where(f.id == freed.freed_slot_id, f.booking_id == b.id)
    has_case = exists().where(c.booking_id == b.id, c.state.in_(OPEN_STATES))
    writable = b.id.not_in(unwritable_bookings(connection))
    query = _places(now_utc).where(b.school_id == freed.school_id, ~offered, ~left, ~has_case, writable)
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
    flown = select(aircraft.c.type).distinct().where(~aircraft.c.simulator).order_by(aircraft.c.type)
    return list(connection.execute(flown).scalars())


def _places(now_utc: datetime) -> Select[*tuple[Any, ...]]:
    """The places on all lists, with the columns that decide about an offer."""
    s, b, t, k, w = standby.c, bookings.c, students.c, schools.c, student_preferences.c
    flown = bookings.alias()
    last_flown = (
        select(func.max(func.upper(flown.c.period)))
        .where(
            flown.c.student_id == b.student_id,
            is_within_reach(flown.c.period),
            or_(
                flown.c.status == "completed",
                and_(flown.c.status == "scheduled", func.upper(flown.c.period) <= now_utc),
            ),
        )
        .scalar_subquery()
    )
    return (
        select(
            b.id, b.reference, b.student_id, b.instructor_id, b.aircraft_id, b.solo, b.status, s.since,
            day(s.until).label("until"),
            func.lower(b.period).label("starts"), func.upper(b.period).label("ends"), aircraft.c.type, t.name,
            k.name.label("school"), k.standby_rule, airports.c.time_zone,
            words(w.days).label("days"), words(w.parts_of_day).label("parts_of_day"),
            day(w.latest_date).label("latest_date"), last_flown.label("last_flown"),
        )
        .join_from(standby, bookings, b.id == s.booking_id)
        .join(students, t.id == b.student_id)
        .join(schools, k.id == b.school_id)
        .join(aircraft, aircraft.c.id == b.aircraft_id)
        .join(airports, airports.c.ident == b.departure)
        .outerjoin(student_preferences, w.student_id == b.student_id)
        .where(s.ended_at.is_(None), b.status.in_(ACTIVE_STATUSES), is_within_reach(b.period))
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
