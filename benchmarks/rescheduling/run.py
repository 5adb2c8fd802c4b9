"""The joint choice against two usual ways to choose: ``python -m benchmarks.rescheduling.run [--json FILE]``.

First come, first served: in the order in which the lessons were booked, each takes its cheapest slot that is free.
Regret greedy: the platform's own fallback. This: the solver, with the settings' effort. One alternative a lesson for
the figures that are compared with the optima; the three alternatives of an hour are timed beside.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, markdown, measured
from benchmarks.rescheduling.instances import SHAPES, Instance, instance
from benchmarks.rescheduling.prove import OPTIMA
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.resource_calendars import holding_bookings
from flightsched_pipelines.domain.rescheduling.solver.assignment import Choice, choose
from flightsched_pipelines.domain.rescheduling.solver.duty_hours import DutyHours
from flightsched_pipelines.domain.rescheduling.solver.search_state import (
    UNPLACED_PRICE,
    SlotArrays,
    SlotAssignmentState,
)
from flightsched_pipelines.settings import Settings

RULES = SchedulingRules()
EFFORT = float(Settings.model_fields["solver_effort"].default)


@dataclass(frozen=True, slots=True)
class Row:
    """A contender's result on an instance; costs in days of waiting, ``UNPLACED_PRICE`` for a lesson without."""

    instance: str
    contender: str
    cost: float
    above_optimum: float
    unplaced: int
    proven: str
    slowest_seconds: float
    seconds: float
    megabytes: float


def first_come(made: Instance) -> dict[str, Any]:
    """Let each lesson in turn take the cheapest slot that is still free."""
    rows = made.candidates.sort_values(["booking_id", "score", "starts_at_utc"]).reset_index(drop=True)
    board = SlotAssignmentState(
        SlotArrays.of(rows, made.bookings), DutyHours(RULES).enter(holding_bookings(made.bookings)), RULES
    )
    cost, unplaced = 0.0, 0
    for block in board.blocks:
        slot = next((slot for slot in range(block.start, block.stop) if board.may_hold(slot)), None)
        if slot is None:
            cost, unplaced = cost + UNPLACED_PRICE, unplaced + 1
        else:
            cost += float(board.slots.score[slot])
            board.hold(slot)
    return {"cost": cost, "unplaced": unplaced, "proven": "", "slowest": float("nan")}


def greedy(made: Instance) -> dict[str, Any]:
    """The regret rule alone."""
    return _figures(choose(made.candidates, made.bookings, RULES, per_booking=1, effort=0))


def this(made: Instance) -> dict[str, Any]:
    """The solver; half of its effort is for the first alternative, as in an hour's run."""
    return _figures(choose(made.candidates, made.bookings, RULES, per_booking=1, effort=EFFORT))


def this_three(made: Instance) -> dict[str, Any]:
    """All three alternatives of an hour."""
    return _figures(choose(made.candidates, made.bookings, RULES, effort=EFFORT))


def _figures(choice: Choice) -> dict[str, Any]:
    runs = choice.runs
    return {
        "cost": float(runs["cost"].sum()),
        "unplaced": int(runs["unplaced"].sum()),
        "proven": f"{int((runs['status'] == 'optimal').sum())} of {len(runs)}",
        "slowest": float(runs["seconds"].max()),
    }


CONTENDERS = {"first come, first served": first_come, "regret greedy": greedy, "this": this}


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    optima = json.loads(OPTIMA.read_text())
    rows: list[Row] = []
    three: list[list[object]] = []
    for name in SHAPES:
        known = optima[name]
        if known["fingerprint"] != instance(name).fingerprint:
            raise SystemExit(f"{name} is not the instance whose optimum is known: run benchmarks.rescheduling.prove")
        for contender, work in CONTENDERS.items():
            result = measured(instance, work, name, repeats=chosen.repeats)
            best, value = known["best"], result.value
            placed = best - UNPLACED_PRICE * known["unplaced"]
            above = (value["cost"] - best) / placed
            rows.append(
                Row(
                    name, contender, round(value["cost"], 1), round(above, 4), value["unplaced"], value["proven"],
                    round(value["slowest"], 2), round(result.seconds, 2), round(result.megabytes),
                )
            )  # fmt: skip
        result = measured(instance, this_three, name, repeats=1)
        three.append([name, result.value["proven"], f"{result.seconds:.1f}", f"{result.megabytes:.0f}"])
    print(machine("ortools", "numpy", "pandas"), "\n")
    print(_table(rows), "\n")
    print(_known(optima), "\n")
    print(markdown(["three alternatives", "runs proven optimal", "seconds", "MB"], three))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _table(rows: list[Row]) -> str:
    header = ["instance", "contender", "cost", "above best", "unplaced", "components proven", "slowest s", "s", "MB"]
    cells = [
        [
            row.instance, row.contender, f"{row.cost:.1f}", f"{row.above_optimum:+.1%}", row.unplaced, row.proven,
            "" if row.slowest_seconds != row.slowest_seconds else f"{row.slowest_seconds:.2f}", f"{row.seconds:.2f}",
            f"{row.megabytes:.0f}",
        ]
        for row in rows
    ]  # fmt: skip
    return markdown(header, cells)


def _known(optima: dict[str, Any]) -> str:
    header = ["instance", "best known", "bound", "unplaced in it", "components", "proven by both", "by one"]
    cells = [
        [name, of["best"], of["bound"], of["unplaced"], of["components"], of["proven_by_both"], of["proven_by_one"]]
        for name, of in optima.items()
    ]
    return markdown(header, cells)


if __name__ == "__main__":
    main()
