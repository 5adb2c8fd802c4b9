"""The gravest breach of each lesson by its place, with an index of its own: a year of hours in a fraction of a second."""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

INDEX = "at_risk_bookings_gravest_idx"
COLUMNS = (
    "SELECT {distinct}partition_hour AS hour_utc, booking_id, verdict, rule AS cause FROM pipeline.at_risk_bookings "
)
VIEW = "CREATE OR REPLACE VIEW analytics.verdicts AS "


def upgrade() -> None:
    """Read one row a lesson, instead of sorting all of its breaches."""
    op.create_index(
        INDEX,
        "at_risk_bookings",
        ["partition_hour", "booking_id"],
        schema="pipeline",
        postgresql_include=["verdict", "rule"],
        postgresql_where="breach_rank = 1",
        if_not_exists=True,  # made before the upgrade, concurrently: docs/decisions/0062
    )
    op.execute(VIEW + COLUMNS.format(distinct="") + "WHERE breach_rank = 1")


def downgrade() -> None:
    """Sort them again."""
    distinct = COLUMNS.format(distinct="DISTINCT ON (partition_hour, booking_id) ")
    op.execute(VIEW + distinct + "ORDER BY partition_hour, booking_id, breach_rank")
    op.drop_index(INDEX, "at_risk_bookings", schema="pipeline")
