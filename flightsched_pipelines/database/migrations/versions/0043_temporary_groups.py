"""Temporary groups for analysts, and lists of airports apart from the counts that are read without them."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

VIEW = """
CREATE VIEW analytics.temporary_groups AS
SELECT
    each.airport,
    source,
    lead_hours,
    date_trunc('month', hour_utc AT TIME ZONE 'UTC')::date AS month,
    element,
    threshold,
    probability,
    count(*) AS cases,
    count(*) FILTER (WHERE outcome = 'miss') AS missed_avoided,
    count(*) FILTER (WHERE outcome = 'correct_negative') AS needless_added
FROM pipeline.forecast_verification CROSS JOIN LATERAL unnest(airports) AS each (airport)
WHERE part = 'prevailing' AND probability BETWEEN 1 AND 99 AND outcome IN ('miss', 'correct_negative')
GROUP BY 1, 2, 3, 4, 5, 6, 7;

COMMENT ON VIEW analytics.temporary_groups IS 'What acting on TEMPO and PROB groups would have cost and saved, where the prevailing forecast has no event: a row an airport, source, lead, month, element, threshold and probability.';
COMMENT ON COLUMN analytics.temporary_groups.airport IS 'ICAO ident.';
COMMENT ON COLUMN analytics.temporary_groups.source IS 'Source of the forecast, such as TAF.';
COMMENT ON COLUMN analytics.temporary_groups.lead_hours IS 'How long before the hour the forecast was known, hours.';
COMMENT ON COLUMN analytics.temporary_groups.month IS 'First day of the month of the observed hour, UTC.';
COMMENT ON COLUMN analytics.temporary_groups.element IS 'ceiling, visibility, wind, crosswind or thunderstorm.';
COMMENT ON COLUMN analytics.temporary_groups.threshold IS 'Feet, statute miles or knots; 0 for thunderstorm.';
COMMENT ON COLUMN analytics.temporary_groups.probability IS 'Percent: 50 of TEMPO, that of a PROB group; the highest of an hour.';
COMMENT ON COLUMN analytics.temporary_groups.cases IS 'Hours that were so forecast and observed.';
COMMENT ON COLUMN analytics.temporary_groups.missed_avoided IS 'Of these, the hours in which the event was observed: acting would have been right.';
COMMENT ON COLUMN analytics.temporary_groups.needless_added IS 'The others: acting would have been needless.';
"""


def upgrade() -> None:
    """Add the view; from now on a list longer than some 30 idents is stored apart, compressed."""
    op.get_bind().exec_driver_sql(VIEW)
    op.execute("ALTER TABLE pipeline.forecast_verification SET (toast_tuple_target = 256)")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE pipeline.forecast_verification RESET (toast_tuple_target)")
    op.execute("DROP VIEW analytics.temporary_groups")
