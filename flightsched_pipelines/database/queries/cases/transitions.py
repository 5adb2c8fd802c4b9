"""Steps of cases, as rows: cases opened, continued and ended, each with its line in the audit trail.

Every function works within the caller's transaction, so that a transition and its notifications are stored together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, case, func, insert, update

from flightsched_pipelines.database.queries.schedule.holds import release_holds
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    bookings,
    case_events,
    case_offers,
    reschedule_cases,
)
from flightsched_pipelines.domain.cases.lifecycle import CaseState, HoldSetter, Slot
from flightsched_pipelines.domain.cases.snapshot import Offer


@dataclass(frozen=True, slots=True)
class Transition:
    """A step to be written. ``offers`` replace those of before if ``new_round``; ``accepted`` is the one taken."""

    case_id: int
    booking_id: int
    event: str
    before: CaseState
    after: CaseState
    why: str
    round: int
    new_round: bool = False
    offers: Sequence[Offer] = ()
    actor: str = "platform"
    actor_id: int | None = None
    accepted: int | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened, as people are notified of it; of a threatened booking, unless it offers a freed slot."""

    booking_id: int
    lesson: Slot
    state: CaseState
    deadline_utc: datetime
    why: str
    offers: Sequence[Offer]
    freed_slot_id: int | None = None


def insert_cases(connection: Connection, new: Sequence[NewCase], hour_utc: datetime, now_utc: datetime) -> list[int]:
    """Open cases, put threatened bookings on weather hold, and log it; returns the cases' ids in the same order."""
    if not new:
        return []
    rows = [
        {
            "booking_id": case.booking_id, "state": case.state.value, "opened_hour": hour_utc, "last_hour": hour_utc,
            "starts_at_utc": case.lesson.starts_at_utc, "ends_at_utc": case.lesson.ends_at_utc,
            "instructor_id": case.lesson.instructor_id, "aircraft_id": case.lesson.aircraft_id,
            "deadline_utc": case.deadline_utc, "round": 1 if case.offers else 0, "opened_at": now_utc,
            "freed_slot_id": case.freed_slot_id,
        }
        for case in new
    ]  # fmt: skip
    inserted = connection.execute(
        insert(reschedule_cases).returning(reschedule_cases.c.id, sort_by_parameter_order=True), rows
    )
    ids = [row.id for row in inserted]
    _hold_out(connection, [(key, 1, case.offers) for key, case in zip(ids, new, strict=True)], hour_utc)
    _insert_event(
        connection,
        [
            {
                "case_id": key, "at": now_utc, "actor": "platform", "actor_id": None, "event": "opened",
                "from_state": None, "to_state": case.state.value, "partition_hour": hour_utc, "why": case.why,
            }
            for key, case in zip(ids, new, strict=True)
        ],
    )  # fmt: skip
    threatened = [case.booking_id for case in new if case.freed_slot_id is None]
    hold_booking_op(connection, threatened, "platform", now_utc)
    return ids


def write_transitions(
    connection: Connection, steps: Sequence[Transition], hour_utc: datetime | None, now_utc: datetime
) -> None:
    """Write steps of cases with their audit trail.

    Alternatives of an earlier round are marked as withdrawn; a held slot is released, except one just taken.
    """
    if not steps:
        return
    change = (
        update(reschedule_cases)
        .where(reschedule_cases.c.id == bindparam("case_id"), reschedule_cases.c.state == bindparam("before"))
        .values(
            state=bindparam("after"),
            round=bindparam("new_round_number"),
            closed_at=bindparam("ended"),
            accepted_number=bindparam("accepted"),
            accepted_at=case(
                (bindparam("accepted", type_=Integer).is_(None), None),
                else_=func.coalesce(reschedule_cases.c.accepted_at, now_utc),
            ),
            reminded_at=None,
        )
    )
    connection.execute(
        change,
        [
            {
                "case_id": step.case_id, "before": step.before.value, "after": step.after.value,
                "new_round_number": step.round, "ended": None if step.after.value in OPEN_STATES else now_utc,
                "accepted": step.accepted,
            }
            for step in steps
        ],
    )  # fmt: skip
    renewed = [step for step in steps if step.new_round]
    closed = [step for step in steps if step.after.value not in OPEN_STATES]
    withdraw = (
        update(case_offers)
        .where(
            case_offers.c.case_id.in_([step.case_id for step in (*renewed, *closed)]),
            case_offers.c.withdrawn_hour.is_(None),
        )
        .values(withdrawn_hour=hour_utc or func.date_trunc("hour", now_utc))
    )
    connection.execute(withdraw)
    _hold_out(connection, [(step.case_id, step.round, step.offers) for step in renewed], hour_utc or now_utc)
    release_holds(connection, [step.booking_id for step in steps if step.after is not CaseState.STUDENT_ACCEPTED])
    insert_events(connection, steps, hour_utc, now_utc)


