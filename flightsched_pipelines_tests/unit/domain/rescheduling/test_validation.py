"""Validation: a valid proposal passes, and every change in it is found."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.validation.validation import RULES
from flightsched_pipelines.domain.rescheduling.validation.violations import VIOLATION_COLUMNS
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    AIRCRAFT,
    INSTRUCTOR,
    LOST,
    MINIMUMS,
    OPEN_DAY,
    OPENS,
    STUDENT,
    School,
    at,
    booking,
    frame,
    minimum,
    period,
)

OTHER_STUDENT, OTHER_INSTRUCTOR, OTHER_AIRCRAFT = 6, 12, 22
SOLO = LOST | {"solo": True, "instructor_id": None}


def proposal(starts: datetime = OPENS, booking_id: int = 1, rank: int = 1, **facts: object) -> dict[str, Any]:
    """Return a proposal that moves the threatened lesson to the open day, valid by default."""
    return {
        "booking_id": booking_id,
        "rank": rank,
        "starts_at_utc": starts,
        "ends_at_utc": starts + timedelta(hours=1),
        "instructor_id": INSTRUCTOR,
        "aircraft_id": AIRCRAFT,
        "verdict": "ok",
        "margin": 0.5,
        "same_instructor": True,
        "same_aircraft": True,
        "minutes_moved": int((starts - LOST["starts_at_utc"]).total_seconds() // 60),
        "score": 1.0,
        "ranked_by": "planner",
        "reason": "",
    } | facts


def proposals(*rows: dict[str, Any]) -> pd.DataFrame:
    """Proposals as they are stored."""
    return frame(rows, PROPOSAL_COLUMNS)


def objections(school: School, *rows: dict[str, Any]) -> list[str]:
    """Return the violations that validation finds in rows."""
    return school.objections(proposals(*rows))


def test_a_valid_proposal_passes_every_rule() -> None:
    proof = School().prove(proposals(proposal()))
    assert proof.violations.empty
    assert (proof.examined, proof.checks) == (1, len(RULES))
    assert dict(proof.violations.dtypes.astype("str")) == dict(VIOLATION_COLUMNS)


def test_what_the_planner_proposes_passes() -> None:
    proof = School().prove(School().propose())
    assert proof.examined == 3
    assert proof.violations.empty


def test_a_violation_is_read_with_the_alternative_that_it_is_of() -> None:
    gone, spoilt = proposal(booking_id=9), proposal(rank=2) | {"ends_at_utc": OPENS}
    lessons = School(bookings=(LOST | {"status": "cancelled"},))
    assert lessons.prove(proposals(proposal(), gone, spoilt)).sentences() == [
        "BK-1, alternative 1: the booking is cancelled",
        "no booking, alternative 1: there is no booking 9",
        f"BK-1, alternative 2: it ends at {OPENS}, not after its start",
    ]


def test_nothing_to_examine_is_visible() -> None:
    proof = School().prove(proposals())
    assert (proof.examined, proof.checks, len(proof.violations)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"booking_id": 99}, "there is no booking 99"),
        ({"rank": 0}, "the rank is 0, not 1 to 3"),
        ({"rank": 4}, "the rank is 4, not 1 to 3"),
        ({"ends_at_utc": OPENS + timedelta(minutes=45)}, "the lesson takes 1 h, the proposal 45 min"),
        ({"instructor_id": None, "same_instructor": False}, "a dual lesson needs an instructor"),
        ({"instructor_id": 99, "same_instructor": False}, "the instructor may not teach student_pilot"),
        ({"aircraft_id": 99, "same_aircraft": False}, "the aircraft is of another type"),
        ({"verdict": "unknown"}, "the verdict 'unknown' is not one that a proposal may have"),
        ({"verdict": "at_risk"}, "the verdict 'at_risk' is not one that a proposal may have"),
        ({"same_instructor": False}, "same_instructor is not true"),
        ({"same_aircraft": False}, "same_aircraft is not true"),
        ({"minutes_moved": 0}, "minutes_moved is not how far it moves"),
    ],
)
def test_a_changed_field_is_found(change: dict[str, Any], objection: str) -> None:
    assert objection in objections(School(), proposal() | change)


@pytest.mark.parametrize(
    ("column", "garbage"),
    [
        ("booking_id", None),
        ("booking_id", "one"),
        ("booking_id", 1.5),
        ("rank", np.nan),
        ("aircraft_id", None),
        ("aircraft_id", True),
        ("instructor_id", "Bob"),
        ("starts_at_utc", pd.NaT),
        ("starts_at_utc", None),
        ("ends_at_utc", pd.NaT),
        ("ends_at_utc", OPENS),
        ("starts_at_utc", OPENS.replace(tzinfo=None)),
        ("same_instructor", None),
        ("same_aircraft", "yes"),
        ("minutes_moved", float("inf")),
    ],
)
def test_what_cannot_be_read_is_a_violation_and_counts_as_examined(column: str, garbage: Any) -> None:
    rows = proposals(proposal(), proposal(at(18), rank=2)).astype({column: "object"})
    rows.at[0, column] = garbage
    proof = School().prove(rows)
    assert proof.examined == 2
    assert proof.violations["violation"].str.startswith(("ends_at_utc", "it ends", column)).all()
    assert len(proof.violations) == 1


def test_a_missing_column_is_a_violation_of_every_row() -> None:
    proof = School().prove(proposals(proposal()).drop(columns="aircraft_id"))
    assert proof.violations["violation"].tolist() == ["aircraft_id is None, not a whole number"]


def test_a_cancelled_booking_goes_nowhere() -> None:
    cancelled = School(bookings=(LOST | {"status": "cancelled"},))
    assert objections(cancelled, proposal()) == ["the booking is cancelled"]


def test_the_present_time_is_no_alternative() -> None:
    today = School(bookings=(booking(1, at(18)),))
    assert objections(today, proposal(at(18), minutes_moved=0)) == ["it is the time the lesson has now"]


def test_notice_is_proved() -> None:
    late = School(now=OPENS - timedelta(hours=5))
    assert objections(late, proposal()) == ["it starts less than 6 h from now"]
    assert objections(School(now=OPENS - timedelta(hours=6)), proposal()) == []


def test_the_horizon_is_proved() -> None:
    early = School(now=OPENS - timedelta(days=14, minutes=1))
    unforecast = proposal(verdict="unforecast")
    assert objections(early, unforecast) == ["it starts more than 14 days from now"]
    assert objections(School(now=OPENS - timedelta(days=14)), unforecast) == []


@pytest.mark.parametrize(
    ("resource", "objection"),
    [
        ("school", "the school is closed"),
        ("student", "the student is not available"),
        ("instructor", "the instructor is not available"),
        ("aircraft", "the aircraft is not available"),
    ],
)
def test_a_lesson_that_outlasts_an_availability_is_found(resource: str, objection: str) -> None:
    shorter = tuple(row | {"ends_at_utc": at(16, 59)} if row["resource"] == resource else row for row in OPEN_DAY)
    assert objections(School(availability=shorter), proposal()) == [objection]


def test_periods_that_touch_are_one() -> None:
    halves = period("school", 1, OPENS, at(16, 20)), period("school", 1, at(16, 20), at(18))
    assert objections(School().without("school").also(availability=halves), proposal()) == []


@pytest.mark.parametrize("resource", ["student", "instructor", "aircraft"])
def test_another_lesson_within_the_buffer_is_found(resource: str) -> None:
    held = {"student_id": OTHER_STUDENT, "instructor_id": OTHER_INSTRUCTOR, "aircraft_id": OTHER_AIRCRAFT}
    mine = {"student_id": STUDENT, "instructor_id": INSTRUCTOR, "aircraft_id": AIRCRAFT}
    held[f"{resource}_id"] = mine[f"{resource}_id"]
    close = School().also(booking(2, at(17, 14), **held))
    assert objections(close, proposal()) == [f"the {resource} is taken by booking BK-2"]
    assert objections(School().also(booking(2, at(17, 15), **held)), proposal()) == []
    assert objections(School().also(booking(2, at(17), status="cancelled", **held)), proposal()) == []


def test_an_instructor_of_another_level_is_found() -> None:
    junior = School().without("instructor").also(availability=[period("instructor", INSTRUCTOR, may_teach=[])])
    assert objections(junior, proposal()) == ["the instructor may not teach student_pilot"]


def test_an_aircraft_of_another_type_is_found() -> None:
    other = School().also(availability=[period("aircraft", OTHER_AIRCRAFT, aircraft_type="PA-28-181")])
    changed = proposal(aircraft_id=OTHER_AIRCRAFT, same_aircraft=False)
    assert objections(other, changed) == ["the aircraft is of another type"]


@pytest.mark.parametrize(("resource", "name"), [("instructor", "instructor_id"), ("aircraft", "aircraft_id")])
def test_what_belongs_to_another_school_is_found(resource: str, name: str) -> None:
    theirs = period(resource, 77, school_id=2)
    others: dict[str, Any] = {name: 77, f"same_{resource}": False}
    changed = proposal(**others)
    assert f"the {resource} is not available" in objections(School().also(availability=[theirs]), changed)


def test_a_solo_flight_with_an_instructor_is_found() -> None:
    school = School(bookings=(SOLO,))
    assert objections(school, proposal(instructor_id=None)) == []
    assert objections(school, proposal(same_instructor=False)) == ["a solo flight has no instructor"]


def test_duty_hours_are_proved() -> None:
    morning = booking(2, at(8, 30), minutes=435, student_id=OTHER_STUDENT, aircraft_id=OTHER_AIRCRAFT)
    tired = School().also(morning)
    assert objections(tired, proposal()) == ["the instructor would give 8 h 15 min of training in 24 h"]
    assert objections(School().also(morning | {"solo": True}), proposal()) == []
    shorter = morning | {"ends_at_utc": at(15, 30)}
    assert objections(School().also(shorter), proposal()) == []


def test_duty_hours_count_what_is_proposed_to_others_once() -> None:
    morning = booking(3, at(9), minutes=390, student_id=7, aircraft_id=OTHER_AIRCRAFT)
    other = booking(2, LOST["starts_at_utc"] + timedelta(days=5), student_id=OTHER_STUDENT, aircraft_id=23)
    own = {"booking_id": 2, "aircraft_id": 23, "minutes_moved": -5 * 24 * 60}
    spare = [period("student", OTHER_STUDENT), period("aircraft", 23)]
    school = School().also(other, morning, availability=spare)
    moved = [
        proposal(start, rank=rank, **own | {"minutes_moved": proposal(start)["minutes_moved"] - 5 * 24 * 60})
        for rank, start in ((1, at(20, 30)), (2, at(21)))
    ]
    assert objections(school, proposal(), *moved) == ["the instructor would give 8 h 30 min of training in 24 h"] * 3
    assert objections(school, *moved) == []


def test_two_lessons_offered_the_same_thing_are_found() -> None:
    other = booking(2, LOST["starts_at_utc"], student_id=OTHER_STUDENT, instructor_id=12, aircraft_id=22)
    spare = [period("student", OTHER_STUDENT), period("instructor", 12), period("aircraft", 22)]
    school = School().also(other, availability=spare)
    theirs = proposal(booking_id=2, instructor_id=12, aircraft_id=22)
    assert objections(school, proposal(), theirs) == []
    clash = theirs | {"aircraft_id": AIRCRAFT, "same_aircraft": False}
    assert objections(school, proposal(), clash) == [
        "the aircraft is also offered to booking BK-2",
        "the aircraft is also offered to booking BK-1",
    ]
    clash = theirs | {"instructor_id": INSTRUCTOR, "same_instructor": False}
    assert objections(school, proposal(), clash)[0] == "the instructor is also offered to booking BK-2"


def test_a_student_offered_two_lessons_at_once_is_found() -> None:
    other = booking(2, LOST["starts_at_utc"] + timedelta(hours=3), instructor_id=12, aircraft_id=22)
    school = School().also(other, availability=[period("instructor", 12), period("aircraft", 22)])
    theirs = proposal(at(16, 30), 2, instructor_id=12, aircraft_id=22)
    theirs["minutes_moved"] -= 180
    assert objections(school, proposal(), theirs)[0] == "the student is also offered to booking BK-2"


def test_alternatives_of_one_lesson_may_overlap_but_not_repeat() -> None:
    assert objections(School(), proposal(), proposal(at(16, 30), rank=2)) == []
    assert objections(School(), proposal(), proposal(rank=2)) == ["two alternatives start at the same time"] * 2
    assert objections(School(), proposal(), proposal(at(18))) == ["two alternatives have rank 1"] * 2


@pytest.mark.parametrize(
    ("minimums", "objection"),
    [
        ((), "no minimums are on record"),
        ((minimum("wind", "<", 15, "kt", authority="regulation"),), "no minimums are on record"),
        ((minimum("wind", "<", 15, "kt", effect="warn"),), "no minimums are on record"),
        ((*MINIMUMS, minimum("wind", "<", 15, "kt", fault="school.downtime row 7, period")), "row 7, period"),
    ],
)
def test_a_time_is_not_well_without_minimums_or_with_a_row_that_cannot_be_read(
    minimums: tuple[dict[str, Any], ...], objection: str
) -> None:
    (said,) = objections(School(minimums=minimums), proposal())
    assert objection in said


def test_a_school_s_minimum_that_warns_leaves_the_default_that_blocks() -> None:
    windy = tuple(row | {"wind_speed_kt": 18.0, "wind_direction_deg": 134.0} for row in School().forecasts)
    lax = minimum("wind", "<", 40, "kt", authority="school", school_id=LOST["school_id"], effect="warn")
    for minimums in (MINIMUMS, (*MINIMUMS, lax)):
        (said,) = objections(School(forecasts=windy, minimums=minimums), proposal())
        assert "below the minimum for wind" in said
