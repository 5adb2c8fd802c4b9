"""The history of METARs among the products, in the comment of what is stored."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

BEFORE = "taf, metar, nbh, nbs, one_call, or an area product: airsigmet, isigmet, gairmet, cwa, tcf."
AFTER = (
    "taf, metar, metar_history (every METAR of some hours), nbh, nbs, one_call, or an area product: airsigmet, isigmet, "
    "gairmet, cwa, tcf."
)


def upgrade() -> None:
    """Write the new comment."""
    op.alter_column("raw_weather", "product", schema="pipeline", comment=AFTER, existing_comment=BEFORE)


def downgrade() -> None:
    """Write that before."""
    op.alter_column("raw_weather", "product", schema="pipeline", comment=BEFORE, existing_comment=AFTER)
