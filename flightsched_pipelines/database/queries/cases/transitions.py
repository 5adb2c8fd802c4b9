"""Steps of cases, as rows: cases opened, continued and ended, each with its line in the audit trail.

Every function works within the caller's transaction, so that a transition and its notifications are stored together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BigInteger, Connection, Integer, Text, bindparam, case, delete, func, insert, update

from flightsched_pipelines.database.given_rows import among, as_parameter, given, insert_given
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    bookings,
    case_events,
    case_offers,
    reschedule_cases,
)
from flightsched_pipelines.database.schema.base import INSTANT
from flightsched_pipelines.database.together import Together
from flightsched_pipelines.domain.cases.lifecycle import CaseState, HoldSetter, Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.durations import hour_of

OFFER_COLUMNS = (
    "case_id", "round", "number", "starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id", "reason", "ranked_by",
    "offered_hour",
)  # fmt: skip
EVENT_COLUMNS = (
    "case_id", "at", "actor", "actor_id", "event", "from_state", "to_state", "partition_hour", "why",
)  # fmt: skip


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
    student_id: int | None = None


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
            "freed_slot_id": case.freed_slot_id, "student_id": case.student_id,
        }
        for case in new
    ]  # fmt: skip
    inserted = connection.execute(
        insert(reschedule_cases).returning(reschedule_cases.c.id, sort_by_parameter_order=True), rows
    )
    ids = [row.id for row in inserted]
    offers = _offer_rows([(key, 1, case.offers) for key, case in zip(ids, new, strict=True)], hour_utc)
    if offers:
        connection.execute(insert(case_offers), offers)
    connection.execute(
        insert(case_events),
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
    """Write steps of cases with their audit trail, in one statement; of several steps of a case the last one remains.

    Alternatives of an earlier round are marked as withdrawn; a held slot is released, except one just taken.
    """
    if not steps:
        return
    first: dict[int, Transition] = {}
    for step in steps:
        first.setdefault(step.case_id, step)
    last = {step.case_id: step for step in steps}
    hour = hour_utc or hour_of(now_utc)
    renewed = [step for step in steps if step.new_round]
    _writing().run(
        connection,
        {
            "now": now_utc,
            "hour": hour,
            "changes": as_parameter(
                {
                    "case_id": key, "before": first[key].before.value, "after": step.after.value, "round": step.round,
                    "closed_at": None if step.after.value in OPEN_STATES else now_utc, "accepted": step.accepted,
                }
                for key, step in last.items()
            ),
            "cases": list(last),
            "withdrawing": [step.case_id for step in steps if step.new_round or step.after.value not in OPEN_STATES],
            "releasing": [step.booking_id for step in steps if step.after is not CaseState.STUDENT_ACCEPTED],
            "offers": as_parameter(_offer_rows([(one.case_id, one.round, one.offers) for one in renewed], hour)),
            "events": as_parameter(_event_rows(steps, hour_utc, now_utc)),
        },
    )  # fmt: skip


@cache
def _writing() -> Together:
    """The statement of `write_transitions`, made once."""
    c, o, b = reschedule_cases.c, case_offers.c, bookings.c
    new = given(
        "changes", case_id=BigInteger, before=Text, after=Text, round=Integer, closed_at=INSTANT, accepted=Integer
    )
    now = bindparam("now", type_=INSTANT)
    change = (
        update(reschedule_cases)
        .where(among(c.id, "cases"), c.id == new.c.case_id, c.state == new.c.before)
        .values(
            state=new.c.after,
            round=new.c.round,
            closed_at=new.c.closed_at,
            accepted_number=new.c.accepted,
            accepted_at=case((new.c.accepted.is_(None), None), else_=func.coalesce(c.accepted_at, now)),
            reminded_at=None,
        )
    )
    withdraw = (
        update(case_offers)
        .where(among(o.case_id, "withdrawing"), o.withdrawn_hour.is_(None))
        .values(withdrawn_hour=bindparam("hour", type_=INSTANT))
    )
    return Together(
        change=change,
        withdraw=withdraw,
        release=delete(bookings).where(among(b.holds_for, "releasing")),
        offer=insert_given("offers", case_offers, OFFER_COLUMNS),
        record=insert_given("events", case_events, EVENT_COLUMNS),
    )


def insert_events(
    connection: Connection, steps: Sequence[Transition], hour_utc: datetime | None, now_utc: datetime
) -> None:
    """Add steps to the audit trail."""
    if rows := _event_rows(steps, hour_utc, now_utc):
        connection.execute(insert(case_events), rows)


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


def mark_reminded(connection: Connection, case_id: int, now_utc: datetime) -> None:
    """Record that a reminder was sent."""
    change = update(reschedule_cases).where(reschedule_cases.c.id == case_id).values(reminded_at=now_utc)
    connection.execute(change)


def mark_refused(connection: Connection, case_id: int, round_: int, now_utc: datetime) -> None:
    """Record that none of a round's alternatives suits: they are not offered to this case again."""
    o = case_offers.c
    connection.execute(update(case_offers).where(o.case_id == case_id, o.round == round_).values(refused_at=now_utc))


def _offer_rows(offered: Sequence[tuple[int, int, Sequence[Offer]]], hour_utc: datetime) -> list[dict[str, object]]:
    return [
        {
            "case_id": case_id, "round": round_, "number": number, "starts_at_utc": offer.slot.starts_at_utc,
            "ends_at_utc": offer.slot.ends_at_utc, "instructor_id": offer.slot.instructor_id,
            "aircraft_id": offer.slot.aircraft_id, "reason": offer.reason, "ranked_by": offer.ranked_by,
            "offered_hour": hour_utc,
        }
        for case_id, round_, offers in offered
        for number, offer in enumerate(offers, start=1)
    ]  # fmt: skip


def _event_rows(steps: Sequence[Transition], hour_utc: datetime | None, now_utc: datetime) -> list[dict[str, object]]:
    return [
        {
            "case_id": step.case_id, "at": now_utc, "actor": step.actor, "actor_id": step.actor_id,
            "event": step.event, "from_state": step.before.value, "to_state": step.after.value,
            "partition_hour": hour_utc, "why": step.why,
        }
        for step in steps
    ]  # fmt: skip
