"""Changes that the platform made, for the school's own scheduler: listed, as CSV, and as records."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule import changes as rows
from flightsched_pipelines.database.queries.schedule.changes import ListedChange, Placed
from flightsched_pipelines.time_zones import zone_of

CSV_COLUMNS = (
    "change", "school", "id", "reference", "kind", "state", "made_at", "not_entered_at", "old_starts_at", "old_ends_at",
    "old_instructor", "old_aircraft", "starts_at", "ends_at", "instructor", "aircraft",
)  # fmt: skip
"""``id`` is the booking's in the school's scheduler; times have the offset of the lesson's airport."""


def changes(engine: Engine, now_utc: datetime, since_utc: datetime | None = None) -> list[ListedChange]:
    """Return what the scheduler is still to enter; with ``since_utc`` all changes made since then, settled ones too."""
    with engine.connect() as connection:
        return rows.listed_changes(connection, now_utc, since_utc)


def as_record(change: ListedChange) -> Mapping[str, Any]:
    """Return a change by the columns of the CSV."""
    local = zone_of(change.time_zone)

    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(local).isoformat(timespec="minutes")

    def place(of: Placed | None, before: str) -> dict[str, str | None]:
        return {
            f"{before}starts_at": of and moment(of.starts_at_utc), f"{before}ends_at": of and moment(of.ends_at_utc),
            f"{before}instructor": of and of.instructor, f"{before}aircraft": of and of.aircraft,
        }  # fmt: skip

    values = {
        "change": change.change_id, "school": change.school, "id": change.booking, "reference": change.reference,
        "kind": change.kind, "state": change.state, "made_at": moment(change.made_at),
        "not_entered_at": moment(change.not_entered_at), **place(change.before, "old_"), **place(change.after, ""),
    }  # fmt: skip
    return {name: values[name] for name in CSV_COLUMNS}


def as_csv(listed: Sequence[ListedChange]) -> str:
    """Return changes as CSV with a header; an apostrophe precedes what a spreadsheet would take for a formula."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(CSV_COLUMNS)
    table.writerows([_harmless(value) for value in as_record(one).values()] for one in listed)
    return written.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
