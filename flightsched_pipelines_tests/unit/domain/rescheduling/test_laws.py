"""Laws of rescheduling, on random small schools: proposals are valid, whatever the school looks like."""

from datetime import timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.solver.assignment import choose
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    MINIMUMS,
    NOW,
    OPENS,
    SCHOOL,
    School,
    booking,
    forecast,
    minimum,
    period,
)

pytestmark = pytest.mark.long

MODERATE = examples(20, "an example is a whole search of slots for several lessons")
LEVELS = ("student_pilot", "private_pilot")
STUDENTS, INSTRUCTORS, AIRCRAFT = (5, 6, 7), (11, 12), (21, 22, 23)


def random_school(seed: int) -> School:
    """A school of three days with few people, odd times, patchy availability and a patchy forecast."""
    chance = Random(seed)

    def patches(resource: str, identity: int, **facts: object) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for day in range(3):
            starts = OPENS + timedelta(days=day, minutes=25 * chance.randint(0, 8))
            made.append(
                period(resource, identity, starts, starts + timedelta(minutes=25 * chance.randint(1, 20)), **facts)
            )
        return made

    def some_booking(number: int) -> dict[str, Any]:
        solo = chance.random() < 0.3
        return booking(
            number,
            NOW + timedelta(minutes=5 * chance.randint(-200, 900)),
            minutes=chance.choice((45, 60, 95, 180)),
            student_id=chance.choice(STUDENTS),
            instructor_id=None if solo else chance.choice(INSTRUCTORS),
            aircraft_id=chance.choice(AIRCRAFT),
            solo=solo,
            training_level=chance.choice(LEVELS),
            status=chance.choice(("confirmed", "confirmed", "confirmed", "cancelled")),
        )

    availability = [period("school", SCHOOL, OPENS, OPENS + timedelta(days=3))]
    for student in STUDENTS:
        availability += patches("student", student)
    for instructor in INSTRUCTORS:
        availability += patches("instructor", instructor, may_teach=chance.choices(LEVELS, k=2))
    for aircraft in AIRCRAFT:
        availability += patches("aircraft", aircraft, aircraft_type=chance.choice(("C172S", "C172S", "PA-28")))
    sky = [forecast(NOW + timedelta(hours=h), visibility_sm=chance.choice((2.0, 6.0, 10.0, 10.0))) for h in range(72)]
    return School(
        bookings=tuple(some_booking(number) for number in range(1, chance.randint(3, 8))),
        availability=tuple(availability),
        forecasts=tuple(row for row in sky if chance.random() < 0.8),
        minimums=(*MINIMUMS, minimum("visibility", ">=", 7, "SM", authority="student", student_id=STUDENTS[0])),
        rules=SchedulingRules(per_booking=20, duty_hours_per_24h=chance.choice((2.5, 4, 8))),
    )


schools = st.builds(random_school, st.integers(0, 2**32))


def standing(school: School) -> list[int]:
    """The bookings of a school that are not cancelled."""
    return [row["booking_id"] for row in school.bookings if row["status"] != "cancelled"]


@given(schools)
@MODERATE
def test_whatever_is_proposed_can_be_proved(school: School) -> None:
    proposals = school.propose(*standing(school), -1)
    proof = school.prove(proposals)
    assert proof.violations.empty, proof.violations.to_string()
    assert proof.examined == len(proposals)


@given(schools)
@MODERATE
def test_every_lesson_has_candidates_or_a_reason(school: School) -> None:
    threatened = standing(school)
    search = school.search(*threatened, -1)
    assert set(search.candidates["booking_id"]) | set(search.unplaceable["booking_id"]) == set(threatened)
    assert not set(search.candidates["booking_id"]) & set(search.unplaceable["booking_id"])


@given(schools, st.builds(Random, st.integers(0, 2**32)))
@MODERATE
def test_the_order_of_rows_changes_nothing(school: School, random: Random) -> None:
    threatened = standing(school)
    mixed = {
        name: tuple(random.sample(rows := getattr(school, name), len(rows)))
        for name in ("bookings", "availability", "forecasts", "minimums")
    }
    other = school.but(**mixed)
    candidates, same = school.search(*threatened, -1).candidates, other.search(*threatened, -1).candidates
    pd.testing.assert_frame_equal(candidates, same)
    pd.testing.assert_frame_equal(
        choose(candidates, school.frames[0], school.rules).proposals,
        choose(same.sample(frac=1, random_state=1), other.frames[0], school.rules).proposals,
    )
