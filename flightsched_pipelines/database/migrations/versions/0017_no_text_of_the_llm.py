"""No message of the LLM's own: it returns an order and codes, and no text of it is kept to be read by people."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the message; nobody was ever sent it."""
    op.drop_column("reschedule_proposals", "message", schema="pipeline")


def downgrade() -> None:
    """Add it, empty."""
    message = sa.Column(
        "message",
        sa.Text(),
        nullable=True,
        comment="A short message to the student, of the LLM; the same for all of a booking.",
    )
    op.add_column("reschedule_proposals", message, schema="pipeline")
