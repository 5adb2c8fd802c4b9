"""What is to be told, as rows: queued with the transition it tells of, leased to one worker at a time, settled once.

A message's key names case, event, person and channel, so that queueing it twice is queueing it once. A worker that is
killed loses its lease, and another takes the message over; a receiver that knows the key takes it once.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import bookings, dead_letters, outbox, reschedule_cases

LETTER = "outbox"

SAYS_HOW_IT_STANDS = ("cleared", "expired", "declined", "kept")
"""What says that a lesson stays as it was booked, on hold or not: true only while it is there."""


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


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a worker has leased, by ``leased_until``; ``attempts`` were made before."""

    message_id: int
    key: str
    channel: str
    case_id: int | None
    partition_hour: datetime | None
    event: str
    role: str
    person_id: int | None
    payload: Mapping[str, Any]
    attempts: int
    obsolete: bool
    expires_at: datetime | None
    leased_until: datetime


def replace_earlier(
    connection: Connection, cases: Collection[tuple[int, str, str]], now_utc: datetime
) -> set[tuple[int, str, str]]:
    """Take back messages of these (case, role, channel) that were not sent yet, for a newer one follows.

    Returns:
        Those of which a first message was taken back before it was ever tried: whoever never heard of a case need not
        hear of its end.
    """
    if not cases:
        return set()
    o = outbox.c
    waits = o.status == "waiting"
    replaced = (
        update(outbox)
        .where(tuple_(o.case_id, o.role, o.channel).in_(list(cases)), o.status.in_(("waiting", "sending")))
        .values(
            obsolete=True,
            status=case((waits, "suppressed"), else_=o.status),
            last_error=case((waits, "a newer message replaced it"), else_=o.last_error),
            settled_at=case((waits, literal(now_utc)), else_=o.settled_at),
        )
        .returning(o.case_id, o.role, o.channel, o.event, o.attempts, o.status)
    )
    return {
        (row.case_id, row.role, row.channel)
        for row in connection.execute(replaced)
        if row.status == "suppressed" and row.event == "opened" and row.attempts == 0
    }


def take_back_outdated(connection: Connection, now_utc: datetime) -> int:
    """Take back what waits to be said about how a case ended, of lessons that were cancelled or moved since.

    Returns:
        How many messages; a message that a channel has already stays what it is.
    """
    o, c, b = outbox.c, reschedule_cases.c, bookings.c
    told_start = cast(o.payload["lesson"]["starts_at_utc"].astext, DateTime(timezone=True))
    outdated = (
        update(outbox)
        .where(
            o.status == "waiting", o.event.in_(SAYS_HOW_IT_STANDS), o.role.in_(("student", "instructor")),
            c.id == o.case_id, b.id == c.booking_id,
            or_(b.status == "cancelled", func.lower(b.period) != told_start),
        )
        .values(status="suppressed", last_error="the lesson was cancelled or moved since", settled_at=now_utc)
    )  # fmt: skip
    return connection.execute(outdated).rowcount


def queue(connection: Connection, messages: Sequence[Queued], now_utc: datetime) -> None:
    """Queue messages, each once."""
    if not messages:
        return
    rows = [
        {name: getattr(message, name) for name in QUEUED} | {"due_at": message.next_attempt_at, "created_at": now_utc}
        for message in messages
    ]
    connection.execute(upsert(outbox).on_conflict_do_nothing(index_elements=[outbox.c.key]), rows)


def lease(
    engine: Engine, channels: Collection[str], most: int, lease_seconds: float, now_utc: datetime
) -> list[Message]:
    """Take up to ``most`` messages that are due, the longest due first; nobody else has them until the lease ends.

    A message whose last worker was killed counts that as an attempt. From the second on it is leased alone, so that one
    that kills its worker takes no other along.
    """
    o = outbox.c
    waiting = and_(o.status == "waiting", o.next_attempt_at <= now_utc)
    orphaned = and_(o.status == "sending", o.leased_until <= now_utc)
    rows: Sequence[Any] = ()
    with engine.begin() as connection:
        for which, number in ((waiting, most), (and_(orphaned, o.attempts == 0), most), (orphaned, 1)):
            chosen = (
                select(o.id)
                .where(o.channel.in_(list(channels)), which)
                .order_by(o.next_attempt_at, o.attempts, o.id)
                .limit(number)
                .with_for_update(skip_locked=True)
            )
            taken = (
                update(outbox)
                .where(o.id.in_(chosen.scalar_subquery()))
                .values(
                    attempts=o.attempts + case((o.status == "sending", 1), else_=0),
                    status="sending",
                    leased_until=now_utc + timedelta(seconds=lease_seconds),
                )
                .returning(outbox)
            )
            if rows := connection.execute(taken).all():
                break
    return [_message(row) for row in sorted(rows, key=lambda row: (row.next_attempt_at, row.id))]


