"""An hour's job against the same graph with empty bodies: ``python -m benchmarks.hour.run [--json FILE]``.

10,000 bookings of a fortnight in 100 schools at 500 airports, simulated weather that is stored already (fetching is the
network's time), no LLM, Dagster's storage on the same PostgreSQL. Each run is a process of its own, as the daemon
starts them, interpreter and imports included; the kinds take turns. Beside one kind a school's feed brings file after
file, each with 10,000 other bookings, all of them changed.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import dagster as dg
import pandas as pd
import psutil
from sqlalchemy import Engine, delete

from benchmarks.hour.world import HOUR, fill
from benchmarks.imports.run import NOW, make_school, schedule_csv
from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.frames import delete_hours, typed
from flightsched_pipelines.database.schema import PIPELINE_TABLES, partitions
from flightsched_pipelines.definitions import build_definitions
from flightsched_pipelines.defs.instance import prepare_instance
from flightsched_pipelines.defs.partitions import FIRST_HOUR_FORMAT, FIRST_HOUR_VARIABLE, HOURLY, key_of
from flightsched_pipelines.defs.runs.run_process import tune_process
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.settings import Settings

AIRPORTS, SCHOOLS, BOOKINGS = 500, 100, 10_000
FED = "real bodies beside a feed"
KINDS = {"real bodies": "real", FED: "real", "empty bodies": "empty"}


def main() -> None:
    """Measure, and print the tables; as ``real`` or ``empty``, be one of the runs, and as ``feed`` import for ever."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("part", nargs="?", choices=["real", "empty", "feed"])
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--bookings", type=int, default=BOOKINGS, help="fewer, for a quick look")
    options.add_argument("--without-feed", action="store_true")
    chosen = options.parse_args()
    if chosen.part == "feed":
        _feed()
    if chosen.part:
        print(json.dumps(_run(chosen.part)))
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(flightsched_home=Path(folder), weather_source="simulated")
        embedded.start(settings.flightsched_home)
        try:
            kinds = [kind for kind in KINDS if kind != FED or not chosen.without_feed]
            runs = _measure(settings, kinds, chosen.repeats, chosen.bookings)
        finally:
            embedded.stop(settings.flightsched_home)
    print(machine("dagster", "pandas", "sqlalchemy", "psycopg"), "\n")
    empty = statistics.median(run["seconds"] for run in runs["empty bodies"])
    rows = [
        [
            kind, f"{(seconds := statistics.median(run['seconds'] for run in of_kind)):.1f}",
            f"{seconds / empty:.2f}", f"{statistics.median(run['cpu_seconds'] for run in of_kind):.1f}",
            f"{statistics.median(run['megabytes'] for run in of_kind):.0f}",
        ]
        for kind, of_kind in runs.items()
    ]  # fmt: skip
    title = f"{chosen.bookings:,} bookings, {AIRPORTS} airports"
    print(markdown([title, "s", "of the empty", "CPU s", "MB"], rows), "\n")
    print(markdown(["step", "s", "s if empty", "CPU s", "CPU s if empty"], list(_of_steps(runs))))
    print(f"\n{runs['real bodies'][-1]['rows']}")
    if FED in runs:
        files = sum(run["files"] for run in runs[FED])
        print(f"\nThe feed brought {files} files in {chosen.repeats} hours.")
    if chosen.json:
        chosen.json.write_text(json.dumps(runs, indent=1) + "\n")


