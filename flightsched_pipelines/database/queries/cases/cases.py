"""Cases of threatened bookings, as rows: locks on deciding about them, and what a decision reads.

Every function works within the caller's transaction. Changes to a case are written by `transitions`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import Range, distinct_on

from flightsched_pipelines.database.readable_columns import LAST_INSTANT, form_of
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    TAKING_STATUSES,
    aircraft,
    bookings,
    case_events,
    case_offers,
    dispatches,
    partitions,
    reschedule_cases,
)
from flightsched_pipelines.domain.cases.lifecycle import Case, CaseState, HoldSetter, Slot
from flightsched_pipelines.domain.cases.snapshot import Offer

PROVEN = "proposals_are_valid"
"""The name under which `partitions` records the hours whose proposals were validated."""

PROVED_FROM = (
    "booking_snapshot", "forecasts", "lesson_verdicts", "at_risk_bookings", "reschedule_candidates",
    "unplaceable_bookings", "reschedule_plan", "reschedule_proposals",
)  # fmt: skip
"""The tables of an hour from which its proposals follow, or the absence of any."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    """An open case with its row's number, its round, the alternatives on offer, and whether it offers a freed slot."""

    case_id: int
    booking_id: int
    case: Case
    round: int
    offers: Sequence[Offer]
    standby: bool = False


@dataclass(frozen=True, slots=True)
class LiveBooking:
    """A booking in the schedule as it is now; of status ``held``, a slot held for it. Only what flies needs weather."""

    booking_id: int
    student_id: int
    slot: Slot
    status: str
    flies: bool


@dataclass(frozen=True, slots=True)
class CaseLesson:
    """The lesson of a case as it is now: its slot, its status, who put it on weather hold, and its student."""

    slot: Slot
    status: str
    hold_by: HoldSetter | None
    student_id: int


def lock_cases_exclusive(connection: Connection) -> None:
    """Lock all cases: others that decide about any wait until this transaction ends.

    A lock of the table, not an advisory one, which any role may take and keep.
    """
    connection.execute(text("LOCK TABLE school.reschedule_cases IN SHARE ROW EXCLUSIVE MODE"))


def lock_cases_shared(connection: Connection) -> None:
    """Lock cases for deciding about one, beside others that do so, while none decides about all of them."""
    connection.execute(text("LOCK TABLE school.reschedule_cases IN ROW EXCLUSIVE MODE"))


