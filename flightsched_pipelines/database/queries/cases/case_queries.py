"""One case as a response needs it: the lesson, the people, and the alternatives on offer or held."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, any_, bindparam, false, func, literal, or_, select

from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    airports,
    bookings,
    case_events,
    case_offers,
    instructors,
    reschedule_cases,
    students,
)
from flightsched_pipelines.domain.cases.deadlines import CaseClock
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Hold, Offer

_HELD = bookings.alias("held")


def load_case(connection: Connection, case_id: int, *, lock: bool = False) -> CaseSnapshot | None:
    """A case as it stands, its booking locked if that is wanted; ``None`` if there is no such case."""
    rows = connection.execute(_ASK_AND_LOCK if lock else _ASK, {"case": case_id}).all()
    if not rows:
        return None
    row, rounds = rows[0], _rounds(rows)
    offered: dict[Slot, datetime] = {}
    for offer, _, hour in rounds.values():
        offered[offer.slot] = min(hour, offered.get(offer.slot, hour))
    offers = {
        number: offer for (round_, number), (offer, held_out, _) in rounds.items() if held_out and round_ == row.round
    }
    hold = None
    if row.held_until is not None and row.accepted_number is not None:
        slot = Slot(row.held_from, row.held_to, row.held_instructor, row.held_aircraft)
        hold = Hold(slot, row.accepted_number, row.accepted_at, row.held_until)
    standby = row.freed_slot_id is not None
    booked = Slot(row.booked_from, row.booked_to, row.booked_instructor, row.booked_aircraft)
    return CaseSnapshot(
        case_id=row.id,
        booking_id=row.booking_id,
        school_id=row.school_id,
        solo=row.solo,
        time_zone=row.time_zone,
        state=CaseState(row.state),
        lesson=Slot(row.starts_at_utc, row.ends_at_utc, row.instructor_id, row.aircraft_id),
        booked=booked if row.status in (ACTIVE_STATUSES if standby else ("weather_hold",)) else None,
        student_id=row.student_id,
        round=row.round,
        offers=offers,
        earlier={key: offer.slot for key, (offer, _, _) in rounds.items()},
        deadline_utc=row.deadline_utc,
        hold=hold,
        releasers=_releasers(connection, row.school_id, row.training_level) if row.solo else frozenset(),
        new_rounds=row.new_rounds,
        usual_instructor_id=row.primary_instructor_id,
        offered=offered,
        standby=standby,
    )


def _ask() -> Select[*tuple[Any, ...]]:
    """Select a row for each alternative ever offered, with the case and its booking; one row if none was."""
    c, b, s, a, e, o = reschedule_cases.c, bookings.c, students.c, airports.c, case_events.c, case_offers.c
    new_rounds = select(func.count()).where(e.case_id == c.id, e.event == "none_suit").scalar_subquery()
    return (
        select(
            reschedule_cases, b.school_id, b.student_id, b.solo, b.status, s.training_level,
            s.primary_instructor_id, a.time_zone, func.lower(b.period).label("booked_from"),
            func.upper(b.period).label("booked_to"), b.instructor_id.label("booked_instructor"),
            b.aircraft_id.label("booked_aircraft"), func.lower(_HELD.c.period).label("held_from"),
            func.upper(_HELD.c.period).label("held_to"), _HELD.c.instructor_id.label("held_instructor"),
            _HELD.c.aircraft_id.label("held_aircraft"), _HELD.c.held_until, new_rounds.label("new_rounds"),
            o.round.label("offer_round"), o.number, o.starts_at_utc.label("offer_from"),
            o.ends_at_utc.label("offer_to"), o.instructor_id.label("offer_instructor"),
            o.aircraft_id.label("offer_aircraft"), o.reason, o.ranked_by, o.offered_hour, o.withdrawn_hour,
        )
        .join(bookings, b.id == c.booking_id)
        .join(students, s.id == b.student_id)
        .join(airports, a.ident == b.departure)
        .outerjoin(_HELD, _HELD.c.holds_for == b.id)
        .outerjoin(case_offers, o.case_id == c.id)
        .where(c.id == bindparam("case"))
        .order_by(o.round, o.number)
    )  # fmt: skip


# Built once: to build a statement as wide as this one costs more than to run it.
_ASK = _ask()
_ASK_AND_LOCK = _ASK.with_for_update(of=bookings, key_share=True)


def case_of(connection: Connection, booking_id: int) -> int | None:
    """Return the open case of a booking, if there is one."""
    c = reschedule_cases.c
    query = select(c.id).where(c.booking_id == booking_id, c.closed_at.is_(None))
    return connection.execute(query).scalar()


def schools_with_open_cases(connection: Connection) -> Sequence[int]:
    """Return the schools of which a case is open."""
    c, b = reschedule_cases.c, bookings.c
    query = select(b.school_id).join(reschedule_cases, c.booking_id == b.id).where(c.closed_at.is_(None)).distinct()
    return list(connection.execute(query.order_by(b.school_id)).scalars())


def booking_named(connection: Connection, name: str) -> int | None:
    """Return the lesson with this reference, in capitals or not, or this number."""
    b = bookings.c
    exact, same = b.reference == name, func.upper(b.reference) == name.upper()
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else None
    query = select(b.id).where(or_(same, b.id == number), b.status != "held").order_by(~exact, ~same, b.id)
    return connection.execute(query.limit(1)).scalar()


def case_named(connection: Connection, name: str) -> int | None:
    """Return the case with this number, or the newest of the booking with this reference."""
    c = reschedule_cases.c
    if name.isascii() and name.isdigit() and len(name) < 19:
        return connection.execute(select(c.id).where(c.id == int(name))).scalar()
    booking_id = booking_named(connection, name)
    return connection.execute(select(func.max(c.id)).where(c.booking_id == booking_id)).scalar()


def confirms_automatically(connection: Connection, instructor_id: int | None) -> bool:
    """Return whether an instructor's lessons are confirmed automatically; solo flights never are."""
    i = instructors.c
    return bool(connection.execute(select(i.auto_confirm).where(i.id == instructor_id)).scalar())


