"""Verdicts beside what was observed, and scores of forecasts for analysts."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLE = "verdict_verification"
VIEWS = ("verdict_scores", "forecast_scores", "forecast_reliability")

WILSON = """
CREATE FUNCTION analytics.wilson(came_true bigint, cases bigint, side integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN cases = 0 THEN (side + 1) / 2
        WHEN side < 0 AND came_true = 0 THEN 0
        WHEN side > 0 AND came_true = cases THEN 1
        ELSE (s.share + z.z2 / cases / 2
              + side * sqrt(z.z2) * sqrt((s.share * (1 - s.share) + z.z2 / cases / 4) / cases))
             / (1 + z.z2 / cases)
    END
    FROM (VALUES (1.959963984540054::double precision ^ 2)) AS z (z2),
         (VALUES (came_true::double precision / nullif(cases, 0))) AS s (share);
END
"""


def upgrade() -> None:
    """Add the table and the views, with a comment on every column."""
    columns = (
        ("partition_hour", sa.DateTime(timezone=True), "The hour that the row belongs to: what was known then, UTC."),
        ("booking_id", sa.BigInteger(), "Booking."),
        ("training_level", sa.Text(), "Level of the student."),
        ("lead_hours", sa.Integer(), "How long before the hour of its start the verdict was given, hours."),
        ("verdict", sa.Text(), "ok, watch, unknown or at_risk, by the forecast."),
        (
            "observed",
            sa.Text(),
            "ok, watch, unknown or at_risk, by the METARs of the lesson's hours; unknown is no pair.",
        ),
    )
    op.create_table(
        TABLE,
        *(sa.Column(name, kind, nullable=False, comment=comment) for name, kind, comment in columns),
        schema="pipeline",
        comment="Verdicts of lessons whose time ended in the hour before, beside what was observed: "
        "one row a lesson and lead.",
    )
    op.create_index(f"{TABLE}_partition_hour_idx", TABLE, ["partition_hour", "booking_id"], schema="pipeline")
    op.execute(WILSON)
    op.execute(
        "COMMENT ON FUNCTION analytics.wilson IS "
        "'End of the 95 % interval of a share (Wilson): the lower one for side -1, the upper one for 1.'"
    )
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Drop them."""
    for view in VIEWS:
        op.execute(f"DROP VIEW analytics.{view}")
    op.execute("DROP FUNCTION analytics.wilson")
    op.drop_table(TABLE, schema="pipeline")
