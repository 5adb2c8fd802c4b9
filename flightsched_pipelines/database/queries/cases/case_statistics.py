"""Statistics of cases and outcomes, from the views that analysts use too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date as SqlDate
from sqlalchemy import Engine, cast, column, distinct, func, select, table

from flightsched_pipelines.database.schema import at_risk_bookings, llm_calls, outbox, partitions

CASES = table(
    "cases", column("booking_id"), column("detected_at_utc"), column("proposed_at_utc"), column("accepted_at_utc"),
    column("confirmed_at_utc"), column("moved_at_utc"), column("cleared_at_utc"), column("expired_at_utc"),
    column("state"), column("is_open"), column("is_lost"), column("cause"), column("lesson_hours"),
    column("minutes_to_acceptance"), column("minutes_to_confirmation"), column("minutes_to_end"), schema="analytics",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WaitTime:
    """The number of waits, with their median and 90th percentile in minutes."""

    times: int
    median_minutes: float | None
    p90_minutes: float | None


def funnel(engine: Engine, since_utc: datetime) -> dict[str, int]:
    """Return how many conflicts were detected since a moment, and how many reached each stage and end."""
    c = CASES.c
    reached = {name: func.count(c[f"{name}_at_utc"]) for name in
               ("proposed", "accepted", "confirmed", "moved", "cleared", "expired")}  # fmt: skip
    ended = {name: func.count().filter(c.state == name) for name in ("kept", "declined", "cancelled")}
    counts = {"detected": func.count(), **reached, **ended, "still_open": func.count().filter(c.is_open)}
    query = select(*(count.label(name) for name, count in counts.items())).where(c.detected_at_utc >= since_utc)
    with engine.connect() as connection:
        return {str(name): count for name, count in connection.execute(query).mappings().one().items()}


def losses(engine: Engine, since_utc: datetime) -> list[tuple[str, int, float, float]]:
    """Return the losses since a moment by cause: cause, lessons, hours moved, hours lost; the worst first."""
    c = CASES.c
    moved = func.coalesce(func.sum(c.lesson_hours).filter(c.state == "rescheduled"), 0.0)
    lost = func.coalesce(func.sum(c.lesson_hours).filter(c.is_lost), 0.0)
    query = (
        select(func.coalesce(c.cause, "not stored any more"), func.count(distinct(c.booking_id)), moved, lost)
        .where(c.detected_at_utc >= since_utc)
        .group_by(c.cause)
        .order_by(lost.desc(), moved.desc(), c.cause)
    )
    with engine.connect() as connection:
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def wait_times(engine: Engine, since_utc: datetime) -> dict[str, WaitTime]:
    """Return the waits since a moment, from the detection to: notified, accepted, confirmed, ended."""
    c, o = CASES.c, outbox.c
    minutes = func.extract("epoch", o.settled_at - o.created_at) / 60
    told = _waited(minutes).where(
        o.event == "opened", o.role == "student", o.status == "sent", o.created_at >= since_utc
    )
    steps = {
        name: _waited(c[f"minutes_to_{what}"]).where(c.detected_at_utc >= since_utc)
        for name, what in (("accepted", "acceptance"), ("confirmed", "confirmation"), ("ended", "end"))
    }
    with engine.connect() as connection:
        rows = {name: connection.execute(query).one() for name, query in {"told": told, **steps}.items()}
    return {
        name: WaitTime(row[0], *(None if value is None else float(value) for value in row[1:]))
        for name, row in rows.items()
    }


def _waited(minutes: Any) -> Any:  # noqa: ANN401, SQLAlchemy's expressions
    quantiles = (func.percentile_cont(share).within_group(minutes) for share in (0.5, 0.9))
    return select(func.count(minutes), *quantiles)


def verdicts_by_hour(engine: Engine, first_utc: datetime, last_utc: datetime) -> Mapping[datetime, Mapping[str, int]]:
    """Return how many lessons were at_risk, unknown and watch in each hour that ran."""
    r, p = at_risk_bookings.c, partitions.c
    run = select(p.partition_hour).where(p.name == at_risk_bookings.name, p.partition_hour.between(first_utc, last_utc))
    counted = (
        select(r.partition_hour, r.verdict, func.count(distinct(r.booking_id)))
        .where(r.partition_hour.between(first_utc, last_utc))
        .group_by(r.partition_hour, r.verdict)
    )
    with engine.connect() as connection:
        found: dict[datetime, dict[str, int]] = {hour: {} for hour in connection.execute(run).scalars()}
        for hour, verdict, lessons in connection.execute(counted):
            found.setdefault(hour, {})[verdict] = lessons
    return dict(sorted(found.items()))


def cost_by_day(engine: Engine, since_utc: datetime) -> dict[date, float]:
    """Return the LLM's cost since a moment by UTC day, US dollars; days without a call are left out."""
    c = llm_calls.c
    day = cast(func.timezone("UTC", c.called_at), SqlDate)
    query = select(day, func.sum(c.cost_usd)).where(c.called_at >= since_utc).group_by(day)
    with engine.connect() as connection:
        return {row[0]: float(row[1]) for row in connection.execute(query)}
