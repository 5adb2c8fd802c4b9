"""Requirements of people and aircraft, and what is on record of each."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PARTS = "airports, runways, minimums or settings."
MORE_PARTS = "airports, runways, minimums, requirements, credentials or settings."
CONTENTS = "Airports, runways, minimums and settings as they stood, each content once."
MORE_CONTENTS = "What an hour depended on as it stood (reference_snapshot), each content once."
EQUIPMENT_LIST = (
    "CASE WHEN coalesce(array_ndims(equipment), 1) = 1 THEN array_position(equipment, NULL) IS NULL ELSE false END"
)


def upgrade() -> None:
    """Add them; no school requires anything yet."""
    comment = "What it has on board, such as ifr; as in requirements."
    equipment = sa.Column(
        "equipment", sa.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'"), comment=comment
    )
    op.add_column("aircraft", equipment, schema="school")
    op.create_check_constraint(op.f("aircraft_equipment_list_check"), "aircraft", EQUIPMENT_LIST, schema="school")
    op.create_table(
        "requirements",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "school_id", sa.BigInteger(), nullable=False, comment="School; one without any row requires nothing."
        ),
        sa.Column(
            "requirement",
            sa.Text(),
            nullable=False,
            comment="What is required: medical, solo_endorsement, annual, equipment, ...",
        ),
        sa.Column("effect", sa.Text(), nullable=False, comment="block (a lesson may not be flown without it) or warn."),
        sa.Column("training_level", sa.Text(), nullable=True, comment="Level that it is for; null for any."),
        sa.Column("solo", sa.Boolean(), nullable=True, comment="Solo or dual; null for both."),
        sa.Column("lesson_kind", sa.Text(), nullable=True, comment="pattern, local or cross_country; null for any."),
        sa.Column(
            "equipment",
            sa.Text(),
            nullable=True,
            comment="What the aircraft needs, such as ifr; of the requirement equipment only.",
        ),
        sa.Column("reference", sa.Text(), nullable=False, comment="Where the school states it."),
        sa.Column(
            "external_id",
            sa.Text(),
            nullable=True,
            comment="The school's own id, by which an import knows the row again; null: none.",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a complete import no longer had it; null: it counts.",
        ),
        sa.CheckConstraint(
            "(requirement = 'equipment') = (equipment IS NOT NULL)", name=op.f("requirements_equipment_check")
        ),
        sa.CheckConstraint(
            "(training_level IN ('student_pilot', 'private_pilot', 'instrument_rated')) IS NOT FALSE AND (lesson_kind IN ('pattern', 'local', 'cross_country')) IS NOT FALSE",
            name=op.f("requirements_whom_check"),
        ),
        sa.CheckConstraint("effect IN ('block', 'warn')", name=op.f("requirements_effect_check")),
        sa.CheckConstraint(
            "requirement IN ('medical', 'solo_endorsement', 'flight_review', 'checkout', 'instructor_certificate', 'instructor_experience', 'instructor_medical', 'annual', 'hundred_hour', 'equipment', 'squawk')",
            name=op.f("requirements_requirement_check"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("requirements_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("requirements_pkey")),
        schema="school",
        comment="What a school requires of people and aircraft before a lesson, a row a requirement.",
    )
    op.create_index(
        "requirements_external_id_key", "requirements", ["school_id", "external_id"], unique=True, schema="school"
    )
    op.create_index(op.f("requirements_school_id_idx"), "requirements", ["school_id"], unique=False, schema="school")
    op.create_table(
        "credentials",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Whose; this or the instructor. Personal."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Whose; this or the student. Personal."),
        sa.Column(
            "credential",
            sa.Text(),
            nullable=False,
            comment="medical, flight_review, solo_endorsement, checkout, instructor_certificate, ...",
        ),
        sa.Column(
            "aircraft_type",
            sa.Text(),
            nullable=True,
            comment="Type that an endorsement or a checkout is for; null for the others.",
        ),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="First local day; null: it has begun."),
        sa.Column(
            "valid_until", sa.Date(), nullable=True, comment="Last local day; null: a checkout without end. Personal."
        ),
        sa.Column(
            "external_id",
            sa.Text(),
            nullable=True,
            comment="The school's own id, by which an import knows the row again; null: none.",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a complete import no longer had it; null: it counts.",
        ),
        sa.CheckConstraint(
            "(credential IN ('medical', 'solo_endorsement', 'flight_review', 'checkout')) = (student_id IS NOT NULL)",
            name=op.f("credentials_whose_check"),
        ),
        sa.CheckConstraint(
            "(credential IN ('solo_endorsement', 'checkout')) = (aircraft_type IS NOT NULL)",
            name=op.f("credentials_type_check"),
        ),
        sa.CheckConstraint(
            "(valid_from BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (valid_until BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (valid_until >= valid_from) IS NOT FALSE",
            name=op.f("credentials_days_check"),
        ),
        sa.CheckConstraint(
            "credential <> 'solo_endorsement' OR (valid_until <= valid_from + 90) IS TRUE",
            name=op.f("credentials_endorsement_check"),
        ),
        sa.CheckConstraint(
            "credential IN ('medical', 'solo_endorsement', 'flight_review', 'checkout', 'instructor_certificate', 'instructor_experience', 'instructor_medical')",
            name=op.f("credentials_credential_check"),
        ),
        sa.CheckConstraint("valid_until IS NOT NULL OR credential IN ('checkout')", name=op.f("credentials_end_check")),
        sa.CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name=op.f("credentials_one_person_check")),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("credentials_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("credentials_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("credentials_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("credentials_pkey")),
        schema="school",
        comment="Credentials of people, a row a document. Personal.",
    )
    op.create_index(
        "credentials_external_id_key", "credentials", ["school_id", "external_id"], unique=True, schema="school"
    )
    op.create_index(
        op.f("credentials_instructor_id_idx"), "credentials", ["instructor_id"], unique=False, schema="school"
    )
    op.create_index(op.f("credentials_school_id_idx"), "credentials", ["school_id"], unique=False, schema="school")
    op.create_index(op.f("credentials_student_id_idx"), "credentials", ["student_id"], unique=False, schema="school")
    op.create_table(
        "inspections",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column("inspection", sa.Text(), nullable=False, comment="annual or hundred_hour."),
        sa.Column(
            "due_on", sa.Date(), nullable=True, comment="Last local day on which it may fly; null: hours decide."
        ),
        sa.Column(
            "due_tach_hours",
            sa.Double(),
            nullable=True,
            comment="Tachometer at which it is due, hours; null: the day decides.",
        ),
        sa.Column("tach_hours", sa.Double(), nullable=True, comment="Tachometer when it was last read, hours."),
        sa.Column(
            "tach_read_on",
            sa.Date(),
            nullable=True,
            comment="Local day of that; bookings of that day count as flown afterwards.",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a complete import no longer had it; null: it counts.",
        ),
        sa.CheckConstraint(
            "(due_on BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (tach_read_on BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (due_tach_hours BETWEEN 0 AND 100000) IS NOT FALSE AND (tach_hours BETWEEN 0 AND 100000) IS NOT FALSE",
            name=op.f("inspections_plausible_check"),
        ),
        sa.CheckConstraint(
            "CASE inspection WHEN 'annual' THEN due_on IS NOT NULL ELSE num_nonnulls(due_tach_hours, tach_hours, tach_read_on) = 3 END",
            name=op.f("inspections_due_check"),
        ),
        sa.CheckConstraint("inspection IN ('annual', 'hundred_hour')", name=op.f("inspections_inspection_check")),
        sa.ForeignKeyConstraint(
            ["aircraft_id"], ["school.aircraft.id"], name=op.f("inspections_aircraft_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("inspections_pkey")),
        schema="school",
        comment="When each aircraft's next inspections are due, a row an inspection.",
    )
    op.create_index(op.f("inspections_aircraft_id_idx"), "inspections", ["aircraft_id"], unique=False, schema="school")
    op.create_index(
        "inspections_aircraft_id_inspection_key",
        "inspections",
        ["aircraft_id", "inspection"],
        unique=True,
        schema="school",
    )
    op.create_table(
        "squawks",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column("reported_on", sa.Date(), nullable=False, comment="Local day on which it was reported."),
        sa.Column("description", sa.Text(), nullable=False, comment="What is wrong."),
        sa.Column(
            "grounding",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Whether the aircraft may not fly until it is mended.",
        ),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="Local day on which it was mended; null: it is open."),
        sa.Column(
            "external_id",
            sa.Text(),
            nullable=True,
            comment="The school's own id, by which an import knows the row again; null: none.",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a complete import no longer had it; null: it counts.",
        ),
        sa.CheckConstraint(
            "(reported_on BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (closed_on BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE AND (closed_on >= reported_on) IS NOT FALSE",
            name=op.f("squawks_days_check"),
        ),
        sa.ForeignKeyConstraint(
            ["aircraft_id"], ["school.aircraft.id"], name=op.f("squawks_aircraft_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("squawks_pkey")),
        schema="school",
        comment="What is wrong with aircraft, a row a squawk.",
    )
    op.create_index(op.f("squawks_aircraft_id_idx"), "squawks", ["aircraft_id"], unique=False, schema="school")
    op.create_index("squawks_external_id_key", "squawks", ["aircraft_id", "external_id"], unique=True, schema="school")
    _comment(MORE_PARTS, MORE_CONTENTS)


def downgrade() -> None:
    """Drop them."""
    _comment(PARTS, CONTENTS)
    for table in ("squawks", "inspections", "credentials", "requirements"):
        op.drop_table(table, schema="school")
    op.drop_column("aircraft", "equipment", schema="school")


def _comment(parts: str, contents: str) -> None:
    op.alter_column("reference_snapshot", "part", comment=parts, schema="pipeline")
    op.create_table_comment("reference_contents", contents, schema="pipeline")