def _of_steps(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[list[str]]:
    """Yield a row for each step: medians of the real and the empty one, seconds and CPU seconds."""
    for name in runs["real bodies"][-1]["steps"]:
        of_kinds = [
            f"{statistics.median(run[figure][name] for run in runs[kind]):.2f}"
            for figure in ("steps", "step_cpu")
            for kind in ("real bodies", "empty bodies")
        ]
        yield [name, *of_kinds]


def _measure(settings: Settings, kinds: Sequence[str], repeats: int, bookings: int) -> dict[str, list[dict[str, Any]]]:
    engine = connect(settings)
    migrations.upgrade(engine)
    fill(engine, AIRPORTS, SCHOOLS, bookings)
    environment = os.environ | prepare_instance(settings) | {"WEATHER_SOURCE": "simulated"}
    environment[FIRST_HOUR_VARIABLE] = f"{HOUR:{FIRST_HOUR_FORMAT}}"
    environment.pop("OPENAI_API_KEY", None)
    make_school(engine.url.render_as_string(hide_password=False))
    runs: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    _timed("real", environment)  # stores the weather, and fills the caches of the disk
    for _ in range(repeats):
        for kind, of_kind in runs.items():
            _forget_schedule(engine)
            if kind != FED:
                of_kind.append(_timed(KINDS[kind], environment))
                continue
            with _feed_beside(environment) as files:
                of_kind.append(_timed(KINDS[kind], environment))
            of_kind[-1]["files"] = len(files)
    engine.dispose()
    return runs


def _forget_schedule(engine: Engine) -> None:
    """Drop what an earlier run cached, so that each run reads the bookings and hours as it would at its hour."""
    with engine.begin() as connection:
        for name in ("booking_snapshot", "availability_snapshot"):
            delete_hours(connection, PIPELINE_TABLES[name], [HOUR])
            connection.execute(delete(partitions).where(partitions.c.name == name))


@contextmanager
def _feed_beside(environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Let a feed bring files meanwhile; in the end the list has a line for each."""
    files: list[str] = []
    command = [sys.executable, "-m", "benchmarks.hour.run", "feed"]
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True) as feed:  # noqa: S603
        lines = iter(feed.stdout or ())
        next(lines)  # the first file is in: what begins is over
        yield files
        feed.terminate()
        files += lines


def _feed() -> NoReturn:
    """Import one changed schedule after another, and print a line for each."""
    settings = Settings()
    engine = connect(settings)
    for number in count():
        later = timedelta(minutes=5 * (number % 20))
        import_file(engine, "bookings", schedule_csv(BOOKINGS, later), ImportOptions(), NOW, settings)
        print(number, flush=True)
    raise AssertionError


def _timed(kind: str, environment: Mapping[str, str]) -> dict[str, Any]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.hour.run", kind]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)  # noqa: S603
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3_000:])
    return json.loads(done.stdout.splitlines()[-1]) | {"seconds": seconds}


def _run(kind: str) -> dict[str, Any]:
    """One hour's job, here and now; its shards' processes count too, their memory as it is when a step ends."""
    definitions = build_definitions() if kind == "real" else _empty_definitions()
    job = definitions.resolve_job_def("hourly_tick")
    tune_process()
    run_id = str(uuid4())
    began: dict[str | None, float] = {}
    spent: dict[str | None, float] = {}
    beside: list[int] = []

    def note(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.is_step_start:
            began[event.step_key] = _cpu_seconds()
        elif event is not None and event.is_step_success:
            spent[event.step_key] = _cpu_seconds() - began[event.step_key]
            beside.append(sum(child.memory_info().rss for child in psutil.Process().children(recursive=True)))

    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, note)
        result = job.execute_in_process(instance=instance, partition_key=key_of(HOUR), run_id=run_id)
    succeeded = [event for event in result.all_events if event.is_step_success and event.step_key]
    rows = {
        event.asset_key.to_user_string(): event.materialization.metadata["dagster/partition_row_count"].value
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    own, shards = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "steps": {str(event.step_key): event.step_success_data.duration_ms / 1_000 for event in succeeded},
        "step_cpu": spent,
        "rows": rows,
        "cpu_seconds": own.ru_utime + own.ru_stime + shards.ru_utime + shards.ru_stime,
        "megabytes": own.ru_maxrss / 1024 + max(beside) / 2**20,
    }


def _cpu_seconds() -> float:
    """The CPU seconds of this process and of those that it started."""
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return time.process_time() + sum(one.user + one.system for one in times)


def _empty_definitions() -> dg.Definitions:
    """Return the same assets and checks by name, inputs and storage, with bodies that make nothing.

    They are in tables of the same names, which stay empty for the hour.
    """
    real = build_definitions()
    assets = [_hollow(asset) for asset in real.assets or [] if isinstance(asset, dg.AssetsDefinition)]
    checks = [_hollow_checks(check) for check in real.asset_checks or []]
    return dg.Definitions(
        assets=assets, asset_checks=checks, jobs=real.jobs, resources={**(real.resources or {}), "tables": _Nowhere()}
    )


def _hollow(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    outs = {
        key.to_python_identifier(): dg.AssetOut(
            key=key, io_manager_key="tables", group_name=asset.group_names_by_key[key]
        )
        for key in asset.keys
    }
    ins = {key.to_python_identifier(): dg.AssetIn(key=key) for key in asset.dependency_keys}

    def body(**_: pd.DataFrame) -> Any:  # noqa: ANN401
        frames = tuple(typed([], PIPELINE_TABLES[key.to_user_string()]) for key in asset.keys)
        return frames if len(frames) > 1 else frames[0]

    named: Callable[..., Any] = _with_parameters(body, list(ins))
    return dg.multi_asset(
        name=asset.op.name, outs=outs, ins=ins, partitions_def=HOURLY, backfill_policy=asset.backfill_policy
    )(named)


def _with_parameters(body: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    namespace: dict[str, Any] = {"body": body}
    exec(f"def made({', '.join(names)}):\n return body({', '.join(f'{name}={name}' for name in names)})", namespace)  # noqa: S102
    return namespace["made"]


def _hollow_checks(checks: dg.AssetChecksDefinition) -> dg.AssetChecksDefinition:
    specs = list(checks.check_specs)

    @dg.multi_asset_check(name=checks.node_def.name, specs=specs, can_subset=True)
    def made() -> Iterator[dg.AssetCheckResult]:
        for spec in specs:
            yield dg.AssetCheckResult(passed=True, asset_key=spec.asset_key, check_name=spec.name)

    return made


class _Nowhere(dg.ConfigurableIOManager):
    """Keeps nothing, and hands out empty tables."""

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        context.add_output_metadata({"dagster/partition_row_count": len(obj)})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        return typed([], PIPELINE_TABLES[context.asset_key.to_user_string()])


if __name__ == "__main__":
    main()
