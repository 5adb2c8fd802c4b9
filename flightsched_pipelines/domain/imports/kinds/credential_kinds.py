"""The kinds of files about who and what may fly: requirements, credentials, inspections, squawks."""

from flightsched_pipelines.domain.imports.kinds import fields
from flightsched_pipelines.domain.imports.kinds.file_kind import SCHOOL_OF_ROW, FileKind
from flightsched_pipelines.domain.rescheduling import requirements as book
from flightsched_pipelines.domain.risk.rules import EFFECTS, LESSON_KINDS, TRAINING_LEVELS

REQUIREMENTS = FileKind(
    "requirements",
    "requirement",
    "What a school requires of people and aircraft before a lesson; the template has the defaults with their sources.",
    (
        fields.identity("id", "An id of your own for the requirement."),
        SCHOOL_OF_ROW,
        fields.exact("requirement", tuple(book.REQUIREMENTS), "What is required.", required=True),
        fields.exact("effect", EFFECTS, "block: no lesson without it; warn: people are notified.", required=True),
        fields.word("training_level", TRAINING_LEVELS, "Level to which it applies; empty for any."),
        fields.yes_no("solo", "yes for solo, no for dual; empty for both."),
        fields.word("lesson_kind", LESSON_KINDS, "Kind of lesson; empty for any."),
        fields.names("equipment", "Equipment that the aircraft needs, one name; for the requirement equipment only."),
        fields.text("reference", "Source of the rule.", required=True),
    ),
    tuple(
        {
            "id": f"R-{number}", "requirement": name, "effect": one.effect, "training_level": level or "",
            "solo": "yes" if one.solo else "", "lesson_kind": one.lesson_kind or "",
            "equipment": "gps" if name == "equipment" else "", "reference": one.source,
        }
        for number, (name, one, level) in enumerate(
            ((name, one, level) for name, one in book.REQUIREMENTS.items() for level in one.levels), start=1
        )
    ),
)  # fmt: skip

CREDENTIALS = FileKind(
    "credentials",
    "credential",
    "Medicals, endorsements, checkouts, reviews and certificates of people, one row per document.",
    (
        fields.identity("id", "An id of your own for the document."),
        SCHOOL_OF_ROW,
        fields.reference("student", "student", "Student; empty for an instructor's document."),
        fields.reference("instructor", "instructor", "Instructor; empty for a student's document."),
        fields.exact("credential", book.CREDENTIALS, "Kind of document.", required=True),
        fields.text("aircraft_type", "Type of aircraft; for solo_endorsement and checkout only."),
        fields.day("valid_from", "First day; of an endorsement its date."),
        fields.day("valid_until", "Last day; default of a solo endorsement 90 days."),
    ),
    (
        {"id": "C-1", "student": "S-1", "credential": "medical", "valid_until": "2027-11-30"},
        {
            "id": "C-2", "student": "S-1", "credential": "solo_endorsement", "aircraft_type": "C172S",
            "valid_from": "2026-11-01",
        },
        {"id": "C-3", "instructor": "I-1", "credential": "instructor_certificate", "valid_until": "2027-10-31"},
    ),
)  # fmt: skip

INSPECTIONS = FileKind(
    "inspections",
    "inspection",
    "When each aircraft's next annual and 100-hour inspections are due, one row per aircraft and inspection.",
    (
        SCHOOL_OF_ROW,
        fields.reference("aircraft", "aircraft", "Aircraft.", required=True),
        fields.exact("inspection", book.INSPECTIONS, "Kind of inspection.", required=True),
        fields.day("due_on", "Last day on which the aircraft may fly; needed for an annual."),
        fields.number("due_tach_hours", 0, 100_000, "h", "Tachometer at which the 100-hour inspection is due."),
        fields.number("tach_hours", 0, 100_000, "h", "Tachometer at its last reading."),
        fields.day("tach_read_on", "Day of that reading."),
    ),
    (
        {"aircraft": "N101RW", "inspection": "annual", "due_on": "2027-03-31"},
        {
            "aircraft": "N101RW", "inspection": "hundred_hour", "due_tach_hours": "4210.0", "tach_hours": "4150.5",
            "tach_read_on": "2026-11-25",
        },
    ),
    key=("aircraft", "inspection"),
)  # fmt: skip

SQUAWKS = FileKind(
    "squawks",
    "squawk",
    "Defects of aircraft, one row per squawk.",
    (
        fields.identity("id", "The squawk's id in your maintenance system."),
        SCHOOL_OF_ROW,
        fields.reference("aircraft", "aircraft", "Aircraft.", required=True),
        fields.day("reported_on", "Day of the report.", required=True),
        fields.text("description", "Description of the defect.", required=True),
        fields.yes_no("grounding", "Whether the aircraft must not fly until it is repaired; default yes."),
        fields.day("closed_on", "Day of the repair; empty while the squawk is open."),
    ),
    (
        {
            "id": "Q-12", "aircraft": "N101RW", "reported_on": "2026-11-20", "description": "Landing light out",
            "grounding": "no",
        },
    ),
)  # fmt: skip
