"""Each hour's metrics, and the analysts' view of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COMMENTS = {
    "VIEW analytics.metrics": "How the platform did, a row an hour and metric; what was not measured has no row.",
    "COLUMN analytics.metrics.hour_utc": "The hour, UTC: the 60 minutes up to 20 minutes past it.",
    "COLUMN analytics.metrics.metric": "Which metric; docs/dashboards.md has them all.",
    "COLUMN analytics.metrics.value": "Its value, in the metric's unit.",
}


def upgrade() -> None:
    """Make the table and the view."""
    op.create_table(
        "hourly_metrics",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour, UTC: the 60 minutes up to 20 minutes past it.",
        ),
        sa.Column("metric", sa.Text(), nullable=False, comment="Which metric; docs/dashboards.md has them all."),
        sa.Column("value", sa.Double(), nullable=False, comment="Its value, in the metric's unit."),
        sa.PrimaryKeyConstraint("partition_hour", "metric", name=op.f("hourly_metrics_pkey")),
        schema="pipeline",
        comment="How the platform did, a row an hour and metric; what was not measured has no row.",
    )
    op.execute(
        "CREATE VIEW analytics.metrics AS SELECT partition_hour AS hour_utc, metric, value FROM pipeline.hourly_metrics"
    )
    for what, comment in COMMENTS.items():
        op.execute(f"COMMENT ON {what} IS $${comment}$$")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW analytics.metrics")
    op.drop_table("hourly_metrics", schema="pipeline")
