"""Laws of shards of schools: the same rows whatever their number, and nothing that two of them share."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.school_shards import (
    NO_SCHOOL,
    divide_schools,
    of_schools,
    uses_of_availability,
    uses_of_bookings,
)
from flightsched_pipelines.domain.rescheduling.search.candidates import joined
from flightsched_pipelines.domain.rescheduling.solver.assignment import Choice, Piece, choose
from flightsched_pipelines.domain.rescheduling.validation.violations import Validation, as_one
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import School, period
from flightsched_pipelines_tests.unit.domain.rescheduling.test_laws import random_school, standing

RESOURCES = ("student", "instructor", "aircraft")
COUNTS = (1, 2, 3)


def booked(rows: Sequence[tuple[int | None, int, int, int]]) -> pd.DataFrame:
    names = ["school_id", *(f"{kind}_id" for kind in RESOURCES)]
    return pd.DataFrame(rows, columns=names).astype("Int64")


few = st.integers(0, 12)
bookings = st.lists(st.tuples(st.none() | st.integers(1, 6), few, few, few), min_size=1, max_size=12).map(booked)


@given(bookings, st.integers(1, 4), st.randoms(use_true_random=False))
@examples(200, "an example is a dozen rows; every way of sharing comes up")
def test_no_two_shards_share_a_resource_and_each_lesson_is_in_one(
    booked: pd.DataFrame, count: int, random: Random
) -> None:
    lessons = booked.head(random.randint(1, len(booked)))
    shards = divide_schools(lessons, [uses_of_bookings(booked)], count)
    assert 1 <= len(shards) <= count
    parts = [of_schools(booked, schools) for schools in shards]
    for kind in RESOURCES:
        used = [set(part[f"{kind}_id"]) for part in parts]
        assert sum(map(len, used)) == len(set().union(*used)), kind
    assert sum(len(of_schools(lessons, schools)) for schools in shards) == len(lessons)
    assert divide_schools(lessons.sample(frac=1), [uses_of_bookings(booked.sample(frac=1))], count) == shards


def test_schools_that_share_nothing_are_divided_by_the_number_of_their_lessons() -> None:
    lessons = booked(
        [(school, 0, school, school) for school, times in ((1, 5), (2, 1), (3, 3), (4, 1)) for _ in range(times)]
    )
    shards = divide_schools(lessons, [uses_of_bookings(lessons[["school_id", "instructor_id"]])], 2)
    assert shards == [{1}, {2, 3, 4}]


def test_a_resource_that_another_school_may_use_and_a_booking_without_a_school_join_schools() -> None:
    lessons = booked([(1, 5, 11, 21), (2, 6, 12, 22), (3, 7, 13, 23)])
    elsewhere = pd.DataFrame([period("simulator", 21, school_id=2)])
    assert divide_schools(lessons, [uses_of_bookings(lessons), uses_of_availability(elsewhere)], 3) == [{1, 2}, {3}]
    nobodys = booked([*lessons.itertuples(index=False, name=None), (None, 5, 12, 90)])
    assert divide_schools(lessons, [uses_of_bookings(nobodys)], 3) == [{NO_SCHOOL, 1, 2}, {3}]


def country(seed: int) -> School:
    """Four schools at the same field under the same sky, of which two may share an instructor."""
    chance = Random(seed)
    schools = [random_school(chance.getrandbits(32)) for _ in range(4)]
    shared = chance.random() < 0.3

    def moved(row: dict[str, Any], number: int) -> dict[str, Any]:
        other = dict(row, school_id=number)
        for name in ("booking_id", "student_id", "instructor_id", "aircraft_id", "resource_id"):
            if other.get(name) is not None:
                other[name] += 100 * number
        if row.get("resource") == "school":
            other["resource_id"] = number
        if shared and number == 2:
            other |= {name: 111 for name in ("instructor_id",) if other.get(name) == 211}
        return other

    def of_all(name: str) -> tuple[dict[str, Any], ...]:
        return tuple(moved(row, number) for number, one in enumerate(schools, 1) for row in getattr(one, name))

    booked = tuple(row | {"reference": f"BK-{row['booking_id']}"} for row in of_all("bookings"))
    rules = SchedulingRules(per_booking=20, duty_hours_per_24h=chance.choice((2.5, 8)))
    return schools[0].but(bookings=booked, availability=of_all("availability"), rules=rules)


def parts_of(land: School, lessons: pd.DataFrame, count: int) -> list[School]:
    booked, available, *_ = land.frames
    uses = [uses_of_bookings(booked), uses_of_availability(available), uses_of_bookings(lessons)]
    return [
        land.but(
            bookings=tuple(row for row in land.bookings if row["school_id"] in schools),
            availability=tuple(row for row in land.availability if row["school_id"] in schools),
        )
        for schools in divide_schools(lessons, uses, count)
    ]


def chosen(land: School, candidates: pd.DataFrame, count: int) -> Choice:
    def divide(slots: pd.DataFrame) -> list[Piece]:
        parts = parts_of(land, land.frames[0], count)
        return [(slots[slots["booking_id"].isin(part.frames[0]["booking_id"])], part.frames[0]) for part in parts]

    return choose(candidates, land.frames[0], land.rules, effort=1, divide=divide)


def proven(land: School, proposals: pd.DataFrame, count: int) -> Validation:
    lessons = proposals.merge(land.frames[0][["booking_id", "school_id"]], on="booking_id")
    found: list[Validation] = []
    for part in parts_of(land, lessons, count):
        mine = proposals["booking_id"].isin(part.frames[0]["booking_id"])
        found.append(part.prove(proposals[mine]))
    return as_one(found)


def spoilt(proposals: pd.DataFrame, random: Random) -> pd.DataFrame:
    """Proposals as a faulty search might make them: with each other's times, instructors and aircraft."""
    wrong = proposals.copy()
    for _ in range(3):
        name = random.choice(("starts_at_utc", "instructor_id", "aircraft_id"))
        one, other = random.choices(range(len(wrong)), k=2)
        wrong[name] = wrong[name].take([other if place == one else place for place in range(len(wrong))]).array
    return wrong


