"""Name what a school may require of people and aircraft before a lesson, and record when each of them meets it.

Only the words and the records are here: the search and the validation each apply them in code of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a school may require.

    ``resource`` has to meet it; ``what`` names it to people. ``by_type`` marks what counts for one type of aircraft
    only. ``source`` is where it comes from. The others are what a school starts with, as the template of the import
    has it: the effect, and the lessons that it is for, where ``None`` means any.
    """

    resource: Literal["student", "instructor", "aircraft"]
    what: str
    source: str
    effect: Literal["block", "warn"] = "block"
    by_type: bool = False
    levels: tuple[str | None, ...] = (None,)
    solo: bool | None = None
    lesson_kind: str | None = None


SOLO_ENDORSEMENT_DAYS = 90
"""A student's endorsement for solo flight counts this many days (14 CFR 61.87(n))."""

REQUIREMENTS: Mapping[str, Requirement] = MappingProxyType(
    {
        "medical": Requirement("student", "medical certificate", "14 CFR 61.23", solo=True),
        "solo_endorsement": Requirement(
            "student", "solo endorsement", "14 CFR 61.87(n)", by_type=True, levels=("student_pilot",), solo=True
        ),
        "flight_review": Requirement(
            "student", "flight review", "14 CFR 61.56", levels=("private_pilot", "instrument_rated"), solo=True
        ),
        "checkout": Requirement(
            "student", "checkout", "the school's rules", effect="warn", by_type=True, solo=True
        ),
        "instructor_certificate": Requirement("instructor", "flight instructor certificate", "14 CFR 61.3(d)"),
        "instructor_experience": Requirement("instructor", "recent experience as an instructor", "14 CFR 61.197"),
        "instructor_medical": Requirement("instructor", "medical certificate", "14 CFR 61.23", effect="warn"),
        "annual": Requirement("aircraft", "annual inspection", "14 CFR 91.409(a)"),
        "hundred_hour": Requirement("aircraft", "100-hour inspection", "14 CFR 91.409(b)"),
        "equipment": Requirement(
            "aircraft", "equipment", "14 CFR 91.205; the school's rules", lesson_kind="cross_country"
        ),
        "squawk": Requirement("aircraft", "list without open squawks", "14 CFR 91.213; 91.405", effect="warn"),
    }
)  # fmt: skip
"""Every requirement by its name. A school's own rows state which of them it has, for which lessons (docs)."""

CREDENTIALS = tuple(name for name, one in REQUIREMENTS.items() if one.resource != "aircraft")
"""Those that a person holds a document for."""
STUDENT_CREDENTIALS = tuple(name for name, one in REQUIREMENTS.items() if one.resource == "student")
BY_TYPE = tuple(name for name, one in REQUIREMENTS.items() if one.by_type)
WITHOUT_END = ("checkout",)
"""Credentials that may have no last day."""
INSPECTIONS = ("annual", "hundred_hour")


@dataclass(frozen=True, slots=True)
class SchoolRequirement:
    """A school's choice: ``effect`` is block or warn; ``None`` in what lessons it is for means any.

    ``equipment`` is what the aircraft needs, of the requirement ``equipment`` alone.
    """

    school_id: int
    requirement: str
    effect: str
    training_level: str | None = None
    solo: bool | None = None
    lesson_kind: str | None = None
    equipment: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialPeriod:
    """A time in which a person or an aircraft meets a requirement; outside all of its periods it does not.

    An end that is ``None`` lies beyond the time that was looked at. ``minutes_left`` are those that the aircraft may
    still fly, not counting bookings that start at ``counted_from_utc`` or later.
    """

    resource: str
    resource_id: int
    requirement: str
    aircraft_type: str | None = None
    equipment: str | None = None
    starts_at_utc: datetime | None = None
    ends_at_utc: datetime | None = None
    minutes_left: int | None = None
    counted_from_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The requirements of schools, and the periods in which they are met. A school without requirements has none."""

    requirements: Sequence[SchoolRequirement] = ()
    periods: Sequence[CredentialPeriod] = ()


NO_CREDENTIALS = Credentials()
