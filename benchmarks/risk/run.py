"""Assess bookings with this code and four other ways: ``python -m benchmarks.risk.run``.

Every contender has a process of its own, gets its data loaded in the form that it likes best, and must come to the same
verdict on every booking. The plain loop, which is slow and steady, runs once.
"""

import argparse
import gc
import importlib
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine, markdown

CONTENDERS = {
    "this": "this_code",
    "plain Python": "plain_python",
    "pandas": "pandas_merge",
    "Polars": "polars_join",
    "DuckDB": "duckdb_sql",
}
THIS = "this"
ONCE = "plain Python"
VERDICTS = ("ok", "watch", "unknown", "at_risk")


@dataclass(frozen=True, slots=True)
class Row:
    """A contender's time and memory. Memory is in megabytes: after loading, at the peak, and their difference."""

    contender: str
    seconds: float
    ratio: float
    loaded_mb: float
    peak_mb: float
    above_mb: float
    note: str
    seconds_each: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """The report of a process."""

    seconds: tuple[float, ...]
    loaded_mb: float
    peak_mb: float


def main() -> None:
    """Measure, check, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bookings", type=int, default=1_000_000)
    options.add_argument("--airports", type=int, default=2_000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts: dict[str, int] = _in_a_process(make, chosen.bookings, chosen.airports, folder)
        runs: dict[str, Run] = {
            contender: _in_a_process(measure, contender, folder, 1 if contender == ONCE else chosen.repeats)
            for contender in CONTENDERS
        }
        differing = [text for contender in CONTENDERS if (text := difference(contender, folder))]
        shares = np.bincount(np.load(folder / f"{THIS}.npy"), minlength=len(VERDICTS)) / max(chosen.bookings, 1)
    rows = [_row(contender, run, runs[THIS]) for contender, run in runs.items()]
    print(machine("numpy", "pandas", "polars", "duckdb"), "\n")
    counted = ", ".join(f"{count:,} {what}" for what, count in facts.items())
    verdicts = ", ".join(f"{word} {share:.1%}" for word, share in zip(VERDICTS, shares, strict=True))
    print(f"{counted}; {verdicts}; median of {chosen.repeats}\n")
    print(_table(rows), "\n")
    print("\n".join(differing) or "All verdicts are equal.")
    if chosen.json:
        figures = {"counts": facts, "contenders": [asdict(row) for row in rows], "differing": differing}
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(bool(differing))


def _in_a_process(work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401, whatever the work gives
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def make(bookings: int, airports: int, folder: Path) -> dict[str, int]:
    """Write the data of all contenders; returns the sizes."""
    data, tables = (importlib.import_module(f"benchmarks.risk.{name}") for name in ("data", "tables"))
    world = data.world(bookings, airports)
    world.save(folder)
    tables.write_tables(world, folder)
    places = world.bookings["route"].map(len).sum() + bookings
    return {
        "bookings": bookings,
        "places": int(places),
        "airports": airports,
        "hours": data.HOURS,
        "forecast rows": len(world.forecasts),
        "of them governing": int(world.forecasts["governs"].sum()),
        "minimums": len(world.minimums),
    }


def measure(contender: str, folder: Path, repeats: int) -> Run:
    """Load a contender's data, let it assess a few times, and leave its verdicts in the folder."""
    module: Any = importlib.import_module(f"benchmarks.risk.{CONTENDERS[contender]}")
    ready = module.load(folder)
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak of loading does not count, where it can be forgotten
    loaded = _resident_mb()
    seconds: list[float] = []
    judged: Any = None
    for _ in range(repeats):
        judged = None
        began = time.perf_counter()
        judged = module.assess(ready)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    numbers = module.numbers(judged) if hasattr(module, "numbers") else judged
    np.save(folder / f"{contender}.npy", numbers)
    return Run(tuple(seconds), loaded, peak)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def difference(contender: str, folder: Path) -> str:
    """Return in words the first booking on which a contender differs from this code; empty if there is none."""
    here, there = (np.load(folder / f"{name}.npy") for name in (THIS, contender))
    if len(here) != len(there):
        return f"{contender} judged {len(there):,} bookings, this code {len(here):,}"
    differs = np.flatnonzero(here != there)
    if not len(differs):
        return ""
    first = int(differs[0])
    return (
        f"{contender} differs on {len(differs):,} of {len(there):,} bookings, first on number {first + 1}: "
        f"{VERDICTS[there[first]]}, where this code says {VERDICTS[here[first]]}"
    )


def _row(contender: str, run: Run, this: Run) -> Row:
    median = statistics.median(run.seconds)
    return Row(
        contender=contender,
        seconds=round(median, 3),
        ratio=round(median / statistics.median(this.seconds), 2),
        loaded_mb=round(run.loaded_mb),
        peak_mb=round(run.peak_mb),
        above_mb=round(run.peak_mb - run.loaded_mb),
        note=_note(contender),
        seconds_each=tuple(round(one, 3) for one in run.seconds),
    )


def _note(contender: str) -> str:
    if contender == "pandas":
        chunk = importlib.import_module("benchmarks.risk.pandas_merge").CHUNK
        return f"in chunks of {chunk:,} bookings"
    return "ran once" if contender == ONCE else ""


def _table(rows: list[Row]) -> str:
    header = ["contender", "s", "times this", "MB loaded", "MB peak", "MB above loaded", "note"]
    cells = [
        [row.contender, f"{row.seconds:.2f}", f"{row.ratio:.1f}", row.loaded_mb, row.peak_mb, row.above_mb, row.note]
        for row in rows
    ]
    return markdown(header, cells)


if __name__ == "__main__":
    main()
