"""Lease messages of the outbox to workers, mark those handed over, and settle each.

A worker that is killed loses its lease, and another takes the message over. A receiver that recognizes the message's
key takes it once; for one that does not, `begin_handover` is committed first, so that a message whose worker was killed
meanwhile is known to be perhaps delivered.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    Text,
    and_,
    case,
    column,
    func,
    literal,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.queries.notifications.outbox import LETTER
from flightsched_pipelines.database.schema import dead_letters, outbox
from flightsched_pipelines.durations import hour_of


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a worker has leased; ``attempts`` were made before, and it was due at ``due_at``, UTC."""

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
    due_at: datetime
    expires_at: datetime | None
    perhaps_delivered: bool
    lease: str


def lease(
    engine: Engine, channels: Collection[str], most: int, lease_seconds: float, now_utc: datetime
) -> list[Message]:
    """Lease up to ``most`` messages that are due, the longest due first, to one worker until the lease ends.

    All messages returned by one call have one lease, which `renew` prolongs.

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
                    lease=str(uuid4()),
                )
                .returning(outbox)
            )
            if rows := connection.execute(taken).all():
                break
    return [_message(row) for row in sorted(rows, key=lambda row: (row.next_attempt_at, row.id))]


def renew(engine: Engine, leases: Collection[str], lease_seconds: float, now_utc: datetime) -> None:
    """Prolong leases whose worker is still busy; one that was lost meanwhile stays lost."""
    o = outbox.c
    with engine.begin() as connection:
        connection.execute(
            update(outbox)
            .where(o.status == "sending", o.lease.in_(list(leases)))
            .values(leased_until=now_utc + timedelta(seconds=lease_seconds))
        )


def begin_handover(engine: Engine, message: Message) -> bool:
    """Commit that a message may be delivered from now on; returns False if this worker has lost its lease.

    The mark stays until the channel's response is stored, and so outlives a worker that is killed meanwhile.
    """
    marked = update(outbox).where(_leased([message])).values(perhaps_delivered=True).returning(outbox.c.id)
    with engine.begin() as connection:
        return connection.execute(marked).first() is not None


def pause(engine: Engine, channel: str, until_utc: datetime, why: str) -> None:
    """Delay a channel's messages until a time, in their order; rows locked by another transaction are skipped."""
    o = outbox.c
    held_up = (
        select(o.id)
        .where(o.channel == channel, o.status == "waiting", o.next_attempt_at < until_utc)
        .with_for_update(skip_locked=True)
    )
    with engine.begin() as connection:
        connection.execute(
            update(outbox).where(o.id.in_(held_up.scalar_subquery())).values(next_attempt_at=until_utc, last_error=why)
        )


def settle_sent(engine: Engine, receipts: Sequence[tuple[Message, str]], now_utc: datetime) -> None:
    """Settle messages that the channel accepted, with its receipts, even if the lease ended or they are dead."""
    if not receipts:
        return
    o, letters = outbox.c, dead_letters.c
    taken = values(column("id", BigInteger), column("receipt", Text), name="taken").data(
        [(message.message_id, receipt) for message, receipt in receipts]
    )
    with engine.begin() as connection:
        connection.execute(
            update(outbox)
            .where(o.id == taken.c.id, o.status.in_(("sending", "waiting", "dead")))
            .values(
                status="sent",
                receipt=taken.c.receipt,
                settled_at=now_utc,
                last_error=None,
                perhaps_delivered=False,
                leased_until=None,
                lease=None,
            )
        )
        keys = [message.key for message, _ in receipts]
        connection.execute(
            update(dead_letters)
            .where(letters.kind == LETTER, letters.key.in_(keys), letters.settled_at.is_(None))
            .values(settled_at=now_utc, settlement="sent after all")
        )


def suppress(engine: Engine, message: Message, why: str, now_utc: datetime) -> None:
    """Settle a message that must not be sent any more."""
    _settle(engine, message, status="suppressed", last_error=why, settled_at=now_utc)


def give_back(engine: Engine, messages: Sequence[Message], at_utc: datetime, why: str) -> None:
    """Return messages to the queue after the channel was down and took none; no attempt is counted."""
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
                lease=None,
                perhaps_delivered=o.id.in_([message.message_id for message in messages if message.perhaps_delivered]),
                last_error=why,
            )
        )


def put_off(
    engine: Engine, message: Message, at_utc: datetime, why: str, *, expires_at: datetime | None, is_late: bool
) -> None:
    """Return a message to the queue that the channel has not been given; no attempt is counted.

    Args:
        engine: the database.
        message: the message.
        at_utc: not to be sent before.
        why: the reason.
        expires_at: not to be sent after; ``None`` for never.
        is_late: whether it is late from when it was due, and not from ``at_utc`` on.
    """
    o = outbox.c
    _settle(
        engine,
        message,
        status=case((o.obsolete, "suppressed"), else_="waiting"),
        settled_at=case((o.obsolete, func.now()), else_=None),
        next_attempt_at=at_utc,
        due_at=o.due_at if is_late else at_utc,
        expires_at=expires_at,
        last_error=why,
    )


def try_again(
    engine: Engine, message: Message, at_utc: datetime, why: str, now_utc: datetime, *, perhaps_delivered: bool = False
) -> None:
    """Schedule another attempt for a message that failed, unless a newer message has replaced it."""
    o = outbox.c
    _settle(
        engine,
        message,
        status=case((o.obsolete, "suppressed"), else_="waiting"),
        settled_at=case((o.obsolete, literal(now_utc)), else_=None),
        attempts=message.attempts + 1,
        next_attempt_at=at_utc,
        last_error=why,
        perhaps_delivered=perhaps_delivered or message.perhaps_delivered,
    )


def give_up(engine: Engine, message: Message, why: str, now_utc: datetime, *, perhaps_delivered: bool = False) -> None:
    """Move a message to the dead letters, unless the lease has ended meanwhile."""
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
        partition_hour=message.partition_hour or hour_of(now_utc),
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
            lease=None, perhaps_delivered=perhaps_delivered or message.perhaps_delivered,
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


def _settle(engine: Engine, message: Message, **changes: Any) -> None:  # noqa: ANN401, columns of any type
    with engine.begin() as connection:
        connection.execute(update(outbox).where(_leased([message])).values(leased_until=None, lease=None, **changes))


def _leased(messages: Sequence[Message]) -> ColumnElement[bool]:
    """Rows that this worker still leases; otherwise another worker's changes stay."""
    o = outbox.c
    leases = [(message.message_id, message.lease) for message in messages]
    return and_(o.status == "sending", tuple_(o.id, o.lease).in_(leases))


def _message(row: Any) -> Message:  # noqa: ANN401, a row
    return Message(
        row.id, row.key, row.channel, row.case_id, row.partition_hour, row.event, row.role, row.person_id, row.payload,
        row.attempts, row.obsolete, row.due_at, row.expires_at, row.perhaps_delivered, row.lease,
    )  # fmt: skip
