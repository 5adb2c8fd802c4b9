"""Verdicts whose gravest breach no METAR can show are no pair in the analysts' view, as in ``flightsched verify``."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

VIEW = """
CREATE OR REPLACE VIEW analytics.verdict_scores AS
SELECT
    date_trunc('month', partition_hour AT TIME ZONE 'UTC')::date AS month,
    training_level,
    lead_hours,
    verdict,
    {observed} AS observed,
    count(*) AS lessons,
    school_id,
    cause,
    cause_airport
FROM pipeline.verdict_verification
GROUP BY 1, 2, 3, 4, 5, 7, 8, 9
"""
PAIRS = "CASE WHEN cause IN ('wind_shear', 'daylight') OR right(cause, 5) = '_area' THEN 'unknown' ELSE observed END"
OBSERVED = "ok, watch, unknown or at_risk, by the METARs of the lesson''s hours; unknown is no pair"
CAUSES = ", as where the cause is a hazard area, low-level wind shear or daylight, which METARs cannot show"
ELEMENT = "ceiling, visibility, wind, crosswind or thunderstorm"
ACTED_ON = ", on whose temporary groups the platform acts already"
PROBABILITY = "Percent: 100 of a prevailing group, 50 of TEMPO, that of a PROB group, 0 of none"
DROPPED = " and of guidance below GUIDANCE_LEAST_PERCENT"


def upgrade() -> None:
    """Leave such verdicts out, and state what the neighbours' columns hold."""
    op.execute(VIEW.format(observed=PAIRS))
    _comment("verdict_scores.observed", f"{OBSERVED}{CAUSES}.")
    _comment("temporary_groups.element", f"{ELEMENT}{ACTED_ON}.")
    _comment("forecast_reliability.probability", f"{PROBABILITY}{DROPPED}.")


def downgrade() -> None:
    """Count them again."""
    op.execute(VIEW.format(observed="observed"))
    _comment("verdict_scores.observed", f"{OBSERVED}.")
    _comment("temporary_groups.element", f"{ELEMENT}.")
    _comment("forecast_reliability.probability", f"{PROBABILITY}.")


def _comment(column: str, meaning: str) -> None:
    op.execute(f"COMMENT ON COLUMN analytics.{column} IS '{meaning}'")
