"""Slots kept on the ground or in a simulator: a table of who may keep one, and the law that validation agrees."""

from datetime import timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.requirements import Credentials, SchoolRequirement
from flightsched_pipelines.domain.rescheduling.validation.validation import KEPT_SLOT_RULES
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    AIRCRAFT,
    INSTRUCTOR,
    LOST,
    NOW,
    SCHOOL,
    STUDENT,
    School,
    booking,
    period,
)
from flightsched_pipelines_tests.unit.domain.rescheduling.test_laws import random_school, standing

STARTS = LOST["starts_at_utc"]
SIMULATOR, SECOND_SIMULATOR = 31, 32
MONDAY = NOW, NOW + timedelta(days=1)
AT_HOME = (
    period("school", SCHOOL, *MONDAY),
    period("instructor", INSTRUCTOR, *MONDAY),
    period("simulator", SIMULATOR, *MONDAY, aircraft_type="AATD"),
)
"""The school, the instructor and a simulator on the day of the threatened lesson. The student is on no record."""


def lesson(**facts: object) -> dict[str, Any]:
    """Return the threatened flight of a school that offers both forms."""
    return LOST | {"form": "flight", "slot_kept_as": "both"} | facts


def school(*others: dict[str, Any], **facts: object) -> School:
    """Return the school on the day of the threatened lesson, with other bookings."""
    rows = (lesson(**facts), *(one | {"form": "flight", "slot_kept_as": "none"} for one in others))
    return School(bookings=rows, availability=AT_HOME)


def forms(found: pd.DataFrame) -> list[str]:
    """Return the forms of offers, in their order."""
    return ["ground" if pd.isna(aircraft) else "simulator" for aircraft in found["aircraft_id"]]


@pytest.mark.parametrize(
    ("offered", "expected"),
    [("both", ["simulator", "ground"]), ("ground", ["ground"]), ("simulator", ["simulator"]), ("none", []), (None, [])],
)
def test_a_school_offers_what_it_chose(offered: str | None, expected: list[str]) -> None:
    assert forms(school(slot_kept_as=offered).keep()) == expected


def test_the_slot_stays_with_its_time_and_instructor_whatever_the_weather() -> None:
    stormy = school().but(forecasts=())
    for row in stormy.keep().to_dict("records"):
        assert (row["starts_at_utc"], row["ends_at_utc"]) == (STARTS, STARTS + timedelta(hours=1))
        assert (row["instructor_id"], row["verdict"], row["minutes_moved"]) == (INSTRUCTOR, "not_flown", 0)
    assert stormy.objections(stormy.keep()) == []
    assert stormy.prove(stormy.keep()).checks == 2 * len(KEPT_SLOT_RULES)


def other(minutes: int, **facts: object) -> dict[str, Any]:
    """Return another lesson, of other people and another aircraft, so many minutes from the threatened one."""
    made = booking(2, STARTS + timedelta(minutes=minutes), student_id=6, instructor_id=12, aircraft_id=22)
    return made | facts


BOTH, GROUND = ["simulator", "ground"], ["ground"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (school(), BOTH),
        (school(solo=True, instructor_id=None), []),
        (school(form="simulator"), []),
        (school(form="ground", aircraft_id=None), []),
        (school(other(30, student_id=STUDENT)), []),
        (school(other(30, instructor_id=INSTRUCTOR)), []),
        (school(other(30, instructor_id=INSTRUCTOR, status="cancelled")), BOTH),
        (school(other(30, aircraft_id=AIRCRAFT)), BOTH),
        (school(other(60, student_id=STUDENT, instructor_id=INSTRUCTOR)), BOTH),
        (school(other(60, aircraft_id=SIMULATOR)), GROUND),
        (school(other(75, aircraft_id=SIMULATOR)), BOTH),
        (school().but(now=STARTS - timedelta(hours=5)), []),
        (school(notice_hours=9), []),
        (school().without("instructor"), []),
        (school().without("school"), []),
        (school().without("simulator"), GROUND),
        (school(training_level="airline"), []),
    ],
    ids=[
        "free", "solo", "in a simulator already", "on the ground already", "student has another",
        "instructor has another", "cancelled", "its aircraft is taken", "people back to back",
        "simulator within the buffer", "simulator after it", "no notice", "student's notice", "instructor away",
        "school closed", "simulator down", "level not taught",
    ],
)  # fmt: skip
def test_who_may_keep_a_slot_and_how(at: School, expected: list[str]) -> None:
    found = at.keep()
    assert forms(found) == expected
    assert at.objections(found) == []


