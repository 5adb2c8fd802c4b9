"""The default limit of density altitude is an example for a school to set, and says so: it had a source that it is not in."""

from alembic import op
from sqlalchemy import text

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

BEFORE = (
    "FAA-P-8740-2: thin air takes power, lift and climb; take-off tables of trainers end at 8,000 ft (C172S, section 5)"
)
AFTER = "an example for the school to set: no regulation has a number; the aircraft's own take-off tables decide"
REWORD = text(
    "UPDATE school.weather_minimums SET reference = :after "
    "WHERE authority = 'default' AND rule = 'density_altitude' AND reference = :before"
)


def upgrade() -> None:
    """Reword the row that came with the schema, where nobody has changed it."""
    op.get_bind().execute(REWORD, {"after": AFTER, "before": BEFORE})


def downgrade() -> None:
    """Put the words before back."""
    op.get_bind().execute(REWORD, {"after": BEFORE, "before": AFTER})
