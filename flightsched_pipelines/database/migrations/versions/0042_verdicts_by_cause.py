"""Verified verdicts by school and cause, and what a missed move costs a school."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

COLUMNS = (
    ("school_id", sa.BigInteger(), "School; null in hours that an older version stored for a booking that is gone."),
    ("cause", sa.Text(), "Rule of the gravest breach; null without, and in hours that an older version stored."),
    ("cause_airport", sa.Text(), "Airport of the gravest breach, ICAO ident; null like cause."),
)
COST = "As many needless moves cost the school as much as a missed one."
OF_VERDICTS = """
CREATE VIEW analytics.verdict_scores AS
SELECT
    date_trunc('month', partition_hour AT TIME ZONE 'UTC')::date AS month,
    training_level,
    lead_hours,
    verdict,
    observed,
    count(*) AS lessons{more}
FROM pipeline.verdict_verification
GROUP BY {groups};

COMMENT ON VIEW analytics.verdict_scores IS '{comment}';
COMMENT ON COLUMN analytics.verdict_scores.month IS 'First day of the month in which the lessons ended, UTC.';
COMMENT ON COLUMN analytics.verdict_scores.training_level IS 'student_pilot, private_pilot or instrument_rated.';
COMMENT ON COLUMN analytics.verdict_scores.lead_hours IS 'How long before the hour of the start the verdict was given, hours.';
COMMENT ON COLUMN analytics.verdict_scores.verdict IS 'ok, watch, unknown or at_risk, by the forecast.';
COMMENT ON COLUMN analytics.verdict_scores.observed IS 'ok, watch, unknown or at_risk, by the METARs of the lesson''s hours; unknown is no pair.';
COMMENT ON COLUMN analytics.verdict_scores.lessons IS 'How many lessons.';
"""
OF_CAUSES = """
COMMENT ON COLUMN analytics.verdict_scores.school_id IS 'School; null in hours that an older version stored for a booking that is gone.';
COMMENT ON COLUMN analytics.verdict_scores.cause IS 'Rule of the gravest breach; null without, and in hours that an older version stored.';
COMMENT ON COLUMN analytics.verdict_scores.cause_airport IS 'Airport of the gravest breach, ICAO ident; null like cause.';
"""


def upgrade() -> None:
    """Add the columns; schools of older rows are those of their bookings."""
    for name, kind, comment in COLUMNS:
        op.add_column("verdict_verification", sa.Column(name, kind, comment=comment), schema="pipeline")
    op.execute(
        "UPDATE pipeline.verdict_verification v SET school_id = b.school_id "
        "FROM school.bookings b WHERE b.id = v.booking_id"
    )
    op.create_index(
        "verdict_verification_school_id_idx", "verdict_verification", ["school_id", "partition_hour"], schema="pipeline"
    )
    op.add_column(
        "schools",
        sa.Column("missed_move_cost", sa.Double(), nullable=False, server_default=sa.text("2"), comment=COST),
        schema="school",
    )
    op.create_check_constraint(
        op.f("schools_missed_move_cost_check"), "schools", "missed_move_cost BETWEEN 0.01 AND 100", schema="school"
    )
    op.execute("DROP VIEW analytics.verdict_scores")
    names = [name for name, *_ in COLUMNS]
    _run(
        OF_VERDICTS.format(
            more="".join(f",\n    {name}" for name in names),
            groups="1, 2, 3, 4, 5, 7, 8, 9",
            comment="Verdicts beside what was observed: a row a month, level, lead, verdict, observed verdict, school "
            "and cause.",
        )
        + OF_CAUSES
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW analytics.verdict_scores")
    comment = "Verdicts beside what was observed: a row a month, level, lead, verdict and observed verdict."
    _run(OF_VERDICTS.format(more="", groups="1, 2, 3, 4, 5", comment=comment))
    op.drop_column("schools", "missed_move_cost", schema="school")
    op.drop_index("verdict_verification_school_id_idx", "verdict_verification", schema="pipeline")
    for name, *_ in COLUMNS:
        op.drop_column("verdict_verification", name, schema="pipeline")


def _run(statements: str) -> None:
    op.get_bind().exec_driver_sql(statements)
