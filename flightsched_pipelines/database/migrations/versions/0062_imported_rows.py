"""Availability and inspections have no id of the school's: a column says whether an import made a row."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLES = ("availability", "inspections")
COMMENT = "Whether an import made the row, or has had it since: a complete file ends no other."


def upgrade() -> None:
    """Add the column; where a file of the kind was imported before, the rows count as made by it, as they did."""
    for table in TABLES:
        column = sa.Column("imported", sa.Boolean, nullable=False, server_default=sa.false(), comment=COMMENT)
        op.add_column(table, column, schema="school")
        made = f"EXISTS (SELECT FROM school.imports WHERE kind = '{table}')"
        op.execute(f"UPDATE school.{table} SET imported = true WHERE {made}")  # noqa: S608, our own names


def downgrade() -> None:
    """Forget which rows imports have made."""
    for table in TABLES:
        op.drop_column(table, "imported", schema="school")
