"""The joint choice: optimal where that is known, never worse than the greedy rule, and the same every time."""

import json
from functools import cache
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from benchmarks.rescheduling import gap
from benchmarks.rescheduling.instances import SHAPES, Instance, instance
from benchmarks.rescheduling.prove import OPTIMA
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.resource_calendars import holding_bookings
from flightsched_pipelines.domain.rescheduling.solver.assignment import RUN_COLUMNS, choose, components
from flightsched_pipelines.domain.rescheduling.solver.constraints import ConstraintMatrix
from flightsched_pipelines.domain.rescheduling.solver.cp_sat import solve
from flightsched_pipelines.domain.rescheduling.solver.duty_hours import DutyHours
from flightsched_pipelines.domain.rescheduling.solver.search_state import (
    NOBODY,
    UNPLACED_PRICE,
    SlotArrays,
    SlotAssignmentState,
)

RULES = SchedulingRules()
TEN_SCHOOLS = "20 lessons x 10 schools"


@cache
def ten_schools() -> Instance:
    return instance(TEN_SCHOOLS)


def schools_of(made: Instance, number: int) -> Instance:
    """The first schools of an instance: their lessons have nothing to do with those of the others."""
    mine = made.candidates["booking_id"] < 100_000 * number
    return Instance("first schools", made.bookings, made.candidates[mine])


@cache
def three_schools() -> Instance:
    return schools_of(ten_schools(), 3)


def some_of(made: Instance, lessons: int, slots: int, random: np.random.Generator) -> Instance:
    """A few lessons of an instance's first school, with a few slots each."""
    first = made.candidates[made.candidates["booking_id"] < 100_000]
    chosen = random.choice(first["booking_id"].unique(), size=lessons, replace=False)
    candidates = first[first["booking_id"].isin(chosen)].groupby("booking_id").sample(slots, random_state=random)
    return Instance("some", made.bookings, candidates.sort_values(["booking_id", "score"]).reset_index(drop=True))


def board_of(made: Instance) -> SlotAssignmentState:
    teaching = DutyHours(RULES).enter(holding_bookings(made.bookings))
    return SlotAssignmentState(SlotArrays.of(made.candidates, made.bookings), teaching, RULES)


def cost_of(board: SlotAssignmentState, picks: list[int]) -> float:
    """The cost of a choice, with that of the lessons without a slot."""
    return float(board.price[picks].sum()) + UNPLACED_PRICE * (len(board.blocks) - len(picks))


def cheapest_on(board: SlotAssignmentState) -> float:
    """The least cost of all combinations on a board, one by one."""
    best = UNPLACED_PRICE * len(board.blocks)
    for picks in product(*([None, *range(block.start, block.stop)] for block in board.blocks)):
        trial, cost = board.copy(), 0.0
        for slot in picks:
            if slot is None:
                cost += UNPLACED_PRICE
            elif trial.may_hold(slot):
                cost += float(board.price[slot])
                trial.hold(slot)
            else:
                cost = np.inf
                break
        best = min(best, cost)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_a_small_choice_is_the_cheapest_of_all(seed: int) -> None:
    made = some_of(ten_schools(), lessons=4, slots=4, random=np.random.default_rng(seed))

    choice = choose(made.candidates, made.bookings, RULES, per_booking=1)

    assert set(choice.runs["status"]) == {"optimal"}
    assert choice.runs["cost"].sum() == pytest.approx(cheapest_on(board_of(made)), abs=2e-3)
    assert choice.runs["bound"].sum() <= choice.runs["cost"].sum() + 1e-6


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "above"),
    [
        (TEN_SCHOOLS, 1e-4),
        ("200 lessons, one school, medium", 1e-4),
        ("200 lessons, one school, tight", 0.01),
    ],
)
def test_a_frozen_instance_is_what_was_proven_and_the_choice_comes_as_near_as_promised(name: str, above: float) -> None:
    known = json.loads(OPTIMA.read_text())
    made = instance(name)

    runs = choose(made.candidates, made.bookings, RULES, per_booking=1).runs

    assert known.keys() == SHAPES.keys()
    assert made.fingerprint == known[name]["fingerprint"]
    assert known[name]["bound"] * (1 - 1e-4) <= runs["cost"].sum() <= known[name]["best"] * (1 + above)
    assert runs["bound"].sum() <= known[name]["best"] * (1 + 1e-4)
    assert runs["unplaced"].sum() == known[name]["unplaced"] == 0
    assert (runs["cost"] <= runs["greedy_cost"]).all()


@pytest.mark.parametrize("effort", [0.0, 0.001, 0.5, 20.0])
def test_it_is_never_dearer_than_the_greedy_rule(effort: float) -> None:
    choice = choose(three_schools().candidates, three_schools().bookings, RULES, effort=effort)

    assert (choice.runs["cost"] <= choice.runs["greedy_cost"] + 1e-6).all()
    assert set(choice.runs["chosen_by"]) <= ({"greedy"} if effort == 0 else {"greedy", "solver"})
    assert (choice.runs["gap"].dropna() >= 0).all()
    assert list(choice.runs.columns) == list(RUN_COLUMNS)


def test_the_same_rows_give_the_same_choice() -> None:
    first = choose(three_schools().candidates, three_schools().bookings, RULES, effort=2)
    shuffled = three_schools().candidates.sample(frac=1, random_state=3)
    again = choose(shuffled, three_schools().bookings, RULES, effort=2)

    assert_frame_equal(first.proposals, again.proposals)
    assert_frame_equal(first.runs.drop(columns="seconds"), again.runs.drop(columns="seconds"))


