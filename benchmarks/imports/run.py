"""Import 100,000 bookings from CSV, and the same file again, beside COPY of the same rows into the same table.

Each figure is of a process of its own; the table is that of a school with its constraints and indexes. COPY gets rows
whose keys are looked up already, which an import has to do.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import psycopg
from pydantic import SecretStr

from benchmarks.measure import machine, markdown
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.settings import Settings

BOOKINGS, RUNS, LANES, A_DAY = 100_000, 5, 100, 4
NOW = datetime(2026, 12, 1, tzinfo=UTC)
HEADER = "id,school,student,instructor,aircraft,lesson_kind,solo,departure,route,starts_at,ends_at,status\n"
COPY = (
    "COPY school.bookings (reference, external_id, school_id, student_id, instructor_id, aircraft_id, lesson_kind, "
    "solo, departure, route, period, status) FROM STDIN"
)
COLUMNS = ("way", "bookings", "s, median", "s, least", "times COPY", "MB, most")


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bookings", type=int, default=BOOKINGS)
    options.add_argument("--runs", type=int, default=RUNS)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        embedded.start(home)
        stack.callback(embedded.stop, home)
        server = embedded.url(home, "postgres").rpartition("/")[0]
        _administer(server, "CREATE DATABASE school")
        make_school(f"{server}/school")
        seconds: dict[str, list[float]] = {}
        memory: dict[str, float] = {}
        for run in range(chosen.runs):
            for way, work in (("COPY", _copy), ("import", _import), ("unchanged import", _import)):
                if way != "unchanged import":
                    _administer(server, "DROP DATABASE IF EXISTS run WITH (FORCE)")
                    _administer(server, "CREATE DATABASE run TEMPLATE school")
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as hands:
                    took, megabytes = hands.submit(work, f"{server}/run", chosen.bookings).result()
                seconds.setdefault(way, []).append(took)
                memory[way] = max(memory.get(way, 0.0), megabytes)
                print(f"run {run + 1}: {way} {took:.1f} s", flush=True)
    base = statistics.median(seconds["COPY"])
    rows = [
        [
            way, f"{chosen.bookings:,}", f"{statistics.median(took):.1f}", f"{min(took):.1f}",
            f"{statistics.median(took) / base:.2f}", f"{memory[way]:.0f}",
        ]
        for way, took in seconds.items()
    ]  # fmt: skip
    print(machine("psycopg", "sqlalchemy"))
    print(markdown(COLUMNS, rows))
    if chosen.json:
        chosen.json.write_text(json.dumps({"seconds": seconds, "megabytes": memory}, indent=2), encoding="utf-8")


def lessons(count: int) -> Iterator[tuple[int, int, datetime]]:
    """Yield number, lane and start: a lane has a student, an instructor and an aircraft of its own."""
    for number in range(count):
        lane, nth = number % LANES, number // LANES
        yield number, lane, NOW + timedelta(days=1 + nth // A_DAY, hours=15 + 2 * (nth % A_DAY))


def schedule_csv(count: int, later: timedelta = timedelta()) -> bytes:
    """Return the file of so many bookings, all of them later by so much."""
    lines = [HEADER]
    for number, lane, on_time in lessons(count):
        starts = on_time + later
        ends = starts + timedelta(hours=2)
        lines.append(
            f"B-{number},bench,S-{lane},I-{lane},N{lane},local,no,KPAO,,{starts:%Y-%m-%dT%H:%MZ},{ends:%Y-%m-%dT%H:%MZ},\n"
        )
    return "".join(lines).encode()


def _import(url: str, count: int) -> tuple[float, float]:
    data = schedule_csv(count)
    engine = connect(Settings(database_url=SecretStr(url)))
    began = time.perf_counter()
    import_file(engine, "bookings", data, ImportOptions(), NOW, Settings())
    return time.perf_counter() - began, _megabytes()


def _copy(url: str, count: int) -> tuple[float, float]:
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        with connection.cursor().copy(COPY) as copy:
            for number, lane, starts in lessons(count):
                period = f"[{starts.isoformat()},{(starts + timedelta(hours=2)).isoformat()})"
                key, at = f"B-{number}", lane + 1
                copy.write_row((key, key, 1, at, at, at, "local", False, "KPAO", [], period, "scheduled"))
        connection.commit()
        return time.perf_counter() - began, _megabytes()


def make_school(url: str) -> None:
    """Make a school with as many lanes as the lessons have."""
    engine = connect(Settings(database_url=SecretStr(url)))
    migrations.upgrade(engine)
    files = {
        "schools": "id,name,base_airport\nbench,Bench,KPAO\n",
        "instructors": _people("id,school,name,email,may_teach", "I-{0},bench,I {0},i{0}@example.com,student_pilot"),
        "students": _people("id,school,name,email,training_level", "S-{0},bench,S {0},s{0}@example.com,student_pilot"),
        "aircraft": _people("id,school,tail_number,type", "N{0},bench,N{0},C172S"),
    }
    for kind, content in files.items():
        import_file(engine, kind, content.encode(), ImportOptions(), NOW, Settings())
    engine.dispose()


def _people(header: str, line: str) -> str:
    return "\n".join([header, *(line.format(lane) for lane in range(LANES))])


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


if __name__ == "__main__":
    main()