def settle_sent(engine: Engine, receipts: Sequence[tuple[Message, str]], now_utc: datetime) -> None:
    """The channel has them, and gave these receipts; that holds whoever has their lease by now."""
    if not receipts:
        return
    o = outbox.c
    taken = values(column("id", BigInteger), column("receipt", Text), name="taken").data(
        [(message.message_id, receipt) for message, receipt in receipts]
    )
    with engine.begin() as connection:
        connection.execute(
            update(outbox)
            .where(o.id == taken.c.id, o.status.in_(("sending", "waiting")))
            .values(status="sent", receipt=taken.c.receipt, settled_at=now_utc, last_error=None, leased_until=None)
        )


def suppress(engine: Engine, message: Message, why: str, now_utc: datetime) -> None:
    """It is not to be sent any more."""
    _settle(engine, message, status="suppressed", last_error=why, settled_at=now_utc)


def give_back(engine: Engine, messages: Sequence[Message], at_utc: datetime, why: str) -> None:
    """The channel is down, which is not the messages' fault: they wait, and no attempt is counted."""
    with engine.begin() as connection:
        o = outbox.c
        connection.execute(
            update(outbox)
            .where(_leased(messages))
            .values(
                status=case((o.obsolete, "suppressed"), else_="waiting"),
                settled_at=case((o.obsolete, func.now()), else_=None),
                next_attempt_at=at_utc,
                leased_until=None,
                last_error=why,
            )
        )


def try_again(engine: Engine, message: Message, at_utc: datetime, why: str, now_utc: datetime) -> None:
    """It failed, and may succeed later; unless a newer message has replaced it."""
    o = outbox.c
    _settle(
        engine,
        message,
        status=case((o.obsolete, "suppressed"), else_="waiting"),
        settled_at=case((o.obsolete, literal(now_utc)), else_=None),
        attempts=message.attempts + 1,
        next_attempt_at=at_utc,
        last_error=why,
    )


def give_up(engine: Engine, message: Message, why: str, now_utc: datetime) -> None:
    """It goes to the dead letters, unless the lease has ended meanwhile."""
    request = {
        "outbox_id": message.message_id,
        "channel": message.channel,
        "event": message.event,
        "case_id": message.case_id,
        "role": message.role,
        "person_id": message.person_id,
    }
    letter = upsert(dead_letters).values(
        kind=LETTER,
        key=message.key,
        partition_hour=message.partition_hour or now_utc.replace(minute=0, second=0, microsecond=0),
        problem=why,
        request=request,
        attempts=message.attempts + 1,
        created_at=now_utc,
        last_tried_at=now_utc,
    )
    buried = (
        update(outbox)
        .where(_leased([message]))
        .values(
            status="dead", attempts=message.attempts + 1, last_error=why, settled_at=now_utc, leased_until=None,
        )
        .returning(outbox.c.id)
    )  # fmt: skip
    with engine.begin() as connection:
        if connection.execute(buried).first() is None:
            return
        connection.execute(
            letter.on_conflict_do_update(
                index_elements=[dead_letters.c.kind, dead_letters.c.key, dead_letters.c.partition_hour],
                index_where=dead_letters.c.settled_at.is_(None),
                set_={"problem": why, "last_tried_at": now_utc},
            )
        )


def redrive(engine: Engine, now_utc: datetime) -> int:
    """Put dead messages back into the queue with fresh attempts, and settle their letters; returns how many."""
    o, letters = outbox.c, dead_letters.c
    with engine.begin() as connection:
        back = connection.execute(
            update(outbox)
            .where(o.status == "dead")
            .values(status="waiting", attempts=0, next_attempt_at=now_utc, due_at=now_utc, settled_at=None)
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
    """How many messages of these channels could be sent now."""
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
    """How many messages there are by channel and status."""
    o = outbox.c
    with engine.connect() as connection:
        rows = connection.execute(select(o.channel, o.status, func.count()).group_by(o.channel, o.status))
        return Counter({(row[0], row[1]): row[2] for row in rows})


def _settle(engine: Engine, message: Message, **changes: Any) -> None:  # noqa: ANN401, columns of any type
    with engine.begin() as connection:
        connection.execute(update(outbox).where(_leased([message])).values(leased_until=None, **changes))


def _leased(messages: Sequence[Message]) -> ColumnElement[bool]:
    """Rows that this worker still has: once its lease has ended, what another did with a message stands."""
    o = outbox.c
    leases = [(message.message_id, message.leased_until) for message in messages]
    return and_(o.status == "sending", tuple_(o.id, o.leased_until).in_(leases))


def _message(row: Any) -> Message:  # noqa: ANN401, a row
    return Message(
        row.id, row.key, row.channel, row.case_id, row.partition_hour, row.event, row.role, row.person_id, row.payload,
        row.attempts, row.obsolete, row.expires_at, row.leased_until,
    )  # fmt: skip
