"""The joint choice: alternatives that can all be held at once."""

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pandas as pd
import pytest

from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.solver.assignment import choose
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    LOST,
    NOW,
    OPEN_DAY,
    OPENS,
    School,
    at,
    booking,
    period,
)

TWO_HOURS = timedelta(hours=2)


def rivals(count: int) -> tuple[dict[str, Any], ...]:
    """Lessons of as many students, all with the one instructor and aircraft, on the Thursday."""
    return tuple(
        booking(number, NOW + timedelta(days=3, hours=2 * number), student_id=number) for number in range(1, count + 1)
    )


def open_to(students: int) -> School:
    """The school's open day, with as many students who have all day."""
    people = [period("student", number) for number in range(1, students + 1)]
    return School(bookings=rivals(students)).without("student").also(availability=people)


def test_a_lesson_gets_three_alternatives_the_best_first() -> None:
    proposals = School().propose()
    assert dict(proposals.dtypes.astype("str")) == dict(PROPOSAL_COLUMNS)
    assert proposals["rank"].tolist() == [1, 2, 3]
    assert proposals["score"].is_monotonic_increasing
    assert set(proposals["ranked_by"]) == {"planner"}
    assert proposals["score"].iloc[0] == School().search().candidates["score"].min()


def test_alternatives_lie_two_hours_apart_where_the_day_has_room() -> None:
    starts = School().propose()["starts_at_utc"].sort_values()
    assert (starts.diff().dropna() >= TWO_HOURS).all()


def test_alternatives_on_other_days_are_preferred() -> None:
    days = [
        row | {edge: row[edge] + timedelta(days=day) for edge in ("starts_at_utc", "ends_at_utc")}
        for row in OPEN_DAY
        for day in range(3)
    ]
    proposals = School(availability=tuple(days), forecasts=()).propose()
    assert proposals["starts_at_utc"].dt.date.nunique() == 3


def test_a_short_day_gives_alternatives_that_lie_closer() -> None:
    short = tuple(row | {"ends_at_utc": at(18)} for row in OPEN_DAY)
    starts = School(availability=short).propose()["starts_at_utc"]
    assert sorted(starts) == [at(16), at(16, 30), at(17)]


def test_one_slot_is_one_alternative() -> None:
    short = tuple(row | {"ends_at_utc": at(17)} for row in OPEN_DAY)
    spare = [period("aircraft", 22, ends=at(17)), period("instructor", 12, ends=at(17))]
    assert len(School(availability=short).also(availability=spare).propose()) == 1


def test_what_is_held_out_to_one_lesson_is_not_held_out_to_another() -> None:
    proposals = open_to(2).propose(1, 2).sort_values("starts_at_utc")
    assert set(proposals["booking_id"]) == {1, 2}
    slots = list(zip(proposals["starts_at_utc"], proposals["ends_at_utc"], proposals["booking_id"], strict=True))
    for (one_starts, one_ends, one), (two_starts, two_ends, two) in combinations(slots, 2):
        gap = max(two_starts - one_ends, one_starts - two_ends)
        assert one == two or gap >= timedelta(minutes=15)


def test_every_lesson_gets_its_first_alternative_before_any_its_second() -> None:
    short = {"ends": at(18, 30)}
    people = [period("student", 1, **short), period("student", 2, **short)]
    proposals = open_to(2).without("student").also(availability=people).propose(1, 2)
    assert proposals["booking_id"].tolist() == [1, 2]


def test_the_lesson_with_one_way_out_chooses_first() -> None:
    school = open_to(2).without("student")
    people = [period("student", 1), period("student", 2, OPENS, at(17))]
    proposals = school.also(availability=people).propose(1, 2).set_index(["booking_id", "rank"])
    assert proposals.loc[(2, 1), "starts_at_utc"] == at(16)


def test_a_student_with_two_lost_lessons_is_not_offered_both_at_once() -> None:
    lost = LOST, booking(2, NOW + timedelta(hours=10), instructor_id=12, aircraft_id=22)
    spare = [period("instructor", 12), period("aircraft", 22)]
    school = School(bookings=lost).also(availability=spare)
    proposals = school.propose(1, 2)
    assert set(proposals["booking_id"]) == {1, 2}
    assert school.objections(proposals) == []


def test_duty_hours_count_what_is_held_out_to_others() -> None:
    morning = booking(9, at(8), minutes=360, student_id=9, aircraft_id=29)
    spare = [period("aircraft", 22), period("aircraft", 23)]
    school = open_to(3).also(morning, availability=spare)
    proposals = school.propose(1, 2, 3)
    assert set(school.search(1, 2, 3).candidates["booking_id"]) == {1, 2, 3}
    assert proposals["booking_id"].nunique() == 2
    assert school.objections(proposals) == []


def test_no_candidates_no_proposals() -> None:
    nothing = School().without("school").propose()
    assert nothing.empty
    assert list(nothing) == list(PROPOSAL_COLUMNS)


def test_the_choice_does_not_depend_on_the_order_of_rows() -> None:
    school = open_to(3).also(availability=[period("aircraft", 22), period("instructor", 12)])
    candidates, bookings = school.search(1, 2, 3).candidates, school.frames[0]
    straight = choose(candidates, bookings, school.rules).proposals
    shuffled = choose(candidates.sample(frac=1, random_state=7), bookings[::-1], school.rules).proposals
    pd.testing.assert_frame_equal(straight, shuffled)


def test_fewer_alternatives_may_be_asked_for() -> None:
    school = School()
    chosen = choose(school.search().candidates, school.frames[0], SchedulingRules(), per_booking=1)
    assert len(chosen.proposals) == 1


@pytest.mark.parametrize(
    ("starts", "rows", "reason"),
    [
        (OPENS, {}, "Same instructor and aircraft, 1 day later, 4 h earlier in the day; "),
        (at(20), {}, "Same instructor and aircraft, 1 day later at the same time; "),
        (at(20, 30), {}, "Same instructor and aircraft, 1 day later, 30 min later in the day; "),
        (at(20), {"aircraft": 22}, "Same instructor, another aircraft of the same type, 1 day later"),
        (at(20), {"instructor": 12}, "Another instructor, same aircraft, 1 day later"),
        (at(20), {"instructor": 12, "aircraft": 22}, "Another instructor and another aircraft of the same type, 1 "),
    ],
)
def test_reasons_are_plain_facts(starts: datetime, rows: dict[str, int], reason: str) -> None:
    school = School(availability=tuple(row | {"starts_at_utc": starts} for row in OPEN_DAY))
    school = school.but(
        availability=tuple(
            row | {"resource_id": rows.get(row["resource"], row["resource_id"]), "ends_at_utc": starts + TWO_HOURS / 2}
            for row in school.availability
        )
    )
    assert school.propose()["reason"].iloc[0].startswith(reason)


def test_a_reason_says_what_the_forecast_knows() -> None:
    assert School(forecasts=()).propose()["reason"].str.endswith("; no complete forecast for this time yet").all()
    assert School().propose()["reason"].str.contains("forecast above the school's minimums").all()


def test_a_solo_flights_reason_speaks_of_no_instructor() -> None:
    solo = School(bookings=(LOST | {"solo": True, "instructor_id": None},))
    assert solo.propose()["reason"].str.startswith("Same aircraft, 1 day later").all()


def test_a_lesson_moved_within_its_day_says_so() -> None:
    late = tuple(row | {"starts_at_utc": at(20), "ends_at_utc": at(21)} for row in OPEN_DAY)
    today = School(bookings=(booking(1, at(18)),), availability=late)
    assert "the same day, 2 h later; " in today.propose()["reason"].iloc[0]