def newest_proven_hour(connection: Connection) -> datetime | None:
    """Return the newest hour whose proposals are stored and were validated since any of its tables was written."""
    proven, stored, written = partitions.alias(), partitions.alias(), partitions.alias()
    is_stored = exists().where(
        stored.c.partition_hour == proven.c.partition_hour, stored.c.name == "reschedule_proposals"
    )
    is_outdated = exists().where(
        written.c.partition_hour == proven.c.partition_hour, written.c.name.in_(PROVED_FROM),
        written.c.at > proven.c.at,
    )  # fmt: skip
    query = (
        select(proven.c.partition_hour)
        .where(proven.c.name == PROVEN, is_stored, ~is_outdated)
        .order_by(proven.c.partition_hour.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def newest_dispatched_hour(connection: Connection) -> datetime | None:
    """Return the newest hour that was dispatched."""
    return connection.execute(select(func.max(dispatches.c.partition_hour))).scalar()


def record_dispatch(
    connection: Connection, hour_utc: datetime, now_utc: datetime, outcome: Mapping[str, object]
) -> None:
    """Record that an hour was dispatched, and the outcome."""
    connection.execute(insert(dispatches).values(partition_hour=hour_utc, dispatched_at=now_utc, outcome=dict(outcome)))


def schedule(
    connection: Connection, now_utc: datetime, until_utc: datetime = LAST_INSTANT, *which: ColumnElement[bool]
) -> list[LiveBooking]:
    """Return the bookings from now on: lessons, and slots held for lessons under the lesson's id (status ``held``)."""
    b = bookings.c
    query = select(
        func.coalesce(b.holds_for, b.id).label("booking_id"), b.student_id, b.instructor_id, b.aircraft_id, b.status,
        func.lower(b.period).label("starts"), func.upper(b.period).label("ends"),
        (form_of(bookings, aircraft) == "flight").label("flies"),
    ).outerjoin(aircraft, aircraft.c.id == b.aircraft_id).where(
        b.status.in_(TAKING_STATUSES), b.period.op("&&")(Range(now_utc, until_utc)), *which
    )  # fmt: skip
    return [
        LiveBooking(
            row.booking_id,
            row.student_id,
            Slot(row.starts, row.ends, row.instructor_id, row.aircraft_id),
            row.status,
            row.flies,
        )
        for row in connection.execute(query)
    ]


def lessons_of(connection: Connection, booking_ids: Collection[int]) -> dict[int, CaseLesson]:
    """Return these lessons as they are now, whatever their status; locks them until the transaction ends."""
    b = bookings.c
    query = (
        select(
            b.id, func.lower(b.period).label("starts"), func.upper(b.period).label("ends"), b.instructor_id,
            b.aircraft_id, b.status, b.weather_hold_by, b.student_id,
        )
        .where(b.id.in_(sorted(booking_ids)))
        .order_by(b.id)
        .with_for_update(key_share=True)
    )  # fmt: skip
    return {
        row.id: CaseLesson(
            Slot(row.starts, row.ends, row.instructor_id, row.aircraft_id),
            row.status,
            row.weather_hold_by,
            row.student_id,
        )
        for row in connection.execute(query)
    }


def open_cases(connection: Connection) -> dict[int, StoredCase]:
    """Return every open case, locked, by its booking."""
    c = reschedule_cases.c
    e = case_events.c
    responded = exists().where(e.case_id == c.id, e.event.in_(("accepted", "none_suit"))).label("responded")
    query = select(reschedule_cases, responded).where(c.state.in_(OPEN_STATES)).order_by(c.booking_id)
    rows = connection.execute(query.with_for_update(of=reschedule_cases)).all()
    offers = _offers(connection, [row.id for row in rows])
    return {
        row.booking_id: StoredCase(
            row.id,
            row.booking_id,
            Case(
                CaseState(row.state),
                Slot(row.starts_at_utc, row.ends_at_utc, row.instructor_id, row.aircraft_id),
                [offer.slot for offer in offers.get(row.id, [])],
                row.deadline_utc,
                row.student_id,
                row.responded,
            ),
            row.round,
            offers.get(row.id, []),
            standby=row.freed_slot_id is not None,
        )
        for row in rows
    }


def held_after_the_end(connection: Connection) -> dict[int, tuple[int, CaseState]]:
    """Return bookings on weather hold whose case has ended (expired, declined), with that case, for dispatchers.

    Cases that offer a freed slot do not count.
    """
    c, b = reschedule_cases.c, bookings.c
    query = (
        select(c.booking_id, c.id, c.state)
        .ext(distinct_on(c.booking_id))
        .join(bookings, b.id == c.booking_id)
        .where(b.status == "weather_hold", c.freed_slot_id.is_(None))
        .order_by(c.booking_id, c.id.desc())
    )
    return {
        row.booking_id: (row.id, CaseState(row.state))
        for row in connection.execute(query)
        if row.state not in OPEN_STATES
    }


def kept_by_instructors(connection: Connection) -> dict[int, tuple[Slot, datetime]]:
    """Return bookings whose newest case ended as kept: the lesson's slot, and the hour that the instructor saw.

    A lesson that the school gave to another student since was not kept for that one.
    """
    c, b = reschedule_cases.c, bookings.c
    query = (
        select(reschedule_cases, is_given_away().label("given_away"))
        .ext(distinct_on(c.booking_id))
        .join(bookings, b.id == c.booking_id)
        .order_by(c.booking_id, c.id.desc())
    )
    return {
        row.booking_id: (
            Slot(row.starts_at_utc, row.ends_at_utc, row.instructor_id, row.aircraft_id), row.last_hour
        )
        for row in connection.execute(query)
        if row.state == "kept" and not row.given_away
    }  # fmt: skip


def count_to_end(connection: Connection, now_utc: datetime, *, but_for: Collection[int] = ()) -> int:
    """Count the cases that are past their deadline, or whose lesson has changed since people were notified.

    Those of the bookings ``but_for`` are left out.
    """
    c, b = reschedule_cases.c, bookings.c
    overdue = and_(c.state.in_(("open", "proposed")), c.deadline_utc <= now_utc)
    query = (
        select(func.count())
        .join_from(reschedule_cases, bookings, b.id == c.booking_id)
        .where(c.state.in_(OPEN_STATES), or_(overdue, b.status.not_in(ACTIVE_STATUSES), ~_as_notified()))
        .where(c.booking_id.not_in(but_for))
    )
    return int(connection.execute(query).scalar_one())


def offers_before(connection: Connection, hour_utc: datetime) -> list[tuple[int, Slot]]:
    """Return the alternatives that people had when an hour began: booking and slot."""
    o, c = case_offers.c, reschedule_cases.c
    query = (
        select(c.booking_id, o.starts_at_utc, o.ends_at_utc, o.instructor_id, o.aircraft_id)
        .join(reschedule_cases, c.id == o.case_id)
        .where(o.offered_hour < hour_utc, (o.withdrawn_hour.is_(None)) | (o.withdrawn_hour >= hour_utc))
        .order_by(c.booking_id, o.number)
    )
    return [(row[0], Slot(*row[1:])) for row in connection.execute(query)]


def refused_slots(connection: Connection) -> dict[int, set[Slot]]:
    """Return the alternatives that open cases were offered and refused, by booking."""
    o, c = case_offers.c, reschedule_cases.c
    query = (
        select(c.booking_id, o.starts_at_utc, o.ends_at_utc, o.instructor_id, o.aircraft_id)
        .join(reschedule_cases, c.id == o.case_id)
        .where(c.state.in_(OPEN_STATES), o.refused_at.is_not(None))
    )
    found: dict[int, set[Slot]] = {}
    for booking_id, *slot in connection.execute(query):
        found.setdefault(booking_id, set()).add(Slot(*slot))
    return found


def is_given_away() -> ColumnElement[bool]:
    """Return the condition that the school has given a case's lesson to another student than the one who was asked."""
    asked, now = reschedule_cases.c.student_id, bookings.c.student_id
    return func.coalesce(asked, now) != now


def _as_notified() -> ColumnElement[bool]:
    """Return the condition that a lesson still has the time and the people of its last notification."""
    c, b = reschedule_cases.c, bookings.c
    return and_(
        func.lower(b.period) == c.starts_at_utc,
        func.upper(b.period) == c.ends_at_utc,
        b.instructor_id.is_not_distinct_from(c.instructor_id),
        b.aircraft_id.is_not_distinct_from(c.aircraft_id),
        ~is_given_away(),
    )


def _offers(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Offer]]:
    o = case_offers.c
    query = (
        select(case_offers)
        .where(o.case_id.in_(case_ids), o.withdrawn_hour.is_(None))
        .order_by(o.case_id, o.round, o.number)
    )
    found: dict[int, list[Offer]] = {}
    for row in connection.execute(query):
        slot = Slot(row.starts_at_utc, row.ends_at_utc, row.instructor_id, row.aircraft_id)
        found.setdefault(row.case_id, []).append(Offer(slot, row.reason, row.ranked_by))
    return found
