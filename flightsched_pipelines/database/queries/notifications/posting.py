"""Queue the messages about some steps of cases: what comes before they are written, and what is written then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import zip_longest

from sqlalchemy import Connection, func, select, update

from flightsched_pipelines.database.given_rows import among, as_parameter, in_batches
from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.live.live_events import NewEvent
from flightsched_pipelines.database.queries.notifications import outbox
from flightsched_pipelines.database.queries.notifications.outbox import Queued
from flightsched_pipelines.database.schema import bookings, partitions
from flightsched_pipelines.database.together import Together


@dataclass(frozen=True, slots=True)
class Prepared:
    """The state from which messages are made, besides their facts.

    ``versions`` are those of the bookings' entries. ``unheard`` are those addressed whose first message was suppressed
    before any attempt. ``forecast_hour_utc`` is the newest hour with a forecast.
    """

    versions: Mapping[int, int]
    unheard: Collection[tuple[int, str, str]]
    forecast_hour_utc: datetime | None


def prepare(
    connection: Connection,
    booking_ids: Collection[int],
    addressed: Collection[tuple[int, str, str]],
    now_utc: datetime,
) -> Prepared:
    """Raise the version of bookings' calendar entries, and suppress unsent messages that newer ones replace.

    Args:
        connection: the transaction that makes the steps.
        booking_ids: the bookings.
        addressed: case, role and channel of the newer messages.
        now_utc: now.
    """
    to = as_parameter({"case_id": key, "role": role, "channel": channel} for key, role, channel in addressed)
    cases = list({case_id for case_id, _, _ in addressed})
    values = {"bookings": list(booking_ids), "addressed": to, "cases": cases, "now": now_utc}
    found = _preparing().run(connection, values)
    versions = {row.id: row.calendar_sequence for row in found["raised"]}
    [forecast] = found["forecast"]
    return Prepared(versions, outbox.first_messages(found["replaced"]), forecast.hour)


def post(connection: Connection, messages: Sequence[Queued], events: Sequence[NewEvent], now_utc: datetime) -> None:
    """Queue messages, each once, and add events to the live stream."""
    for some, others in zip_longest(in_batches(messages), in_batches(events), fillvalue=()):
        values = {
            "messages": as_parameter(outbox.rows_of(some, now_utc)),
            "events": as_parameter(live_events.rows_of(others, now_utc)),
        }
        _posting().run(connection, values)


@cache
def _preparing() -> Together:
    b = bookings.c
    raised = update(bookings).where(among(b.id, "bookings")).values(calendar_sequence=b.calendar_sequence + 1)
    newest = select(func.max(partitions.c.partition_hour).label("hour")).where(partitions.c.name == "forecasts")
    return Together(raised=raised.returning(b.id, b.calendar_sequence), replaced=outbox.replacing(), forecast=newest)


@cache
def _posting() -> Together:
    return Together(messages=outbox.insertion(), events=live_events.insertion())
