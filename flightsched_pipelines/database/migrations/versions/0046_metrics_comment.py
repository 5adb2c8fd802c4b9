"""The page of the metrics, where it is now, in the comment that the data dictionary shows."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

COMMENT = "COMMENT ON COLUMN analytics.metrics.metric IS"


def upgrade() -> None:
    """Name the page."""
    op.execute(f"{COMMENT} 'Metric, as listed in docs/reference/dashboards.md.'")


def downgrade() -> None:
    """Name it as before."""
    op.execute(f"{COMMENT} 'Which metric; docs/dashboards.md has them all.'")
