"""The hours of the pipeline, in UTC, and which of them a run is about."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVarTuple, cast

import dagster as dg
import pandas as pd

from flightsched_pipelines.database.frames import PARTITION_HOUR
from flightsched_pipelines.database.schema import FIRST_HOUR_UTC
from flightsched_pipelines.durations import HOUR

FIRST_HOUR_VARIABLE, FIRST_HOUR_FORMAT = "FIRST_HOUR", "%Y-%m-%dT%H"
"""The variable by which Dagster's processes learn the installation's first hour: see `instance.prepare_instance`."""


def first_hour(given: str | None) -> datetime:
    """Return the first hour of the partitions: the one that is given, else a day before every installation's."""
    try:
        return datetime.strptime(given or "", FIRST_HOUR_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return FIRST_HOUR_UTC


HOURLY = dg.HourlyPartitionsDefinition(start_date=first_hour(os.environ.get(FIRST_HOUR_VARIABLE)), end_offset=1)
"""UTC hours (a local zone would lose and double hours); ``end_offset`` makes the running hour a partition.

The definition must be complete when it is imported, without a database: hence a variable, the only one read at import.
"""

KEY_FORMAT = "%Y-%m-%d-%H:%M"

Frames = TypeVarTuple("Frames")


def key_of(hour_utc: datetime) -> str:
    """The partition key of an hour."""
    return hour_utc.strftime(KEY_FORMAT)


def hours_between(start_utc: datetime, end_utc: datetime) -> list[datetime]:
    """Every full hour in ``[start_utc, end_utc)``."""
    return [start_utc + timedelta(hours=n) for n in range(int((end_utc - start_utc) / HOUR))]


def hours_of_run(tags: Mapping[str, str]) -> list[datetime]:
    """The hours a run is about, from its tags: one partition, or the range of a single-run backfill.

    Asset checks need this: they have no partitions of their own, and their inputs would load every hour.
    """
    only = tags.get("dagster/partition")
    first = tags.get("dagster/asset_partition_range_start", only)
    last = tags.get("dagster/asset_partition_range_end", only)
    if first is None or last is None:
        return []
    window = HOURLY.time_window_for_partition_key(last)
    return hours_between(HOURLY.time_window_for_partition_key(first).start, window.end)


def by_hour(
    context: dg.AssetExecutionContext, work: Callable[[datetime, *Frames], pd.DataFrame], *frames: *Frames
) -> pd.DataFrame:
    """Do ``work(hour_utc, *rows of that hour)`` for each hour of the run, and mark its rows with the hour.

    A run usually has one hour; a single-run backfill has many, and each hour sees only its own rows.
    """
    (result,) = several_by_hour(context, lambda hour_utc, *of_hour: (work(hour_utc, *of_hour),), *frames)
    return result


def several_by_hour(
    context: dg.AssetExecutionContext, work: Callable[[datetime, *Frames], Sequence[pd.DataFrame]], *frames: *Frames
) -> list[pd.DataFrame]:
    """As `by_hour`, where the work on an hour makes several frames."""
    results: list[list[pd.DataFrame]] = []
    window = context.partition_time_window
    for hour_utc in hours_between(window.start, window.end):
        of_hour = cast("tuple[*Frames]", tuple(_rows_of(frame, hour_utc) for frame in frames))
        marked = {PARTITION_HOUR: pd.Timestamp(hour_utc).as_unit("us")}
        results.append([result.assign(**marked) for result in work(hour_utc, *of_hour)])
    return [pd.concat(of_table, ignore_index=True) for of_table in zip(*results, strict=True)]


def _rows_of(frame: object, hour_utc: datetime) -> pd.DataFrame:
    assert isinstance(frame, pd.DataFrame)  # noqa: S101, a tuple of types cannot be bound to frames
    return frame[frame[PARTITION_HOUR] == hour_utc].drop(columns=PARTITION_HOUR).reset_index(drop=True)
