"""Verdicts that guidance would give otherwise than the TAF that governs."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; hours before say nothing of it."""
    op.add_column(
        "lesson_verdicts",
        sa.Column(
            "uncertainty",
            sa.Text(),
            comment="A sentence where guidance would give another verdict than the TAF; else null.",
        ),
        schema="pipeline",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("lesson_verdicts", "uncertainty", schema="pipeline")
