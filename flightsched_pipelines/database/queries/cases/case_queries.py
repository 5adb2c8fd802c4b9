"""One case as a response needs it: the lesson, the people, and the alternatives on offer or held."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, any_, bindparam, false, func, or_, select

from flightsched_pipelines.database.given_rows import among
from flightsched_pipelines.database.queries.cases.responses import Response, read_response, select_response
from flightsched_pipelines.database.queries.schedule.changes import StandingLesson, read_standing, standing_queries
from flightsched_pipelines.database.readable_columns import end_of, start_of
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    airports,
    bookings,
    case_events,
    case_offers,
    instructors,
    partitions,
    reschedule_cases,
    students,
)
from flightsched_pipelines.database.together import Together
from flightsched_pipelines.domain.cases.deadlines import CaseClock
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot, Hold, Offer

_HELD = bookings.alias("held")


def load_case(connection: Connection, case_id: int) -> CaseSnapshot | None:
    """Return a case as it stands; ``None`` if there is no such case."""
    return load_cases(connection, [case_id]).get(case_id)


def load_cases(connection: Connection, case_ids: Sequence[int]) -> dict[int, CaseSnapshot]:
    """Return these cases as they stand, by id; read in one statement."""
    return _snapshots(_cases().run(connection, {"cases": list(case_ids)}))


def responded_case(connection: Connection, key: str, case_id: int) -> tuple[Response | None, CaseSnapshot | None]:
    """Return the response that was stored under a key, if there is one, and a case; read in one statement."""
    found = _responded_case().run(connection, {"key": key, "cases": [case_id]})
    return read_response(found["response"]), _snapshots(found).get(case_id)


@dataclass(frozen=True, slots=True)
class LockedCase:
    """A case and others that offer its slot, all locked; its lesson in the schedule; the newest hour with candidates.

    Other cases are offered any of the slot that the case's lesson may take.
    """

    case: CaseSnapshot
    others: Sequence[CaseSnapshot]
    lesson: StandingLesson
    candidates_hour: datetime | None


def locked_case(connection: Connection, case_id: int, booking_id: int, others: Sequence[int]) -> LockedCase | None:
    """Return a case that is locked with its booking, and the others, in one statement; ``None`` if there is no case."""
    found = _locked_case().run(connection, {"cases": [case_id, *others], "bookings": [booking_id]})
    cases = _snapshots(found)
    if case_id not in cases:
        return None
    [lesson] = read_standing(found)
    return LockedCase(cases[case_id], [cases[key] for key in others if key in cases], lesson, found["hour"][0].hour_utc)


def _snapshots(found: Mapping[str, Sequence[Any]]) -> dict[int, CaseSnapshot]:
    releasers: defaultdict[int, set[int]] = defaultdict(set)
    for row in found["releasers"]:
        releasers[row.case_id].add(row.instructor_id)
    return {
        case_id: _snapshot(list(rows), frozenset(releasers[case_id]))
        for case_id, rows in groupby(found["cases"], key=attrgetter("id"))
    }


def _snapshot(rows: Sequence[Any], releasers: frozenset[int]) -> CaseSnapshot:
    row, rounds = rows[0], _rounds(rows)
    offered: dict[Slot, datetime] = {}
    for offer, _, hour in rounds.values():
        offered[offer.slot] = min(hour, offered.get(offer.slot, hour))
    offers = {
        number: offer
        for (round_, number), (offer, held_out, _) in rounds.items()
        if held_out and round_ == row.case_round
    }
    hold = None
    if row.held_until is not None and row.accepted_number is not None:
        slot = Slot(row.held_from, row.held_to, row.held_instructor, row.held_aircraft)
        hold = Hold(slot, row.accepted_number, row.accepted_at, row.held_until)
    standby, given_away = row.freed_slot_id is not None, row.student_id != row.booked_student
    booked = Slot(row.booked_from, row.booked_to, row.booked_instructor, row.booked_aircraft)
    return CaseSnapshot(
        case_id=row.id,
        booking_id=row.booking_id,
        school_id=row.school_id,
        solo=row.solo,
        time_zone=row.time_zone,
        state=CaseState(row.state),
        lesson=Slot(row.starts_at_utc, row.ends_at_utc, row.instructor_id, row.aircraft_id),
        booked=booked if _is_booked(row.status, standby=standby) and not given_away else None,
        student_id=row.student_id,
        round=row.case_round,
        offers=offers,
        earlier={key: offer.slot for key, (offer, _, _) in rounds.items()},
        deadline_utc=row.deadline_utc,
        hold=hold,
        releasers=releasers,
        new_rounds=row.new_rounds,
        usual_instructor_id=row.primary_instructor_id,
        offered=offered,
        standby=standby,
        given_away=given_away,
        on_hold=row.status == "weather_hold",
    )


def _is_booked(status: str, *, standby: bool) -> bool:
    return status in (ACTIVE_STATUSES if standby else ("weather_hold",))


def _asked() -> ColumnElement[int]:
    """Return the student whom a case asked."""
    return func.coalesce(reschedule_cases.c.student_id, bookings.c.student_id)


def _ask() -> Select[*tuple[Any, ...]]:
    """Select a row for each alternative ever offered, with the case and its booking; one row if none was."""
    c, b, s, a, e, o = reschedule_cases.c, bookings.c, students.c, airports.c, case_events.c, case_offers.c
    new_rounds = select(func.count()).where(e.case_id == c.id, e.event == "none_suit").scalar_subquery()
    return (
        select(
            c.id, c.booking_id, c.state, c.starts_at_utc, c.ends_at_utc, c.instructor_id, c.aircraft_id,
            c.deadline_utc, c.round.label("case_round"), c.accepted_number, c.accepted_at, c.freed_slot_id,
            b.school_id, _asked().label("student_id"), b.student_id.label("booked_student"), b.solo, b.status,
            s.primary_instructor_id, a.time_zone, start_of(b.period).label("booked_from"),
            end_of(b.period).label("booked_to"), b.instructor_id.label("booked_instructor"),
            b.aircraft_id.label("booked_aircraft"), start_of(_HELD.c.period).label("held_from"),
            end_of(_HELD.c.period).label("held_to"), _HELD.c.instructor_id.label("held_instructor"),
            _HELD.c.aircraft_id.label("held_aircraft"), _HELD.c.held_until, new_rounds.label("new_rounds"),
            o.round.label("offer_round"), o.number, o.starts_at_utc.label("offer_from"),
            o.ends_at_utc.label("offer_to"), o.instructor_id.label("offer_instructor"),
            o.aircraft_id.label("offer_aircraft"), o.reason, o.ranked_by, o.offered_hour, o.withdrawn_hour,
        )
        .join(bookings, b.id == c.booking_id)
        .join(students, s.id == _asked())
        .join(airports, a.ident == b.departure)
        .outerjoin(_HELD, _HELD.c.holds_for == b.id)
        .outerjoin(case_offers, o.case_id == c.id)
        .where(among(c.id, "cases"))
        .order_by(c.id, o.round, o.number)
    )  # fmt: skip


def _releasers() -> Select[int, int]:
    """Select the instructors who may release the students of solo flights."""
    c, b, s, i = reschedule_cases.c, bookings.c, students.c, instructors.c
    return (
        select(c.id.label("case_id"), i.id.label("instructor_id"))
        .join(bookings, b.id == c.booking_id)
        .join(students, s.id == _asked())
        .join(instructors, (i.school_id == b.school_id) & (s.training_level == any_(i.may_teach)))
        .where(among(c.id, "cases"), b.solo, i.ended_at.is_(None))
    )


@cache
def _cases() -> Together:
    return Together(cases=_ask(), releasers=_releasers())


@cache
def _locked_case() -> Together:
    p = partitions.c
    hour = select(func.max(p.partition_hour).label("hour_utc")).where(p.name == "reschedule_candidates")
    return Together(cases=_ask(), releasers=_releasers(), **standing_queries(), hour=hour)


@cache
def _responded_case() -> Together:
    return Together(response=select_response(bindparam("key", type_=Text)), cases=_ask(), releasers=_releasers())


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


def case_clocks(connection: Connection, before_utc: datetime, *, but_for: Collection[int] = ()) -> list[CaseClock]:
    """Return the open cases in which something may be due: those with a held slot, or a deadline before a time.

    Those of the bookings ``but_for`` are left out.
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
        .where(c.booking_id.not_in(but_for))
        .order_by(c.id)
    )  # fmt: skip
    return [CaseClock(row.id, CaseState(row.state), *row[2:]) for row in connection.execute(query)]


def _rounds(rows: Sequence[Any]) -> dict[tuple[int, int], tuple[Offer, bool, datetime]]:
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
