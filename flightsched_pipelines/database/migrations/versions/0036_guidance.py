"""The National Blend of Models among the sources, in the comments of what is stored."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SOURCE = "TAF, METAR, NBH, NBS (National Blend of Models) or OpenWeatherMap."
SOURCE_BEFORE = "TAF, METAR or OpenWeatherMap."
OUTCOME = (
    "ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large, damaged (cut off, or "
    "not what was requested)."
)
COMMENTS = (
    ("forecasts", "source", SOURCE, SOURCE_BEFORE),
    ("observations", "source", SOURCE, SOURCE_BEFORE),
    ("at_risk_bookings", "source", SOURCE, SOURCE_BEFORE),
    (
        "raw_weather",
        "provider",
        "aviation_weather_center, national_blend_of_models or open_weather_map.",
        "aviation_weather_center or open_weather_map.",
    ),
    (
        "raw_weather",
        "product",
        "taf, metar, nbh, nbs, one_call, or an area product: airsigmet, isigmet, gairmet, cwa, tcf.",
        "taf, metar, one_call, or an area product: airsigmet, isigmet, gairmet, cwa, tcf.",
    ),
    (
        "raw_weather",
        "outcome",
        OUTCOME,
        "ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large.",
    ),
)


def upgrade() -> None:
    """Write the new comments."""
    for table, column, after, before in COMMENTS:
        op.alter_column(table, column, schema="pipeline", comment=after, existing_comment=before)


def downgrade() -> None:
    """Write those before."""
    for table, column, after, before in COMMENTS:
        op.alter_column(table, column, schema="pipeline", comment=before, existing_comment=after)
