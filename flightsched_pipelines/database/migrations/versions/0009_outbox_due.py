"""Since when each message could have been sent, whatever was tried since."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment; of messages that wait already it is taken for that of their queueing, or the next attempt."""
    column = sa.Column(
        "due_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="Since when it could have been sent; its attempts do not move it, a redrive does.",
    )
    op.add_column("outbox", column, schema="school")
    op.execute(
        "UPDATE school.outbox SET due_at = CASE WHEN attempts > 0 OR last_error IS NOT NULL THEN created_at "
        "ELSE next_attempt_at END"
    )
    op.alter_column("outbox", "due_at", nullable=False, schema="school")


def downgrade() -> None:
    """Drop it."""
    op.drop_column("outbox", "due_at", schema="school")