@pytest.mark.parametrize("requirement", ["instructor_certificate", "medical", "annual"])
@pytest.mark.parametrize("effect", ["block", "warn"])
def test_people_must_be_qualified_and_nothing_that_flies(requirement: str, effect: str) -> None:
    at = school().but(credentials=Credentials([SchoolRequirement(SCHOOL, requirement, effect)], []))
    blocked = effect == "block" and requirement != "annual"
    assert forms(at.keep()) == ([] if blocked else BOTH)
    if blocked:
        assert any("does not meet" in one for one in at.objections(school().keep()))


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"starts_at_utc": STARTS + timedelta(hours=2), "ends_at_utc": STARTS + timedelta(hours=3)}, "keeps the time"),
        ({"instructor_id": 12}, "keeps the time and the instructor"),
        ({"ends_at_utc": STARTS + timedelta(hours=2)}, "the lesson takes"),
        ({"aircraft_id": AIRCRAFT}, "the simulator is not available"),
        ({"verdict": "ok"}, "aircraft_id is"),
        ({"rank": 1}, "two offers have rank 1"),
        ({"aircraft_id": SIMULATOR, "rank": 3}, "it is offered twice"),
        ({"same_aircraft": True}, "same_aircraft is not true"),
    ],
)
def test_validation_finds_every_change_of_a_ground_offer(changes: dict[str, Any], objection: str) -> None:
    found = school().keep().astype("object")
    for name, value in changes.items():
        found.loc[found["aircraft_id"].isna(), name] = value
    assert any(objection in one for one in school().objections(found)), school().objections(found)


def test_validation_objects_where_the_school_offers_nothing() -> None:
    for form in ("none", "ground", "simulator"):
        objections = school(slot_kept_as=form).objections(school().keep())
        refused = {"ground", "simulator"} - {form}
        assert objections == [f"the school does not offer a {one} lesson instead" for one in BOTH if one in refused]


def test_one_simulator_goes_to_one_lesson_and_stays_with_it() -> None:
    rival = lesson(booking_id=2, student_id=6, instructor_id=12, aircraft_id=22)
    at = School(bookings=(lesson(), rival), availability=(*AT_HOME, period("instructor", 12, *MONDAY)))
    found = at.keep(1, 2)
    assert list(zip(found["booking_id"], forms(found), strict=True)) == [
        (1, "simulator"), (1, "ground"), (2, "ground"),
    ]  # fmt: skip
    sent = pd.DataFrame({"booking_id": [2], "aircraft_id": pd.array([SIMULATOR], dtype="Int64")})
    kept = at.keep(1, 2, sent=sent)
    assert kept.loc[kept["aircraft_id"].notna(), "booking_id"].tolist() == [2]
    assert at.objections(found) == at.objections(kept) == []
    more = at.but(availability=(*at.availability, period("simulator", SECOND_SIMULATOR, *MONDAY)))
    assert sorted(more.keep(1, 2)["aircraft_id"].dropna()) == [SIMULATOR, SECOND_SIMULATOR]


def test_kept_slots_stand_after_the_alternatives() -> None:
    at = school().also(availability=[period(*of) for of in (("school", SCHOOL), ("student", STUDENT))])
    at = at.also(availability=[period("instructor", INSTRUCTOR), period("aircraft", AIRCRAFT)])
    offered = at.offer()
    assert offered["rank"].tolist() == [1, 2, 3, 4, 5]
    assert offered["verdict"].tolist() == ["ok", "ok", "ok", "not_flown", "not_flown"]
    assert at.objections(offered) == []


def with_simulators(seed: int) -> School:
    """Return a random school that offers anything, some of whose lessons are in simulators or on the ground."""
    at, chance = random_school(seed), Random(seed + 1)

    def some(row: dict[str, Any]) -> dict[str, Any]:
        form = "flight" if row["solo"] else chance.choice(("flight", "flight", "flight", "ground", "simulator"))
        aircraft = {"flight": row["aircraft_id"], "ground": None, "simulator": chance.choice((31, 32))}[form]
        offered = chance.choice(("none", "ground", "simulator", "both"))
        return row | {
            "form": form, "aircraft_id": aircraft, "slot_kept_as": offered, "notice_hours": chance.choice((None, 12)),
        }  # fmt: skip

    def hours(of: dict[str, Any]) -> dict[str, Any]:
        starts = NOW + timedelta(minutes=25 * chance.randint(-20, 60))
        return of | {"starts_at_utc": starts, "ends_at_utc": starts + timedelta(minutes=25 * chance.randint(20, 200))}

    known = [row for row in at.availability if row["resource"] in {"school", "instructor"}]
    simulators = [period("simulator", simulator) for simulator in (31, 32)]
    longer = [hours(row) for row in (*known, *known, *simulators)]
    return at.but(bookings=tuple(map(some, at.bookings)), availability=(*at.availability, *longer))


@pytest.mark.long
@given(st.builds(with_simulators, st.integers(0, 2**32)))
@examples(40, "an example is a whole search of slots for several lessons; nightly runs 4,000")
def test_whatever_a_lesson_keeps_can_be_proved(at: School) -> None:
    flights = [row["booking_id"] for row in at.bookings if row["form"] == "flight"]
    offered = at.offer(*(set(standing(at)) & set(flights)), -1)
    proof = at.prove(offered)
    assert proof.violations.empty, proof.violations.to_string()
    kept = offered[offered["verdict"] == "not_flown"]
    for _, one in kept[kept["aircraft_id"].notna()].groupby("aircraft_id"):
        times = one.sort_values("starts_at_utc")
        assert (times["starts_at_utc"].iloc[1:].to_numpy() >= times["ends_at_utc"].iloc[:-1].to_numpy()).all()
