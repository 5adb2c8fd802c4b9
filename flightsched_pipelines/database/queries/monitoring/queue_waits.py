"""Record since when a queue has had messages: SQS reports how many wait, but not for how long."""

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import queue_waits, responses


def record_depth(connection: Connection, queue: str, depth: int, now_utc: datetime) -> datetime | None:
    """Record the number of messages in a queue; returns since when it has had some, ``None`` if it has none."""
    w = queue_waits.c
    if not depth:
        connection.execute(delete(queue_waits).where(w.queue == queue))
        return None
    connection.execute(upsert(queue_waits).values(queue=queue, since_utc=now_utc).on_conflict_do_nothing())
    return connection.execute(select(w.since_utc).where(w.queue == queue)).scalar_one()


def waiting_since(engine: Engine, queue: str, depth: int, now_utc: datetime) -> datetime | None:
    """Record the depth of the queue of responses; returns since when its oldest message may have waited.

    That is the first check that found messages, or the last response taken from it since, whichever is later; ``None``
    if it is empty.
    """
    r = responses.c
    with engine.begin() as connection:
        since = record_depth(connection, queue, depth, now_utc)
        if since is None:
            return None
        taken = select(func.max(r.received_at)).where(r.door == "queue", r.received_at > since)
        return max(since, connection.execute(taken).scalar_one() or since)
