"""The outcome of deleting one kind of record, or of a dry run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flightsched_pipelines.domain.retention.windows import WINDOWS, Kept
from flightsched_pipelines.settings import Settings

IsTimeUp = Callable[[], bool]
"""True once the rest is to be left for the next time."""


@dataclass(slots=True)
class Outcome:
    """A kind of record that has a window.

    ``rows`` were deleted, of materialised tables from ``hours`` hours, now files of ``bytes`` bytes in all;
    ``left`` is the number of hours or batches left for the next time, each with its sentence among ``problems`` unless
    only the time was up. Of a dry run, ``rows`` and ``hours`` are those that would be deleted.
    """

    name: str
    days: float
    rows: int = 0
    hours: int = 0
    bytes: int = 0
    left: int = 0
    problems: list[str] = field(default_factory=list[str])


def with_windows(settings: Settings, *kept: Kept) -> Sequence[tuple[str, float]]:
    """Return the kinds of some places that are not kept for ever, each with its days."""
    found = ((name, settings.kept_days(name)) for name, window in WINDOWS.items() if window.kept in kept)
    return [(name, days) for name, days in found if days is not None]


def before(days: float, now_utc: datetime) -> datetime:
    """Return the moment before which records with a window are no longer kept."""
    return now_utc - timedelta(days=days)
