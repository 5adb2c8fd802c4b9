"""Airports of which nobody has said which reports they issue."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COMMENTS = {
    "issues_taf": (
        "Whether the field has a TAF of its own.",
        "Whether the field has a TAF of its own; null until one comes or someone says so.",
    ),
    "issues_metar": (
        "Whether the field has METARs of its own.",
        "Whether it has METARs of its own; null until one comes or someone says so.",
    ),
}


def upgrade() -> None:
    """Let both be unknown; they are where an import has added the airport, which entered neither."""
    for name, (was, comment) in COMMENTS.items():
        op.alter_column(
            "airports",
            name,
            existing_type=sa.Boolean(),
            nullable=True,
            comment=comment,
            existing_comment=was,
            schema="school",
        )
    op.execute(
        "UPDATE school.airports SET issues_taf = NULL, issues_metar = NULL WHERE NOT issues_taf AND NOT issues_metar"
    )


def downgrade() -> None:
    """Take what is unknown for no."""
    op.execute("UPDATE school.airports SET issues_taf = coalesce(issues_taf, false)")
    op.execute("UPDATE school.airports SET issues_metar = coalesce(issues_metar, false)")
    for name, (comment, was) in COMMENTS.items():
        op.alter_column(
            "airports",
            name,
            existing_type=sa.Boolean(),
            nullable=False,
            comment=comment,
            existing_comment=was,
            schema="school",
        )
