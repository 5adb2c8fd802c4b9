"""One order of a lesson's breaches, stored with each, which the views read; and the rest that a breach is told from.

Hours that are stored get their order here, by the rule of ``domain/risk/breach_order.py`` as it was at this revision.
The rest is not known of them any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = (
    ("breach_rank", sa.Integer(), "Place among the lesson's breaches, 1 the gravest (docs/concepts/minimums.md)."),
    ("at_least", sa.Boolean(), "Whether the value is a bound: the visibility is at least that, as in P6SM."),
    ("probability", sa.Integer(), "Percent, of PROB groups; null in hours that an older version stored."),
    (
        "station_distance_nm",
        sa.Double(),
        "How far the station is from the airport; null in hours that an older version stored.",
    ),
    (
        "authority",
        sa.Text(),
        "Whose the limit is: school, default, regulation or field; null in hours that an older version stored.",
    ),
)

RANKED = """
UPDATE pipeline.at_risk_bookings AS breach SET breach_rank = ordered.place
FROM (
    SELECT b.ctid AS row, row_number() OVER (
        PARTITION BY b.partition_hour, b.booking_id
        ORDER BY
            CASE
                WHEN b.rule = 'forecast' THEN 1
                WHEN b.effect = 'block' AND (b.layer = 'prevailing' OR s.solo OR b.rule IN ('thunderstorm', 'icing'))
                    THEN 0
                ELSE 2
            END,
            b.effect IS DISTINCT FROM 'block',
            b.rule NOT IN ('thunderstorm', 'icing', 'wind_shear'),
            b.layer IS NOT DISTINCT FROM 'temporary',
            b.margin / CASE
                WHEN b.rule = 'daylight' THEN 60
                WHEN b.limit_value = 0 THEN 1
                ELSE abs(b.limit_value)
            END NULLS FIRST,
            array_position(
                ARRAY['visibility', 'ceiling', 'daylight', 'wind', 'gust', 'gust_spread', 'crosswind',
                      'aircraft_crosswind', 'thunderstorm', 'icing', 'wind_shear', 'forecast'],
                b.rule
            ),
            b.hour_utc,
            b.airport COLLATE "C"
    ) AS place
    FROM pipeline.at_risk_bookings b
    LEFT JOIN pipeline.booking_snapshot s USING (partition_hour, booking_id)
) AS ordered
WHERE ordered.row = breach.ctid
"""

VERDICTS = """
CREATE OR REPLACE VIEW analytics.verdicts AS
SELECT DISTINCT ON (partition_hour, booking_id)
    partition_hour AS hour_utc,
    booking_id,
    verdict,
    rule AS cause
FROM pipeline.at_risk_bookings
ORDER BY partition_hour, booking_id, breach_rank
"""

VERDICTS_BEFORE = """
CREATE OR REPLACE VIEW analytics.verdicts AS
SELECT DISTINCT ON (partition_hour, booking_id)
    partition_hour AS hour_utc,
    booking_id,
    verdict,
    rule AS cause
FROM pipeline.at_risk_bookings
ORDER BY
    partition_hour,
    booking_id,
    CASE
        WHEN rule = 'forecast' THEN 1
        WHEN effect = 'block' AND (layer = 'prevailing' OR value IS NULL) THEN 0
        ELSE 2
    END,
    margin / nullif(abs(limit_value), 0),
    rule
"""


def upgrade() -> None:
    """Add the columns, order what is stored, and let the view read it."""
    for name, kind, comment in COLUMNS:
        op.add_column("at_risk_bookings", sa.Column(name, kind, comment=comment), schema="pipeline")
    op.execute(RANKED)
    op.alter_column("at_risk_bookings", "breach_rank", nullable=False, schema="pipeline")
    op.execute(VERDICTS)


def downgrade() -> None:
    """Give the view its own order again, and drop the columns."""
    op.execute(VERDICTS_BEFORE)
    for name, _, _ in COLUMNS:
        op.drop_column("at_risk_bookings", name, schema="pipeline")
