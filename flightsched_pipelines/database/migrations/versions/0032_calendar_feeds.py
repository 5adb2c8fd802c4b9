"""Calendar feeds: secret addresses of the lessons of a person, an aircraft or a school."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OWNERS = (
    ("school_id", "schools", "School.", False),
    ("student_id", "students", "Student whose lessons it has; null: not one's.", True),
    ("instructor_id", "instructors", "Instructor whose lessons it has; null: not one's.", True),
    ("aircraft_id", "aircraft", "Aircraft whose lessons it has; null: not one's.", True),
)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the secret in its address, which is not stored."
        ),
        *(
            sa.Column(name, sa.BigInteger(), nullable=nullable, comment=comment)
            for name, _, comment, nullable in OWNERS
        ),
        sa.Column("made_at", INSTANT, nullable=False, comment="When its address was made, UTC."),
        sa.Column(
            "revoked_at", INSTANT, nullable=True, comment="When its address ceased to work, UTC; null: it works."
        ),
        sa.CheckConstraint(
            "num_nonnulls(student_id, instructor_id, aircraft_id) <= 1", name=op.f("calendar_feeds_owner_check")
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"school.{table}.id"], name=op.f(f"calendar_feeds_{name}_fkey"), ondelete="CASCADE"
            )
            for name, table, _, _ in OWNERS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("calendar_feeds_pkey")),
        schema="school",
        comment="Calendar feeds, a row an address: of a student, an instructor, an aircraft, or else of the whole school.",
    )
    op.create_index("calendar_feeds_digest_key", "calendar_feeds", ["digest"], unique=True, schema="school")
    op.create_index(
        op.f("calendar_feeds_school_id_idx"), "calendar_feeds", ["school_id"], unique=False, schema="school"
    )


def downgrade() -> None:
    """Drop it: every address ceases to work."""
    op.drop_table("calendar_feeds", schema="school")
