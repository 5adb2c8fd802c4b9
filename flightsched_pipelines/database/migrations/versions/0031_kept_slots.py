"""Lessons that keep their slot on the ground or in a simulator."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NO_LONGER_REQUIRED = (
    ("school", "bookings", "Aircraft.", "Aircraft or simulator; null for a ground lesson."),
    ("school", "case_offers", "Aircraft.", "Aircraft or simulator; null for a ground lesson."),
    ("pipeline", "reschedule_plan", "Aircraft.", "Aircraft or simulator; null for a ground lesson."),
    ("pipeline", "reschedule_proposals", "Aircraft.", "Aircraft or simulator; null for a ground lesson."),
)
"""Tables whose column ``aircraft_id`` may be null, and its comment before and after."""

COMMENTS = (
    (
        "school.schedule_changes.from_aircraft_id",
        "Aircraft that the scheduler has.",
        "Aircraft that the scheduler has; null for a ground lesson.",
    ),
    (
        "school.schedule_changes.to_aircraft_id",
        "Aircraft that the platform gave it.",
        "Aircraft that the platform gave it; null for a ground lesson.",
    ),
    (
        "school.bookings.imported_aircraft_id",
        "Aircraft that the school''s file last had.",
        "Aircraft that the school''s file last had; null for a ground lesson.",
    ),
    (
        "pipeline.availability_snapshot.resource",
        "school, student, instructor or aircraft.",
        "school, student, instructor, aircraft or simulator.",
    ),
    *(
        comment
        for table in ("reschedule_plan", "reschedule_proposals")
        for comment in (
            (
                f"pipeline.{table}.verdict",
                "ok, watch or unforecast (no forecast reaches it yet).",
                "ok, watch, unforecast (no forecast reaches it yet) or not_flown (it keeps its slot).",
            ),
            (
                f"pipeline.{table}.margin",
                "Smallest relative margin over the minimums; null where unforecast.",
                "Smallest relative margin over the minimums; null where there is none.",
            ),
        )
    ),
)
TABLES = (
    ("school.aircraft", "Aircraft.", "Aircraft and simulators."),
    (
        "pipeline.availability_snapshot",
        "Availability of each school, student, instructor and aircraft, as known at the hour.",
        "Availability of each school, student, instructor, aircraft and simulator, as known at the hour.",
    ),
)


def upgrade() -> None:
    """Let lessons do without an aircraft, where they say so; no school offers it unasked."""
    op.add_column(
        "aircraft",
        sa.Column(
            "simulator",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="Whether it is a simulator, which needs no weather.",
        ),
        schema="school",
    )
    op.add_column(
        "schools",
        sa.Column(
            "slot_kept_as",
            sa.Text(),
            nullable=False,
            server_default=sa.text("'none'"),
            comment="What a dual lesson below the minimums can become at its own time: ground, simulator, both or "
            "none.",
        ),
        schema="school",
    )
    op.create_check_constraint(
        op.f("schools_slot_kept_as_check"),
        "schools",
        "slot_kept_as IN ('none', 'ground', 'simulator', 'both')",
        schema="school",
    )
    op.add_column(
        "bookings",
        sa.Column(
            "ground",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="Whether it is a ground lesson, without an aircraft.",
        ),
        schema="school",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "form",
            sa.Text(),
            nullable=True,
            comment="flight, simulator or ground; null in hours that an older version stored.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "slot_kept_as",
            sa.Text(),
            nullable=True,
            comment="What the school lets the lesson become at its own time; null for nothing.",
        ),
        schema="pipeline",
    )
    for schema, table, was, comment in NO_LONGER_REQUIRED:
        op.alter_column(
            table,
            "aircraft_id",
            existing_type=sa.BigInteger(),
            nullable=True,
            comment=comment,
            existing_comment=was,
            schema=schema,
        )
    op.alter_column(
        "schedule_changes", "from_aircraft_id", existing_type=sa.BigInteger(), nullable=True, schema="school"
    )
    op.create_check_constraint(
        op.f("bookings_ground_has_no_aircraft_check"), "bookings", "ground = (aircraft_id IS NULL)", schema="school"
    )
    op.create_check_constraint(
        op.f("bookings_ground_is_dual_check"), "bookings", "NOT (ground AND solo)", schema="school"
    )
    for name, _, comment in COMMENTS:
        op.execute(f"COMMENT ON COLUMN {name} IS '{comment}'")
    for name, _, comment in TABLES:
        op.execute(f"COMMENT ON TABLE {name} IS '{comment}'")


def downgrade() -> None:
    """Take the columns away, and the offers that need them; impossible while a lesson has no aircraft."""
    for table in ("pipeline.reschedule_plan", "pipeline.reschedule_proposals", "school.case_offers"):
        op.execute(f"DELETE FROM {table} WHERE aircraft_id IS NULL")  # noqa: S608, names of our own
    for name, comment, _ in TABLES:
        op.execute(f"COMMENT ON TABLE {name} IS '{comment}'")
    for name, comment, _ in COMMENTS:
        op.execute(f"COMMENT ON COLUMN {name} IS '{comment}'")
    op.alter_column(
        "schedule_changes", "from_aircraft_id", existing_type=sa.BigInteger(), nullable=False, schema="school"
    )
    for schema, table, comment, was in NO_LONGER_REQUIRED:
        op.alter_column(
            table,
            "aircraft_id",
            existing_type=sa.BigInteger(),
            nullable=False,
            comment=comment,
            existing_comment=was,
            schema=schema,
        )
    op.drop_column("booking_snapshot", "slot_kept_as", schema="pipeline")
    op.drop_column("booking_snapshot", "form", schema="pipeline")
    op.drop_column("bookings", "ground", schema="school")
    op.drop_column("schools", "slot_kept_as", schema="school")
    op.drop_column("aircraft", "simulator", schema="school")
