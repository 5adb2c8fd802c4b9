"""The standby list, slots that came free, and cases that offer them; what analysts are told of cases stays the same."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_THREATENED = "WHERE (c.freed_slot_id IS NULL)"
"""What keeps the views of cases to those of threatened lessons, as PostgreSQL writes it."""


def upgrade() -> None:
    """Make the tables, and the view of freed slots; keep their cases out of the views of threatened lessons."""
    op.create_table(
        "freed_slots",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="The lesson that left it."),
        sa.Column("why", sa.Text(), nullable=False, comment="Why: moved, cancelled, or changed by the school."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column(
            "instructor_id", sa.BigInteger(), nullable=True, comment="Instructor who came free; null of a solo flight."
        ),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft that came free."),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=False, comment="When it came free."),
        sa.Column(
            "looked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the standby list was last held against it; null for never.",
        ),
        sa.CheckConstraint("why IN ('moved', 'cancelled', 'changed')", name=op.f("freed_slots_why_check")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["school.bookings.id"], name=op.f("freed_slots_booking_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("freed_slots_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("freed_slots_pkey")),
        schema="school",
        comment="Slots that lessons left; a case points to the slot that it offers to somebody on standby.",
    )
    op.create_index(
        "freed_slots_once_idx",
        "freed_slots",
        ["booking_id", "starts_at_utc", "aircraft_id"],
        unique=True,
        schema="school",
    )
    op.create_index(op.f("freed_slots_school_id_idx"), "freed_slots", ["school_id"], unique=False, schema="school")
    op.create_index("freed_slots_starts_at_idx", "freed_slots", ["starts_at_utc"], unique=False, schema="school")
    op.create_table(
        "standby",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "booking_id",
            sa.BigInteger(),
            nullable=False,
            comment="The lesson that would take a freed slot; its aircraft's type is the list's.",
        ),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Since when: first come, first served within the school's rule.",
        ),
        sa.Column("until", sa.Date(), nullable=True, comment="Last local day on which a slot is of use; null for any."),
        sa.Column(
            "put_by",
            sa.Text(),
            nullable=False,
            comment="platform, when a case ended and the lesson stayed on weather hold; or dispatcher.",
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the waiting ended; null while it lasts.",
        ),
        sa.Column(
            "how", sa.Text(), nullable=True, comment="How it ended: moved, withdrawn or lapsed; null while it lasts."
        ),
        sa.CheckConstraint("how IN ('moved', 'withdrawn', 'lapsed')", name=op.f("standby_how_check")),
        sa.CheckConstraint("put_by IN ('platform', 'dispatcher')", name=op.f("standby_put_by_check")),
        sa.CheckConstraint("num_nonnulls(ended_at, how) <> 1", name=op.f("standby_ended_check")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["school.bookings.id"], name=op.f("standby_booking_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("standby_pkey")),
        schema="school",
        comment="Who waits for a slot to come free: one place on the list a lesson.",
    )
    op.create_index(
        "standby_one_place_idx",
        "standby",
        ["booking_id"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column(
        "reschedule_cases",
        sa.Column(
            "freed_slot_id",
            sa.BigInteger(),
            nullable=True,
            comment="The freed slot it offers to a lesson on standby; null of a threatened one.",
        ),
        schema="school",
    )
    op.alter_column(
        "reschedule_cases",
        "booking_id",
        existing_type=sa.BIGINT(),
        comment="The threatened booking, or the one on standby.",
        existing_comment="The threatened booking.",
        existing_nullable=False,
        schema="school",
    )
    op.create_index(
        "reschedule_cases_freed_slot_id_idx",
        "reschedule_cases",
        ["freed_slot_id"],
        unique=False,
        schema="school",
        postgresql_where=sa.text("freed_slot_id IS NOT NULL"),
    )
    op.create_index(
        "reschedule_cases_one_offer_idx",
        "reschedule_cases",
        ["freed_slot_id"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("state IN ('open', 'proposed', 'student_accepted')"),
    )
    op.create_foreign_key(
        op.f("reschedule_cases_freed_slot_id_fkey"),
        "reschedule_cases",
        "freed_slots",
        ["freed_slot_id"],
        ["id"],
        source_schema="school",
        referent_schema="school",
        ondelete="CASCADE",
    )
    op.create_table_comment(
        "reschedule_cases",
        "Threatened bookings, and bookings on standby with a freed slot, and what became of them; at most one open case a booking, and one a freed slot.",
        existing_comment="Threatened bookings and what became of them; at most one open case a booking.",
        schema="school",
    )
    op.add_column(
        "schools",
        sa.Column(
            "standby_rule",
            sa.Text(),
            server_default=sa.text("'threatened_first'"),
            nullable=False,
            comment="Who of those on standby is offered a freed slot first: threatened_first, first_come or longest_without_lesson; nobody: freed slots are not offered.",
        ),
        schema="school",
    )
    op.create_check_constraint(
        op.f("schools_standby_rule_check"),
        "schools",
        "standby_rule IN ('threatened_first', 'first_come', 'longest_without_lesson', 'nobody')",
        schema="school",
    )
    for view in ("cases", "case_steps"):
        op.execute(f"CREATE OR REPLACE VIEW analytics.{view} AS {_definition(view)} {OF_THREATENED}")
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Drop them, and the cases that offered freed slots; slots held for those are given up."""
    op.execute("DROP VIEW analytics.freed_slots")
    for view in ("cases", "case_steps"):
        op.execute(f"CREATE OR REPLACE VIEW analytics.{view} AS {_definition(view).replace(OF_THREATENED, '')}")
    op.execute(
        "DELETE FROM school.bookings WHERE holds_for IN (SELECT booking_id FROM school.reschedule_cases "
        "WHERE freed_slot_id IS NOT NULL AND state = 'student_accepted')"
    )
    op.execute("DELETE FROM school.reschedule_cases WHERE freed_slot_id IS NOT NULL")
    op.drop_constraint(op.f("schools_standby_rule_check"), "schools", schema="school")
    op.drop_column("schools", "standby_rule", schema="school")
    op.create_table_comment(
        "reschedule_cases",
        "Threatened bookings and what became of them; at most one open case a booking.",
        existing_comment="Threatened bookings, and bookings on standby with a freed slot, and what became of them; at most one open case a booking, and one a freed slot.",
        schema="school",
    )
    op.drop_constraint(
        op.f("reschedule_cases_freed_slot_id_fkey"), "reschedule_cases", schema="school", type_="foreignkey"
    )
    op.drop_index(
        "reschedule_cases_one_offer_idx",
        table_name="reschedule_cases",
        schema="school",
        postgresql_where=sa.text("state IN ('open', 'proposed', 'student_accepted')"),
    )
    op.drop_index(
        "reschedule_cases_freed_slot_id_idx",
        table_name="reschedule_cases",
        schema="school",
        postgresql_where=sa.text("freed_slot_id IS NOT NULL"),
    )
    op.alter_column(
        "reschedule_cases",
        "booking_id",
        existing_type=sa.BIGINT(),
        comment="The threatened booking.",
        existing_comment="The threatened booking, or the one on standby.",
        existing_nullable=False,
        schema="school",
    )
    op.drop_column("reschedule_cases", "freed_slot_id", schema="school")
    op.drop_index(
        "standby_one_place_idx", table_name="standby", schema="school", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_table("standby", schema="school")
    op.drop_index("freed_slots_starts_at_idx", table_name="freed_slots", schema="school")
    op.drop_index(op.f("freed_slots_school_id_idx"), table_name="freed_slots", schema="school")
    op.drop_index("freed_slots_once_idx", table_name="freed_slots", schema="school")
    op.drop_table("freed_slots", schema="school")


def _definition(view: str) -> str:
    """A view's query, without the semicolon."""
    definition = op.get_bind().exec_driver_sql(f"SELECT pg_get_viewdef('analytics.{view}'::regclass)").scalar_one()
    return str(definition).rstrip().rstrip(";")
