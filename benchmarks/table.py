"""Every benchmark beside its rival and the committed figures: ``python -m benchmarks.table [--quick] [--commit]``.

A figure is what the platform's way costs in terms of its rival's in the same run (time, or time a piece of work), which
says more than seconds on machines that differ. With ``--quick``, only smaller runs of the benchmarks that matter most,
in about two minutes; they fail if a figure is worse than the committed one by more than a factor of two.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, markdown

COMMITTED = Path(__file__).with_name("committed.json")
WORST = 2.0
"""Factor by which a figure of a quick run may be worse than the committed one: the machines are noisy."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The cost of a piece of work, ours and the rival's, in the same unit: less is better."""

    name: str
    rival: str
    ours: float
    theirs: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Our cost in terms of the rival's."""
        return self.ours / self.theirs


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark's module, the arguments of its quick run (``None`` if it has none), and its figures in its JSON."""

    module: str
    figures: Callable[[Any], Iterable[Figure]]
    quick: Sequence[str] | None = None


def main() -> None:
    """Run the benchmarks, print one table, and fail where a quick figure became twice as bad."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="smaller runs of those that matter most")
    options.add_argument("--commit", action="store_true", help=f"write the figures to {COMMITTED.name}")
    chosen = options.parse_args()
    kind = "quick" if chosen.quick else "full"
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    figures = [figure for one in BENCHMARKS if not chosen.quick or one.quick is not None for figure in _run(one, kind)]
    before = committed.get(kind, {})
    print(
        f"Now: {machine('numpy', 'pandas', 'dagster')}",
        f"Committed: {before.get('machine', 'nothing')}",
        sep="\n\n",
        end="\n\n",
    )
    print(table(figures, before.get("figures", {})))
    if chosen.commit:
        kept = {one.name: {"ours": round(one.ours, 4), "ratio": round(one.ratio, 4)} for one in figures}
        committed[kind] = {
            "machine": machine("numpy", "pandas", "dagster"),
            "on": f"{datetime.now(UTC):%Y-%m-%d}",
            "figures": kept,
        }
        COMMITTED.write_text(json.dumps(committed, indent=1, sort_keys=True) + "\n")
    elif chosen.quick and (worse := too_bad(figures, before.get("figures", {}))):
        raise SystemExit("\n".join(["", *worse]))


def table(figures: Iterable[Figure], committed: Mapping[str, Mapping[str, float]]) -> str:
    """Return a row for each figure: now, when it was committed, and the change."""
    header = ["figure", "rival", "ours", "rival's", "times the rival", "committed ours", "committed times", "change"]
    rows: list[list[str]] = []
    for one in figures:
        row = [one.name, one.rival, f"{one.ours:.3g} {one.unit}", f"{one.theirs:.3g} {one.unit}", f"{one.ratio:.3g}"]
        if was := committed.get(one.name):
            row += [f"{was['ours']:.3g} {one.unit}", f"{was['ratio']:.3g}", f"{one.ratio / was['ratio'] - 1:+.0%}"]
        rows.append(row + [""] * (len(header) - len(row)))
    return markdown(header, rows)


def too_bad(figures: Iterable[Figure], committed: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a sentence for each figure that is worse than the committed one by more than ``WORST``."""
    return [
        f"{one.name}: {one.ratio:.3g} times the rival's cost, committed {was['ratio']:.3g}: over {WORST:g} times worse"
        for one in figures
        if (was := committed.get(one.name)) and one.ratio > WORST * was["ratio"]
    ]


def _run(benchmark: Benchmark, kind: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "figures.json"
        arguments = benchmark.quick if kind == "quick" else []
        command = [sys.executable, "-m", f"benchmarks.{benchmark.module}.run", "--json", str(found), *(arguments or [])]
        print("$", *command[1:3], *(arguments or []), file=sys.stderr, flush=True)
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603, our own modules
        return list(benchmark.figures(json.loads(found.read_text())))


def _of_contenders(name: str, rivals: Sequence[str]) -> Callable[[Any], Iterable[Figure]]:
    """Return the reader of a JSON with ``contenders``: the seconds of ``this`` and of its rivals."""

    def figures(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
        seconds = {one["contender"]: float(one["seconds"]) for one in found["contenders"]}
        return [Figure(f"{name}, {rival}", rival, seconds["this"], seconds[rival]) for rival in rivals]

    return figures


def _of_hour(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    def median(kind: str, name: str) -> float:
        return statistics.median(run[name] for run in found[kind])

    for name, of in (("an hour", "seconds"), ("an hour, CPU", "cpu_seconds")):
        yield Figure(name, "empty bodies", median("real bodies", of), median("empty bodies", of))


def _of_backfill(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    rival = "single runs"
    yield Figure("a backfill, CPU", rival, found["one run"]["cpu_seconds"], found[rival]["cpu_seconds"])


def _of_import(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    seconds = {way: statistics.median(took) for way, took in found["seconds"].items()}
    yield Figure("an import of a schedule", "COPY", seconds["import"], seconds["COPY"])
    yield Figure("an unchanged import", "COPY", seconds["unchanged import"], seconds["COPY"])


def _of_answers(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    this, rival, *_ = found
    name = str(rival["way"])
    yield Figure("a move, 32 clients", name, 1_000 / this["a second"], 1_000 / rival["a second"], "ms")
    yield Figure("a move, one client", name, this["alone p50 ms"], rival["alone p50 ms"], "ms")


def _of_choice(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    of = {(row["instance"], row["contender"]): row for row in found}
    for name in dict.fromkeys(row["instance"] for row in found):
        this, rival = of[name, "this"], of[name, "regret greedy"]
        yield Figure(f"the joint choice: {name}", "regret greedy", this["cost"], rival["cost"], "days")


def _of_dispatch(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    seconds = {name: statistics.median(took) for name, took in found["seconds"].items()}
    rival = "a transaction a booking"
    yield Figure("a dispatch of 2,000", rival, seconds["this"], seconds[rival])


def _of_delivery(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    rates = {name: statistics.median(rate) for name, rate in found["rates"].items()}
    rival = "SKIP LOCKED, two workers"
    yield Figure("a message delivered", rival, 1_000 / rates["this, two workers"], 1_000 / rates[rival], "ms")


def _of_llm(found: Any) -> Iterable[Figure]:  # noqa: ANN401, a benchmark's JSON
    yield Figure("200 rankings by an LLM", "all at once", found["this"], found["ideal"])


BENCHMARKS = (
    Benchmark(
        "risk",
        _of_contenders("verdicts", ["DuckDB", "Polars"]),
        ["--bookings", "200000", "--airports", "500"],
    ),
    Benchmark("areas", _of_contenders("hazard areas", ["plain loop"]), ["--bookings", "2000"]),
    Benchmark("hour", _of_hour, ["--bookings", "1000", "--repeats", "3", "--without-feed"]),
    Benchmark("backfill", _of_backfill),
    Benchmark("imports", _of_import, ["--bookings", "10000", "--runs", "3"]),
    Benchmark("answers", _of_answers),
    Benchmark("weather", _of_contenders("weather read and blended", ["plain"])),
    Benchmark("verification", _of_contenders("verification of an hour", ["plain loop"])),
    Benchmark("rescheduling", _of_choice),
    Benchmark("dispatch", _of_dispatch),
    Benchmark("delivery", _of_delivery),
    Benchmark("llm", _of_llm),
)
"""Those without a rival in their run (readers, portal, recovery) have pages of their own."""


if __name__ == "__main__":
    main()
