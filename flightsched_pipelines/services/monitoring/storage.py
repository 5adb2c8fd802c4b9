"""Measure the space that is left, and the growth of the databases."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import Engine

from flightsched_pipelines.database import sizes
from flightsched_pipelines.database.queries.monitoring import metrics
from flightsched_pipelines.domain.monitoring.check_definition import Measurement
from flightsched_pipelines.domain.monitoring.statistics import share_percent
from flightsched_pipelines.durations import DAY, hour_of
from flightsched_pipelines.settings import Settings

SIZE = "databases_megabytes"
"""The metric of the databases' size."""

GROWTH_DAYS = 7


def measure_storage(engine: Engine, now_utc: datetime, settings: Settings) -> dict[str, Measurement]:
    """Measure the disks' use, and the databases' growth since a week ago, or since the oldest size that is stored."""
    used = {folder: disk_usage(folder) for folder in _folders(settings)}
    shares = {folder: share_percent(disk.total - disk.free, disk.total) for folder, disk in used.items()}
    free = [f"{folder}: {used[folder].free / 1e9:,.1f} GB free" for folder in used]
    found = {"disk_has_room": Measurement(max(shares.values(), default=0), len(shares), "folders", free)}
    last = hour_of(now_utc)
    stored = metrics.series(engine, last - GROWTH_DAYS * DAY, last, [SIZE]).get(SIZE, [])
    if stored:
        since, then = stored[0]
        grown = max(databases_megabytes(engine) - then, 0.0) / 1000
        words = [f"since {since:%Y-%m-%d %H:%M}Z; `flightsched db sizes` shows the largest tables"]
        found["databases_grow_slowly"] = Measurement(grown, len(stored), "hours", words)
    return found


def databases_megabytes(engine: Engine) -> float:
    """Return the size of the application's database and of Dagster's beside it, megabytes."""
    return sizes.database_bytes(engine) / 1e6


def _folders(settings: Settings) -> Iterable[Path]:
    """Return the folders on whose disks data grow, those that exist."""
    kind, _, place = (settings.archive or "").partition(":")
    folders = [settings.flightsched_home, *([Path(place)] if kind == "dir" else [])]
    return [next(one for one in (folder, *folder.resolve().parents) if one.exists()) for folder in folders]
