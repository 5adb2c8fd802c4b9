"""The views that analysts are promised."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VIEWS = ("lessons_at_risk", "weather_loss", "outcomes_by_hour", "case_steps", "cases", "verdicts")


def upgrade() -> None:
    """Make them, with a comment on every column."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Drop them."""
    for view in VIEWS:
        op.execute(f"DROP VIEW analytics.{view}")
