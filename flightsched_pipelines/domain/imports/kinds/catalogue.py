"""The kinds of files: their columns, those by which rows are matched, and an example. All else follows from them."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.domain.cases.cancellation import CANCELLATION_CAUSES
from flightsched_pipelines.domain.imports.kinds import fields
from flightsched_pipelines.domain.imports.kinds.credential_kinds import CREDENTIALS, INSPECTIONS, REQUIREMENTS, SQUAWKS
from flightsched_pipelines.domain.imports.kinds.file_kind import SCHOOL_OF_ROW, FileKind
from flightsched_pipelines.domain.imports.kinds.minimum_kinds import LIMITS, MINIMUMS
from flightsched_pipelines.domain.rescheduling.preferred_times import (
    DAYS,
    MAX_NOTE_CHARACTERS,
    MAX_NOTICE_HOURS,
    PARTS_OF_DAY,
)
from flightsched_pipelines.domain.risk.rules import (
    ALTITUDES_FT,
    LESSON_FORMS,
    LESSON_KINDS,
    SLOT_KEPT_AS,
    TRAINING_LEVELS,
)

BOOKING_WORDS = ("scheduled", "completed", "cancelled")

SCHOOLS = FileKind(
    "schools",
    "school",
    "Flight schools, with their base and their opening hours.",
    (
        fields.identity("id", "The school's id, of your own choice."),
        fields.text("name", "Its name.", required=True),
        fields.reference("base_airport", "airport", "Its base.", required=True),
        fields.address("dispatch_email", "Address of the dispatchers; without one they get no mail."),
        fields.text("phone", "Phone number for questions, given in messages."),
        fields.address("reply_to", "Address for replies to messages; default the dispatchers'."),
        fields.address("manager_email", "Address for the weekly figures; empty leaves the stored one."),
        fields.hours("hours", "Opening hours, on the base's clock."),
        fields.word(
            "slot_kept_as",
            SLOT_KEPT_AS,
            "What a dual lesson below the minimums can become at its own time; default none.",
        ),
        *(
            fields.number(
                f"{kind}_altitude_ft", 300, 18_000, "ft",
                f"Highest altitude of {kind.replace('_', '-')} lessons above ground; default {usual:,.0f}.",
            )
            for kind, usual in ALTITUDES_FT.items()
        ),
        fields.number(
            "missed_move_cost", 0.01, 100, "",
            "Number of needless moves that cost the school as much as a missed one, to score its verdicts; default 2.",
        ),
    ),
    (
        {
            "id": "redwood", "name": "Redwood Flight School", "base_airport": "KPAO",
            "dispatch_email": "dispatch@redwood.example", "phone": "+1-650-555-0100",
            "reply_to": "frontdesk@redwood.example", "hours": "mon-sat 07:00-20:00; sun 08:00-18:00",
            "slot_kept_as": "ground",
        },
    ),
    may_be_complete=False,
)  # fmt: skip

AIRPORTS = FileKind(
    "airports",
    "airport",
    "Airports; what is left out of a known one comes from the package airportsdata.",
    (
        fields.reference("ident", "airport", "ICAO ident, or FAA or IATA if only one airport has it.", required=True),
        fields.text("name", "Name."),
        fields.number("latitude_deg", -90, 90, "degrees", "Degrees north."),
        fields.number("longitude_deg", -180, 180, "degrees", "Degrees east."),
        fields.number("elevation_ft", -2000, 20000, "ft", "Elevation above mean sea level."),
        fields.text("time_zone", "IANA time zone, such as America/Denver."),
        fields.yes_no(
            "issues_taf", "Whether the airport has a TAF of its own; if left out, decided by whether one comes."
        ),
        fields.yes_no(
            "issues_metar", "Whether the airport has METARs of its own; if left out, decided by whether one comes."
        ),
        fields.number("approach_ceiling_ft", 0, 5000, "ft", "Lowest ceiling of its approaches, above ground."),
        fields.number("approach_visibility_sm", 0, 10, "SM", "Lowest visibility of its approaches."),
    ),
    (
        {"ident": "KPAO", "issues_taf": "no", "issues_metar": "yes"},
        {"ident": "KSJC", "issues_taf": "yes", "issues_metar": "yes"},
    ),
    key=("ident",),
    may_be_complete=False,
)

INSTRUCTORS = FileKind(
    "instructors",
    "instructor",
    "Instructors.",
    (
        fields.identity("id", "The instructor's id in your scheduler."),
        SCHOOL_OF_ROW,
        fields.text("name", "Name.", required=True),
        fields.address("email", "E-mail address.", required=True),
        fields.text("phone", "Phone number."),
        fields.words("may_teach", TRAINING_LEVELS, "Training levels that the instructor may teach.", required=True),
        fields.yes_no("auto_confirm", "Whether dual lessons move without asking the instructor; default no."),
    ),
    (
        {
            "id": "I-1", "name": "Ada Example", "email": "ada@redwood.example", "phone": "+1-650-555-0101",
            "may_teach": "student_pilot private_pilot instrument_rated", "auto_confirm": "no",
        },
    ),
)  # fmt: skip

STUDENTS = FileKind(
    "students",
    "student",
    "Students and renting pilots.",
    (
        fields.identity("id", "The student's id in your scheduler."),
        SCHOOL_OF_ROW,
        fields.text("name", "Name.", required=True),
        fields.address("email", "E-mail address.", required=True),
        fields.text("phone", "Phone number."),
        fields.word("training_level", TRAINING_LEVELS, "Training level.", required=True),
        fields.reference("instructor", "instructor", "The student's usual instructor."),
    ),
    (
        {
            "id": "S-1", "name": "Ben Example", "email": "ben@redwood.example", "phone": "+1-650-555-0111",
            "training_level": "student_pilot", "instructor": "I-1",
        },
    ),
)  # fmt: skip

AIRCRAFT = FileKind(
    "aircraft",
    "aircraft",
    "Aircraft and simulators.",
    (
        fields.identity("id", "The aircraft's id in your scheduler, or its tail number."),
        SCHOOL_OF_ROW,
        fields.text("tail_number", "Registration.", required=True),
        fields.text("type", "Type, such as C172S; lessons move between aircraft of one type.", required=True),
        fields.number("demonstrated_crosswind_kt", 1, 60, "kt", "Demonstrated crosswind; empty if unknown."),
        fields.names("equipment", "Equipment, by names of your choice, such as ifr night."),
        fields.yes_no("simulator", "Whether it is a simulator, in which lessons need no weather; default no."),
        fields.yes_no("carburettor", "Whether its engine has a carburettor; yes adds advice on carburettor icing."),
    ),
    (
        {
            "id": "N101RW", "tail_number": "N101RW", "type": "C172S", "demonstrated_crosswind_kt": "15",
            "equipment": "ifr night",
        },
    ),
)  # fmt: skip

AVAILABILITY = FileKind(
    "availability",
    "weekly time",
    "Weekly times at which people can fly, one row per person and time.",
    (
        SCHOOL_OF_ROW,
        fields.reference("student", "student", "Student; empty for an instructor's time."),
        fields.reference("instructor", "instructor", "Instructor; empty for a student's time."),
        fields.weekday("weekday", "Day of the week."),
        fields.clock("starts", "Begin, on the clock of the school's base."),
        fields.clock("ends", "End, on the clock of the school's base."),
    ),
    (
        {"student": "S-1", "weekday": "mon", "starts": "07:00", "ends": "13:00"},
        {"instructor": "I-1", "weekday": "mon", "starts": "07:00", "ends": "19:00"},
    ),
    key=("student", "instructor", "weekday", "starts"),
)

PREFERENCES = FileKind(
    "preferences",
    "student's preferences",
    "Students' preferences for other times, one row per student; students who are not in the file keep theirs.",
    (
        SCHOOL_OF_ROW,
        fields.reference("student", "student", "Student.", required=True),
        fields.words("days", DAYS, "Days that suit; empty for any."),
        fields.words("parts_of_day", tuple(PARTS_OF_DAY), "Parts of the day that suit; empty for any."),
        fields.reference("instructor", "instructor", "Preferred instructor."),
        fields.day("latest_date", "Last local day that suits, such as the day of a checkride."),
        fields.whole("notice_hours", 0, MAX_NOTICE_HOURS, "hours", "Notice that the student needs."),
        fields.text("note", "Note for dispatchers.", longest=MAX_NOTE_CHARACTERS),
    ),
    (
        {
            "student": "S-1", "days": "sat sun", "parts_of_day": "morning", "instructor": "I-1",
            "latest_date": "2026-12-24", "notice_hours": "24", "note": "Checkride at Christmas",
        },
    ),
    key=("student",),
    may_be_complete=False,
)  # fmt: skip

DOWNTIME = FileKind(
    "downtime",
    "downtime",
    "Times at which aircraft are in maintenance.",
    (
        fields.identity("id", "The order's id in your maintenance system."),
        SCHOOL_OF_ROW,
        fields.reference("aircraft", "aircraft", "Aircraft.", required=True),
        fields.moment("starts_at", "Begin.", required=True),
        fields.moment("ends_at", "End; empty if not known yet."),
        fields.text("reason", "Reason, such as 100-hour, annual or squawk.", required=True),
    ),
    (
        {
            "id": "W-7", "aircraft": "N101RW", "starts_at": "2026-12-01T08:00-08:00",
            "ends_at": "2026-12-02T17:00-08:00", "reason": "100-hour inspection",
        },
    ),
)  # fmt: skip

BOOKINGS = FileKind(
    "bookings",
    "booking",
    "Lessons.",
    (
        fields.identity("id", "The booking's id in your scheduler; it stays the same when the lesson moves."),
        SCHOOL_OF_ROW,
        fields.text("reference", "Name that people use for the booking; default its id."),
        fields.reference("student", "student", "Student or renting pilot.", required=True),
        fields.reference("instructor", "instructor", "Instructor; empty for a solo flight."),
        fields.reference("aircraft", "aircraft", "Aircraft or simulator; empty for a ground lesson only."),
        fields.word(
            "form", LESSON_FORMS, "ground for a lesson without an aircraft; otherwise it may be left out."
        ),
        fields.word("lesson_kind", LESSON_KINDS, "Kind of the lesson.", required=True),
        fields.yes_no("solo", "Whether the student flies alone; default yes if there is no instructor."),
        fields.reference("departure", "airport", "Airport of departure; default the school's base."),
        fields.idents("route", "Airports after the departure, in order; empty if there is none."),
        fields.moment("starts_at", "Start.", required=True),
        fields.moment("ends_at", "End, at most 24 h later.", required=True),
        fields.word("status", BOOKING_WORDS, "Status; default scheduled."),
        fields.word(
            "cancellation_cause", tuple(CANCELLATION_CAUSES),
            "Cause of a cancellation; empty leaves the stored one.",
        ),
    ),
    (
        {
            "id": "B-1001", "student": "S-1", "instructor": "I-1", "aircraft": "N101RW", "lesson_kind": "local",
            "starts_at": "2026-12-03T09:00-08:00", "ends_at": "2026-12-03T11:00-08:00", "status": "scheduled",
        },
        {
            "id": "B-1002", "student": "S-1", "aircraft": "N101RW", "lesson_kind": "cross_country", "solo": "yes",
            "departure": "KPAO", "route": "KSJC KPAO", "starts_at": "2026-12-04T09:00-08:00",
            "ends_at": "2026-12-04T12:00-08:00", "status": "scheduled",
        },
    ),
)  # fmt: skip

KINDS: Mapping[str, FileKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            SCHOOLS, AIRPORTS, INSTRUCTORS, STUDENTS, AIRCRAFT, AVAILABILITY, PREFERENCES, DOWNTIME, BOOKINGS, MINIMUMS,
            LIMITS, CREDENTIALS, INSPECTIONS, SQUAWKS, REQUIREMENTS,
        )
    }
)  # fmt: skip
"""Every kind by its name, in the order in which a new school imports them."""
