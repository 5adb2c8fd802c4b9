"""No breach that analysts read has a student's own words: those of a limit on the aircraft's crosswind had them."""

from alembic import op
from sqlalchemy import text

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

REWORD = text("""
UPDATE pipeline.at_risk_bookings AS breach
SET reference = CASE WHEN breach.rule = own.rule AND breach.authority = own.authority THEN :own_limit
                     ELSE breach.reference END,
    explanation = replace(breach.explanation, own.reference, :own_limit)
FROM (
    SELECT DISTINCT partition_hour, booking_id, rule, authority, reference
    FROM pipeline.at_risk_bookings
    WHERE rule = 'aircraft_crosswind' AND authority = 'student' AND reference NOT IN ('', :own_limit)
) AS own
WHERE breach.partition_hour = own.partition_hour AND breach.booking_id = own.booking_id
""")


def upgrade() -> None:
    """Put what other rules say of a student's own limit in place of the words; these stay in the minimums."""
    op.get_bind().execute(REWORD, {"own_limit": "the student's own limit"})


def downgrade() -> None:
    """Leave them out: the version before reads either."""
