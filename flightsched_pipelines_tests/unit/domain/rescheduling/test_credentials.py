"""Requirements of people and aircraft: search and validation each apply a school's requirements, and agree."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.requirements import (
    NO_CREDENTIALS,
    REQUIREMENTS,
    CredentialPeriod,
    Credentials,
    SchoolRequirement,
)
from flightsched_pipelines.domain.rescheduling.rules import PRICES, SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.feasible_starts import (
    FeasibleStarts,
    ScheduleCalendars,
)
from flightsched_pipelines.domain.rescheduling.search.lessons_to_move import lessons_to_move
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Records, Span
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    AIRCRAFT,
    ALL_STARTS,
    CLOSES,
    INSTRUCTOR,
    LOST,
    NOW,
    OPEN_DAY,
    OPENS,
    SCHOOL,
    STUDENT,
    School,
    at,
    booking,
    period,
)

IDS = {"student": STUDENT, "instructor": INSTRUCTOR, "aircraft": AIRCRAFT}
OTHER_INSTRUCTOR, OTHER_AIRCRAFT = 12, 22
LAWS = examples(50, "an example searches the slots of several lessons")
WHOLE_SEARCHES = examples(15, "an example searches the slots of several lessons")


Slot = tuple[datetime, int | None, int]
"""A start, an instructor and an aircraft."""


def requires(name: str, effect: str = "block", **of_lesson: Any) -> SchoolRequirement:
    """The school requires it."""
    return SchoolRequirement(SCHOOL, name, effect, **of_lesson)


def met(name: str, ends: datetime | None = None, starts: datetime | None = None, **facts: Any) -> CredentialPeriod:
    """The student, the instructor or the aircraft meets it in a time."""
    one = REQUIREMENTS[name]
    of: dict[str, Any] = {"resource_id": IDS[one.resource], "aircraft_type": "C172S" if one.by_type else None}
    if name == "hundred_hour":
        of |= {"minutes_left": 10_000, "counted_from_utc": NOW}
    return CredentialPeriod(one.resource, requirement=name, starts_at_utc=starts, ends_at_utc=ends, **(of | facts))


def school(*rows: SchoolRequirement | CredentialPeriod, **changes: Any) -> School:
    """The small school with requirements, and what meets them."""
    requirements = tuple(row for row in rows if isinstance(row, SchoolRequirement))
    periods = tuple(row for row in rows if isinstance(row, CredentialPeriod))
    return School(credentials=Credentials(requirements, periods), **changes)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_lesson_ends_before_what_it_requires_does(name: str) -> None:
    assert school(requires(name), met(name, at(20))).starts() == [start for start in ALL_STARTS if start <= at(19)]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_what_is_required_and_not_on_record_blocks(name: str) -> None:
    reason = {"student": "student's credentials", "instructor": "no instructor", "aircraft": "no aircraft"}
    assert school(requires(name)).why_not() == reason[REQUIREMENTS[name].resource]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_school_that_requires_nothing_is_as_before_whatever_is_on_record(name: str) -> None:
    pd.testing.assert_frame_equal(school(met(name, NOW)).search().candidates, School().search().candidates)


def test_a_requirement_of_another_school_level_or_kind_of_lesson_does_not_count() -> None:
    others = (
        replace(requires("medical"), school_id=SCHOOL + 1),
        requires("medical", training_level="private_pilot"),
        requires("medical", solo=True),
        requires("medical", lesson_kind="cross_country"),
    )
    assert school(*others).starts() == ALL_STARTS


def test_an_endorsement_or_a_checkout_of_another_type_does_not_count() -> None:
    for name in ("solo_endorsement", "checkout"):
        assert school(requires(name), met(name, aircraft_type="PA-28")).why_not() == "student's credentials"


def test_a_solo_flight_needs_nothing_of_an_instructor() -> None:
    solo = booking(1, NOW + timedelta(hours=8), solo=True, instructor_id=None)
    assert school(requires("instructor_certificate"), bookings=(solo,)).starts() == ALL_STARTS


def test_hours_booked_before_a_slot_ends_count_towards_the_next_inspection() -> None:
    other = booking(2, at(18), minutes=60, student_id=6, instructor_id=12)
    rows = requires("hundred_hour"), met("hundred_hour", minutes_left=119)
    # The lesson itself takes 60 minutes, and the other 60 once it begins before the lesson ends.
    assert school(*rows, bookings=(LOST, other)).starts() == [at(16), at(16, 30)]
    assert school(*rows).starts() == ALL_STARTS
    assert school(requires("hundred_hour"), met("hundred_hour", minutes_left=59)).why_not() == "no aircraft"


def test_renewed_credentials_that_touch_are_one() -> None:
    halves = met("medical", at(18)), met("medical", starts=at(18))
    assert school(requires("medical"), *halves).starts() == ALL_STARTS
    gap = met("medical", at(18)), met("medical", starts=at(18, 1))
    assert school(requires("medical"), *gap).starts() == [s for s in ALL_STARTS if not at(17) < s < at(18, 1)]


def test_what_only_warns_stays_and_costs() -> None:
    plain, warned = School().search().candidates, school(requires("medical", "warn")).search().candidates
    key = ["starts_at_utc", "instructor_id", "aircraft_id"]
    both = plain.merge(warned, on=key)
    assert len(both) == len(plain) == len(warned)
    assert np.allclose(both["score_y"] - both["score_x"], PRICES.warning)


def test_an_aircraft_without_a_warning_is_named_before_one_with_it() -> None:
    three = tuple(period("aircraft", key) for key in (22, 23))
    squawks = requires("squawk", "warn"), met("squawk", resource_id=22), met("squawk", resource_id=23)
    found = school(*squawks, availability=(*OPEN_DAY, *three)).search().candidates
    assert set(found["aircraft_id"]) == {22, 23}


def test_the_strictest_of_two_rows_counts() -> None:
    for effects in (("warn", "block"), ("block", "warn")):
        assert school(*(requires("medical", effect) for effect in effects)).why_not() == "student's credentials"


def test_validation_does_not_say_whose_which_credential_is() -> None:
    proposals = School().propose()
    assert set(school(requires("medical")).objections(proposals)) == {
        "the student does not meet the school's requirements throughout"
    }
    assert school(requires("medical", "warn")).objections(proposals) == []


SMALL = School(rules=SchedulingRules(per_booking=20, horizon_days=2))
EFFECTS = st.sampled_from(("block", "block", "warn"))
MINUTES = st.integers(-30, 12 * 26).map(lambda fives: OPENS + timedelta(minutes=5 * fives))


@st.composite
def some_credentials(draw: st.DrawFn) -> Credentials:
    """Requirements and periods of two instructors, two aircraft and the student, with gaps and odd ends."""
    ids = {"student": [STUDENT], "instructor": [INSTRUCTOR, OTHER_INSTRUCTOR], "aircraft": [AIRCRAFT, OTHER_AIRCRAFT]}
    names = draw(st.lists(st.sampled_from(list(REQUIREMENTS)), max_size=4, unique=True))
    requirements = [
        requires(
            name,
            draw(EFFECTS),
            solo=draw(st.sampled_from((None, False, True))),
            equipment="ifr" if name == "equipment" else None,
        )
        for name in names
    ]
    periods = [
        met(
            name,
            draw(st.none() | MINUTES),
            draw(st.none() | MINUTES),
            resource_id=identity,
            equipment="ifr" if name == "equipment" else None,
            **(
                {"minutes_left": draw(st.integers(30, 400)), "counted_from_utc": draw(MINUTES)}
                if name == "hundred_hour"
                else {}
            ),
        )
        for name in names
        for identity in ids[REQUIREMENTS[name].resource]
        for _ in range(draw(st.integers(0, 1 if name == "hundred_hour" else 3)))
    ]
    return Credentials(tuple(requirements), tuple(periods))


@st.composite
def some_schools(draw: st.DrawFn) -> School:
    """A school with a few other lessons on the open day."""
    solo = draw(st.booleans())
    first = booking(1, NOW + timedelta(hours=8), minutes=draw(st.sampled_from((45, 60, 95))), solo=solo)
    others = [
        booking(
            number,
            draw(MINUTES),
            minutes=60,
            student_id=6,
            instructor_id=draw(st.sampled_from((INSTRUCTOR, OTHER_INSTRUCTOR))),
            aircraft_id=draw(st.sampled_from((AIRCRAFT, OTHER_AIRCRAFT))),
        )
        for number in range(2, 2 + draw(st.integers(0, 3)))
    ]
    more = period("instructor", OTHER_INSTRUCTOR), period("aircraft", OTHER_AIRCRAFT)
    return SMALL.but(
        bookings=(first | {"instructor_id": None if solo else INSTRUCTOR}, *others),
        availability=(*OPEN_DAY, *more),
        credentials=draw(some_credentials()),
    )


def openings(school: School, credentials: Credentials) -> set[Slot]:
    """All slots of the first lesson that everything but weather allows."""
    bookings, availability = school.frames[:2]
    lesson = lessons_to_move(bookings[bookings["booking_id"] == 1])[0]
    calendars = ScheduleCalendars(bookings, availability, school.rules, school.now, timedelta(hours=3), credentials)
    found = calendars.openings(lesson)
    if not isinstance(found, FeasibleStarts):
        return set()
    times = [time.to_pydatetime() for time in calendars.timeline.times_utc(found.starts)]
    return {
        (times[when], found.instructors[who], found.aircraft[what])
        for when, who, what in product(range(len(times)), range(len(found.instructors)), range(len(found.aircraft)))
        if found.instructor_free[who, when] and found.aircraft_free[what, when]
    }


def by_validation(school: School) -> Callable[[Slot], bool]:
    """Return a function that tells whether nothing that blocks is short at a slot."""
    records, credentials = Records(school.frames[0].to_dict("records"), []), CredentialRecords(school.credentials)
    lesson = records.bookings[1]

    def allows(slot: Slot) -> bool:
        span = Span(slot[0], slot[0] + lesson.span.length)
        flown = records.lessons_of("aircraft", slot[2])
        return not any(one.blocks for one in credentials.shortcomings(lesson, span, slot[1], slot[2], flown))

    return allows


@pytest.mark.long
@given(some_schools())
@LAWS
def test_search_and_validation_agree_on_every_slot_that_is_otherwise_free(school: School) -> None:
    free = openings(school, NO_CREDENTIALS)
    found = openings(school, school.credentials)
    assert found == set(filter(by_validation(school), free))


@pytest.mark.long
@given(some_schools())
@WHOLE_SEARCHES
def test_no_candidate_and_no_proposal_lies_outside_what_blocks(school: School) -> None:
    found, allows = school.search().candidates, by_validation(school)
    for start, instructor, aircraft in zip(
        found["starts_at_utc"], found["instructor_id"], found["aircraft_id"], strict=True
    ):
        slot = start.to_pydatetime(), None if pd.isna(instructor) else int(instructor), int(aircraft)
        assert allows(slot)
    assert school.objections(school.propose()) == []


@pytest.mark.long
@given(some_schools(), st.data())
@LAWS
def test_stricter_requirements_and_shorter_credentials_never_add_a_slot(school: School, data: st.DataObject) -> None:
    before = openings(school, school.credentials)
    requirements, periods = list(school.credentials.requirements), list(school.credentials.periods)
    change = data.draw(st.sampled_from(("block", "any lesson", "drop", "shorten", "fly")))
    if change == "block":
        requirements = [replace(one, effect="block") for one in requirements]
    elif change == "any lesson":
        requirements = [replace(one, solo=None) for one in requirements]
    elif periods:
        place = data.draw(st.integers(0, len(periods) - 1))
        one = periods.pop(place)
        if change == "shorten":
            ends = one.ends_at_utc or CLOSES
            periods.append(replace(one, ends_at_utc=ends - timedelta(minutes=data.draw(st.integers(1, 200)))))
        elif change == "fly" and one.minutes_left is not None:
            periods.append(replace(one, minutes_left=one.minutes_left - data.draw(st.integers(1, 90))))
    after = openings(school, Credentials(tuple(requirements), tuple(periods)))
    assert after <= before
