"""An hour's job by number of schools, with one shard and with two: ``python -m benchmarks.hour.scale``.

Each number of schools has a database of its own: 100 bookings and 5 airports a school, at most 2,300 airports. The
weather is stored already. The exponent is that of CPU seconds above an empty graph's, by schools: 1 is flat per school.
The chart is of the first number of shards.
"""

import argparse
import json
import math
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.databases import migrated_database
from benchmarks.hour.run import _forget_schedule, _timed
from benchmarks.hour.world import HOUR, fill
from benchmarks.measure import machine, markdown
from flightsched_pipelines.clients.weather.weather_source import weather_source
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.defs.instance import prepare_instance
from flightsched_pipelines.defs.partitions import FIRST_HOUR_FORMAT, FIRST_HOUR_VARIABLE
from flightsched_pipelines.services.hourly.hourly_steps import gather_weather

BOOKINGS_OF_A_SCHOOL, AIRPORTS_OF_A_SCHOOL, MOST_AIRPORTS = 100, 5, 2_300
Run = Mapping[str, Any]


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--schools", type=int, nargs="+", default=[10, 100, 1_000])
    options.add_argument("--shards", type=int, nargs="+", default=[1, 2])
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    found: dict[int, Mapping[str, Run]] = {}
    for schools in chosen.schools:
        found[schools] = _measure(schools, chosen.shards)
        if chosen.json:
            chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    print(machine("dagster", "pandas", "ortools", "sqlalchemy", "psycopg"), "\n")
    header = ["schools", "proposals", "shards", "s", "of the empty", "CPU s", "of the empty", "CPU ms a school", "MB"]
    print(markdown(header, [row for schools, runs in found.items() for row in _rows(schools, runs)]), "\n")
    print(_chart(found, str(chosen.shards[0])), "\n")
    for fewer, more in pairwise(found):
        some, all_ = (_above_empty(found[schools], str(chosen.shards[0])) for schools in (fewer, more))
        exponent = math.log(all_ / some) / math.log(more / fewer)
        print(f"From {fewer:,} to {more:,} schools the CPU time grows with exponent {exponent:.2f}.")
    columns = {f"{schools:,}, {kind}": run["step_cpu"] for schools, runs in found.items() for kind, run in runs.items()}
    steps = [[name, *(f"{of[name]:.2f}" for of in columns.values())] for name in next(iter(columns.values()))]
    print("\n" + markdown(["CPU s of step: schools, shards", *columns], steps))


def _chart(found: Mapping[int, Mapping[str, Run]], shards: str) -> str:
    """Return the cost of a school by their number, as a chart of Mermaid's."""
    cost = [f"{_above_empty(runs, shards) / schools * 1_000:.0f}" for schools, runs in found.items()]
    numbers = ", ".join(f'"{schools:,}"' for schools in found)
    return (
        '```mermaid\nxychart-beta\n    title "CPU milliseconds a school, above the empty graph"\n'
        f'    x-axis "schools" [{numbers}]\n    y-axis "ms" 0 --> {max(map(int, cost)) + 50}\n'
        f"    bar [{', '.join(cost)}]\n```"
    )


def _above_empty(runs: Mapping[str, Run], shards: str) -> float:
    return runs[shards]["cpu_seconds"] - runs["empty"]["cpu_seconds"]


def _rows(schools: int, runs: Mapping[str, Run]) -> list[list[str]]:
    empty = runs["empty"]
    return [
        [
            f"{schools:,}", f"{run['rows']['reschedule_proposals']:,}", shards,
            f"{run['seconds']:.1f}", f"{run['seconds'] / empty['seconds']:.1f}",
            f"{run['cpu_seconds']:.1f}", f"{run['cpu_seconds'] / empty['cpu_seconds']:.1f}",
            f"{_above_empty(runs, shards) / schools * 1_000:.0f}", f"{run['megabytes']:.0f}",
        ]
        for shards, run in runs.items()
        if shards != "empty"
    ]  # fmt: skip


def _measure(schools: int, shards: Sequence[int]) -> Mapping[str, Run]:
    """Return the run of empty bodies, and one for each number of shards."""
    with migrated_database() as (engine, settings):
        airports = min(AIRPORTS_OF_A_SCHOOL * schools, MOST_AIRPORTS)
        fill(engine, airports, schools, BOOKINGS_OF_A_SCHOOL * schools)
        environment = os.environ | prepare_instance(settings) | {"WEATHER_SOURCE": "simulated"}
        environment[FIRST_HOUR_VARIABLE] = f"{HOUR:{FIRST_HOUR_FORMAT}}"
        environment.pop("OPENAI_API_KEY", None)
        runs: dict[str, Run] = {"empty": _timed("empty", environment)}
        weather = gather_weather(engine, weather_source(settings), HOUR, HOUR)
        write_partition(engine, PIPELINE_TABLES["raw_weather"], weather.assign(partition_hour=HOUR), [HOUR])
        for count in shards:
            _forget_schedule(engine)
            runs[str(count)] = _timed("real", environment | {"SCHOOL_SHARDS": str(count)})
    return runs


if __name__ == "__main__":
    main()
