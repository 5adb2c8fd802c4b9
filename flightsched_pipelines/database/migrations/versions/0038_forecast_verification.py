"""Outcomes of the forecasts of each hour."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "forecast_verification",
        sa.Column(
            "partition_hour",
            INSTANT,
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("airport", sa.Text(), nullable=False, comment="Airport, ICAO ident."),
        sa.Column("hour_utc", INSTANT, nullable=False, comment="The observed hour, UTC."),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="Source of the forecast, such as TAF or OpenWeatherMap."
        ),
        sa.Column(
            "lead_hours",
            sa.Integer(),
            nullable=False,
            comment="How long before the hour the forecast was known, hours.",
        ),
        sa.Column("part", sa.Text(), nullable=False, comment="Part of the forecast: prevailing, tempo or prob."),
        sa.Column(
            "element", sa.Text(), nullable=False, comment="ceiling, visibility, wind, crosswind or thunderstorm."
        ),
        sa.Column(
            "threshold",
            sa.Double(),
            nullable=False,
            comment="Ceiling below it in feet, visibility below it in statute miles, wind beyond it in knots; "
            "0 for thunderstorm.",
        ),
        sa.Column(
            "probability",
            sa.Integer(),
            nullable=True,
            comment="Percent that the part gives; null where a part of the forecast is missing.",
        ),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="hit, miss, false_alarm, correct_negative; missing where either side lacks the element.",
        ),
        schema="pipeline",
        comment="Outcomes of each source's forecasts of the hour before: one row an airport, source, lead, part "
        "and threshold.",
    )
    op.create_index(
        "forecast_verification_partition_hour_idx",
        "forecast_verification",
        ["partition_hour", "airport"],
        schema="pipeline",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("forecast_verification", schema="pipeline")
