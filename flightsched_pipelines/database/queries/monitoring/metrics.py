"""Count the platform's work within a time in its tables, and store each hour's metrics as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, true

from flightsched_pipelines.database.frames import require_kept
from flightsched_pipelines.database.queries.cases.case_statistics import CASES
from flightsched_pipelines.database.schema import (
    OPEN_STATES,
    case_events,
    hourly_metrics,
    llm_calls,
    outbox,
    reschedule_cases,
)

MAX_CASE_AGE = timedelta(days=14)
"""No case lives longer; with this bound the database reads only a few cases."""


@dataclass(frozen=True, slots=True)
class Done:
    """Work done within a time; medians are ``None`` if there is nothing to measure."""

    messages_sent: int
    notifications_published: int
    delivery_seconds: float | None
    llm_cost_usd: float
    conflicts_detected: int
    cases_moved: int
    confirmation_minutes: float | None


@dataclass(frozen=True, slots=True)
class CurrentFigures:
    """Work in progress."""

    cases_open: int
    messages_waiting: int


def done(engine: Engine, after_utc: datetime, until_utc: datetime) -> Done:
    """Return the work done after one moment, until another."""
    o, e, c = outbox.c, case_events.c, reschedule_cases.c
    waited = func.extract("epoch", o.settled_at - o.due_at)
    messages = select(
        func.count(),
        func.count().filter(o.channel == "sns", o.role == "system"),
        func.percentile_cont(0.5).within_group(waited),
    ).where(o.status == "sent", o.settled_at > after_utc, o.settled_at <= until_utc)
    cost = select(func.coalesce(func.sum(llm_calls.c.cost_usd), 0)).where(
        llm_calls.c.called_at > after_utc, llm_calls.c.called_at <= until_utc
    )
    of_threatened = select(c.id).where(c.freed_slot_id.is_(None))
    steps = select(func.count().filter(e.event == "opened"), func.count().filter(e.to_state == "rescheduled")).where(
        e.at > after_utc, e.at <= until_utc, e.case_id.in_(of_threatened)
    )
    confirmed = select(func.percentile_cont(0.5).within_group(CASES.c.minutes_to_confirmation)).where(
        CASES.c.confirmed_at_utc > after_utc,
        CASES.c.confirmed_at_utc <= until_utc,
        CASES.c.detected_at_utc > after_utc - MAX_CASE_AGE,
    )
    with engine.connect() as connection:
        sent, published, seconds = connection.execute(messages).one()
        opened, moved = connection.execute(steps).one()
        return Done(
            sent, published, None if seconds is None else float(seconds),
            float(connection.execute(cost).scalar_one()), opened, moved, connection.execute(confirmed).scalar_one(),
        )  # fmt: skip


def current_figures(engine: Engine) -> CurrentFigures:
    """Return the work in progress."""
    c = reschedule_cases.c
    open_cases = select(func.count()).where(c.state.in_(OPEN_STATES), c.freed_slot_id.is_(None))
    waiting = select(func.count()).where(outbox.c.status.in_(("waiting", "sending")))
    with engine.connect() as connection:
        return CurrentFigures(connection.execute(open_cases).scalar_one(), connection.execute(waiting).scalar_one())


def insert_metrics(engine: Engine, hour_utc: datetime, values: Mapping[str, float]) -> None:
    """Replace an hour's metrics by these."""
    rows = [{"partition_hour": hour_utc, "metric": metric, "value": value} for metric, value in values.items()]
    with engine.begin() as connection:
        require_kept(connection, [hourly_metrics.name], [hour_utc])
        connection.execute(delete(hourly_metrics).where(hourly_metrics.c.partition_hour == hour_utc))
        connection.execute(insert(hourly_metrics), rows)


def newest(engine: Engine) -> tuple[datetime | None, dict[str, float]]:
    """Return the newest hour with metrics, and its metrics; no hour and none before the first report."""
    rows = select(hourly_metrics.c.partition_hour, hourly_metrics.c.metric, hourly_metrics.c.value).where(
        hourly_metrics.c.partition_hour == select(func.max(hourly_metrics.c.partition_hour)).scalar_subquery()
    )
    with engine.connect() as connection:
        found = connection.execute(rows).all()
    return (found[0].partition_hour if found else None), {row.metric: row.value for row in found}


def series(
    engine: Engine, first_utc: datetime, last_utc: datetime, names: Sequence[str] | None = None
) -> dict[str, list[tuple[datetime, float]]]:
    """Return the values of each metric, or of those that are named, from one hour to another, oldest first."""
    m = hourly_metrics.c
    query = (
        select(m.metric, m.partition_hour, m.value)
        .where(m.partition_hour.between(first_utc, last_utc), true() if names is None else m.metric.in_(names))
        .order_by(m.metric, m.partition_hour)
    )
    found: dict[str, list[tuple[datetime, float]]] = {}
    with engine.connect() as connection:
        for metric, hour, value in connection.execute(query):
            found.setdefault(metric, []).append((hour, value))
    return found
