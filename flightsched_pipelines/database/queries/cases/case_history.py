"""Cases to read: the list of them, and one with all that happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, case, func, select

from flightsched_pipelines.database.queries.cases import case_queries, responses
from flightsched_pipelines.database.queries.cases.responses import Response
from flightsched_pipelines.database.readable_columns import form_of
from flightsched_pipelines.database.schema import (
    OPEN_STATES,
    aircraft,
    airports,
    bookings,
    case_events,
    instructors,
    reschedule_cases,
    student_preferences,
    students,
)
from flightsched_pipelines.domain.cases.snapshot import CaseSnapshot


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A case in a line. ``held_until`` is ``None`` where no slot is held, ``moved_to_utc`` where no lesson has moved.

    ``aircraft`` is that of the lesson as notified, ``form`` the lesson's now.

    Names and phone numbers are personal. A solo flight has no instructor.
    """

    case_id: int
    booking_id: int
    reference: str
    departure: str
    time_zone: str
    state: str
    starts_at_utc: datetime
    deadline_utc: datetime
    held_until: datetime | None
    opened_at: datetime
    opened_hour: datetime
    moved_to_utc: datetime | None
    student: str
    student_phone: str | None
    instructor: str | None
    instructor_phone: str | None
    aircraft: str
    aircraft_type: str
    form: str


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of a case's audit trail."""

    at: datetime
    event: str
    actor: str
    from_state: str | None
    to_state: str
    why: str


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """A case with its alternatives, its audit trail and the answers to it, each in order.

    ``note`` is what the student wrote beside the preferences; ``None`` for nothing. Personal.
    """

    summary: CaseSummary
    note: str | None
    case: CaseSnapshot
    events: Sequence[CaseEvent]
    responses: Sequence[Response]


def case_summaries(engine: Engine, *, open_only: bool, school_id: int | None = None) -> list[CaseSummary]:
    """The cases, of one school or of all: the open ones, the nearest deadline first, or the newest hundred of all."""
    c = reschedule_cases.c
    query = _summary() if school_id is None else _summary().where(bookings.c.school_id == school_id)
    query = query.where(c.state.in_(OPEN_STATES)).order_by(c.deadline_utc, c.id) if open_only else query
    query = query if open_only else query.order_by(c.id.desc()).limit(100)
    with engine.connect() as connection:
        return [CaseSummary(*row) for row in connection.execute(query)]


def case_history(engine: Engine, case_id: int) -> CaseHistory | None:
    """One case, ``None`` if there is no such."""
    with engine.connect() as connection:
        row = connection.execute(_summary().where(reschedule_cases.c.id == case_id)).one_or_none()
        snapshot = case_queries.load_case(connection, case_id)
        if row is None or snapshot is None:
            return None
        note = _note_of(connection, snapshot.student_id)
        return CaseHistory(
            CaseSummary(*row),
            note,
            snapshot,
            _events(connection, case_id),
            responses.responses_of_case(connection, case_id),
        )


def _note_of(connection: Connection, student_id: int) -> str | None:
    p = student_preferences.c
    return connection.execute(select(p.note).where(p.student_id == student_id)).scalar()


def _summary() -> Select[*tuple[Any, ...]]:
    c, b, a = reschedule_cases.c, bookings.c, airports.c
    held, own = bookings.alias(), aircraft.alias()
    moved_to = case((c.state == "rescheduled", func.lower(b.period)))
    return (
        select(
            c.id, c.booking_id, b.reference, b.departure, a.time_zone, c.state, c.starts_at_utc, c.deadline_utc,
            held.c.held_until, c.opened_at, c.opened_hour, moved_to, students.c.name, students.c.phone,
            instructors.c.name, instructors.c.phone, aircraft.c.tail_number, aircraft.c.type, form_of(bookings, own),
        )
        .join(bookings, b.id == c.booking_id)
        .join(airports, a.ident == b.departure)
        .join(students, students.c.id == b.student_id)
        .join(aircraft, aircraft.c.id == c.aircraft_id)
        .outerjoin(own, own.c.id == b.aircraft_id)
        .outerjoin(instructors, instructors.c.id == c.instructor_id)
        .outerjoin(held, held.c.holds_for == b.id)
    )  # fmt: skip


def _events(connection: Connection, case_id: int) -> list[CaseEvent]:
    e = case_events.c
    query = select(e.at, e.event, e.actor, e.from_state, e.to_state, e.why).where(e.case_id == case_id).order_by(e.id)
    return [CaseEvent(*row) for row in connection.execute(query)]
