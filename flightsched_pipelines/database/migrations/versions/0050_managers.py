"""The address of each school's manager, who gets a mail with the figures of each week."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

COMMENT = "E-mail address of the school's manager, who gets the weekly figures; null for none, and no mail."


OUTBOX = {
    "role": (
        "Recipient: student, instructor, dispatcher, ops or system.",
        "Recipient: student, instructor, dispatcher, manager, ops or system.",
    ),
    "person_id": (
        "Student, instructor or (dispatchers) school.",
        "Student, instructor or (dispatchers, manager) school.",
    ),
}


def upgrade() -> None:
    """Add the column; nobody has an address yet, so nobody is mailed."""
    op.add_column("schools", sa.Column("manager_email", sa.Text(), comment=COMMENT), schema="school")
    for name, (_, new) in OUTBOX.items():
        op.execute(f"COMMENT ON COLUMN school.outbox.{name} IS '{new}'")


def downgrade() -> None:
    """Drop it."""
    for name, (old, _) in OUTBOX.items():
        op.execute(f"COMMENT ON COLUMN school.outbox.{name} IS '{old}'")
    op.drop_column("schools", "manager_email", schema="school")
