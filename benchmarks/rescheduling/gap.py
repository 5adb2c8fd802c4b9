"""The joint choice on problems of another maker, with known optima: ``python -m benchmarks.rescheduling.gap``.

The generalized assignment problem is to give each job to an agent, at the least cost, within the agents' capacities.
Here a job is a lesson, an agent an instructor, and capacity the flight training that an instructor may still give in
24 hours: no job is at the same time as another of its agent, and what an agent has less than the largest capacity is
booked already. So only duty hours bind, of which the frozen instances of this folder have little.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.measure import machine, markdown, measured
from benchmarks.rescheduling.instances import MONDAY, Instance
from benchmarks.rescheduling.run import EFFORT
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.solver.assignment import choose

ORLIB = Path(__file__).parent / "orlib"
OPTIMA = ORLIB / "optima.json"
A_MONTH_BEFORE = pd.Timestamp(MONDAY) - pd.Timedelta(days=30)
MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Problem:
    """A school of which the lessons are jobs, and the rules that its capacities follow from."""

    made: Instance
    rules: SchedulingRules


def problem(name: str) -> Problem:
    """Read one of the files as a school."""
    agents, jobs, *numbers = map(int, (ORLIB / f"{name}.txt").read_text().split())
    table = np.array(numbers[: 2 * agents * jobs]).reshape(2, agents, jobs)
    costs, minutes = table
    capacity = np.array(numbers[2 * agents * jobs :])
    limit = int(capacity.max())
    ends = minutes.cumsum(axis=1)  # the jobs of each agent, one after another
    if (ends[:, -1] + limit - capacity > MINUTES_PER_DAY).any():
        raise SystemExit(f"the jobs of {name} take an agent more than a day")
    rules = SchedulingRules(buffer_minutes=0, duty_hours_per_24h=limit / 60)
    return Problem(Instance(name, _bookings(jobs, ends[:, -1], limit - capacity), _slots(costs, minutes, ends)), rules)


def _bookings(jobs: int, free_from: NDArray[np.int64], booked: NDArray[np.int64]) -> pd.DataFrame:
    """The lessons as they were, and what is booked of each agent's day after its last slot."""
    ids, agents = np.arange(jobs), np.flatnonzero(booked)
    lessons = pd.DataFrame(
        {"booking_id": ids, "student_id": ids, "aircraft_id": ids, "instructor_id": pd.array([pd.NA] * jobs, "Int64")}
    ).assign(starts_at_utc=A_MONTH_BEFORE, ends_at_utc=A_MONTH_BEFORE + pd.Timedelta(hours=1))
    others = pd.DataFrame(
        {
            "booking_id": jobs + agents,
            "student_id": jobs + agents,
            "aircraft_id": jobs + agents,
            "instructor_id": pd.array(agents, "Int64"),
            "starts_at_utc": _times(free_from[agents]),
            "ends_at_utc": _times(free_from[agents] + booked[agents]),
        }
    )
    return pd.concat([lessons, others], ignore_index=True).assign(solo=False, status="scheduled", time_zone="UTC")


def _slots(costs: NDArray[np.int64], minutes: NDArray[np.int64], ends: NDArray[np.int64]) -> pd.DataFrame:
    agent, job = (places.ravel() for places in np.indices(costs.shape))
    return pd.DataFrame(
        {
            "booking_id": job,
            "slot": agent + 1,
            "starts_at_utc": _times((ends - minutes).ravel()),
            "ends_at_utc": _times(ends.ravel()),
            "instructor_id": pd.array(agent, "Int64"),
            "aircraft_id": job,
            "verdict": "ok",
            "margin": 0.5,
            "same_instructor": True,
            "same_aircraft": True,
            "minutes_moved": 0,
            "score": costs.ravel().astype(np.float64),
        }
    )


def _times(minutes: NDArray[np.int64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.Timestamp(MONDAY) + pd.to_timedelta(minutes, unit="min")).as_unit("us")


def greedy(given: Problem) -> pd.DataFrame:
    """The regret rule alone."""
    return choose(given.made.candidates, given.made.bookings, given.rules, per_booking=1, effort=0).runs


def this(given: Problem) -> pd.DataFrame:
    """The solver, with the settings' effort."""
    return choose(given.made.candidates, given.made.bookings, given.rules, per_booking=1, effort=EFFORT).runs


def main() -> None:
    """Measure, and print the table."""
    rows: list[list[Any]] = []
    for name, optimum in json.loads(OPTIMA.read_text()).items():
        by_rule, solved = measured(problem, greedy, name, repeats=1), measured(problem, this, name)
        runs = solved.value
        rows.append(
            [
                name, optimum, _above(by_rule.value, optimum), _above(runs, optimum), f"{runs['bound'].sum():.1f}",
                "yes" if (runs["status"] == "optimal").all() else "no", f"{solved.seconds:.2f}",
            ]
        )  # fmt: skip
    print(machine("ortools", "numpy", "pandas"), "\n")
    print(markdown(["instance", "optimum", "regret greedy", "this", "bound", "proven", "s"], rows))


def _above(runs: pd.DataFrame, optimum: int) -> str:
    unplaced = int(runs["unplaced"].sum())
    return f"{unplaced} unplaced" if unplaced else f"{runs['cost'].sum() / optimum - 1:+.1%}"


if __name__ == "__main__":
    main()