def insert_events(
    connection: Connection, steps: Sequence[Transition], hour_utc: datetime | None, now_utc: datetime
) -> None:
    """Add steps to the audit trail."""
    _insert_event(
        connection,
        [
            {
                "case_id": step.case_id, "at": now_utc, "actor": step.actor, "actor_id": step.actor_id,
                "event": step.event, "from_state": step.before.value, "to_state": step.after.value,
                "partition_hour": hour_utc, "why": step.why,
            }
            for step in steps
        ],
    )  # fmt: skip


def record_hour(connection: Connection, case_ids: Sequence[int], hour_utc: datetime) -> None:
    """Record the newest hour that these cases were compared with."""
    c = reschedule_cases.c
    connection.execute(update(reschedule_cases).where(c.id.in_(case_ids)).values(last_hour=hour_utc))


def hold_booking_op(connection: Connection, booking_ids: Iterable[int], by: HoldSetter, now_utc: datetime) -> None:
    """Put lessons on weather hold; a hold that a dispatcher set stays the dispatcher's."""
    b = bookings.c
    from_statuses = ACTIVE_STATUSES if by == "dispatcher" else ("scheduled",)
    connection.execute(
        update(bookings)
        .where(b.id.in_(sorted(booking_ids)), b.status.in_(from_statuses))
        .values(status="weather_hold", weather_hold_by=by, updated_at=now_utc)
    )


def lift_hold(connection: Connection, booking_ids: Iterable[int], by: HoldSetter, now_utc: datetime) -> set[int]:
    """Take lessons off weather hold, and return which; the platform lifts only what it set, a dispatcher any."""
    b = bookings.c
    lifted = (
        update(bookings)
        .where(b.id.in_(sorted(booking_ids)), b.status == "weather_hold")
        .values(status="scheduled", updated_at=now_utc)
        .returning(b.id)
    )
    lifted = lifted if by == "dispatcher" else lifted.where(b.weather_hold_by == by)
    return set(connection.execute(lifted).scalars())


def next_sequences(connection: Connection, booking_ids: Iterable[int]) -> dict[int, int]:
    """Raise the version of each booking's calendar entry, and return it."""
    b = bookings.c
    raised = (
        update(bookings)
        .where(b.id.in_(sorted(booking_ids)))
        .values(calendar_sequence=b.calendar_sequence + 1)
        .returning(b.id, b.calendar_sequence)
    )
    return {row.id: row.calendar_sequence for row in connection.execute(raised)}


def mark_reminded(connection: Connection, case_id: int, now_utc: datetime) -> None:
    """Record that a reminder was sent."""
    change = update(reschedule_cases).where(reschedule_cases.c.id == case_id).values(reminded_at=now_utc)
    connection.execute(change)


def mark_refused(connection: Connection, case_id: int, round_: int, now_utc: datetime) -> None:
    """Record that none of a round's alternatives suits: they are not offered to this case again."""
    o = case_offers.c
    connection.execute(update(case_offers).where(o.case_id == case_id, o.round == round_).values(refused_at=now_utc))


def _hold_out(connection: Connection, offered: Sequence[tuple[int, int, Sequence[Offer]]], hour_utc: datetime) -> None:
    rows = [
        {
            "case_id": case_id, "round": round_, "number": number, "starts_at_utc": offer.slot.starts_at_utc,
            "ends_at_utc": offer.slot.ends_at_utc, "instructor_id": offer.slot.instructor_id,
            "aircraft_id": offer.slot.aircraft_id, "reason": offer.reason, "ranked_by": offer.ranked_by,
            "offered_hour": hour_utc, "withdrawn_hour": None,
        }
        for case_id, round_, offers in offered
        for number, offer in enumerate(offers, start=1)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(case_offers), rows)


def _insert_event(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(case_events), rows)
