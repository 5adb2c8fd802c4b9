"""Availability of hours, stored whole against what is new: ``python -m benchmarks.hour.snapshots [--schools N]``.

Each hour is read once and stored in both ways, in turns. 10 students of a hundredth of the schools go away in one of
the hours; the next is of the next day, on which the time that is looked at moves on.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, Table, func, select, text

from benchmarks.databases import migrated_database
from benchmarks.hour.world import HOUR, fill
from benchmarks.measure import machine, markdown
from flightsched_pipelines.database.frames import read_partition, write_partition
from flightsched_pipelines.database.schema import (
    PIPELINE_TABLES,
    availability_periods,
    availability_sets,
    school_availability,
)
from flightsched_pipelines.durations import DAY
from flightsched_pipelines.durations import HOUR as AN_HOUR
from flightsched_pipelines.services.hourly.snapshots import snapshot_availability
from flightsched_pipelines.settings import Settings

VIEW = PIPELINE_TABLES["availability_snapshot"]
WHOLE, SETS = [availability_periods], [availability_sets, school_availability]
AWAY = text("""
    INSERT INTO school.availability_exceptions (student_id, period, available)
    SELECT id, tstzrange(:hour, CAST(:hour AS timestamptz) + interval '5 days'), false FROM (
        SELECT id, school_id, row_number() OVER (PARTITION BY school_id) AS place FROM school.students
    ) AS s WHERE school_id % 100 = 1 AND place <= 10
""")


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--schools", type=int, default=1_000)
    schools = options.parse_args().schools
    with migrated_database() as (engine, settings):
        fill(engine, 500, schools, schools)
        found = _measure(engine, settings)
    print(machine("pandas", "sqlalchemy", "psycopg"), "\n")
    of_each = [f"{figure}, {way}" for figure in ("rows", "MB", "CPU s", "s") for way in ("whole", "new")]
    print(markdown([f"{schools:,} schools, hour", *of_each], found))


def _measure(engine: Engine, settings: Settings) -> list[list[str]]:
    tomorrow = HOUR.replace(hour=0) + DAY
    rows = [
        ["the first", *_stored(engine, settings, HOUR)],
        ["the next, nothing changed", *_stored(engine, settings, HOUR + AN_HOUR)],
    ]
    with engine.begin() as connection:
        connection.execute(AWAY, {"hour": HOUR + 3 * AN_HOUR})
    rows.append(["1 % of the schools changed", *_stored(engine, settings, HOUR + 2 * AN_HOUR)])
    rows.append(["the first of the next day", *_stored(engine, settings, tomorrow)])
    return rows


def _stored(engine: Engine, settings: Settings, hour: datetime) -> list[str]:
    """Store an hour in both ways; returns the figures, of which the way without sharing comes first."""
    known = snapshot_availability(engine, hour, hour, settings)
    years_ago = hour - 1_000 * DAY  # an hour has its rows in one of both ways
    whole = _written(engine, availability_periods, known, years_ago, WHOLE)
    ways = [whole, _written(engine, VIEW, known, hour, SETS)]
    if not _read(engine, hour).equals(_read(engine, years_ago)):
        raise SystemExit(f"the rows of {hour} are not those that were stored")
    return [figure for of_both in zip(*ways, strict=True) for figure in of_both]


def _written(engine: Engine, table: Table, known: pd.DataFrame, hour: datetime, of: Sequence[Table]) -> list[str]:
    known = known.assign(partition_hour=pd.Timestamp(hour).as_unit("us"))
    before = _size(engine, of)
    began, cpu = time.perf_counter(), time.process_time()
    write_partition(engine, table, known, [hour], is_of_a_run=False)
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    rows, size = (after - first for after, first in zip(_size(engine, of), before, strict=True))
    return [f"{rows:,}", f"{size / 2**20:.1f}", f"{spent:.2f}", f"{seconds:.2f}"]


def _read(engine: Engine, hour: datetime) -> pd.DataFrame:
    stored = read_partition(engine, VIEW, [hour]).drop(columns="partition_hour")
    return stored.sort_values(["school_id", "resource", "resource_id", "starts_at_utc"], ignore_index=True)


def _size(engine: Engine, tables: Sequence[Table]) -> tuple[int, int]:
    """Return the rows and the bytes of some tables."""
    with engine.connect() as connection:
        counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]
        size = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        sizes = [connection.execute(size, {"name": table.fullname}).scalar_one() for table in tables]
    return sum(counts), sum(sizes)


if __name__ == "__main__":
    main()
