"""The altitudes to which each school's lessons go."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ALTITUDES = {
    "pattern_altitude_ft": "Highest altitude of pattern lessons above ground, feet; null: 1,000.",
    "local_altitude_ft": "Highest altitude of local lessons above ground, feet; null: 3,000.",
    "cross_country_altitude_ft": "Highest altitude of cross-countries above ground, feet; null: 6,000.",
}
OF_BOOKING = "Highest altitude above ground that the school sets for it, feet; null for none."
KEY = "schools_altitudes_check"


def upgrade() -> None:
    """Add them; no school has its own yet."""
    for name, comment in ALTITUDES.items():
        op.add_column("schools", sa.Column(name, sa.Double(), nullable=True, comment=comment), schema="school")
    condition = " AND ".join(f"({name} BETWEEN 300 AND 18000) IS NOT FALSE" for name in ALTITUDES)
    op.create_check_constraint(op.f(KEY), "schools", condition, schema="school")
    op.add_column(
        "booking_snapshot", sa.Column("highest_ft", sa.Double(), nullable=True, comment=OF_BOOKING), schema="pipeline"
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_column("booking_snapshot", "highest_ft", schema="pipeline")
    op.drop_constraint(op.f(KEY), "schools", schema="school")
    for name in ALTITUDES:
        op.drop_column("schools", name, schema="school")
