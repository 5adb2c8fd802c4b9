"""Check statuses, alerts and mutes as rows."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.schema import alert_silences, alerts, standings
from flightsched_pipelines.domain.monitoring.alert_lifecycle import Alert, AlertTransition, CheckStatus

FIELDS = tuple(CheckStatus.__dataclass_fields__)
SHOWN = ("name", "severity", "sentence", "todo", "section")


@dataclass(frozen=True, slots=True)
class History:
    """An alert as shown to operators, open or resolved."""

    key: str
    severity: str
    state: str
    failing: Sequence[dict[str, str]]
    opened_at: datetime
    resolved_at: datetime | None
    times_told: int
    next_tell_at: datetime
    silenced_until: datetime | None
    silenced_why: str | None


def lock_alerts(connection: Connection) -> None:
    """Make every other transaction that would change alerts wait until this one ends."""
    connection.execute(text("LOCK TABLE school.alerts IN SHARE ROW EXCLUSIVE MODE"))


def save_statuses(connection: Connection, news: Collection[CheckStatus]) -> None:
    """Store check statuses; older or unchanged statuses are ignored."""
    for standing in news:
        row = upsert(standings).values(**asdict(standing))
        new = {name: row.excluded[name] for name in FIELDS if name != "name"}
        newer = tuple_(row.excluded.about_utc, row.excluded.judged_at) > tuple_(
            standings.c.about_utc, standings.c.judged_at
        )
        connection.execute(row.on_conflict_do_update(index_elements=[standings.c.name], set_=new, where=newer))


def delete_statuses(connection: Connection, names: Collection[str]) -> None:
    """Delete the statuses of checks that no longer run, such as those of a disabled channel."""
    connection.execute(delete(standings).where(standings.c.name.in_(list(names))))


def failing(connection: Connection) -> list[CheckStatus]:
    """Return every status that has not passed."""
    query = select(*(standings.c[name] for name in FIELDS)).where(standings.c.passed.is_(False))
    return [CheckStatus(*row) for row in connection.execute(query)]


def status_of(engine: Engine, name: str) -> CheckStatus | None:
    """Return the status of one check; ``None`` if it never ran."""
    query = select(*(standings.c[field] for field in FIELDS)).where(standings.c.name == name)
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else CheckStatus(*row)


def open_alerts(connection: Connection) -> list[Alert]:
    """Return the open alerts."""
    a = alerts.c
    query = select(a.id, a.key, a.severity, a.opened_at, a.times_told, a.next_tell_at).where(a.state == "open")
    return [Alert(*row) for row in connection.execute(query)]


def silenced(connection: Connection, now_utc: datetime) -> set[str]:
    """Return the keys that are muted now."""
    return set(connection.execute(select(alert_silences.c.key).where(alert_silences.c.until > now_utc)).scalars())


def write(
    connection: Connection, step: AlertTransition, alert: Alert | None, now_utc: datetime
) -> tuple[int, datetime, int]:
    """Write an alert's transition; returns its id, its opening time and the number of notifications."""
    told = (alert.times_told if alert else 0) + (step.word is not None and step.state == "open")
    values: dict[str, Any] = {"severity": step.severity, "state": step.state, "times_told": told}
    if step.failing:
        values["failing"] = [{name: getattr(one, name) for name in SHOWN} for one in step.failing]
    if step.word is not None:
        values["last_told_at"] = now_utc
    if step.next_tell_at is not None:
        values["next_tell_at"] = step.next_tell_at
    if step.state == "resolved":
        values["resolved_at"] = now_utc
    if alert is not None:
        connection.execute(update(alerts).where(alerts.c.id == alert.alert_id).values(**values))
        return alert.alert_id, alert.opened_at, told
    row = insert(alerts).values(key=step.key, opened_at=now_utc, **values).returning(alerts.c.id)
    return connection.execute(row).scalar_one(), now_utc, told


def insert_mute(connection: Connection, key: str, until: datetime, why: str, now_utc: datetime) -> None:
    """Mute a key until ``until``; a later mute replaces an earlier one."""
    values = {"until": until, "why": why, "silenced_at": now_utc}
    row = upsert(alert_silences).values(key=key, **values)
    connection.execute(row.on_conflict_do_update(index_elements=[alert_silences.c.key], set_=values))


def history(engine: Engine, since_utc: datetime, now_utc: datetime) -> list[History]:
    """Return the open alerts, and those resolved since a moment; the open first, then the newest."""
    a, s = alerts.c, alert_silences.c
    query = (
        select(
            a.key, a.severity, a.state, a.failing, a.opened_at, a.resolved_at, a.times_told, a.next_tell_at,
            s.until, s.why,
        )
        .outerjoin(alert_silences, (s.key == a.key) & (s.until > now_utc))
        .where((a.state == "open") | (a.resolved_at >= since_utc))
        .order_by(a.state, a.opened_at.desc())
    )  # fmt: skip
    with engine.connect() as connection:
        return [History(*row) for row in connection.execute(query)]


def known_keys(connection: Connection) -> set[str]:
    """Return every key that an alert ever had."""
    return set(connection.execute(select(func.distinct(alerts.c.key))).scalars())