@pytest.mark.long
@given(st.integers(0, 2**32))
@examples(8, "an example is a whole hour of four schools, three times: search, choice and two validations")
def test_the_rows_are_the_same_for_any_number_of_shards(seed: int) -> None:
    land = country(seed)
    threatened = standing(land)
    searches, choices = [], []
    for count in COUNTS:
        lessons = land.frames[0][land.frames[0]["booking_id"].isin(threatened)]
        parts = parts_of(land, lessons, count) if threatened else [land]
        searches.append(joined([part.search(*threatened, -1) for part in parts]))
        choices.append(chosen(land, searches[0].candidates, count))
    for search, choice in zip(searches[1:], choices[1:], strict=True):
        assert_frame_equal(search.candidates, searches[0].candidates)
        assert_frame_equal(search.unplaceable, searches[0].unplaceable)
        assert_frame_equal(choice.proposals, choices[0].proposals)
        assert_frame_equal(choice.runs.drop(columns="seconds"), choices[0].runs.drop(columns="seconds"))
    proposals = choices[0].proposals
    for rows in (proposals, spoilt(proposals, Random(seed))) if len(proposals) else ():
        first, *others = (proven(land, rows, count) for count in COUNTS)
        for other in others:
            assert (other.examined, other.checks) == (first.examined, first.checks)
            assert_frame_equal(other.violations, first.violations)


def test_what_effort_is_left_goes_to_the_components_without_a_proof() -> None:
    asked: list[tuple[set[int], float]] = []

    def doubtful_at_first(work: Any, pieces: Sequence[tuple[Any, ...]]) -> Any:
        ((candidates, *_, per_slot),) = pieces
        asked.append((set(candidates["booking_id"]), per_slot))
        ((first, *others),) = [work(*piece) for piece in pieces]
        if len(asked) > 1:
            return [[first, *others]]
        return [[replace(first, runs=[run | {"status": "feasible"} for run in first.runs], effort=1.0), *others]]

    land = country(7)
    candidates = land.search(*standing(land)).candidates
    choice = choose(candidates, land.frames[0], land.rules, effort=20, for_each=doubtful_at_first)
    once = choose(candidates, land.frames[0], land.rules, effort=20)
    (everyone, per_slot), (doubtful, more) = asked
    slots = candidates["booking_id"].isin(doubtful).sum()
    assert doubtful < everyone
    assert per_slot == 20 / len(candidates)
    assert 18.9 < more * slots < 19.0
    assert_frame_equal(choice.proposals, once.proposals)
