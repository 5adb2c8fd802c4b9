"""Prove the optima of the frozen instances: ``python -m benchmarks.rescheduling.prove [--minutes N] [INSTANCE ...]``.

One alternative a lesson, in a formulation of its own (nothing of the platform's solver): at most one slot a lesson; at
most one lesson at any start for each instructor, aircraft and student; and for each instructor every 24 hours that
begin or end with a lesson. CP-SAT and HiGHS solve each component, and must agree. An optimum that neither proves in its
time is stored as the best known choice and the best bound.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

from benchmarks.rescheduling.instances import SHAPES, Instance, instance
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.solver.assignment import components
from flightsched_pipelines.domain.rescheduling.solver.search_state import UNPLACED_PRICE, SlotArrays

OPTIMA = Path(__file__).parent / "optima.json"
RULES = SchedulingRules()
DAY = 24 * 60
TOLERANCE = 2e-3
"""Days of waiting by which two proofs may differ: CP-SAT counts in fractions."""


def main() -> None:
    """Prove the requested instances, and store the results in the file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("instances", nargs="*", default=list(SHAPES))
    options.add_argument("--minutes", type=float, default=10, help="time for each solver and component")
    chosen = options.parse_args()
    known = json.loads(OPTIMA.read_text()) if OPTIMA.exists() else {}
    for name in chosen.instances:
        made = instance(name)
        began = time.monotonic()
        parts = [prove(made, places, chosen.minutes) for places in components(_slots(made))]
        known[name] = {
            "fingerprint": made.fingerprint,
            "lessons": len(set(made.candidates["booking_id"])),
            "components": len(parts),
            "proven_by_both": sum(part["proven_by"] == ["CP-SAT", "HiGHS"] for part in parts),
            "proven_by_one": sum(len(part["proven_by"]) == 1 for part in parts),
            "best": round(sum(part["best"] for part in parts), 3),
            "bound": round(sum(part["bound"] for part in parts), 3),
            "unplaced": sum(part["unplaced"] for part in parts),
        }
        print(f"{name}: {known[name]} in {time.monotonic() - began:.0f} s", flush=True)
        OPTIMA.write_text(json.dumps(known, indent=1) + "\n")


def prove(made: Instance, places: NDArray[np.int64], minutes: float) -> dict[str, Any]:
    """Return the best choice for a component, its bound, and the solvers that proved them equal."""
    rows = _candidates(made).iloc[places].reset_index(drop=True)
    results: dict[str, mathopt.SolveResult] = {}
    for name, kind in (("CP-SAT", mathopt.SolverType.CP_SAT), ("HiGHS", mathopt.SolverType.HIGHS)):
        program, without = _program(rows, made.bookings)
        limits = mathopt.SolveParameters(time_limit=timedelta(minutes=minutes), relative_gap_tolerance=1e-9)
        results[name] = mathopt.solve(program, kind, params=limits)
        if results[name].has_primal_feasible_solution():
            unplaced = round(sum(results[name].variable_values(without)))
    proven = [
        name for name, result in results.items() if result.termination.reason == mathopt.TerminationReason.OPTIMAL
    ]
    values = [result.objective_value() for result in results.values() if result.has_primal_feasible_solution()]
    if len(proven) == 2 and abs(values[0] - values[1]) > TOLERANCE:
        raise SystemExit(f"CP-SAT and HiGHS disagree: {values}")
    bounds = [result.termination.objective_bounds.dual_bound for result in results.values()]
    return {"best": min(values), "bound": max(bounds), "proven_by": proven, "unplaced": unplaced}


def _candidates(made: Instance) -> pd.DataFrame:
    order = ["booking_id", "score", "starts_at_utc", "instructor_id", "aircraft_id"]
    return made.candidates.sort_values(order).reset_index(drop=True)


def _slots(made: Instance) -> SlotArrays:
    return SlotArrays.of(_candidates(made), made.bookings)


def _program(rows: pd.DataFrame, bookings: pd.DataFrame) -> tuple[mathopt.Model, list[mathopt.Variable]]:
    program = mathopt.Model()
    taken = [program.add_binary_variable() for _ in range(len(rows))]
    without = []
    for mine in rows.groupby("booking_id").indices.values():
        without.append(program.add_binary_variable())
        program.add_linear_constraint(mathopt.fast_sum([without[-1], *(taken[row] for row in mine)]) == 1.0)
    students = bookings.set_index("booking_id")["student_id"].loc[rows["booking_id"]].to_numpy()
    start, end = _minutes(rows["starts_at_utc"]), _minutes(rows["ends_at_utc"])
    for needed in (rows["instructor_id"].to_numpy(), rows["aircraft_id"].to_numpy(), students):
        for user in pd.unique(needed):
            mine = np.flatnonzero(needed == user)
            for moment in np.unique(start[mine]):
                there = mine[(start[mine] <= moment) & (end[mine] + RULES.buffer_minutes > moment)]
                if there.size > 1:
                    program.add_linear_constraint(mathopt.fast_sum(taken[row] for row in there) <= 1.0)
    for members, minutes, room in _duty(rows, bookings, start, end):
        terms = zip(members, minutes, strict=True)
        program.add_linear_constraint(mathopt.fast_sum(float(load) * taken[row] for row, load in terms) <= float(room))
    program.minimize(
        mathopt.fast_sum(float(score) * variable for score, variable in zip(rows["score"], taken, strict=True))
        + UNPLACED_PRICE * mathopt.fast_sum(without)
    )
    return program, without


def _duty(
    rows: pd.DataFrame, bookings: pd.DataFrame, start: NDArray[np.int64], end: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], int]]:
    """Yield rows, the minutes that each adds, and the minutes left, for each instructor and 24 hours."""
    limit = round(RULES.duty_hours_per_24h * 60)
    for instructor in rows["instructor_id"].unique():
        mine = np.flatnonzero(rows["instructor_id"] == instructor)
        booked = bookings[bookings["instructor_id"] == instructor]
        first, last = _minutes(booked["starts_at_utc"]), _minutes(booked["ends_at_utc"])
        seen: set[tuple[bytes, int]] = set()
        for window in np.unique(np.concatenate([start[mine], end[mine] - DAY, first, last - DAY])):
            held = np.clip(np.minimum(last, window + DAY) - np.maximum(first, window), 0, None)
            own = dict(zip(booked["booking_id"], held, strict=True))
            adds = np.clip(np.minimum(end[mine], window + DAY) - np.maximum(start[mine], window), 0, None)
            adds = np.maximum(adds - [own.get(booking, 0) for booking in rows["booking_id"].iloc[mine]], 0)
            room = max(limit - int(held.sum()), 0)
            weighs = np.flatnonzero(adds)
            key = (weighs.tobytes() + adds[weighs].tobytes(), room)
            if adds.sum() > room and key not in seen:
                seen.add(key)
                yield mine[weighs], adds[weighs], room


def _minutes(times: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    return times.to_numpy(dtype="datetime64[m]").astype(np.int64)


if __name__ == "__main__":
    main()
