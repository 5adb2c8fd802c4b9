"""Notifications as rows: queued with the transition they are about, counted, and redriven from the dead letters.

A message's key names case, event, person and channel, so that queueing it twice is queueing it once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from flightsched_pipelines.database.given_rows import (
    among,
    as_parameter,
    given,
    in_batches,
    insert_given,
    is_one_of,
)
from flightsched_pipelines.database.schema import dead_letters, outbox
from flightsched_pipelines.database.schema.base import INSTANT

LETTER = "outbox"


@dataclass(frozen=True, slots=True)
class Queued:
    """A message to be queued; ``payload`` is JSON and may be personal."""

    key: str
    channel: str
    case_id: int | None
    partition_hour: datetime | None
    event: str
    role: str
    person_id: int | None
    payload: Mapping[str, Any]
    next_attempt_at: datetime
    expires_at: datetime | None


QUEUED = tuple(field.name for field in fields(Queued))


def replacing() -> Update:
    """Return the change that suppresses unsent messages because a newer one follows; `first_messages` reads its rows.

    Its parameters are ``addressed``, rows of case, role and channel, the ``cases`` of these, and ``now``.
    """
    o = outbox.c
    to = given("addressed", case_id=BigInteger, role=Text, channel=Text)
    waits = o.status == "waiting"
    return (
        update(outbox)
        .where(
            among(o.case_id, "cases"),
            o.case_id == to.c.case_id,
            o.role == to.c.role,
            o.channel == to.c.channel,
            is_one_of(o.status, ("waiting", "sending")),
        )
        .values(
            obsolete=True,
            status=case((waits, "suppressed"), else_=o.status),
            last_error=case((waits, "a newer message replaced it"), else_=o.last_error),
            settled_at=case((waits, bindparam("now", type_=INSTANT)), else_=o.settled_at),
        )
        .returning(o.case_id, o.role, o.channel, o.event, o.attempts, o.status)
    )


def first_messages(replaced: Iterable[Any]) -> set[tuple[int, str, str]]:
    """Return those (case, role, channel) whose first message was suppressed before any attempt.

    A person never notified of a case need not be notified of its end.
    """
    return {
        (row.case_id, row.role, row.channel)
        for row in replaced
        if row.status == "suppressed" and row.event == "opened" and row.attempts == 0
    }


def queue(connection: Connection, messages: Sequence[Queued], now_utc: datetime) -> None:
    """Queue messages, each once."""
    for some in in_batches(messages):
        connection.execute(insertion(), {"messages": as_parameter(rows_of(some, now_utc))})


def rows_of(messages: Iterable[Queued], now_utc: datetime) -> list[dict[str, Any]]:
    """Return messages as rows for `insertion`."""
    return [
        {name: getattr(message, name) for name in QUEUED} | {"due_at": message.next_attempt_at, "created_at": now_utc}
        for message in messages
    ]


@cache
def insertion() -> Insert:
    """Return the insertion of the messages that are the parameter ``messages``, each once."""
    new = insert_given("messages", outbox, (*QUEUED, "due_at", "created_at"))
    return new.on_conflict_do_nothing(index_elements=[outbox.c.key])


def replace_payload(connection: Connection, message_id: int, payload: Mapping[str, Any]) -> None:
    """Let an unsent message say something else."""
    connection.execute(update(outbox).where(outbox.c.id == message_id).values(payload=dict(payload)))


def are_queued(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which of these keys belong to messages that were queued, whatever became of them."""
    o = outbox.c
    return set(connection.execute(select(o.key).where(o.key.in_(sorted(keys)))).scalars())


def redrive(engine: Engine, now_utc: datetime, *, perhaps_delivered: bool = False) -> int:
    """Put dead letters back into the queue with fresh attempts, and settle them; returns their number.

    Those perhaps delivered stay unless requested: their readers may get them twice.
    """
    o, letters = outbox.c, dead_letters.c
    with engine.begin() as connection:
        back = connection.execute(
            update(outbox)
            .where(o.status == "dead", true() if perhaps_delivered else not_(o.perhaps_delivered))
            .values(
                status="waiting",
                attempts=0,
                next_attempt_at=now_utc,
                due_at=now_utc,
                settled_at=None,
                perhaps_delivered=False,
            )
            .returning(o.key)
        )
        keys = [row.key for row in back]
        connection.execute(
            update(dead_letters)
            .where(letters.kind == LETTER, letters.key.in_(keys), letters.settled_at.is_(None))
            .values(settled_at=now_utc, settlement="sent again")
        )
    return len(keys)


def due(engine: Engine, channels: Collection[str], now_utc: datetime) -> int:
    """Return the number of messages of these channels that could be sent now."""
    o = outbox.c
    ready = or_(
        and_(o.status == "waiting", o.next_attempt_at <= now_utc),
        and_(o.status == "sending", o.leased_until <= now_utc),
    )
    with engine.connect() as connection:
        return int(
            connection.execute(
                select(func.count()).select_from(outbox).where(o.channel.in_(list(channels)), ready)
            ).scalar_one()
        )


def counts(engine: Engine) -> Counter[tuple[str, str]]:
    """Return the number of messages by channel and status."""
    o = outbox.c
    with engine.connect() as connection:
        rows = connection.execute(select(o.channel, o.status, func.count()).group_by(o.channel, o.status))
        return Counter({(row[0], row[1]): row[2] for row in rows})


def perhaps_delivered(engine: Engine) -> int:
    """Return the number of dead letters that may have been delivered."""
    o = outbox.c
    dead = select(func.count()).select_from(outbox).where(o.status == "dead", o.perhaps_delivered)
    with engine.connect() as connection:
        return int(connection.execute(dead).scalar_one())
