"""Move bookings, with the locks that let one transaction at a time decide about a resource."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    text,
    union,
    union_all,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from flightsched_pipelines.database.given_rows import among, as_parameter, given, is_one_of
from flightsched_pipelines.database.queries.schedule import changes
from flightsched_pipelines.database.queries.schedule.changes import StandingLesson
from flightsched_pipelines.database.queries.standby import freed_slots, places
from flightsched_pipelines.database.schema import OPEN_STATES, bookings, case_offers, reschedule_cases
from flightsched_pipelines.database.schema.base import INSTANT
from flightsched_pipelines.database.together import Together
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


def lock_case_and_others(
    connection: Connection, case_id: int, booking_id: int, slot: Slot | None, student_id: int, buffer: timedelta
) -> list[int]:
    """Lock a case, the other open cases that offer any resource of a slot at its time, and then the case's booking.

    Returns:
        The other cases. With no slot there is none.
    """
    values = {"case": case_id, "booking": booking_id, **_offer_values(slot, student_id, buffer, [booking_id])}
    locked: Sequence[int] = connection.execute(_locking(), values).scalar() or []
    return sorted(set(locked) - {case_id})


def cases_offered(
    connection: Connection, slot: Slot, student_id: int, buffer: timedelta, but_for: Collection[int]
) -> list[int]:
    """Return the open cases, other than those of some bookings, that offer any resource of a slot at its time.

    ``buffer`` is the time between two lessons.
    """
    query = _cases_offered()
    return list(connection.execute(query, _offer_values(slot, student_id, buffer, but_for)).scalars())


@cache
def _cases_offered() -> CompoundSelect[int]:
    return union(*_offering()).order_by("case_id")


def offered_to_others(
    connection: Connection, slots: Sequence[Slot], student_id: int, buffer: timedelta, booking_id: int
) -> set[Slot]:
    """Return those of some slots for a booking of which an open case of another one offers any resource at its time."""
    rows = [{"place": place} | _offer_values(slot, student_id, buffer, ()) for place, slot in enumerate(slots)]
    values = {"slots": as_parameter(rows), "but_for": [booking_id]}
    return {slots[place] for place in connection.execute(_offered_to_others(), values).scalars()}


@cache
def _offered_to_others() -> Select[int]:
    ids, instants = ("place", "of_student", "of_aircraft", "of_instructor"), ("starts", "ends")
    slots = given("slots", **dict.fromkeys(ids, BigInteger), **dict.fromkeys(instants, INSTANT)).c
    return select(slots.place).where(or_(*(one.exists() for one in _offering(slots))))


@cache
def _locking() -> Select[Any]:
    """The statement of `lock_case_and_others`, made once; to count the cases is to lock them all before the booking."""
    c, b, case_id = reschedule_cases.c, bookings.c, bindparam("case", type_=BigInteger)
    cases = (
        select(c.id)
        .where(
            or_(c.id == case_id, is_one_of(c.state, OPEN_STATES)), c.id.in_(union_all(*_offering(), select(case_id)))
        )
        .order_by(c.id)
        .with_for_update(key_share=True)
        .cte("cases")
    )
    all_locked = select(func.count() > 0).select_from(cases).scalar_subquery()
    return (
        select(select(func.array_agg(cases.c.id)).scalar_subquery())
        .where(b.id == bindparam("booking", type_=BigInteger), all_locked)
        .with_for_update(key_share=True, of=bookings)
    )


def _offering(slot: ReadOnlyColumnCollection[str, ColumnElement[Any]] | None = None) -> Sequence[Select[int]]:
    """The cases that offer any resource of a slot at its time, by the parameters of `_offer_values` or its columns.

    Those that offer its aircraft or instructor, and those of its student: each is found by an index of its own.
    """
    starts, ends = (slot[name] if slot is not None else bindparam(name, type_=INSTANT) for name in ("starts", "ends"))
    student, aircraft, instructor = (
        slot[name] if slot is not None else bindparam(name, type_=BigInteger)
        for name in ("of_student", "of_aircraft", "of_instructor")
    )
    c, o, b = reschedule_cases.c, case_offers.c, bookings.c
    at_its_time = (
        select(o.case_id)
        .join(reschedule_cases, c.id == o.case_id)
        .where(
            is_one_of(c.state, OPEN_STATES),
            not_(among(c.booking_id, "but_for")),
            o.withdrawn_hour.is_(None),
            o.starts_at_utc < ends,
            o.ends_at_utc > starts,
        )
    )
    return (
        at_its_time.where(or_(o.aircraft_id == aircraft, o.instructor_id == instructor)),
        at_its_time.join(bookings, b.id == c.booking_id).where(b.student_id == student),
    )


def _offer_values(slot: Slot | None, student_id: int, buffer: timedelta, but_for: Collection[int]) -> dict[str, object]:
    ids = dict(resources_of(student_id, slot)) if slot else {}
    return {
        "starts": slot and slot.starts_at_utc - buffer, "ends": slot and slot.ends_at_utc + buffer,
        **{f"of_{kind}": ids.get(kind) for kind in ("student", "aircraft", "instructor")},
        "but_for": list(but_for),
    }  # fmt: skip


def move(connection: Connection, moves: Sequence[Move], lessons: Sequence[StandingLesson], now_utc: datetime) -> None:
    """Move bookings, all of them at once: two may take each other's places.

    The slots they leave are recorded as free, their entries on the standby list end, and the school's scheduler is
    to enter the change. A move lifts the platform's weather hold; one that a dispatcher or another system set stays.

    Args:
        connection: the transaction; the bookings are locked.
        moves: the bookings and their new slots.
        lessons: the same bookings where they are.
        now_utc: now.

    Raises:
        sqlalchemy.exc.IntegrityError: the student, the instructor or the aircraft is taken then.
    """
    going = {one.booking_id: one.slot for one in moves}
    left = {one.booking_id: one.place for one in lessons}
    stay = {one.booking_id for one in lessons if one.stays_on_hold}
    kind = ChangeKind.SWAP if len(moves) > 1 else ChangeKind.MOVE
    if all(keeps_time(one.slot, left[one.booking_id]) for one in moves):
        kind = ChangeKind.GROUND
    ended, waiting = changes.changes_of(lessons, kind, going, now_utc)
    changes.settle_changes(connection, ended, now_utc)
    freed = {key: _freed(slot, going[key]) for key, slot in left.items() if slot not in going.values()}
    if len(moves) > 1:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    _moving().run(
        connection,
        {
            "now": now_utc,
            "moves": as_parameter(
                {
                    "booking_id": one.booking_id, "starts": one.slot.starts_at_utc, "ends": one.slot.ends_at_utc,
                    "instructor_id": one.slot.instructor_id, "aircraft_id": one.slot.aircraft_id,
                    "status": "weather_hold" if one.booking_id in stay else "scheduled",
                }
                for one in moves
            ),
            "changes": as_parameter(waiting),
            "freed": as_parameter(freed_slots.freed_rows(freed, "moved", now_utc)),
            "bookings": list(going),
            "leaving": list(going),
            "how": "moved",
        },
    )  # fmt: skip
    if len(moves) > 1:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


@cache
def _moving() -> Together:
    """The statement of `move`, made once."""
    b = bookings.c
    to = given(
        "moves", booking_id=BigInteger, starts=INSTANT, ends=INSTANT, instructor_id=BigInteger, aircraft_id=BigInteger,
        status=Text,
    )  # fmt: skip
    moved = (
        update(bookings)
        .where(among(b.id, "bookings"), b.id == to.c.booking_id)
        .values(
            period=func.tstzrange(to.c.starts, to.c.ends),
            aircraft_id=to.c.aircraft_id,
            ground=to.c.aircraft_id.is_(None),
            instructor_id=to.c.instructor_id,
            status=to.c.status,
            times_moved=b.times_moved + case((b.status == "weather_hold", 1), else_=0),
            updated_at=bindparam("now", type_=INSTANT),
        )
    )
    return Together(
        moved=moved, changed=changes.insertion(), freed=freed_slots.insertion(), left=places.ending_of_waiting()
    )


def _freed(left: Slot, taken: Slot) -> Slot:
    """Return what becomes free: of a slot that is kept without its aircraft, the aircraft alone."""
    return replace(left, instructor_id=None) if keeps_time(taken, left) else left
