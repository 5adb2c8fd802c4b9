"""Events of the live stream, and the tokens of those who listen to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
POSITION = "Place in the stream, given after the commit, so that none is added before one that was read; null: not yet."


def upgrade() -> None:
    """Add them; the stream begins with the next event."""
    op.execute("CREATE SEQUENCE school.live_positions")
    op.create_table(
        "live_events",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("position", sa.BigInteger(), nullable=True, comment=POSITION),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column(
            "people",
            ARRAY(sa.Text()),
            nullable=False,
            comment="Whom it concerns besides the school's applications: student-ID, instructor-ID.",
        ),
        sa.Column("at", INSTANT, nullable=False, comment="When it happened, UTC."),
        sa.Column(
            "payload", JSONB(), nullable=False, comment="The event, as other systems get it. Without personal data."
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("live_events_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("live_events_pkey")),
        schema="school",
        comment="Events of the live stream, written in the transaction of what they tell of. Rows are only added.",
    )
    op.create_index("live_events_position_key", "live_events", ["position"], unique=True, schema="school")
    op.create_index("live_events_school_id_idx", "live_events", ["school_id", "position"], schema="school")
    op.create_index(
        "live_events_new_idx", "live_events", ["id"], schema="school", postgresql_where=sa.text("position IS NULL")
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the token, which is not stored."),
        sa.Column("name", sa.Text(), nullable=False, comment="Its purpose, in the words of whoever made it."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School whose events it reads."),
        sa.Column(
            "student_id",
            sa.BigInteger(),
            nullable=True,
            comment="The student whose events alone it reads; null: not a student's.",
        ),
        sa.Column(
            "instructor_id",
            sa.BigInteger(),
            nullable=True,
            comment="The instructor whose events alone it reads; null: not an instructor's.",
        ),
        sa.Column("made_at", INSTANT, nullable=False, comment="When it was made, UTC."),
        sa.Column("revoked_at", INSTANT, nullable=True, comment="When it was revoked, UTC; null while it is valid."),
        sa.CheckConstraint("num_nonnulls(student_id, instructor_id) <= 1", name=op.f("api_tokens_one_person_check")),
        *(
            sa.ForeignKeyConstraint(
                [f"{one}_id"], [f"school.{one}s.id"], name=op.f(f"api_tokens_{one}_id_fkey"), ondelete="CASCADE"
            )
            for one in ("school", "student", "instructor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("api_tokens_pkey")),
        schema="school",
        comment="Tokens of people and of schools' applications for the live stream.",
    )
    op.create_index("api_tokens_digest_key", "api_tokens", ["digest"], unique=True, schema="school")
    op.create_index(op.f("api_tokens_school_id_idx"), "api_tokens", ["school_id"], unique=False, schema="school")


def downgrade() -> None:
    """Drop both; whoever listens has to be given a new token after the next upgrade."""
    op.drop_table("api_tokens", schema="school")
    op.drop_table("live_events", schema="school")
    op.execute("DROP SEQUENCE school.live_positions")
