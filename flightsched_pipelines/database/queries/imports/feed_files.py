"""Files of the feed: when each was first seen, what became of it, and how old the schedule is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.queries.schedule.changes import is_ahead
from flightsched_pipelines.database.schema import bookings, feed_files, imports, schedule_changes
from flightsched_pipelines.domain.imports.feed import FeedFile, kind_of, stored_name

_KEY = ("name", "modified_at", "size_bytes")
_FILE = tuple_(*(feed_files.c[name] for name in _KEY))


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Measurements of the feed: hours since the last import of bookings, bad files, and hours for which a change waits.

    ``None``: no bookings were imported yet. A bad file counts until a later one of its kind is imported.
    """

    hours_since_import: float | None
    rejected: int
    taken: int
    hours_waiting: float
    waiting: int


def note_seen(connection: Connection, files: Collection[FeedFile], now_utc: datetime) -> None:
    """Note files that are seen for the first time."""
    rows = [
        {
            **dict(zip(_KEY, _key(file), strict=True)), "seen_at": now_utc,
            "kind": None if (kind := kind_of(file.name)) is None else kind.name,
        }
        for file in files
    ]  # fmt: skip
    if rows:
        connection.execute(upsert(feed_files).on_conflict_do_nothing(), rows)


def still_to_take(connection: Connection, files: Sequence[FeedFile], seen_until_utc: datetime) -> list[FeedFile]:
    """Return those of some files that were first seen by a time, and were not taken yet."""
    if not files:
        return []
    f = feed_files.c
    among = _FILE.in_([_key(file) for file in files])
    query = select(f.name, f.modified_at, f.size_bytes).where(f.outcome.is_(None), f.seen_at <= seen_until_utc, among)
    known = {tuple(row) for row in connection.execute(query)}
    return [file for file in files if _key(file) in known]


def note_taken(connection: Connection, file: FeedFile, outcome: str, now_utc: datetime) -> None:
    """Note what became of a file."""
    same = tuple_(*_key(file)) == _FILE
    connection.execute(update(feed_files).where(same).values(outcome=outcome, taken_at=now_utc))


def last_import(connection: Connection) -> datetime | None:
    """Return when bookings were last imported; ``None`` for never."""
    return connection.execute(select(func.max(imports.c.imported_at)).where(imports.c.kind == "bookings")).scalar()


def feed_health(connection: Connection, now_utc: datetime) -> FeedHealth:
    """Measure the feed and the changes that wait."""
    f, later, s, b = feed_files.c, feed_files.alias().c, schedule_changes.c, bookings.c
    imported = last_import(connection)
    mended = exists().where(later.kind == f.kind, later.outcome != "rejected", later.taken_at >= f.taken_at)
    bad = func.count().filter((f.outcome == "rejected") & ~mended)
    rejected, taken = connection.execute(select(bad, func.count(f.outcome))).one()
    waiting = (
        select(func.count(), func.min(s.made_at))
        .join(bookings, b.id == s.booking_id)
        .where(s.state == "waiting", b.external_id.is_not(None), is_ahead(now_utc))
    )
    count, oldest = connection.execute(waiting).one()
    hour = timedelta(hours=1)
    return FeedHealth(
        None if imported is None else (now_utc - imported) / hour, rejected, taken,
        0.0 if oldest is None else (now_utc - oldest) / hour, count,
    )  # fmt: skip


def _key(file: FeedFile) -> tuple[str, datetime, int]:
    return stored_name(file.name), file.modified_at, file.size_bytes
