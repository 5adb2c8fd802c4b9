"""Tables of a school's requirements, and of what is on record: credentials, inspections, squawks."""

from sqlalchemy import Boolean, CheckConstraint, Date, Double, Index, Table, Text, text

from flightsched_pipelines.database.schema.base import (
    FIRST_DAY,
    LAST_DAY,
    column,
    ended_at,
    external_id,
    identifier,
    imported,
    metadata,
    one_of,
    optional,
    reference,
    sound,
)
from flightsched_pipelines.domain.rescheduling.requirements import (
    BY_TYPE,
    CREDENTIALS,
    INSPECTIONS,
    REQUIREMENTS,
    SOLO_ENDORSEMENT_DAYS,
    STUDENT_CREDENTIALS,
    WITHOUT_END,
)
from flightsched_pipelines.domain.risk.rules import EFFECTS, LESSON_KINDS, TRAINING_LEVELS


def _between(*columns: str) -> str:
    """Days that somebody enters, where there are any."""
    return " AND ".join(f"({name} BETWEEN '{FIRST_DAY}'::date AND '{LAST_DAY}'::date) IS NOT FALSE" for name in columns)


requirements = Table(
    "requirements",
    metadata,
    identifier(),
    reference("school_id", "schools", "School; one without any row requires nothing.", index=True),
    column("requirement", Text, "What is required: medical, solo_endorsement, annual, equipment, ..."),
    column("effect", Text, "block (a lesson may not be flown without it) or warn."),
    optional("training_level", Text, "Level that it is for; null for any."),
    optional("solo", Boolean, "Solo or dual; null for both."),
    optional("lesson_kind", Text, "pattern, local or cross_country; null for any."),
    optional("equipment", Text, "What the aircraft needs, such as ifr; of the requirement equipment only."),
    column("reference", Text, "Where the school states it."),
    external_id(),
    ended_at(),
    Index("requirements_external_id_key", "school_id", "external_id", unique=True),
    CheckConstraint(one_of("requirement", tuple(REQUIREMENTS)), name="requirement"),
    CheckConstraint(one_of("effect", EFFECTS), name="effect"),
    CheckConstraint("(requirement = 'equipment') = (equipment IS NOT NULL)", name="equipment"),
    CheckConstraint(
        f"({one_of('training_level', TRAINING_LEVELS)}) IS NOT FALSE "
        f"AND ({one_of('lesson_kind', LESSON_KINDS)}) IS NOT FALSE",
        name="whom",
    ),
    schema="school",
    comment="What a school requires of people and aircraft before a lesson, a row a requirement.",
)

credentials = Table(
    "credentials",
    metadata,
    identifier(),
    reference("school_id", "schools", "School.", index=True),
    reference("student_id", "students", "Student, else null. Personal.", nullable=True, index=True),
    reference("instructor_id", "instructors", "Instructor, else null. Personal.", nullable=True, index=True),
    column("credential", Text, "medical, flight_review, solo_endorsement, checkout, instructor_certificate, ..."),
    optional("aircraft_type", Text, "Type that an endorsement or a checkout is for; null for the others."),
    optional("valid_from", Date, "First local day; null: it has begun."),
    optional("valid_until", Date, "Last local day; null: a checkout without end. Personal."),
    external_id(),
    ended_at(),
    Index("credentials_external_id_key", "school_id", "external_id", unique=True),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint(one_of("credential", CREDENTIALS), name="credential"),
    CheckConstraint(f"({one_of('credential', STUDENT_CREDENTIALS)}) = (student_id IS NOT NULL)", name="whose"),
    CheckConstraint(f"({one_of('credential', BY_TYPE)}) = (aircraft_type IS NOT NULL)", name="type"),
    CheckConstraint(f"valid_until IS NOT NULL OR {one_of('credential', WITHOUT_END)}", name="end"),
    CheckConstraint(
        "credential <> 'solo_endorsement' "
        f"OR (valid_until <= valid_from + {SOLO_ENDORSEMENT_DAYS}) IS TRUE",
        name="endorsement",
    ),
    sound(
        "days",
        "valid_from, valid_until",
        f"{_between('valid_from', 'valid_until')} AND (valid_until >= valid_from) IS NOT FALSE",
        "they do not lie between 2000 and 2200, or the last one lies before the first",
    ),
    schema="school",
    comment="Credentials of people, a row a document. Personal.",
)  # fmt: skip

inspections = Table(
    "inspections",
    metadata,
    identifier(),
    reference("aircraft_id", "aircraft", "Aircraft.", index=True),
    column("inspection", Text, "annual or hundred_hour."),
    optional("due_on", Date, "Last local day on which it may fly; null: hours decide."),
    optional("due_tach_hours", Double, "Tachometer at which it is due, hours; null: the day decides."),
    optional("tach_hours", Double, "Tachometer when it was last read, hours."),
    optional("tach_read_on", Date, "Local day of that; bookings of that day count as flown afterwards."),
    ended_at(),
    imported(),
    Index("inspections_aircraft_id_inspection_key", "aircraft_id", "inspection", unique=True),
    CheckConstraint(one_of("inspection", INSPECTIONS), name="inspection"),
    CheckConstraint(
        "CASE inspection WHEN 'annual' THEN due_on IS NOT NULL "
        "ELSE num_nonnulls(due_tach_hours, tach_hours, tach_read_on) = 3 END",
        name="due",
    ),
    sound(
        "plausible",
        "due_on, due_tach_hours, tach_hours, tach_read_on",
        f"{_between('due_on', 'tach_read_on')} AND (due_tach_hours BETWEEN 0 AND 100000) IS NOT FALSE "
        "AND (tach_hours BETWEEN 0 AND 100000) IS NOT FALSE",
        "a day does not lie between 2000 and 2200, or hours do not between 0 and 100,000",
    ),
    schema="school",
    comment="When each aircraft's next inspections are due, a row an inspection.",
)

squawks = Table(
    "squawks",
    metadata,
    identifier(),
    reference("aircraft_id", "aircraft", "Aircraft.", index=True),
    column("reported_on", Date, "Local day on which it was reported."),
    column("description", Text, "What is wrong."),
    column("grounding", Boolean, "Whether the aircraft may not fly until it is mended.", server_default=text("true")),
    optional("closed_on", Date, "Local day on which it was mended; null: it is open."),
    external_id(),
    ended_at(),
    Index("squawks_external_id_key", "aircraft_id", "external_id", unique=True),
    sound(
        "days",
        "reported_on, closed_on",
        f"{_between('reported_on', 'closed_on')} AND (closed_on >= reported_on) IS NOT FALSE",
        "they do not lie between 2000 and 2200, or it was mended before it was reported",
    ),
    schema="school",
    comment="What is wrong with aircraft, a row a squawk.",
)
