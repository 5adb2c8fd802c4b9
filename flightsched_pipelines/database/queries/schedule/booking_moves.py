"""Move bookings, with the locks that let one transaction at a time decide about a resource."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from flightsched_pipelines.database.queries.schedule.changes import record_changes
from flightsched_pipelines.database.queries.standby import freed_slots, places
from flightsched_pipelines.database.schema import OPEN_STATES, bookings, case_offers, reschedule_cases
from flightsched_pipelines.domain.cases.lifecycle import Slot, keeps_time
from flightsched_pipelines.domain.rescheduling.availability import Resource
from flightsched_pipelines.domain.schedule_changes.lifecycle import ChangeKind


@dataclass(frozen=True, slots=True)
class Move:
    """A booking and its new slot."""

    booking_id: int
    slot: Slot


def resources_of(student_id: int, *slots: Slot) -> frozenset[Resource]:
    """Return every resource that a lesson uses in these slots."""
    found: set[Resource] = {("student", student_id)}
    for slot in slots:
        if slot.aircraft_id is not None:
            found.add(("aircraft", slot.aircraft_id))
        if slot.instructor_id is not None:
            found.add(("instructor", slot.instructor_id))
    return frozenset(found)


def lock_moves_exclusive(connection: Connection, case_id: int) -> None:
    """Process one response to a case at a time, before any other lock; otherwise many find it changed, and retry."""
    lock = text("SELECT pg_advisory_xact_lock(hashtext('school.answers'), CAST(:id % 2147483647 AS integer))")
    connection.execute(lock, {"id": case_id})


def lock_resources(connection: Connection, resources: Collection[Resource]) -> None:
    """Lock these people and aircraft until the transaction ends.

    Every caller locks in the same order, so that two never wait for each other; the constraints alone would end in
    deadlocks.
    """
    lock = text(
        "SELECT pg_advisory_xact_lock(hashtext('school.' || kind), CAST(key % 2147483647 AS integer)) "
        "FROM (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS bigint[])) AS r (kind, key) "
        "ORDER BY kind, key OFFSET 0) AS in_order"
    )
    kinds, keys = zip(*sorted(resources), strict=True)
    connection.execute(lock, {"kinds": list(kinds), "keys": list(keys)})


def lock_cases(connection: Connection, case_ids: Collection[int]) -> None:
    """Lock these cases until the transaction ends; every caller locks them in the same order."""
    c = reschedule_cases.c
    query = select(c.id).where(c.id.in_(sorted(case_ids))).order_by(c.id).with_for_update(key_share=True)
    connection.execute(query).all()


def lock_booking(connection: Connection, booking_id: int) -> None:
    """Lock a booking until the transaction ends."""
    b = bookings.c
    connection.execute(select(b.id).where(b.id == booking_id).with_for_update(key_share=True)).all()


def cases_offered(
    connection: Connection, slot: Slot, student_id: int, buffer: timedelta, but_for: Collection[int]
) -> list[int]:
    """Return the open cases, other than those of some bookings, that offer any resource of a slot at its time.

    ``buffer`` is the time between two lessons.
    """
    c, o, b = reschedule_cases.c, case_offers.c, bookings.c
    shared: ColumnElement[bool] = b.student_id == student_id
    if slot.aircraft_id is not None:
        shared = or_(shared, o.aircraft_id == slot.aircraft_id)
    if slot.instructor_id is not None:
        shared = or_(shared, o.instructor_id == slot.instructor_id)
    query = (
        select(c.id)
        .distinct()
        .join(case_offers, o.case_id == c.id)
        .join(bookings, b.id == c.booking_id)
        .where(
            c.state.in_(OPEN_STATES),
            c.booking_id.not_in(list(but_for)),
            o.withdrawn_hour.is_(None),
            o.starts_at_utc < slot.ends_at_utc + buffer,
            o.ends_at_utc > slot.starts_at_utc - buffer,
            shared,
        )
        .order_by(c.id)
    )
    return list(connection.execute(query).scalars())


def move(connection: Connection, moves: Sequence[Move], now_utc: datetime) -> None:
    """Move bookings, all of them at once: two may take each other's places.

    The slots they leave are recorded as free, their entries on the standby list end, and the school's scheduler is
    to enter the change.

    Raises:
        sqlalchemy.exc.IntegrityError: the student, the instructor or the aircraft is taken then.
    """
    b = bookings.c
    left = _slots_of(connection, [one.booking_id for one in moves])
    kind = ChangeKind.SWAP if len(moves) > 1 else ChangeKind.MOVE
    if all(keeps_time(one.slot, left[one.booking_id]) for one in moves):
        kind = ChangeKind.GROUND
    record_changes(connection, kind, {one.booking_id: one.slot for one in moves}, now_utc)
    if len(moves) > 1:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    moved = (
        update(bookings)
        .where(b.id == bindparam("moving"))
        .values(
            period=bindparam("to", type_=TSTZRANGE),
            aircraft_id=bindparam("aircraft"),
            ground=bindparam("on_ground"),
            instructor_id=bindparam("instructor"),
            status="scheduled",
            times_moved=b.times_moved + case((b.status == "weather_hold", 1), else_=0),
            updated_at=now_utc,
        )
    )
    connection.execute(
        moved,
        [
            {
                "moving": one.booking_id, "to": Range(one.slot.starts_at_utc, one.slot.ends_at_utc),
                "aircraft": one.slot.aircraft_id, "instructor": one.slot.instructor_id,
                "on_ground": one.slot.aircraft_id is None,
            }
            for one in moves
        ],
    )  # fmt: skip
    if len(moves) > 1:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    going = {one.booking_id: one.slot for one in moves}
    freed = {key: _freed(slot, going[key]) for key, slot in left.items() if slot not in going.values()}
    freed_slots.insert_freed_slot(connection, freed, "moved", now_utc)
    places.leave(connection, list(left), "moved", now_utc)


def _freed(left: Slot, taken: Slot) -> Slot:
    """Return what becomes free: of a slot that is kept without its aircraft, the aircraft alone."""
    return replace(left, instructor_id=None) if keeps_time(taken, left) else left


def _slots_of(connection: Connection, booking_ids: Collection[int]) -> dict[int, Slot]:
    b = bookings.c
    query = select(b.id, func.lower(b.period), func.upper(b.period), b.instructor_id, b.aircraft_id)
    return {row.id: Slot(*row[1:]) for row in connection.execute(query.where(b.id.in_(sorted(booking_ids))))}
