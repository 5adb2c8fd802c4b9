"""Time and memory of a piece of work, in a process of its own."""

import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """The result, the median of the seconds it took, and the process's peak of memory in megabytes."""

    value: Any
    seconds: float
    megabytes: float
    megabytes_before: float


def measured(prepare: Callable[..., Any], work: Callable[[Any], Any], *arguments: object, repeats: int = 3) -> Measured:
    """Do ``work(prepare(*arguments))`` in a new process; only the work is timed, ``repeats`` times.

    Both functions are of a module's top level, and what they return can be pickled.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure, (prepare, work, arguments, repeats))


def _measure(
    prepare: Callable[..., Any], work: Callable[[Any], Any], arguments: Sequence[object], repeats: int
) -> Measured:
    ready = prepare(*arguments)
    before = _peak_megabytes()
    taken: list[float] = []
    value: Any = None
    for _ in range(repeats):
        began = time.perf_counter()
        value = work(ready)
        taken.append(time.perf_counter() - began)
    return Measured(value, statistics.median(taken), _peak_megabytes(), before)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine(*packages: str) -> str:
    """The machine and the versions of what was measured, in a line."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{cores} cores, {memory:.0f} GB, Linux {platform.machine()}, Python {platform.python_version()}, {versions}"


def write_contenders(path: Path | None, seconds: Mapping[str, float]) -> None:
    """Write the seconds of each contender as JSON, if a file is named."""
    if path:
        contenders = [{"contender": name, "seconds": taken} for name, taken in seconds.items()]
        path.write_text(json.dumps({"contenders": contenders}, indent=1) + "\n")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown; all columns but the first are right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
