"""The verdict of every assessed lesson, and who put a lesson on weather hold."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FORGET = """
CREATE FUNCTION school.forget_weather_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.weather_hold_by := NULL;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION school.forget_weather_hold() IS
    'A lesson that leaves weather hold, whoever takes it off, has nobody who put it there.';
CREATE TRIGGER bookings_forget_weather_hold BEFORE UPDATE OF status ON school.bookings
    FOR EACH ROW WHEN (NEW.status <> 'weather_hold') EXECUTE FUNCTION school.forget_weather_hold();
"""

HOLDERS = """
UPDATE school.bookings b SET weather_hold_by = CASE
    WHEN (
        SELECT r.action FROM school.responses r
        WHERE r.booking_id = b.id AND r.action IN ('hold', 'release') AND r.outcome = 'applied'
        ORDER BY r.id DESC LIMIT 1
    ) = 'hold' THEN 'dispatcher'
    WHEN EXISTS (
        SELECT FROM school.reschedule_cases c WHERE c.booking_id = b.id AND c.freed_slot_id IS NULL
    ) THEN 'platform'
END
WHERE b.status = 'weather_hold'
"""
"""Who put the lessons on hold that are. In doubt it was not the platform, which then lifts nothing."""

ASSESSMENTS = """
CREATE VIEW analytics.assessments AS
SELECT partition_hour AS hour_utc, booking_id, verdict FROM pipeline.lesson_verdicts;
COMMENT ON VIEW analytics.assessments IS
    'Every lesson that an hour assessed, ok ones too, a row an hour and lesson. A lesson without a row was not assessed: it had begun, or lay beyond the look-ahead. Ask for a range of hour_utc.';
COMMENT ON COLUMN analytics.assessments.hour_utc IS 'The hour whose forecast it was, UTC.';
COMMENT ON COLUMN analytics.assessments.booking_id IS 'The lesson, as a number.';
COMMENT ON COLUMN analytics.assessments.verdict IS 'ok, watch, unknown or at_risk.';
"""

STEPS = (
    "What: opened, updated, accepted, withdrawn, none_suit, confirmed, moved, kept, declined, hold_released, reminded, "
    "cleared, expired, cancelled, changed, released, closed{}."
)


def upgrade() -> None:
    """Make the table and its view; note who put lessons on hold."""
    op.create_table(
        "lesson_verdicts",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column(
            "verdict",
            sa.Text(),
            nullable=False,
            comment="ok, watch, unknown or at_risk, of the whole lesson and the time around it.",
        ),
        schema="pipeline",
        comment="The verdict of every lesson that was assessed, one row a lesson; a lesson without a row was not assessed.",
    )
    op.create_index(
        "lesson_verdicts_partition_hour_idx",
        "lesson_verdicts",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.add_column(
        "bookings",
        sa.Column(
            "weather_hold_by",
            sa.Text(),
            nullable=True,
            comment="Who put it on weather hold, and lifts it: platform (its case) or dispatcher; null: neither, or not on hold.",
        ),
        schema="school",
    )
    op.execute(HOLDERS)
    op.create_check_constraint(
        op.f("bookings_weather_hold_by_check"),
        "bookings",
        "weather_hold_by IN ('platform', 'dispatcher')",
        schema="school",
    )
    op.create_check_constraint(
        op.f("bookings_weather_hold_check"),
        "bookings",
        "weather_hold_by IS NULL OR status = 'weather_hold'",
        schema="school",
    )
    op.get_bind().exec_driver_sql(FORGET)
    op.get_bind().exec_driver_sql(ASSESSMENTS)
    _comment_on_steps(" or begun")


def downgrade() -> None:
    """Drop them."""
    _comment_on_steps("")
    op.execute("DROP VIEW analytics.assessments")
    op.execute("DROP TRIGGER bookings_forget_weather_hold ON school.bookings")
    op.execute("DROP FUNCTION school.forget_weather_hold()")
    op.drop_constraint(op.f("bookings_weather_hold_check"), "bookings", schema="school", type_="check")
    op.drop_constraint(op.f("bookings_weather_hold_by_check"), "bookings", schema="school", type_="check")
    op.drop_column("bookings", "weather_hold_by", schema="school")
    op.drop_table("lesson_verdicts", schema="pipeline")


def _comment_on_steps(last: str) -> None:
    op.get_bind().exec_driver_sql(f"COMMENT ON COLUMN analytics.case_steps.event IS '{STEPS.format(last)}'")
