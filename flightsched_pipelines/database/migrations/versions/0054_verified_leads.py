"""Intervals of CSI and bias for analysts, and comments on what forecasts are verified by since."""

from pathlib import Path

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

HERE = Path(__file__)
LAST = "    c.brier::double precision AS brier\nFROM counted c"
INTERVALS = """    c.brier::double precision AS brier,
    analytics.wilson(c.hits, c.hits + c.misses + c.false_alarms, -1) AS csi_low,
    analytics.wilson(c.hits, c.hits + c.misses + c.false_alarms, 1) AS csi_high,
    1 + went.wrong * (2 * analytics.wilson(c.false_alarms, went.wrong, -1) - 1) / nullif(c.hits + c.misses, 0)
        AS bias_low,
    1 + went.wrong * (2 * analytics.wilson(c.false_alarms, went.wrong, 1) - 1) / nullif(c.hits + c.misses, 0)
        AS bias_high
FROM counted c
CROSS JOIN LATERAL (VALUES (c.misses + c.false_alarms)) AS went (wrong)"""
NEW = {
    "csi_low": "Lower end of its interval at 95 percent (Wilson).",
    "csi_high": "Upper end of its interval at 95 percent (Wilson).",
    "bias_low": "Lower end of its interval at 95 percent, by the false alarms among what went wrong; null without events.",
    "bias_high": "Upper end of its interval at 95 percent, by the false alarms among what went wrong; null without events.",
}

KINDS_BEFORE = "Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR, HOURLY; UNREAD where it cannot be read."
KINDS = (
    f"{KINDS_BEFORE.removesuffix('.')}, UNLIKELY where its probability does not count and is kept to verify forecasts."
)
SOURCES_BEFORE = "Source of the forecast, such as TAF or OpenWeatherMap."
SOURCES = "Source of the forecast, such as TAF or OpenWeatherMap; nearest TAF where it is that of another station."
COMMENTS = (
    ("forecasts", "change", KINDS, KINDS_BEFORE),
    ("observations", "change", KINDS, KINDS_BEFORE),
    ("forecast_verification", "source", SOURCES, SOURCES_BEFORE),
)
PROBABILITY = "Percent: 100 of a prevailing group, 50 of TEMPO, that of a PROB group, 0 of none"
BEFORE_LEAST = " and of guidance below GUIDANCE_LEAST_PERCENT"


def upgrade() -> None:
    """Add the intervals, and write the comments."""
    _run(_view().replace(LAST, INTERVALS))
    for name, meaning in NEW.items():
        op.execute(f"COMMENT ON COLUMN analytics.forecast_scores.{name} IS '{meaning}'")
    _comment_on_probability(f"{PROBABILITY}.")
    for table, column, after, before in COMMENTS:
        op.alter_column(table, column, schema="pipeline", comment=after, existing_comment=before)


def downgrade() -> None:
    """Make the view as it was, with its comments."""
    op.execute("DROP VIEW analytics.forecast_scores")
    _run(_view())
    first = HERE.with_name("0039_forecast_scores.sql").read_text().splitlines()
    _run("\n".join(line for line in first if line.startswith("COMMENT ON") and "analytics.forecast_scores" in line))
    _comment_on_probability(f"{PROBABILITY}{BEFORE_LEAST}.")
    for table, column, after, before in COMMENTS:
        op.alter_column(table, column, schema="pipeline", comment=before, existing_comment=after)


def _view() -> str:
    views = HERE.with_name("0041_outcomes_by_airports.sql").read_text().split("CREATE OR REPLACE VIEW ")
    return next(f"CREATE OR REPLACE VIEW {view}" for view in views if view.startswith("analytics.forecast_scores "))


def _comment_on_probability(meaning: str) -> None:
    op.execute(f"COMMENT ON COLUMN analytics.forecast_reliability.probability IS '{meaning}'")


def _run(statements: str) -> None:
    op.get_bind().exec_driver_sql(statements)
