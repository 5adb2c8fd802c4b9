"""The standby lists: who waits for a freed slot, in which order; lessons put on a list and taken off."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from flightsched_pipelines.database.queries.standby import places as standby_places
from flightsched_pipelines.database.queries.standby.places import Place, StandbyCandidate
from flightsched_pipelines.domain.cases.responses import no_such_booking
from flightsched_pipelines.domain.cases.standby import standby_order
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.text import MAX_NAME_CHARACTERS, accept
from flightsched_pipelines.time_zones import zone_of


class StandbyRefusedError(PlainError, ValueError):
    """The list was not changed; the message contains the reason."""


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
        raise StandbyRefusedError(no_such_booking(reference))
    return lesson
