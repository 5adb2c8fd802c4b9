"""Freed slots, as rows. Every function works within the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.given_rows import as_parameter, given
from flightsched_pipelines.database.readable_columns import LAST_INSTANT, is_within_reach
from flightsched_pipelines.database.schema import (
    OPEN_STATES,
    TAKING_STATUSES,
    aircraft,
    bookings,
    freed_slots,
    partitions,
    reschedule_cases,
    schools,
    standby,
)
from flightsched_pipelines.domain.cases.lifecycle import Slot, StandbyRule
from flightsched_pipelines.domain.cases.standby import FreedSlot, StandbyLesson

COLUMNS = [
    "school_id", "booking_id", "why", "starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id", "freed_at",
]  # fmt: skip


def insert_freed_slot(connection: Connection, slots: Mapping[int, Slot], why: str, now_utc: datetime) -> None:
    """Record the slots that lessons, by their booking, have left; an existing record stays unchanged."""
    if rows := freed_rows(slots, why, now_utc):
        connection.execute(insertion(), {"freed": as_parameter(rows)})


def freed_rows(slots: Mapping[int, Slot], why: str, now_utc: datetime) -> list[dict[str, object]]:
    """Return the rows for `insertion` of the slots that lessons, by their booking, have left."""
    return [
        {
            "booking_id": key, "why": why, "starts_at_utc": slot.starts_at_utc, "ends_at_utc": slot.ends_at_utc,
            "instructor_id": slot.instructor_id, "aircraft_id": slot.aircraft_id, "freed_at": now_utc,
        }
        for key, slot in slots.items()
        if slot.starts_at_utc > now_utc
    ]  # fmt: skip


@cache
def insertion() -> Insert:
    """Return the insertion of the slots that are the parameter ``freed``; an existing record stays unchanged.

    A slot without an aircraft, or with a simulator, is of no use to a flight.
    """
    columns = [name for name in COLUMNS if name != "school_id"]
    left = given("freed", **{name: freed_slots.c[name].type for name in columns})
    school_id = select(bookings.c.school_id).where(bookings.c.id == left.c.booking_id).scalar_subquery()
    simulator = select(aircraft.c.simulator).where(aircraft.c.id == left.c.aircraft_id).scalar_subquery()
    rows = select(school_id, *left.c).where(~simulator)
    return upsert(freed_slots).from_select(["school_id", *columns], rows).on_conflict_do_nothing()


def insert_slots_of_cancelled(connection: Connection, now_utc: datetime) -> None:
    """Record the slots of cancelled lessons."""
    noted = upsert(freed_slots).from_select(COLUMNS, _cancelled(now_utc)).on_conflict_do_nothing()
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
    """Return whether neither the slot nor the lesson has an open case now, and the student's lesson waits."""
    b, c, s = bookings.c, reschedule_cases.c, standby.c
    has_case = exists().where(
        c.state.in_(OPEN_STATES), or_(c.freed_slot_id == freed.freed_slot_id, c.booking_id == waiting.booking_id)
    )
    waits = exists().where(s.booking_id == waiting.booking_id, s.ended_at.is_(None))
    is_theirs = exists().where(b.id == waiting.booking_id, b.student_id == waiting.student_id)
    return bool(connection.execute(select(waits & is_theirs & ~has_case)).scalar_one())


def record_looked_at(connection: Connection, freed_slot_id: int, now_utc: datetime) -> None:
    """Record that the list was checked for a slot: it is checked again only after a change."""
    f = freed_slots.c
    connection.execute(update(freed_slots).where(f.id == freed_slot_id).values(looked_at=now_utc))


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
        b.status == "cancelled", func.lower(b.period) > now_utc, is_within_reach(b.period), ~a.simulator, ~noted
    )  # fmt: skip


def _is_due(now_utc: datetime, earliest_utc: datetime) -> ColumnElement[bool]:
    """Not too late, its aircraft still free, not offered now, and something has changed since the last check.

    That is: a newer forecast, newer hazard areas, a change of the list, or the end of an earlier offer.
    """
    f, b, c, s, p = freed_slots.c, bookings.c, reschedule_cases.c, standby.c, partitions.c
    taken = exists().where(
        b.aircraft_id == f.aircraft_id,
        b.status.in_(TAKING_STATUSES),
        b.period.overlaps(func.tstzrange(f.starts_at_utc, f.ends_at_utc)),
    )
    changed = func.greatest(
        select(func.max(p.at)).where(p.name.in_(["forecasts", "hazard_areas"])).scalar_subquery(),
        select(func.max(s.since)).where(s.booking_id == b.id, b.school_id == f.school_id).scalar_subquery(),
        select(func.max(c.closed_at)).where(c.freed_slot_id == f.id).scalar_subquery(),
    )
    offered = exists().where(c.freed_slot_id == f.id, c.state.in_(OPEN_STATES))
    looked_since = and_(f.looked_at.is_not(None), f.looked_at >= changed)
    return and_(
        f.starts_at_utc >= earliest_utc,
        f.starts_at_utc > now_utc,
        f.ends_at_utc < LAST_INSTANT,
        ~taken,
        ~offered,
        ~func.coalesce(looked_since, False),
    )
