"""The kinds of files about the weather that is flown: a school's minimums, and students' own limits."""

from flightsched_pipelines.domain.imports.kinds import fields
from flightsched_pipelines.domain.imports.kinds.file_kind import SCHOOL_OF_ROW, FileKind
from flightsched_pipelines.domain.risk.rules import EFFECTS, LESSON_KINDS, RULE_BOOK, TRAINING_LEVELS

_COMPARISONS = tuple(dict.fromkeys(word for rule in RULE_BOOK.values() for word in rule.comparisons))
_UNITS = tuple(dict.fromkeys(unit for rule in RULE_BOOK.values() for unit in rule.units))
_LIMIT = (
    fields.yes_no("solo", "yes for solo, no for dual; empty for both."),
    fields.word("lesson_kind", LESSON_KINDS, "Kind of lesson; empty for any."),
    fields.yes_no("night", "yes for night, no for day; empty for both."),
    fields.exact("rule", tuple(RULE_BOOK), "Quantity or hazard that is limited.", required=True),
    fields.exact("comparison", _COMPARISONS, "What is allowed: >= is at least, none is no such hazard.", required=True),
    fields.number("limit_value", -1e6, 1e6, "", "Limit; empty for hazards and for the aircraft's own limit."),
    fields.exact("unit", _UNITS, "Unit of the limit."),
    fields.exact("effect", EFFECTS, "block makes a lesson at_risk, warn makes it watch.", required=True),
    fields.day("effective_from", "First day.", required=True),
    fields.day("effective_to", "Last day; empty if it has none."),
)

MINIMUMS = FileKind(
    "minimums",
    "minimum",
    "A school's own weather minimums, one row per limit; each replaces the default for the same lessons. None may be "
    "below the regulation.",
    (
        fields.identity("id", "An id of your own for the limit."),
        SCHOOL_OF_ROW,
        fields.word("training_level", TRAINING_LEVELS, "Level to which it applies; empty for any."),
        fields.text("aircraft_type", "Type of aircraft to which it applies; empty for any."),
        *_LIMIT,
        fields.text("reference", "Source, such as a paragraph of the operations manual.", required=True),
    ),
    (
        {
            "id": "M-1", "training_level": "student_pilot", "solo": "yes", "rule": "wind", "comparison": "<",
            "limit_value": "12", "unit": "kt", "effect": "block", "effective_from": "2026-01-01",
            "reference": "Operations manual 4.2",
        },
        {
            "id": "M-2", "aircraft_type": "C172S", "rule": "density_altitude", "comparison": "<=",
            "limit_value": "7500", "unit": "ft", "effect": "warn", "effective_from": "2026-01-01",
            "reference": "Operations manual 4.7",
        },
    ),
)  # fmt: skip

LIMITS = FileKind(
    "limits",
    "limit",
    "Students' own limits, one row per limit, in addition to the school's minimums; they can only be stricter.",
    (
        fields.identity("id", "An id of your own for the limit."),
        SCHOOL_OF_ROW,
        fields.reference("student", "student", "Student.", required=True),
        *_LIMIT,
        fields.text("reference", "Who set it, and where it is written.", required=True),
    ),
    tuple(
        {
            "id": f"L-{number}", "student": "S-1", "solo": "yes", "rule": rule, "comparison": comparison,
            "limit_value": limit, "unit": unit, "effect": "block", "effective_from": "2026-12-01",
            "reference": "Solo endorsement of 1 December",
        }
        for number, (rule, comparison, limit, unit) in enumerate(
            (("wind", "<=", "5", "kt"), ("visibility", ">=", "7", "SM"), ("ceiling", ">=", "5000", "ft")), start=1
        )
    ),
)  # fmt: skip
