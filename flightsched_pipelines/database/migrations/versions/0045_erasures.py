"""People who were erased on request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLE = "erasures"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("role", sa.Text(), nullable=False, comment="student or instructor."),
        sa.Column(
            "person_id",
            sa.BigInteger(),
            nullable=False,
            comment="Number of the person, whose row no longer names anybody.",
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False, comment="Time of the erasure, UTC."),
        sa.Column(
            "changed",
            JSONB(),
            nullable=False,
            comment="Number of rows that were deleted or changed, by table. No personal data.",
        ),
        sa.CheckConstraint("role IN ('student', 'instructor')", name=op.f("erasures_role_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("erasures_pkey")),
        schema="school",
        comment="People who were erased on request, without personal data: after a restore, they are erased again.",
    )
    op.create_index("erasures_person_key", TABLE, ["role", "person_id"], unique=True, schema="school")


def downgrade() -> None:
    """Drop it."""
    op.drop_table(TABLE, schema="school")
