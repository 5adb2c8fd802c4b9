"""Events of the live stream as rows, and their places in it.

An id does not do as a place: a transaction may commit an event after another has committed one with a greater id, and
whoever has read that far would never see it. So an event gets its place after its commit, and places are given by one
transaction at a time: whoever sees one place sees every smaller one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import Insert

from flightsched_pipelines.database.given_rows import as_parameter, in_batches, insert_given
from flightsched_pipelines.database.schema import bookings, live_events, live_positions, schools


@dataclass(frozen=True, slots=True)
class Audience:
    """A listener: an application of a school, or one person of it, ``student-ID`` or ``instructor-ID``."""

    school_id: int
    person: str | None = None


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event with its place in the stream."""

    position: int
    school_id: int
    people: Sequence[str]
    payload: Mapping[str, Any]

    def is_for(self, audience: Audience) -> bool:
        """Return whether a listener may have it."""
        return self.school_id == audience.school_id and (audience.person is None or audience.person in self.people)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be published; ``payload`` is JSON without personal data."""

    school_id: int
    people: Sequence[str]
    payload: Mapping[str, Any]


def publish(connection: Connection, events: Sequence[NewEvent], now_utc: datetime) -> None:
    """Add events, within the caller's transaction."""
    for some in in_batches(events):
        connection.execute(insertion(), {"events": as_parameter(rows_of(some, now_utc))})


def rows_of(events: Iterable[NewEvent], now_utc: datetime) -> list[dict[str, Any]]:
    """Return events as rows for `insertion`."""
    return [
        {"school_id": one.school_id, "people": list(one.people), "payload": dict(one.payload), "at": now_utc}
        for one in events
    ]


@cache
def insertion() -> Insert:
    """Return the insertion of the events that are the parameter ``events``."""
    return insert_given("events", live_events, ("school_id", "people", "payload", "at"))


def publish_to_all(connection: Connection, payload: Mapping[str, Any], now_utc: datetime) -> None:
    """Add an event for the applications of every school."""
    ids = connection.execute(select(schools.c.id)).scalars()
    publish(connection, [NewEvent(school_id, (), payload) for school_id in ids], now_utc)


def publish_about(connection: Connection, booking_id: int, payload: Mapping[str, Any], now_utc: datetime) -> None:
    """Add an event about a booking for the applications of its school."""
    school_id = connection.execute(select(bookings.c.school_id).where(bookings.c.id == booking_id)).scalar_one()
    publish(connection, [NewEvent(school_id, (), payload)], now_utc)


def give_places(connection: Connection) -> None:
    """Give the committed events that have none their places, unless another transaction does so now."""
    e = live_events.c
    if connection.execute(select(e.id).where(e.position.is_(None)).limit(1)).first() is None:
        return
    lock = select(func.pg_try_advisory_xact_lock(func.hashtext("school.live_events")))
    if connection.execute(lock).scalar_one():
        committed = select(e.id).where(e.position.is_(None)).order_by(e.id).subquery()
        fresh = select(committed.c.id, live_positions.next_value().label("place")).subquery()
        connection.execute(update(live_events).where(e.id == fresh.c.id).values(position=fresh.c.place))


def last_position(connection: Connection) -> int:
    """Return the greatest place that was given; 0 before the first."""
    return int(connection.execute(select(func.coalesce(func.max(live_events.c.position), 0))).scalar_one())


def read_events(
    connection: Connection, after: int, through: int | None, most: int, audience: Audience | None = None
) -> list[LiveEvent]:
    """Return the next events after a place, in order; those for a listener, if one is given."""
    e = live_events.c
    query = select(e.position, e.school_id, e.people, e.payload).where(e.position > after)
    if through is not None:
        query = query.where(e.position <= through)
    if audience is not None:
        query = query.where(e.school_id == audience.school_id)
        if audience.person is not None:
            query = query.where(literal(audience.person) == any_(e.people))
    return [LiveEvent(*row) for row in connection.execute(query.order_by(e.position).limit(most))]
