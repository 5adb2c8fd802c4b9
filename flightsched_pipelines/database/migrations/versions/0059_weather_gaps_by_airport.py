"""A gap of weather is of one airport: one that lasts does not keep a school from hearing of another."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

LOCKS = "school.weather_gaps has a row an outage: an instant in which no outage begins or ends"

INDEX = "weather_gaps_one_open_idx"
OPEN = sa.text("ended_at IS NULL")
TABLE_BEFORE = "Periods of missing weather that dispatchers were notified of; at most one is open for each school."
TABLE = "Periods of missing weather that dispatchers were notified of; at most one is open for each school and airport."
ENDED_BEFORE = "When dispatchers were notified of its end; null while it lasts."
ENDED = "When it ended; null while it lasts. Dispatchers are notified if the weather is back."


def upgrade() -> None:
    """Name the airport; a gap of before ends, since its airports are not known, and one that lasts is told of anew."""
    comment = "The airport whose weather is missing; null if no hour was assessed at all."
    op.add_column("weather_gaps", sa.Column("airport", sa.Text(), nullable=True, comment=comment), schema="school")
    op.drop_index(INDEX, table_name="weather_gaps", schema="school")
    op.execute("UPDATE school.weather_gaps SET ended_at = now() WHERE ended_at IS NULL")
    op.create_index(
        INDEX, "weather_gaps", ["school_id", "airport"], unique=True, schema="school", postgresql_where=OPEN,
        postgresql_nulls_not_distinct=True,
    )  # fmt: skip
    op.create_table_comment("weather_gaps", TABLE, existing_comment=TABLE_BEFORE, schema="school")
    op.alter_column("weather_gaps", "ended_at", comment=ENDED, existing_comment=ENDED_BEFORE, schema="school")


def downgrade() -> None:
    """Keep the oldest open gap of each school."""
    op.execute(
        "UPDATE school.weather_gaps AS g SET ended_at = now() WHERE ended_at IS NULL AND EXISTS (SELECT FROM "
        "school.weather_gaps AS h WHERE h.school_id = g.school_id AND h.ended_at IS NULL AND h.id < g.id)"
    )
    op.drop_index(INDEX, table_name="weather_gaps", schema="school")
    op.create_index(INDEX, "weather_gaps", ["school_id"], unique=True, schema="school", postgresql_where=OPEN)
    op.drop_column("weather_gaps", "airport", schema="school")
    op.create_table_comment("weather_gaps", TABLE_BEFORE, existing_comment=TABLE, schema="school")
    op.alter_column("weather_gaps", "ended_at", comment=ENDED_BEFORE, existing_comment=ENDED, schema="school")
