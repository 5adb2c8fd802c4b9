"""Bad files of who and what may fly: credentials, inspections, squawks and requirements."""

import pytest
from sqlalchemy import Engine

from flightsched_pipelines_tests.integration.imports.helpers import bring, everything, refused, rows

CREDENTIALS = "id,student,instructor,credential,aircraft_type,valid_from,valid_until\n"
INSPECTIONS = "aircraft,inspection,due_on,due_tach_hours,tach_hours,tach_read_on\n"
REQUIREMENTS = "id,requirement,effect,solo,equipment,reference\n"
SQUAWKS = "id,aircraft,reported_on,description,grounding,closed_on\n"
BAD_ROWS: dict[str, tuple[str, str, str]] = {
    "nobody's medical": ("credentials", "C-9,,,medical,,,2027-01-01", "student; name a student or an instructor"),
    "a medical of two": (
        "credentials", "C-9,S-1,I-1,medical,,,2027-01-01", "student is 'S-1'; name a student or an instructor, and not"
    ),
    "an instructor's medical": (
        "credentials", "C-9,,I-1,medical,,,2027-01-01", "credential is 'medical'; medical is a credential of a student"
    ),
    "a student's certificate": (
        "credentials", "C-9,S-1,,instructor_certificate,,,2027-01-01",
        "credential is 'instructor_certificate'; instructor_certificate is a credential of an instructor",
    ),
    "no such credential": (
        "credentials", "C-9,S-1,,licence,,,2027-01-01", "credential is 'licence'; give one of medical"
    ),
    "a medical by type": (
        "credentials", "C-9,S-1,,medical,C172S,,2027-01-01", "aircraft_type is 'C172S'; medical takes no type"
    ),
    "an endorsement for any type": (
        "credentials", "C-9,S-1,,solo_endorsement,,2026-11-01,", "aircraft_type; solo_endorsement is for one type"
    ),
    "an endorsement for a type that the school does not have": (
        "credentials", "C-9,S-1,,solo_endorsement,c172s,2026-11-01,",
        "aircraft_type is 'c172s'; no aircraft of the school is of this type; there are C172S",
    ),
    "an endorsement of 91 days": (
        "credentials", "C-9,S-1,,solo_endorsement,C172S,2026-11-01,2027-01-31",
        "valid_until is '2027-01-31'; an endorsement for solo flight counts 90 days (14 CFR 61.87(n))",
    ),
    "an endorsement of an unknown day": (
        "credentials", "C-9,S-1,,solo_endorsement,C172S,,2027-01-31", "valid_from; give the day of the endorsement"
    ),
    "a medical for ever": (
        "credentials", "C-9,S-1,,medical,,2026-01-01,", "valid_until; give the last day of the medical"
    ),
    "a review that ends before it begins": (
        "credentials", "C-9,S-3,,flight_review,,2027-01-02,2027-01-01",
        "valid_until is '2027-01-01'; it must not lie before valid_from",
    ),
    "a day of another calendar": (
        "credentials", "C-9,S-1,,medical,,,31/12/2027", "valid_until is '31/12/2027'; give a day between 2000 and 2200"
    ),
    "an annual without a day": ("inspections", "N101RW,annual,,,,", "due_on; give it, the inspection is annual"),
    "a 100-hour inspection without a reading": (
        "inspections", "N101RW,hundred_hour,,4210,,2026-11-01", "tach_hours; give it, the inspection is hundred_hour"
    ),
    "hours below zero": (
        "inspections", "N101RW,hundred_hour,,-1,10,2026-11-01", "due_tach_hours is '-1'; give a number from 0 to"
    ),
    "an unknown aircraft": ("inspections", "N9,annual,2027-01-01,,,", "aircraft is 'N9'; no aircraft of the school"),
    "equipment without a name": ("requirements", "R-9,equipment,block,,,ours", "equipment; name what the aircraft"),
    "two of them": (
        "requirements", "R-9,equipment,block,,ifr night,ours", "equipment is 'ifr night'; name what the aircraft needs"
    ),
    "equipment of a medical": (
        "requirements", "R-9,medical,block,,ifr,ours", "equipment is 'ifr'; only the requirement equipment takes it"
    ),
    "an effect of its own": ("requirements", "R-9,medical,maybe,,,ours", "effect is 'maybe'; give one of block, warn"),
    "mended before it broke": (
        "squawks", "Q-9,N101RW,2026-11-02,Radio,no,2026-11-01", "closed_on is '2026-11-01'; it must not lie before"
    ),
}  # fmt: skip
HEADS = {"credentials": CREDENTIALS, "inspections": INSPECTIONS, "requirements": REQUIREMENTS, "squawks": SQUAWKS}


@pytest.mark.parametrize(("kind", "body", "said"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows_of_who_and_what_may_fly(untouched_school: Engine, kind: str, body: str, said: str) -> None:
    before = everything(untouched_school)

    found = refused(untouched_school, kind, HEADS[kind] + body + "\n")

    assert [words[: len(f"line 2: {said}")] for words in found] == [f"line 2: {said}"]
    assert everything(untouched_school) == before


def test_an_endorsement_counts_ninety_days_and_a_squawk_grounds_unless_the_file_says_otherwise(
    school: Engine,
) -> None:
    bring(school, "credentials", CREDENTIALS + "C-9,S-1,,solo_endorsement,C172S,2026-11-01,\n")
    query = "SELECT (valid_until - valid_from) FROM school.credentials WHERE external_id = 'C-9'"
    assert rows(school, query) == [(90,)]
    bring(school, "squawks", "id,aircraft,reported_on,description\nQ-9,N101RW,2026-11-02,Radio\n")
    assert rows(school, "SELECT grounding FROM school.squawks WHERE external_id = 'Q-9'") == [(True,)]