def case_clocks(connection: Connection, before_utc: datetime) -> list[CaseClock]:
    """Return the open cases in which something may be due: those with a held slot, or a deadline before a time.

    What is due in which of them is for `domain.cases.deadlines` to decide.
    """
    c, h, i = reschedule_cases.c, _HELD.c, instructors.c
    query: Select[*tuple[Any, ...]] = (
        select(
            c.id, c.state, c.freed_slot_id.is_not(None), c.opened_at, c.accepted_at, c.deadline_utc,
            c.reminded_at.is_not(None), h.held_until, h.instructor_id, func.coalesce(i.auto_confirm, false()),
        )
        .outerjoin(_HELD, h.holds_for == c.booking_id)
        .outerjoin(instructors, i.id == h.instructor_id)
        .where(c.closed_at.is_(None), or_(h.held_until.is_not(None), c.deadline_utc <= before_utc))
        .order_by(c.id)
    )  # fmt: skip
    return [CaseClock(row.id, CaseState(row.state), *row[2:]) for row in connection.execute(query)]


def _rounds(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[tuple[int, int], tuple[Offer, bool, datetime]]:
    """Return every alternative of a case by round and number, whether it is still on offer, and its hour."""
    return {
        (row.offer_round, row.number): (
            Offer(
                Slot(row.offer_from, row.offer_to, row.offer_instructor, row.offer_aircraft), row.reason, row.ranked_by
            ),
            row.withdrawn_hour is None,
            row.offered_hour,
        )
        for row in rows
        if row.offer_round is not None
    }


def _releasers(connection: Connection, school_id: int, training_level: str) -> frozenset[int]:
    i = instructors.c
    able = literal(training_level) == any_(i.may_teach)
    query = select(i.id).where(i.school_id == school_id, able, i.ended_at.is_(None))
    return frozenset(connection.execute(query).scalars())
