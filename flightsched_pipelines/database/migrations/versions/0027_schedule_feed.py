"""Files of the school's scheduler's feed, each as it was written."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "feed_files",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the file in the feed."),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, comment="Its size."),
        sa.Column(
            "modified_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it was last written; written anew, it is another file.",
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it was first seen so: what has not grown until later is whole.",
        ),
        sa.Column("kind", sa.Text(), nullable=True, comment="Kind that its name begins with; null for none."),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="imported, unchanged or rejected; null: it is still to be taken.",
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True, comment="When it was taken."),
        sa.CheckConstraint("outcome IN ('imported', 'unchanged', 'rejected')", name=op.f("feed_files_outcome_check")),
        sa.CheckConstraint("num_nonnulls(outcome, taken_at) IN (0, 2)", name=op.f("feed_files_taken_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_files_pkey")),
        schema="school",
        comment="Files that the school's scheduler dropped into the feed, each as it was written.",
    )
    op.create_index(
        "feed_files_file_key", "feed_files", ["name", "modified_at", "size_bytes"], unique=True, schema="school"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("feed_files", schema="school")
