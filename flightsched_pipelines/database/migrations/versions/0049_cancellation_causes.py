"""The causes for which schools cancelled lessons, and cancelled lessons for analysts."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

CAUSES = ("student", "no_show", "instructor", "aircraft", "airfield", "school", "weather", "other")
OF_CAUSE = "Cause of the cancellation, as the school states it; null: not cancelled, or unknown."
KEYS = {
    "bookings_cancellation_cause_check": "cancellation_cause IN ({})".format(", ".join(f"'{one}'" for one in CAUSES)),
    "bookings_cancellation_check": "cancellation_cause IS NULL OR status = 'cancelled'",
}

VIEW = """
CREATE VIEW analytics.cancellations AS
SELECT
    b.id AS booking_id,
    b.school_id,
    b.departure AS airport,
    f.time_zone,
    p.training_level,
    b.solo,
    b.lesson_kind,
    lower(b.period) AS lesson_starts_at_utc,
    lower(b.period) AT TIME ZONE f.time_zone AS lesson_starts_at_local,
    extract(epoch FROM upper(b.period) - lower(b.period))::double precision / 3600 AS lesson_hours,
    b.cancellation_cause AS cause,
    EXISTS (SELECT FROM school.reschedule_cases c WHERE c.booking_id = b.id AND c.freed_slot_id IS NULL)
        AS was_threatened
FROM school.bookings b
JOIN school.airports f ON f.ident = b.departure
JOIN school.students p ON p.id = b.student_id
WHERE b.status = 'cancelled';

COMMENT ON VIEW analytics.cancellations IS 'Lessons that are cancelled, for whatever cause, a row a lesson. Causes are what schools state; none is inferred.';
COMMENT ON COLUMN analytics.cancellations.booking_id IS 'The lesson, as a number.';
COMMENT ON COLUMN analytics.cancellations.school_id IS 'School, as a number.';
COMMENT ON COLUMN analytics.cancellations.airport IS 'ICAO ident of the departure.';
COMMENT ON COLUMN analytics.cancellations.time_zone IS 'IANA zone of the airport; the column that ends in _local is in it.';
COMMENT ON COLUMN analytics.cancellations.training_level IS 'Level of the student today: student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.cancellations.solo IS 'Whether the student was to fly alone.';
COMMENT ON COLUMN analytics.cancellations.lesson_kind IS 'pattern, local or cross_country.';
COMMENT ON COLUMN analytics.cancellations.lesson_starts_at_utc IS 'Start of the lesson, UTC.';
COMMENT ON COLUMN analytics.cancellations.lesson_starts_at_local IS 'Start of the lesson, local.';
COMMENT ON COLUMN analytics.cancellations.lesson_hours IS 'Length of the lesson, hours.';
COMMENT ON COLUMN analytics.cancellations.cause IS 'student, no_show, instructor, aircraft, airfield, school, weather or other; null: unknown, the school stated none.';
COMMENT ON COLUMN analytics.cancellations.was_threatened IS 'Whether the lesson ever had a case because of its forecast; that alone is not its cause.';
"""


def upgrade() -> None:
    """Add the column and the view; no cause is known yet."""
    op.add_column("bookings", sa.Column("cancellation_cause", sa.Text(), comment=OF_CAUSE), schema="school")
    for name, condition in KEYS.items():
        op.create_check_constraint(op.f(name), "bookings", condition, schema="school")
    op.get_bind().exec_driver_sql(VIEW)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW analytics.cancellations")
    for name in KEYS:
        op.drop_constraint(op.f(name), "bookings", schema="school")
    op.drop_column("bookings", "cancellation_cause", schema="school")
