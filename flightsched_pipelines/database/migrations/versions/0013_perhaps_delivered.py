"""Messages that may have been delivered, leases by name, and a channel of their own for operators' alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CHANNELS = "email, sms, sns, sqs, redis or slack."
CHANNELS_WITH_ALERTS = "email, sms, sns, sns_alerts, sqs, redis or slack."


def upgrade() -> None:
    """Add the columns; what was handed over before this upgrade is not known, and counts as not delivered."""
    perhaps = sa.Column(
        "perhaps_delivered",
        sa.Boolean(),
        nullable=False,
        server_default=sa.text("false"),
        comment="Whether it was handed over without an answer that says what became of it: it may have been delivered.",
    )
    lease = sa.Column(
        "lease", sa.Text(), nullable=True, comment="The lease that a worker has it by; null while nobody has it."
    )
    op.add_column("outbox", lease, schema="school")
    op.add_column("outbox", perhaps, schema="school")
    op.execute("UPDATE school.outbox SET channel = 'sns_alerts' WHERE channel = 'sns' AND event = 'alert'")
    _comment(CHANNELS_WITH_ALERTS, was=CHANNELS)


def downgrade() -> None:
    """Drop them."""
    op.execute("UPDATE school.outbox SET channel = 'sns' WHERE channel = 'sns_alerts'")
    op.drop_column("outbox", "perhaps_delivered", schema="school")
    op.drop_column("outbox", "lease", schema="school")
    _comment(CHANNELS, was=CHANNELS_WITH_ALERTS)


def _comment(comment: str, *, was: str) -> None:
    op.alter_column(
        "outbox",
        "channel",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment=comment,
        existing_comment=was,
        schema="school",
    )
