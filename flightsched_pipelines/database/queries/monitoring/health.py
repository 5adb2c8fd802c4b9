"""Recorded facts about the platform's work: calls, messages, dead letters, hours. They contain no person."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, case, func, literal, or_, select, table, union_all

from flightsched_pipelines.database.queries.notifications.outbox import LETTER
from flightsched_pipelines.database.schema import (
    ACTIVE_STATUSES,
    OPEN_STATES,
    bookings,
    dead_letters,
    hourly_metrics,
    lesson_verdicts,
    llm_calls,
    outbox,
    partitions,
    raw_weather,
    reschedule_cases,
)
from flightsched_pipelines.durations import HOUR

REPORT = "operations_report"
"""The asset whose hours are rows of ``hourly_metrics``."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """A provider or LLM call: time, success, error status."""

    at_utc: datetime
    failed: bool
    status: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel of the outbox: messages since a moment, those dead or overdue, and the time of the oldest due."""

    messages: int
    undelivered: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """The first and the newest hour of a table, or of a passed check, UTC."""

    first: datetime
    newest: datetime


def provider_calls(engine: Engine, since_utc: datetime) -> list[CallResult]:
    """Return the weather providers' responses fetched since a moment."""
    r = raw_weather.c
    query = select(r.fetched_at_utc, r.error.is_not(None), r.outcome).where(
        r.partition_hour >= since_utc - HOUR, r.fetched_at_utc >= since_utc
    )
    with engine.connect() as connection:
        return [CallResult(*row) for row in connection.execute(query)]


def calls(engine: Engine, since_utc: datetime) -> list[CallResult]:
    """Return the calls of the LLM since a moment."""
    c = llm_calls.c
    query = select(c.called_at, c.status != "ok", c.status, c.latency_seconds).where(c.called_at >= since_utc)
    with engine.connect() as connection:
        return [CallResult(*row) for row in connection.execute(query)]


def dead_letters_waiting(engine: Engine) -> Counter[str]:
    """Return the number of waiting dead letters by the channel of the message, or ``llm_answer``."""
    d = dead_letters.c
    what = case((d.kind == LETTER, d.request["channel"].astext), else_=d.kind)
    query = select(what, func.count()).where(d.settled_at.is_(None)).group_by(what)
    with engine.connect() as connection:
        return Counter({str(row[0]): row[1] for row in connection.execute(query)})


def channels(
    engine: Engine, names: Collection[str], since_utc: datetime, due_before: datetime, now_utc: datetime
) -> Mapping[str, ChannelFacts]:
    """Return delivery facts of these channels: messages queued since a moment, and all others that are due.

    A message is undelivered if it is a dead letter, or could have been sent before ``due_before`` and was not.
    """
    o = outbox.c
    waits = o.status.in_(("waiting", "sending"))
    of_late = o.created_at >= since_utc
    late = and_(waits, o.due_at <= due_before)
    query = (
        select(
            o.channel,
            func.count().filter(of_late),
            func.count().filter(or_(and_(of_late, o.status == "dead"), late)),
            func.min(o.due_at).filter(waits, o.due_at <= now_utc),
        )
        .where(o.channel.in_(list(names)), or_(of_late, waits))
        .group_by(o.channel)
    )
    with engine.connect() as connection:
        found = {row[0]: ChannelFacts(*row[1:]) for row in connection.execute(query)}
    return {name: found.get(name, ChannelFacts(0, 0, None)) for name in sorted(names)}


def cases_past(engine: Engine, deadline_before: datetime) -> tuple[int, int]:
    """Return the number of open cases whose deadline passed before a moment, and the number of bookings examined."""
    c, b = reschedule_cases.c, bookings.c
    past = select(func.count()).where(c.state.in_(OPEN_STATES), c.deadline_utc < deadline_before)
    held = select(func.count()).where(b.status.in_(ACTIVE_STATUSES))
    with engine.connect() as connection:
        return connection.execute(past).scalar_one(), connection.execute(held).scalar_one()


def written(engine: Engine) -> Mapping[str, PartitionRange]:
    """Return the first and newest hour of every table, passed check and report that has any."""
    p, m = partitions.c, hourly_metrics.c
    tables = select(p.name, func.min(p.partition_hour), func.max(p.partition_hour)).group_by(p.name)
    reported = func.min(m.partition_hour)
    reports = select(literal(REPORT), reported, func.max(m.partition_hour)).having(reported.is_not(None))
    query = union_all(tables, reports)
    with engine.connect() as connection:
        return {row[0]: PartitionRange(row[1], row[2]) for row in connection.execute(query)}


def hours_with_all(engine: Engine, names: Sequence[str], first_utc: datetime, last_utc: datetime) -> set[datetime]:
    """Return the hours in a range for which all of these tables were written and checks passed."""
    p = partitions.c
    query = (
        select(p.partition_hour)
        .where(p.name.in_(names), p.partition_hour.between(first_utc, last_utc))
        .group_by(p.partition_hour)
        .having(func.count() == len(set(names)))
    )
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


def risk_shares(engine: Engine, first_utc: datetime, last_utc: datetime) -> Mapping[datetime, tuple[int, int]]:
    """Return by hour in a range the number of lessons at risk, and the number assessed."""
    v = lesson_verdicts.c
    query = (
        select(v.partition_hour, func.count().filter(v.verdict == "at_risk"), func.count())
        .where(v.partition_hour.between(first_utc, last_utc))
        .group_by(v.partition_hour)
    )
    with engine.connect() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def database_now(engine: Engine) -> datetime:
    """Return the time of the database's clock, UTC."""
    with engine.connect() as connection:
        return connection.execute(select(func.clock_timestamp())).scalar_one()


def connections(engine: Engine) -> tuple[int, int]:
    """Return the number of the database server's connections in use, and the number it allows."""
    used = select(func.count()).select_from(table("pg_stat_activity"))
    allowed = select(func.current_setting("max_connections"))
    with engine.connect() as connection:
        return connection.execute(used).scalar_one(), int(connection.execute(allowed).scalar_one())
