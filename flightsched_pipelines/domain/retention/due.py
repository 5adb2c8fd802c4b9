"""The hours of a materialised table that may be deleted now."""

from datetime import datetime, timedelta

from flightsched_pipelines.domain.retention.windows import WINDOWS


def due_before(
    table: str, days: float, newest_hour: datetime, oldest_open_case: datetime | None, now_utc: datetime
) -> datetime:
    """Return the moment before which hours of a table that have begun are no longer kept.

    Args:
        table: the table.
        days: its window; no fewer than the table's least count.
        newest_hour: the newest hour of the platform; while it stands still, its clock does too: the next hour reads
            those before it, however long ago they were.
        oldest_open_case: the hour that opened the oldest open case, whose hours are kept; ``None`` without any.
        now_utc: now.
    """
    window = timedelta(days=max(days, WINDOWS[table].least_days))
    before = min(now_utc, newest_hour) - window
    return before if oldest_open_case is None else min(before, oldest_open_case)
