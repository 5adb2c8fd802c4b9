"""A backfill of 720 hours in one run against a run an hour: ``python -m benchmarks.backfill.run [--json FILE]``.

The sample schools with simulated weather, in a database for each way. Each run is a process of its own, as the daemon
starts them, interpreter and imports included. Of the single runs a sample is made, every so many hours, and their cost
is taken times what they stand for. Both ways must have the same rows of the sampled hours.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import Engine, func, select

from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.database.seed import seed
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.instance import prepare_instance
from flightsched_pipelines.defs.partitions import FIRST_HOUR_FORMAT, FIRST_HOUR_VARIABLE, key_of
from flightsched_pipelines.defs.runs.run_process import tune_process
from flightsched_pipelines.durations import HOUR, hour_of
from flightsched_pipelines.settings import Settings

HOURS, SAMPLE = 720, 24
COMPARED = ("forecasts", "booking_snapshot", "at_risk_bookings", "reschedule_candidates", "reschedule_proposals")


def main() -> None:
    """Measure, and print the table; with two hours, be one of the runs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("range", nargs="*", type=datetime.fromisoformat)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--hours", type=int, default=HOURS, help="fewer, for a quick look")
    options.add_argument("--sample", type=int, default=SAMPLE, help="single runs that are made")
    chosen = options.parse_args()
    if chosen.range:
        print(json.dumps(_run(*chosen.range)))
        return
    first = hour_of(datetime.now(UTC)) - timedelta(hours=chosen.hours)
    sampled = [first + HOUR * number for number in range(0, chosen.hours, max(1, chosen.hours // chosen.sample))]
    last = first + timedelta(hours=chosen.hours - 1)
    (one_run,), rows = _measure(first, [(first, last)], sampled)
    singles, rows_of_singles = _measure(first, [(hour, hour) for hour in sampled], sampled)
    if rows != rows_of_singles:
        raise SystemExit(f"the two ways differ: {rows} and {rows_of_singles}")
    ways = {
        "one run": _total([one_run], 1),
        f"{chosen.hours} single runs": _total(singles, chosen.hours / len(singles)),
    }
    print(machine("dagster", "pandas", "sqlalchemy", "psycopg"), "\n")
    least = ways["one run"]["cpu_seconds"]
    lines = [
        [name, f"{of['cpu_seconds']:,.0f}", f"{of['cpu_seconds'] / least:.1f}", f"{of['seconds']:,.0f}",
         f"{of['megabytes']:,.0f}"]
        for name, of in ways.items()
    ]  # fmt: skip
    print(markdown([f"{chosen.hours} hours", "CPU s", "times one run", "s", "MB"], lines))
    print(f"\nOf the single runs {len(singles)} were made; both ways have {sum(rows):,} rows of those hours.")
    if chosen.json:
        figures = {"one run": ways["one run"], "single runs": ways[f"{chosen.hours} single runs"]}
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


def _total(runs: Sequence[dict[str, float]], each_stands_for: float) -> dict[str, float]:
    """Return the cost of all runs, and the memory of one."""
    return {
        "cpu_seconds": sum(run["cpu_seconds"] for run in runs) * each_stands_for,
        "seconds": sum(run["seconds"] for run in runs) * each_stands_for,
        "megabytes": statistics.median(run["megabytes"] for run in runs),
    }


def _measure(
    first: datetime, ranges: Sequence[tuple[datetime, datetime]], counted: Sequence[datetime]
) -> tuple[list[dict[str, float]], list[int]]:
    """Run each range in a new database; returns the runs, and the rows of the hours that are counted, by table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(flightsched_home=Path(folder), weather_source="simulated")
        embedded.start(settings.flightsched_home)
        try:
            engine = connect(settings)
            migrations.upgrade(engine)
            seed(engine, first)
            environment = os.environ | prepare_instance(settings) | {"WEATHER_SOURCE": "simulated"}
            environment[FIRST_HOUR_VARIABLE] = f"{first:{FIRST_HOUR_FORMAT}}"
            environment.pop("OPENAI_API_KEY", None)
            runs = [_timed(environment, *hours) for hours in ranges]
            rows = [_rows(engine, name, counted) for name in COMPARED]
            engine.dispose()
        finally:
            embedded.stop(settings.flightsched_home)
    return runs, rows


def _rows(engine: Engine, name: str, hours: Sequence[datetime]) -> int:
    table = PIPELINE_TABLES[name]
    with engine.connect() as connection:
        query = select(func.count()).select_from(table).where(table.c.partition_hour.in_(hours))
        return int(connection.execute(query).scalar_one())


def _timed(environment: dict[str, str], first: datetime, last: datetime) -> dict[str, float]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.backfill.run", first.isoformat(), last.isoformat()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603, this module
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3_000:])
    return json.loads(done.stdout.splitlines()[-1]) | {"seconds": seconds}


def _run(first: datetime, last: datetime) -> dict[str, Any]:
    """Run the hourly job for a range of hours, here and now."""
    job = build_definitions().resolve_job_def("hourly_tick")
    tune_process()
    tags = {"dagster/asset_partition_range_start": key_of(first), "dagster/asset_partition_range_end": key_of(last)}
    with dg.DagsterInstance.get() as instance:
        if first == last:
            job.execute_in_process(instance=instance, partition_key=key_of(first))
        else:
            job.execute_in_process(instance=instance, tags=tags)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / 1024}


if __name__ == "__main__":
    main()
