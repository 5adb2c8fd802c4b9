"""The school's feed: its files taken in order, each once, and what the scheduler is to enter written beside them.

A file is taken when it was seen as it is now some seconds before: one that still grows, or is written anew, is not.
Each is one import, whole or not at all. A crash between an import and its note takes the file again, which changes
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from flightsched_pipelines.clients.schedule_feed.feed import ScheduleFeed
from flightsched_pipelines.database.queries.imports import feed_files
from flightsched_pipelines.domain.imports.faults import FileError
from flightsched_pipelines.domain.imports.feed import FeedFile, in_order, kind_of, stored_name
from flightsched_pipelines.domain.imports.kinds.catalogue import KINDS
from flightsched_pipelines.domain.imports.times import Times
from flightsched_pipelines.durations import MINUTE
from flightsched_pipelines.services import schedule_changes
from flightsched_pipelines.services.imports.files import MAX_BYTES
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.imports.reports import ImportRefusedError, ImportReport, NeedsYesError
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import storable

UNCHANGED_FOR = timedelta(seconds=10)
"""A file in a folder that has been seen unchanged for this long is whole."""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that was taken: its kind (empty for an unknown one), the outcome, the counts, and the number of faults."""

    kind: str
    outcome: str
    report: ImportReport | None = None
    faults: int = 0


def files_due(engine: Engine, feed: ScheduleFeed, now_utc: datetime) -> list[FeedFile]:
    """Note what the feed has, and return the files that are to be taken, in order."""
    listed = feed.files()
    seen_until = now_utc if feed.arrives_whole else now_utc - UNCHANGED_FOR
    with engine.begin() as connection:
        feed_files.note_seen(connection, listed, now_utc)
        return in_order(feed_files.still_to_take(connection, listed, seen_until))


def take_files(engine: Engine, feed: ScheduleFeed, now_utc: datetime, settings: Settings) -> list[TakenFile]:
    """Import the files that are to be taken, in order; what cannot be imported is set aside with a report.

    Raises:
        FeedError: the feed cannot be read or written now; files that were not taken yet stay.
    """
    return [_take(engine, feed, file, now_utc, settings) for file in files_due(engine, feed, now_utc)]


def schedule_age_minutes(engine: Engine, now_utc: datetime) -> float | None:
    """Return how long ago bookings were last imported; ``None`` for never."""
    with engine.connect() as connection:
        imported = feed_files.last_import(connection)
    return None if imported is None else (now_utc - imported) / MINUTE


def changes_to_write(engine: Engine, feed: ScheduleFeed, now_utc: datetime) -> str | None:
    """Return what ``changes/changes.csv`` is to hold, ``None`` if it holds that."""
    content = schedule_changes.as_csv(schedule_changes.changes(engine, now_utc))
    return None if content == feed.changes() else content


def write_changes(engine: Engine, feed: ScheduleFeed, now_utc: datetime) -> bool:
    """Write the changes that wait, if others were written before; returns whether it did."""
    content = changes_to_write(engine, feed, now_utc)
    if content is not None:
        feed.write_changes(content)
    return content is not None


def _take(engine: Engine, feed: ScheduleFeed, file: FeedFile, now_utc: datetime, settings: Settings) -> TakenFile:
    kind = kind_of(file.name)
    report: ImportReport | None = None
    faults = 0
    if kind is None:
        why = f"the name begins with no kind of file; give one of {', '.join(KINDS)}, as in bookings-2027-01-11.csv"
    elif file.name != stored_name(file.name):
        why = "the name is not UTF-8, or has a NUL character; rename the file with plain letters and drop it again"
    else:
        complete = settings.schedule_feed_complete and kind.name == "bookings"
        options = ImportOptions(Times(settings.schedule_feed_times), complete=complete)
        try:
            data = feed.read(file.name, MAX_BYTES)
            report = import_file(engine, kind.name, data, options, now_utc, settings)
            why = ""
        except ImportRefusedError as error:
            report, faults, why = None, len(error.report.faults), str(error)
        except NeedsYesError as error:
            why = f"{error}; import it by `flightsched import {kind.name} FILE`, which asks, if that is right"
        except FileError as error:
            why = str(error)
    if why:
        feed.set_aside(file, storable(why, len(why)))
    outcome = "rejected" if report is None else "imported" if _changed(report) else "unchanged"
    with engine.begin() as connection:
        feed_files.note_taken(connection, file, outcome, now_utc)
    return TakenFile("" if kind is None else kind.name, outcome, report, faults)


def _changed(report: ImportReport) -> int:
    return report.added + report.changed + report.gone


def totals(taken: Sequence[TakenFile]) -> dict[str, int]:
    """Return the counts of all files together."""
    reports = [one.report for one in taken if one.report is not None]
    return {
        "files": len(taken),
        "files_rejected": sum(one.outcome == "rejected" for one in taken),
        "rows_rejected": sum(one.faults for one in taken),
        "rows": sum(one.rows for one in reports),
        "added": sum(one.added for one in reports),
        "changed": sum(one.changed for one in reports),
        "unchanged": sum(one.unchanged for one in reports),
        "gone": sum(one.gone for one in reports),
        "not_entered": sum(len(one.not_entered) for one in reports),
    }
