"""Which hours of the materialised tables were archived, and where."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

COLUMNS = (
    (
        "archived_at",
        sa.DateTime(timezone=True),
        "When its rows were archived and deleted; null: they are in the table.",
    ),
    (
        "archive_file",
        sa.Text(),
        "Their file in the archive, such as table=forecasts/date=2026-11-24/hour=10/...",
    ),
    ("archive_sha256", sa.Text(), "SHA-256 of that file, in hexadecimal."),
)


def upgrade() -> None:
    """Add the columns; no hour was archived before."""
    for name, kind, comment in COLUMNS:
        op.add_column("partitions", sa.Column(name, kind, nullable=True, comment=comment), schema="pipeline")
    op.create_check_constraint(
        op.f("partitions_archived_check"),
        "partitions",
        "num_nonnulls(archived_at, archive_file, archive_sha256) IN (0, 3)",
        schema="pipeline",
    )


def downgrade() -> None:
    """Drop them: the archive's files stay, and nothing says any more which hours they have."""
    for name, _, _ in COLUMNS:
        op.drop_column("partitions", name, schema="pipeline")
