"""A case keeps the student who was asked: the school may give the lesson to another one meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

COMMENT = "Student of the lesson as notified; null in a case of an earlier release."


def upgrade() -> None:
    """Add the column; the cases so far are those of their lessons' students of now."""
    op.add_column("reschedule_cases", sa.Column("student_id", sa.BigInteger, comment=COMMENT), schema="school")
    op.execute(
        "UPDATE school.reschedule_cases c SET student_id = b.student_id FROM school.bookings b WHERE b.id = c.booking_id"
    )


def downgrade() -> None:
    """Forget whom cases asked."""
    op.drop_column("reschedule_cases", "student_id", schema="school")
