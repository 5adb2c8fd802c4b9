"""Which airports, runways, minimums and settings each hour depended on, each content stored once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "reference_contents",
        sa.Column("digest", sa.Text, comment="SHA-256 of the content, in hexadecimal."),
        sa.Column("content", sa.Text, nullable=False, comment="Rows as JSON."),
        sa.Column(
            "stored_at", INSTANT, nullable=False, server_default=sa.text("now()"), comment="When it was first stored."
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("reference_contents_pkey")),
        schema="pipeline",
        comment="Airports, runways, minimums and settings as they stood, each content once.",
    )
    op.create_table(
        "reference_snapshot",
        sa.Column(
            "partition_hour",
            INSTANT,
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("part", sa.Text, nullable=False, comment="airports, runways, minimums or settings."),
        sa.Column("digest", sa.Text, nullable=False, comment="Under which reference_contents has it."),
        sa.Column("rows", sa.Integer, nullable=False, comment="How many rows it has."),
        schema="pipeline",
        comment="What each hour depended on beside weather and schedule, a row a part.",
    )
    op.create_index(
        "reference_snapshot_partition_hour_idx", "reference_snapshot", ["partition_hour", "part"], schema="pipeline"
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reference_snapshot", schema="pipeline")
    op.drop_table("reference_contents", schema="pipeline")
