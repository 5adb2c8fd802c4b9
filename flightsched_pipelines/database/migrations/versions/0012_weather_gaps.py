"""What dispatchers were told of weather that is missing for hours."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, empty."""
    op.create_table(
        "weather_gaps",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="The school whose lessons cannot be judged."),
        sa.Column(
            "since_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The first hour from which on the weather of some lesson was missing.",
        ),
        sa.Column("lessons", sa.Integer(), nullable=False, comment="How many lessons dispatchers were told of."),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, comment="When they were told."),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When they were told that it is over; null while it lasts.",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("weather_gaps_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("weather_gaps_pkey")),
        schema="school",
        comment="Weather that was missing for hours, as dispatchers were told of it; at most one open a school.",
    )
    op.create_index(
        "weather_gaps_one_open_idx",
        "weather_gaps",
        ["school_id"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("weather_gaps", schema="school")
