"""Read the live stream: the newest events for everybody, and a listener's own after any place in it."""

import logging
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.live.live_events import Audience, LiveEvent

logger = logging.getLogger(__name__)

MOST = 500
"""Events read at a time."""


def last_position(engine: Engine) -> int:
    """Return the last place of the stream, after giving the events that are committed theirs."""
    with engine.begin() as connection:
        live_events.give_places(connection)
    with engine.connect() as connection:
        return live_events.last_position(connection)


def newer_events(engine: Engine, after: int) -> Sequence[LiveEvent]:
    """Return the next events of all schools after a place, after giving the events that are committed theirs.

    None if PostgreSQL cannot be asked now: they come the next time.
    """
    try:
        with engine.begin() as connection:
            live_events.give_places(connection)
        with engine.connect() as connection:
            return live_events.read_events(connection, after, None, MOST)
    except SQLAlchemyError as error:
        logger.warning("the live stream cannot be read: %s", type(error).__name__)
        return ()


def own_events(engine: Engine, audience: Audience, after: int, through: int) -> tuple[Sequence[LiveEvent], int]:
    """Return a listener's next events after a place and up to another one, and the place that was read to."""
    with engine.connect() as connection:
        found = live_events.read_events(connection, after, through, MOST, audience)
    return found, found[-1].position if len(found) == MOST else through
