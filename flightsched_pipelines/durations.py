"""Durations that every layer counts in, and the hour that a moment belongs to."""

from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTES_PER_DAY = 24 * 60


def hour_of(moment: datetime) -> datetime:
    """Return the full hour at or before a moment, in the moment's own zone."""
    return moment.replace(minute=0, second=0, microsecond=0)
