"""Students' notes stand in their preferences alone: no snapshot and no question to the LLM has them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the copies; the notes themselves stay in ``school.student_preferences``."""
    op.drop_column("booking_snapshot", "preference_note", schema="pipeline")
    op.execute(
        "UPDATE school.dead_letters SET request = request #- '{student,note_of_a_stranger}' WHERE kind = 'llm_answer'"
    )
    op.alter_column(
        "student_preferences",
        "note",
        schema="school",
        comment="In the student's own words, for dispatchers. Personal.",
        existing_comment="In the student's own words. Personal.",
    )


def downgrade() -> None:
    """Bring the column back, empty."""
    op.alter_column(
        "student_preferences",
        "note",
        schema="school",
        comment="In the student's own words. Personal.",
        existing_comment="In the student's own words, for dispatchers. Personal.",
    )
    column = sa.Column(
        "preference_note", sa.Text(), nullable=True, comment="What the student wrote about it. Personal."
    )
    op.add_column("booking_snapshot", column, schema="pipeline")
