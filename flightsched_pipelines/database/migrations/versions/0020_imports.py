"""A school's own files: the ids that it has for its rows, what is gone with a trace, and what a file last said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEYED = {
    "schools": ["external_id"],
    "instructors": ["school_id", "external_id"],
    "students": ["school_id", "external_id"],
    "aircraft": ["school_id", "external_id"],
    "downtime": ["aircraft_id", "external_id"],
    "bookings": ["school_id", "external_id"],
    "weather_minimums": ["school_id", "external_id"],
}
ENDED = ("instructors", "students", "aircraft", "availability", "downtime", "weather_minimums")
LAST_SAID = (
    ("imported_period", TSTZRANGE(), "Time that the school's file last had; null: never imported."),
    ("imported_instructor_id", sa.BigInteger(), "Instructor that the school's file last had."),
    ("imported_aircraft_id", sa.BigInteger(), "Aircraft that the school's file last had."),
)
COUNTS = (
    ("added", "Rows that were new."),
    ("changed", "Rows that differed from what was stored."),
    ("unchanged", "Rows that did not."),
    ("gone", "Rows that the file no longer had: ended, or cancelled."),
)


def upgrade() -> None:
    """Add them; what is there has no id of the school's, and counts."""
    for table, columns in KEYED.items():
        comment = "The school's own id, by which an import knows the row again; null: none."
        op.add_column(table, sa.Column("external_id", sa.Text(), nullable=True, comment=comment), schema="school")
        op.create_index(f"{table}_external_id_key", table, columns, unique=True, schema="school")
    for table in ENDED:
        comment = "When a complete import no longer had it; null: it counts."
        column = sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment=comment)
        op.add_column(table, column, schema="school")
    for name, type_, comment in LAST_SAID:
        op.add_column("bookings", sa.Column(name, type_, nullable=True, comment=comment), schema="school")
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("kind", sa.Text(), nullable=False, comment="Kind of the file: bookings, students, ..."),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False, comment="When."),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="SHA-256 of the file, by which it is known again; its name is not kept.",
        ),
        sa.Column(
            "complete",
            sa.Boolean(),
            nullable=False,
            comment="Whether what the file did not name was said to be gone.",
        ),
        *(sa.Column(name, sa.Integer(), nullable=False, comment=comment) for name, comment in COUNTS),
        sa.PrimaryKeyConstraint("id", name=op.f("imports_pkey")),
        schema="school",
        comment="Files of the school's that were imported, a row a file.",
    )


def downgrade() -> None:
    """Drop them; what had ended counts again."""
    op.drop_table("imports", schema="school")
    for name, _, _ in LAST_SAID:
        op.drop_column("bookings", name, schema="school")
    for table in ENDED:
        op.drop_column(table, "ended_at", schema="school")
    for table in KEYED:
        op.drop_index(f"{table}_external_id_key", table, schema="school")
        op.drop_column(table, "external_id", schema="school")
