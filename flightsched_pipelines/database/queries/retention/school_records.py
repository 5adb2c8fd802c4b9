"""Records of the school's tables that may be deleted or emptied after their window, in small batches.

What an open case needs is not among them, nor is the audit trail (``case_events``).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, func, or_, select, update

from flightsched_pipelines.database.queries.notifications.outbox import LETTER
from flightsched_pipelines.database.schema import (
    OPEN_STATES,
    alerts,
    dead_letters,
    dispatcher_sessions,
    live_events,
    llm_calls,
    outbox,
    reference_contents,
    reference_snapshot,
    reschedule_cases,
    responses,
    settings_changes,
    sign_in_links,
)

BATCH = 1000
"""Rows of one transaction: it takes milliseconds, so that nothing waits for it."""

Condition = Callable[[datetime], ColumnElement[bool]]


def _has_no_case_since(column: ColumnElement[Any], before: datetime) -> ColumnElement[bool]:
    """Return whether a case is neither open nor was closed since a moment; a missing case is neither."""
    c = reschedule_cases.c
    recent = select(c.id).where(c.id == column, or_(c.state.in_(OPEN_STATES), c.closed_at >= before))
    return ~recent.exists()


def _settled_messages(before: datetime) -> ColumnElement[bool]:
    o, d = outbox.c, dead_letters.c
    waits = select(d.id).where(d.kind == LETTER, d.key == o.key, d.settled_at.is_(None))
    settled = or_(o.status.in_(("sent", "suppressed")), and_(o.status == "dead", ~waits.exists()))
    return and_(settled, o.settled_at < before, _has_no_case_since(o.case_id, before))


def _personal_responses(before: datetime) -> ColumnElement[bool]:
    r = responses.c
    return and_(
        r.received_at < before,
        or_(r.reason.is_not(None), r.dispatcher.is_not(None)),
        _has_no_case_since(r.case_id, before),
    )


def _contents_of_no_hour(before: datetime) -> ColumnElement[bool]:
    referred = select(reference_snapshot.c.digest).where(reference_snapshot.c.digest == reference_contents.c.digest)
    return and_(reference_contents.c.stored_at < before, ~referred.exists())


_DELETED: Mapping[str, tuple[tuple[Table, Condition], ...]] = MappingProxyType(
    {
        "outbox": ((outbox, _settled_messages),),
        "llm_calls": ((llm_calls, lambda before: llm_calls.c.called_at < before),),
        "dead_letters": ((dead_letters, lambda before: dead_letters.c.settled_at < before),),
        "live_events": (
            (live_events, lambda before: and_(live_events.c.at < before, live_events.c.position.is_not(None))),
        ),
        "alerts": ((alerts, lambda before: alerts.c.resolved_at < before),),
        "settings_changes": ((settings_changes, lambda before: settings_changes.c.changed_at < before),),
        "sign_ins": (
            (dispatcher_sessions, lambda before: func.least(
                dispatcher_sessions.c.expires_at, dispatcher_sessions.c.ended_at) < before),
            (sign_in_links, lambda before: sign_in_links.c.expires_at < before),
        ),
        "reference_contents": ((reference_contents, _contents_of_no_hour),),
    }
)  # fmt: skip
"""The kinds whose rows are deleted, with the condition of a row by the moment before which its window is over."""

NAMES = (*_DELETED, "responses")


def count(connection: Connection, name: str, before: datetime) -> int:
    """Return how many rows of a kind are no longer kept."""
    tables = ((responses, _personal_responses),) if name == "responses" else _DELETED[name]
    return sum(
        connection.execute(select(func.count()).select_from(table).where(condition(before))).scalar_one()
        for table, condition in tables
    )


def delete_batch(engine: Engine, name: str, before: datetime) -> int:
    """Delete (of responses: empty of what is personal) at most a batch of rows; returns how many, 0 at the end."""
    if name == "responses":
        emptied = update(responses).values(reason=None, dispatcher=None)
        with engine.begin() as connection:
            return connection.execute(emptied.where(_batch(responses, _personal_responses(before)))).rowcount
    for table, condition in _DELETED[name]:
        with engine.begin() as connection:
            if deleted := connection.execute(delete(table).where(_batch(table, condition(before)))).rowcount:
                return deleted
    return 0


def _batch(table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition of the first rows that nobody else holds."""
    (key,) = table.primary_key.columns
    return key.in_(select(key).where(condition).order_by(key).limit(BATCH).with_for_update(skip_locked=True))
