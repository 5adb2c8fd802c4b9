"""Offer freed slots to lessons on the standby list: to one lesson at a time, by a case like any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.frames import newest_written
from flightsched_pipelines.database.queries.cases import cases, transitions
from flightsched_pipelines.database.queries.cases.transitions import NewCase
from flightsched_pipelines.database.queries.schedule import booking_moves
from flightsched_pipelines.database.queries.schedule.booking_moves import Move
from flightsched_pipelines.database.queries.standby import freed_slots
from flightsched_pipelines.database.queries.standby import places as standby_places
from flightsched_pipelines.database.queries.standby.places import Place, StandbyCandidate
from flightsched_pipelines.domain.cases.lifecycle import CaseState, Slot, StandbyRule
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.cases.standby import FreedSlot, StandbyLesson, slots_to_offer, standby_order
from flightsched_pipelines.domain.cases.waking_hours import WakingHours
from flightsched_pipelines.domain.rescheduling.rules import BUFFER
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.notifications.case_notification import CaseNotification, NotificationContext
from flightsched_pipelines.services.notifications.directory import Directory
from flightsched_pipelines.services.notifications.notifications import queue_notifications
from flightsched_pipelines.services.responses.slot_revalidation import describe_move, revalidate
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, accept
from flightsched_pipelines.time_zones import zone_of


class StandbyRefusedError(PlainError, ValueError):
    """The list was not changed; the message contains the reason."""


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
    are recorded. A slot for which nothing has changed since the last check is not checked again.
    """
    horizon = timedelta(days=settings.reschedule_horizon_days)
    with engine.begin() as connection:
        lapsed = standby_places.lapse(connection, now_utc, horizon)
        joined = standby_places.join_held(connection, now_utc, horizon)
        freed_slots.insert_slots_of_cancelled(connection, now_utc)
        due = freed_slots.due(connection, now_utc, _earliest(now_utc, settings))
    offered = sum(_offer(engine, freed, rule, now_utc, settings) for freed, rule in due)
    return StandbyResult(joined, lapsed, len(due), offered)


def freed_slots_due(engine: Engine, now_utc: datetime, settings: Settings) -> int:
    """Return the number of freed slots to be checked."""
    with engine.connect() as connection:
        return freed_slots.count_due(connection, now_utc, _earliest(now_utc, settings))


def join(engine: Engine, reference: str, until: date | None, now_utc: datetime) -> None:
    """Put a lesson on the standby list.

    Raises:
        StandbyRefusedError: the lesson does not exist, cannot wait, or waits already.
    """
    with engine.begin() as connection:
        join_within(connection, reference, until, now_utc)


def join_within(connection: Connection, reference: str, until: date | None, now_utc: datetime) -> None:
    """Put a lesson on the standby list, in the caller's transaction; raises as `join` does."""
    lesson = _lesson(connection, reference)
    today = now_utc.astimezone(zone_of(lesson.time_zone)).date()
    if lesson.status not in {"scheduled", "weather_hold"}:
        raise StandbyRefusedError(f"{reference} is {lesson.status}; only a lesson that is still to be flown can wait")
    if not lesson.flies:
        raise StandbyRefusedError(f"{reference} is no flight; only a flight can wait for a freed aircraft")
    if lesson.status == "scheduled" and lesson.starts_at_utc <= now_utc:
        raise StandbyRefusedError(f"the time of {reference} has come; only a lesson that is still to be flown can wait")
    if until is not None and until < today:
        raise StandbyRefusedError(f"{until:%Y-%m-%d} is over at {reference}'s airport; give today or a later day")
    if not standby_places.join(connection, lesson.booking_id, until, now_utc):
        raise StandbyRefusedError(f"{reference} is on the standby list already")


def leave(engine: Engine, reference: str, now_utc: datetime) -> None:
    """Take a lesson off the standby list; an open offer stays valid.

    Raises:
        StandbyRefusedError: it is not on the list.
    """
    with engine.begin() as connection:
        leave_within(connection, reference, now_utc)


def leave_within(connection: Connection, reference: str, now_utc: datetime) -> None:
    """Take a lesson off the standby list, in the caller's transaction; raises as `leave` does."""
    if not standby_places.leave(connection, [_lesson(connection, reference).booking_id], "withdrawn", now_utc):
        raise StandbyRefusedError(f"{reference} is not on the standby list; `flightsched standby` shows it")


def places(engine: Engine, now_utc: datetime, aircraft_type: str | None = None) -> list[Place]:
    """Return the standby lists, each school's in its order; of one type of aircraft if one is given.

    Raises:
        StandbyRefusedError: no aircraft has this type.
    """
    with engine.connect() as connection:
        types = standby_places.aircraft_types(connection)
        if aircraft_type is not None and aircraft_type not in types:
            raise StandbyRefusedError(f"no aircraft is a {aircraft_type}; there are {', '.join(types)}")
        found = standby_places.places(connection, now_utc, aircraft_type)
    by_school: dict[str, list[Place]] = {}
    for place in found:
        by_school.setdefault(place.school, []).append(place)
    return [place for school in by_school.values() for place in _by_rule(school)]


def places_of_school(engine: Engine, school_id: int, now_utc: datetime) -> list[Place]:
    """Return the standby list of one school, in its order."""
    with engine.connect() as connection:
        found = standby_places.places(connection, now_utc, school_id=school_id)
    return _by_rule(found) if found else []


def _by_rule(school: Sequence[Place]) -> list[Place]:
    """Return a school's list in its order; in order of joining if the school does not offer slots."""
    by_booking = {place.waiting.booking_id: place for place in school}
    waiting = [place.waiting for place in school]
    return [by_booking[one.booking_id] for one in standby_order(waiting, school[0].rule)] or list(school)


def _lesson(connection: Connection, reference: str) -> StandbyCandidate:
    accept(reference, "the booking", MAX_NAME_CHARACTERS)
    lesson = standby_places.lesson(connection, reference)
    if lesson is None:
        raise StandbyRefusedError(f"there is no booking '{reference}'; give its reference, such as PAO-1016")
    return lesson


def _earliest(now_utc: datetime, settings: Settings) -> datetime:
    """A slot that begins before this is too late."""
    return now_utc + timedelta(hours=settings.reschedule_earliest_hours)


def _offer(engine: Engine, freed: FreedSlot, rule: StandbyRule, now_utc: datetime, settings: Settings) -> bool:
    """Offer a slot to the first lesson that it fits, each tried in its own transaction; returns whether one fits."""
    with engine.connect() as connection:
        waiting = standby_order(standby_places.waiting_for(connection, freed, now_utc), rule)
    ways = ((one, slot) for one in waiting for slot in slots_to_offer(freed, one))
    offered = any(_offer_to(engine, freed, one, slot, now_utc, settings) for one, slot in ways)
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
        new = NewCase(booking_id, waiting.lesson, CaseState.PROPOSED, deadline, why, [offer], freed.freed_slot_id)
        hour = newest_written(connection, "forecasts") or now_utc
        [case_id] = transitions.insert_cases(connection, [new], hour, now_utc)
        news = CaseNotification(
            case_id, booking_id, "opened", waiting.lesson, 1, [offer], deadline_utc=deadline, standby=True
        )
        queue_notifications(connection, [news], directory, occasion)
    return True
