"""People change their own settings on a page; each change is on record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the record."""
    op.create_table(
        "settings_changes",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Student; null in an instructor's row."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Instructor; null in a student's row."),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, comment="Time of the change, UTC."),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="contact (channels, quiet hours) or preferences (days, parts of the day, ...).",
        ),
        sa.Column("door", sa.Text(), nullable=False, comment="Entry point of the change: page."),
        sa.Column("before", JSONB(), nullable=False, comment="The settings before it. Personal."),
        sa.Column("after", JSONB(), nullable=False, comment="The settings after it. Personal."),
        sa.CheckConstraint("kind IN ('contact', 'preferences')", name=op.f("settings_changes_kind_check")),
        sa.CheckConstraint(
            "num_nonnulls(student_id, instructor_id) = 1", name=op.f("settings_changes_one_person_check")
        ),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("settings_changes_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("settings_changes_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("settings_changes_pkey")),
        schema="school",
        comment="Changes that people made to their own settings. Rows are only added.",
    )
    for column in ("student_id", "instructor_id"):
        op.create_index(
            op.f(f"settings_changes_{column}_idx"), "settings_changes", [column], unique=False, schema="school"
        )


def downgrade() -> None:
    """Drop the record; the settings stay as they are."""
    op.drop_table("settings_changes", schema="school")
