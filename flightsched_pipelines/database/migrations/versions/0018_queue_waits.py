"""Since when the queue of responses has not been empty, for the alarm on its age."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, empty: the next check that finds messages begins to count."""
    op.create_table(
        "queue_waits",
        sa.Column("queue", sa.Text(), nullable=False, comment="The queue's name."),
        sa.Column(
            "since_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The first check that found messages in it; since then every check has.",
        ),
        sa.PrimaryKeyConstraint("queue", name=op.f("queue_waits_pkey")),
        schema="school",
        comment="Queues that hold messages now, a row each; a queue that is found empty loses its row.",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("queue_waits", schema="school")
