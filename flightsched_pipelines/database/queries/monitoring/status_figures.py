"""Figures of the status page: hours, cases, the outbox, providers and alerts. None of them is about a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Date, cast, func, select

from flightsched_pipelines.database.queries.cases.cases import PROVEN
from flightsched_pipelines.database.schema import (
    OPEN_STATES,
    alerts,
    llm_calls,
    outbox,
    partitions,
    raw_weather,
    reschedule_cases,
)
from flightsched_pipelines.durations import HOUR


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """Requests to one provider within a time: how many, how many failed, and when the last one succeeded."""

    name: str
    requests: int
    failed: int
    last_success_utc: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages that are due and not sent, and since when the oldest of them is."""

    messages: int
    oldest_due_utc: datetime | None


def newest_hours(connection: Connection) -> Mapping[str, datetime]:
    """Return the newest hour of each table, and of the check of proposals under its name."""
    p = partitions.c
    query = select(p.name, func.max(p.partition_hour)).group_by(p.name)
    return {row[0]: row[1] for row in connection.execute(query)}


def open_cases(connection: Connection) -> Mapping[str, int]:
    """Return how many cases are open, by state."""
    c = reschedule_cases.c
    query = select(c.state, func.count()).where(c.state.in_(OPEN_STATES)).group_by(c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def backlog(connection: Connection, now_utc: datetime) -> Backlog:
    """Return what is due in the outbox."""
    o = outbox.c
    query = select(func.count(), func.min(o.due_at)).where(o.status.in_(("waiting", "sending")), o.due_at <= now_utc)
    return Backlog(*connection.execute(query).one())


def weather_providers(connection: Connection, since_utc: datetime) -> Sequence[ProviderFigures]:
    """Return the weather providers that were asked since a moment."""
    r = raw_weather.c
    worked = r.error.is_(None)
    query = (
        select(r.provider, func.count(), func.count().filter(~worked), func.max(r.fetched_at_utc).filter(worked))
        .where(r.partition_hour >= since_utc - HOUR, r.fetched_at_utc >= since_utc)
        .group_by(r.provider)
        .order_by(r.provider)
    )
    return [ProviderFigures(*row) for row in connection.execute(query)]


def llm(connection: Connection, since_utc: datetime) -> ProviderFigures:
    """Return the calls of the LLM since a moment."""
    c = llm_calls.c
    worked = c.status == "ok"
    query = select(func.count(), func.count().filter(~worked), func.max(c.called_at).filter(worked)).where(
        c.called_at >= since_utc
    )
    return ProviderFigures("openai", *connection.execute(query).one())


def open_alerts(connection: Connection) -> Mapping[str, int]:
    """Return how many alerts are open, by severity."""
    a = alerts.c
    query = select(a.severity, func.count()).where(a.state == "open").group_by(a.severity)
    return {row[0]: row[1] for row in connection.execute(query)}


def good_hours_by_day(connection: Connection, since_utc: datetime) -> Mapping[date, int]:
    """Return how many hours of each UTC day have proposals that passed their check."""
    p = partitions.c
    day = cast(func.timezone("UTC", p.partition_hour), Date)
    query = select(day, func.count()).where(p.name == PROVEN, p.partition_hour >= since_utc).group_by(day)
    return {row[0]: row[1] for row in connection.execute(query)}
