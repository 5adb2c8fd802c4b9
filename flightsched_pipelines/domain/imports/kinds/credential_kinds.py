"""The kinds of files that say who and what may fly: requirements, credentials, inspections, squawks."""

from flightsched_pipelines.domain.imports.kinds import fields
from flightsched_pipelines.domain.imports.kinds.file_kind import SCHOOL_OF_ROW, WHO, FileKind
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
        fields.exact("effect", EFFECTS, "block: no lesson without it; warn: people are told.", required=True),
        fields.word("training_level", TRAINING_LEVELS, "Level that it is for; empty for any."),
        fields.yes_no("solo", "yes for solo, no for dual; empty for both."),
        fields.word("lesson_kind", LESSON_KINDS, "Kind of the lesson; empty for any."),
        fields.names("equipment", "What the aircraft needs, one name, of the requirement equipment only."),
        fields.text("reference", "Where the rule is from.", required=True),
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
    "Medicals, endorsements, checkouts, reviews and certificates of people, a row a document.",
    (
        fields.identity("id", "An id of your own for the document."),
        SCHOOL_OF_ROW,
        fields.reference("student", "student", f"Whose: {WHO}."),
        fields.reference("instructor", "instructor", f"Whose: {WHO}."),
        fields.exact("credential", book.CREDENTIALS, "What it is.", required=True),
        fields.text("aircraft_type", "Type of aircraft, of solo_endorsement and checkout, as in the file of aircraft."),
        fields.day("valid_from", "First day; the day of the endorsement."),
        fields.day("valid_until", "Last day; a solo endorsement counts 90 days where it is left out."),
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
    "When each aircraft's next annual and 100-hour inspections are due, a row an aircraft and inspection.",
    (
        SCHOOL_OF_ROW,
        fields.reference("aircraft", "aircraft", "Aircraft: id or tail number.", required=True),
        fields.exact("inspection", book.INSPECTIONS, "Which one.", required=True),
        fields.day("due_on", "Last day on which it may fly; of an annual always."),
        fields.number("due_tach_hours", 0, 100_000, "h", "Tachometer at which the 100-hour inspection is due."),
        fields.number("tach_hours", 0, 100_000, "h", "Tachometer when it was last read."),
        fields.day("tach_read_on", "Day of that."),
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
    "What is wrong with aircraft, a row a squawk.",
    (
        fields.identity("id", "The squawk's id in your maintenance system."),
        SCHOOL_OF_ROW,
        fields.reference("aircraft", "aircraft", "Aircraft: id or tail number.", required=True),
        fields.day("reported_on", "Day on which it was reported.", required=True),
        fields.text("description", "What is wrong.", required=True),
        fields.yes_no("grounding", "Whether the aircraft may not fly until it is mended; yes where left out."),
        fields.day("closed_on", "Day on which it was mended; empty while it is open."),
    ),
    (
        {
            "id": "Q-12", "aircraft": "N101RW", "reported_on": "2026-11-20", "description": "Landing light out",
            "grounding": "no",
        },
    ),
)  # fmt: skip
