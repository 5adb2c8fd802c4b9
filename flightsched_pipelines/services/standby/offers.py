"""Offer freed slots to lessons on the standby list: to one lesson at a time, by a case like any other."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import cases, transitions
from flightsched_pipelines.database.queries.cases.transitions import NewCase
from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.standby import freed_slots
from flightsched_pipelines.database.queries.standby import places as standby_places
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot, StandbyRule
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.cases.standby import FreedSlot, StandbyLesson, slots_to_offer, standby_order
from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.services.independent_steps import Step, independent_steps
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.services.responses.slot_revalidation import describe_move, revalidate
from flightsched_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class StandbyResult:
    """The result of checking freed slots: lessons put on the list, and taken off; slots checked, and offered."""

    joined: int
    lapsed: int
    looked_at: int
    offered: int


def offer_freed_slots(engine: Engine, now_utc: datetime, settings: Settings) -> StandbyResult:
    """Offer each unoffered freed slot to the first matching lesson.

    Lessons that stayed on weather hold after their case are put on the list first, and the slots of cancelled lessons
    are recorded. A slot for which nothing has changed since the last check is not checked again. An error of one slot
    or lesson is raised when all others were tried.
    """
    horizon = timedelta(days=settings.reschedule_horizon_days)
    with engine.begin() as connection:
        lapsed = standby_places.lapse(connection, now_utc, horizon)
        joined = standby_places.join_held(connection, now_utc, horizon)
        freed_slots.insert_slots_of_cancelled(connection, now_utc)
        due = freed_slots.due(connection, now_utc, _earliest(now_utc, settings))
    offered = 0
    with independent_steps() as step:
        for freed, rule in due:
            with step():
                offered += _offer(engine, freed, rule, step, now_utc, settings)
    return StandbyResult(joined, lapsed, len(due), offered)


def freed_slots_due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Return the number of freed slots to be checked."""
    with engine.connect() as connection:
        return freed_slots.count_due(connection, now_utc, _earliest(now_utc, settings))


def _earliest(now_utc: datetime, settings: Settings) -> datetime:
    """A slot that begins before this is too late."""
    return now_utc + timedelta(hours=settings.reschedule_earliest_hours)


def _offer(
    engine: Engine, freed: FreedSlot, rule: StandbyRule, step: Step, now_utc: datetime, settings: Settings
) -> bool:
    """Offer a slot to the first lesson that it fits, each tried in its own transaction; returns whether one fits."""
    with engine.connect() as connection:
        waiting = standby_order(standby_places.waiting_for(connection, freed, now_utc), rule)
    offered = False
    for lesson, slot in [(one, slot) for one in waiting for slot in slots_to_offer(freed, one)]:
        try:
            offered = offered or _offer_to(engine, freed, lesson, slot, now_utc, settings)
        except OperationalError:  # it passes: the lesson keeps its place in line, and the slot is due again
            raise
        except Exception:  # of this lesson alone: the next in line is tried, and the step keeps the error
            with step():
                raise
    with engine.begin() as connection:
        freed_slots.record_looked_at(connection, freed.freed_slot_id, now_utc)
    return offered


def _offer_to(
    engine: Engine, freed: FreedSlot, waiting: StandbyLesson, slot: Slot, now_utc: datetime, settings: Settings
) -> bool:
    """Offer a slot to one lesson, if it is validated now; returns whether it was.

    The locks are those of a response, in the same order, so that the slot cannot be taken between validation and offer.
    """
    booking_id, student_id = waiting.booking_id, waiting.student_id
    with engine.begin() as connection:
        cases.lock_cases_shared(connection)
        freed_slots.take_slot(connection, freed.freed_slot_id)
        booking_moves.lock_resources(connection, booking_moves.resources_of(student_id, waiting.lesson, slot))
        booking_moves.lock_booking(connection, booking_id)
        if not freed_slots.may_offer(connection, freed, waiting):
            return False
        if booking_moves.cases_offered(connection, slot, student_id, BUFFER, [booking_id]):
            return False
        occasion = NotificationContext(None, now_utc, settings)
        directory = Directory.read(connection, [booking_id])
        told = occasion.told_from(directory.student_of(booking_id), slot.starts_at_utc, may_wake=False)
        wait = timedelta(minutes=settings.standby_answer_minutes)
        latest = slot.starts_at_utc - timedelta(minutes=settings.case_closes_minutes)
        if told + wait > latest:
            return False
        deadline = min(WakingHours(waiting.time_zone).end_of_wait(told, wait), latest)
        moving = Move(booking_id, slot)
        found = revalidate(connection, moving, freed.school_id, student_id, now_utc, now_utc, settings)
        if found.objections or found.verdict not in {"ok", "watch"}:
            return False
        offer = Offer(slot, describe_move(found, moving), "planner")
        why = "a slot came free, and the lesson is on standby"
        new = NewCase(
            booking_id, waiting.lesson, CaseState.PROPOSED, deadline, why, [offer], freed.freed_slot_id, student_id
        )
        hour = newest_written(connection, "forecasts") or now_utc
        [case_id] = transitions.insert_cases(connection, [new], hour, now_utc)
        news = CaseNotification(
            case_id, booking_id, "opened", waiting.lesson, 1, [offer], deadline_utc=deadline, standby=True
        )
        queue_notifications(connection, [news], directory, occasion)
    return True