def test_schools_that_share_nobody_are_chosen_for_apart() -> None:
    slots = SlotArrays.of(ten_schools().candidates, ten_schools().bookings)
    parts = list(components(slots))

    assert len(parts) == 10
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(ten_schools().candidates)))
    for users in (slots.instructor, slots.aircraft, slots.student):
        seen: set[int] = set()
        for places in parts:
            mine = _users(users, places)
            assert not mine & seen
            seen |= mine


def _users(users: NDArray[np.int64], places: NDArray[np.int64]) -> set[int]:
    return set(users[places].tolist())


def test_a_choice_within_duty_hours_is_found_where_the_cheapest_slots_break_them() -> None:
    """One instructor, ten lessons of two hours that all want the same day: only four fit into its eight hours."""
    monday = pd.Timestamp("2026-11-09T08:00Z")
    lessons = pd.DataFrame(
        {
            "booking_id": range(10), "student_id": range(10), "instructor_id": 1, "aircraft_id": range(10),
            "solo": False, "status": "scheduled", "time_zone": "UTC",
            "starts_at_utc": monday - pd.Timedelta(days=9), "ends_at_utc": monday - pd.Timedelta(days=9, hours=-2),
        }
    ).astype({"instructor_id": "Int64"})  # fmt: skip
    rows = [
        {
            "booking_id": lesson, "slot": 1, "instructor_id": 1, "aircraft_id": lesson, "verdict": "ok", "margin": 0.5,
            "starts_at_utc": monday + pd.Timedelta(days=day, hours=2.5 * place), "same_instructor": True,
            "same_aircraft": True, "minutes_moved": 0, "score": float(10 * day + place),
        }
        for lesson in range(10)
        for day in (0, 2, 4)
        for place in range(5)
    ]  # fmt: skip
    candidates = pd.DataFrame(rows).astype({"instructor_id": "Int64"})
    candidates["ends_at_utc"] = candidates["starts_at_utc"] + pd.Timedelta(hours=2)

    choice = choose(candidates, lessons, RULES, per_booking=1)

    days = choice.proposals["starts_at_utc"].dt.date.value_counts()
    assert choice.runs["status"].tolist() == ["optimal"]
    assert sorted(days.tolist()) == [2, 4, 4]
    assert choice.runs["unplaced"].tolist() == [0]


def test_a_board_without_open_slots_is_done_at_once() -> None:
    board = board_of(some_of(ten_schools(), lessons=2, slots=2, random=np.random.default_rng(1)))
    board.price[:] = np.inf

    solution = solve(board, effort=1.0)

    assert (solution.picks, solution.status, solution.bound) == ([], "optimal", 2 * UNPLACED_PRICE)


@pytest.mark.parametrize("seed", range(20))
def test_slots_that_are_closed_are_chosen_neither_by_few_lessons_nor_by_many(seed: int) -> None:
    random = np.random.default_rng(seed)
    board = board_of(some_of(ten_schools(), lessons=5, slots=4, random=random))
    board.price[random.permutation(len(board.price))[int(random.integers(1, 5)) :]] = np.inf

    solution = solve(board, effort=1.0)

    assert np.isfinite(board.price[solution.picks]).all()
    assert solution.status == "optimal"
    assert cost_of(board, solution.picks) == pytest.approx(cheapest_on(board), abs=2e-3)


def test_a_choice_that_meets_the_bound_costs_a_look_and_no_search() -> None:
    board = board_of(some_of(ten_schools(), lessons=4, slots=4, random=np.random.default_rng(2)))
    best = solve(board, effort=1.0)

    again = solve(board, effort=1.0, start=best.picks)

    assert 0 <= again.effort < best.effort
    assert (again.picks, again.status) == (best.picks, "optimal")
    assert again.bound == pytest.approx(best.bound, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_two_slots_share_a_row_exactly_if_they_cannot_both_be_held(seed: int) -> None:
    """Some lessons have no instructor, some share one; no row is needed for two slots of one lesson."""
    random = np.random.default_rng(seed)
    board = board_of(some_of(ten_schools(), lessons=8, slots=12, random=random))
    board.slots.instructor[random.random(len(board.price)) < 0.2] = NOBODY
    board.price[random.random(len(board.price)) < 0.1] = np.inf
    slots, places = board.slots, range(len(board.price))

    together = {
        pair
        for members, _, room in ConstraintMatrix.on(board)
        if room == 1
        for pair in combinations(members.tolist(), 2)
    }

    assert {(one, other) for one, other in together if board.lesson[one] != board.lesson[other]} == {
        (one, other)
        for one, other in combinations(places, 2)
        if board.lesson[one] != board.lesson[other]
        and np.isfinite(board.price[[one, other]]).all()
        and any(needed[one] == needed[other] != NOBODY for needed in slots.needs)
        and slots.start[one] < slots.end[other] + RULES.buffer_minutes
        and slots.start[other] < slots.end[one] + RULES.buffer_minutes
    }


@pytest.mark.parametrize(("name", "optimum"), json.loads(gap.OPTIMA.read_text()).items())
def test_a_generalized_assignment_problem_of_others_is_solved_to_its_known_optimum(name: str, optimum: int) -> None:
    runs = gap.this(gap.problem(name))

    assert runs["status"].tolist() == ["optimal"]
    assert runs["cost"].tolist() == [pytest.approx(optimum)]
    assert runs["unplaced"].tolist() == [0]
