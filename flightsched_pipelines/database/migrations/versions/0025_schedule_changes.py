"""Changes of the platform's that the school's scheduler is still to enter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

STEPS = (
    "What: opened, updated, accepted, withdrawn, none_suit, confirmed, moved, kept, declined, hold_released, reminded, "
    "cleared, expired, cancelled, changed, released, closed{}."
)
WAITING = """
INSERT INTO school.schedule_changes (booking_id, case_id, kind, from_period, from_instructor_id, from_aircraft_id,
    to_period, to_instructor_id, to_aircraft_id, made_at)
SELECT b.id, c.id, 'move',
    coalesce(b.imported_period, tstzrange(c.starts_at_utc, c.ends_at_utc)),
    CASE WHEN b.imported_period IS NULL THEN c.instructor_id ELSE b.imported_instructor_id END,
    coalesce(b.imported_aircraft_id, c.aircraft_id),
    b.period, b.instructor_id, b.aircraft_id, coalesce(c.closed_at, b.updated_at)
FROM school.bookings b
JOIN LATERAL (
    SELECT * FROM school.reschedule_cases c WHERE c.booking_id = b.id AND c.state = 'rescheduled' ORDER BY c.id LIMIT 1
) c ON true
WHERE b.status IN ('scheduled', 'weather_hold') AND b.times_moved > 0
    AND (
        coalesce(b.imported_period, tstzrange(c.starts_at_utc, c.ends_at_utc)),
        CASE WHEN b.imported_period IS NULL THEN c.instructor_id ELSE b.imported_instructor_id END,
        coalesce(b.imported_aircraft_id, c.aircraft_id)
    ) IS DISTINCT FROM (b.period, b.instructor_id, b.aircraft_id)
"""
"""Lessons that were moved before, from where the school's file had them, or else their first case."""


def upgrade() -> None:
    """Add the table, with the moves that were made before."""
    op.create_table(
        "schedule_changes",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Lesson."),
        sa.Column("case_id", sa.BigInteger(), nullable=True, comment="Case that led to it; null for none."),
        sa.Column("kind", sa.Text(), nullable=False, comment="move, swap, cancellation or ground."),
        sa.Column(
            "from_period", TSTZRANGE(), nullable=False, comment="Time at which the school's scheduler has the lesson."
        ),
        sa.Column(
            "from_instructor_id",
            sa.BigInteger(),
            nullable=True,
            comment="Instructor that the scheduler has; null for a solo flight.",
        ),
        sa.Column("from_aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft that the scheduler has."),
        sa.Column("to_period", TSTZRANGE(), nullable=True, comment="Time that the platform gave it; null: cancelled."),
        sa.Column("to_instructor_id", sa.BigInteger(), nullable=True, comment="Instructor that the platform gave it."),
        sa.Column("to_aircraft_id", sa.BigInteger(), nullable=True, comment="Aircraft that the platform gave it."),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="When the platform made it."),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            server_default=sa.text("'waiting'"),
            comment="waiting (until the scheduler has it), entered, overruled (the scheduler has a third time), "
            "superseded (by the platform's next change) or taken_back.",
        ),
        sa.Column(
            "not_entered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When an import last had the old time; null: none since.",
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True, comment="When it ceased to wait."),
        sa.CheckConstraint(
            "kind IN ('move', 'swap', 'cancellation', 'ground')", name=op.f("schedule_changes_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'entered', 'overruled', 'superseded', 'taken_back')",
            name=op.f("schedule_changes_state_check"),
        ),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name=op.f("schedule_changes_settled_check")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["school.bookings.id"], name=op.f("schedule_changes_booking_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["school.reschedule_cases.id"],
            name=op.f("schedule_changes_case_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_changes_pkey")),
        schema="school",
        comment="Changes of the schedule that the platform made. One waits for each lesson at most, until a file has "
        "it.",
    )
    op.create_index("schedule_changes_booking_id_idx", "schedule_changes", ["booking_id"], schema="school")
    op.create_index(
        "schedule_changes_waiting_key",
        "schedule_changes",
        ["booking_id"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.execute(WAITING)
    op.execute(f"COMMENT ON COLUMN analytics.case_steps.event IS '{STEPS.format(', begun or overruled')}'")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("schedule_changes", schema="school")
    op.execute(f"COMMENT ON COLUMN analytics.case_steps.event IS '{STEPS.format(' or begun')}'")
