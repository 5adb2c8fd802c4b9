"""Hazard areas of each hour, and the minimums that are about them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLE = "weather_minimums"
COMPARISON = "What is allowed: >, >=, < or <= the limit; none: no hazard; any: every area."
COMPARISON_BEFORE = "What is allowed: >, >=, < or <= the limit; none: no such hazard."
PRODUCT = "taf, metar, one_call, or an area product: airsigmet, isigmet, gairmet, cwa, tcf."
PRODUCT_BEFORE = "taf, metar or one_call."

_SPEED = (
    "CASE unit WHEN 'kt' THEN 1.0 WHEN 'm/s' THEN 1.9438444924406046 WHEN 'km/h' THEN 0.5399568034557235 "
    "WHEN 'mph' THEN 0.8689762419006479 END"
)
_LIMITED = (
    (
        "visibility",
        "'>', '>='",
        "CASE unit WHEN 'SM' THEN 1.0 WHEN 'm' THEN 0.0006213711922373339 WHEN 'km' THEN 0.621371192237334 END",
        "0.25 AND 20",
    ),
    ("ceiling", "'>', '>='", "CASE unit WHEN 'ft' THEN 1.0 WHEN 'm' THEN 3.280839895013123 END", "100 AND 20000"),
    ("daylight", "'>', '>='", "CASE unit WHEN 'min' THEN 1.0 WHEN 'h' THEN 60.0 END", "-60 AND 720"),
    ("wind", "'<', '<='", _SPEED, "1 AND 70"),
    ("gust", "'<', '<='", _SPEED, "1 AND 80"),
    ("gust_spread", "'<', '<='", _SPEED, "1 AND 40"),
    ("crosswind", "'<', '<='", _SPEED, "1 AND 40"),
)
_UNLIMITED = (
    ("aircraft_crosswind", "'<', '<='"),
    ("thunderstorm", "'none'"),
    ("icing", "'none'"),
    ("wind_shear", "'none'"),
)
AREA_RULES = (
    "convection_area", "severe_turbulence_area", "severe_icing_area", "ash_area", "icing_area", "turbulence_area",
    "wind_shear_area", "surface_wind_area", "ifr_area", "mountain_obscuration_area", "convection_forecast_area",
)  # fmt: skip
CONVECTION = "AIM 7-1-26: keep at least 20 miles from severe thunderstorms"
SEVERE = "AIM 7-1-5: SIGMETs are hazardous to all aircraft"
MODERATE = "AIM 7-1-5: AIRMETs are of operational interest to all aircraft"
ICING = "14 CFR 91.9 and 91.103: no flight into forecast icing without approval"
DEFAULTS: Sequence[tuple[str | None, bool | None, str | None, str, str, str]] = (
    (None, None, None, "convection_area", "block", CONVECTION),
    (None, None, None, "severe_turbulence_area", "block", SEVERE),
    (None, None, None, "severe_icing_area", "block", SEVERE),
    (None, None, None, "ash_area", "block", SEVERE),
    (None, None, None, "icing_area", "block", ICING),
    (None, None, None, "turbulence_area", "warn", MODERATE),
    ("student_pilot", True, None, "turbulence_area", "block", MODERATE),
    (None, None, None, "wind_shear_area", "warn", MODERATE),
    (None, True, None, "wind_shear_area", "block", MODERATE),
    (None, None, None, "surface_wind_area", "warn", MODERATE),
    ("student_pilot", None, None, "surface_wind_area", "block", MODERATE),
    ("student_pilot", None, None, "ifr_area", "warn", MODERATE),
    ("private_pilot", None, None, "ifr_area", "warn", MODERATE),
    ("student_pilot", None, "cross_country", "ifr_area", "block", MODERATE),
    ("private_pilot", None, "cross_country", "ifr_area", "block", MODERATE),
    ("student_pilot", None, None, "mountain_obscuration_area", "warn", MODERATE),
    ("private_pilot", None, None, "mountain_obscuration_area", "warn", MODERATE),
    ("student_pilot", True, "cross_country", "mountain_obscuration_area", "block", MODERATE),
    (None, None, None, "convection_forecast_area", "warn", CONVECTION),
)
"""Level, solo, kind of lesson, rule, effect and reference."""


def upgrade() -> None:
    """Add the table, let minimums be about areas, and enter the defaults."""
    op.create_table(
        "hazard_areas",
        sa.Column(
            "partition_hour",
            INSTANT,
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("product", sa.Text(), nullable=False, comment="airsigmet, isigmet, gairmet, cwa or tcf."),
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="The area, as people name it, such as convective SIGMET 5W.",
        ),
        sa.Column(
            "hazard",
            sa.Text(),
            nullable=True,
            comment="What it is for; null where what or where it is cannot be read.",
        ),
        sa.Column("from_utc", INSTANT, nullable=False, comment="Start, UTC."),
        sa.Column("to_utc", INSTANT, nullable=False, comment="End, UTC."),
        sa.Column(
            "base_ft", sa.Double(), nullable=False, comment="Base above mean sea level, feet; 0 for the surface."
        ),
        sa.Column("top_ft", sa.Double(), nullable=True, comment="Top above mean sea level, feet; null for none."),
        sa.Column(
            "outline",
            sa.Text(),
            nullable=True,
            comment="Outline in GeoJSON; null where it cannot be read: it may be anywhere.",
        ),
        sa.Column(
            "problem", sa.Text(), nullable=True, comment="What could not be read, in a sentence; null for nothing."
        ),
        schema="pipeline",
        comment="Hazard areas of the hour: SIGMETs, G-AIRMETs, center weather advisories, convective forecasts; "
        "one row an area.",
    )
    op.create_index("hazard_areas_partition_hour_idx", "hazard_areas", ["partition_hour", "product"], schema="pipeline")
    _comments(COMPARISON, PRODUCT)
    _conditions("'>', '>=', '<', '<=', 'none', 'any'", AREA_RULES)
    minimums = sa.table(
        TABLE,
        *(
            sa.column(name)
            for name in (
                "authority", "training_level", "solo", "lesson_kind", "rule", "comparison", "effect",
                "effective_from", "reference",
            )
        ),
        schema="school",
    )  # fmt: skip
    names = ("training_level", "solo", "lesson_kind", "rule", "effect", "reference")
    facts = {"authority": "default", "comparison": "none", "effective_from": date(2020, 1, 1)}
    op.get_bind().execute(sa.insert(minimums), [dict(zip(names, row, strict=True)) | facts for row in DEFAULTS])


def downgrade() -> None:
    """Take away what the version before cannot read: the areas, and the minimums that are about them."""
    op.execute(
        sa.text(f"DELETE FROM school.{TABLE} WHERE rule = ANY (:rules)").bindparams(rules=list(AREA_RULES))  # noqa: S608, a constant
    )
    _conditions("'>', '>=', '<', '<=', 'none'", ())
    _comments(COMPARISON_BEFORE, PRODUCT_BEFORE)
    op.drop_table("hazard_areas", schema="pipeline")


def _conditions(comparisons: str, area_rules: Sequence[str]) -> None:
    parts = [
        *(
            f"(rule = '{rule}' AND comparison IN ({allowed}) AND limit_value * {unit} BETWEEN {bounds})"
            for rule, allowed, unit, bounds in _LIMITED
        ),
        *(f"(rule = '{rule}' AND comparison IN ({allowed}))" for rule, allowed in _UNLIMITED),
        *(f"(rule = '{rule}' AND comparison IN ('none', 'any'))" for rule in area_rules),
    ]
    for name, condition in (
        ("comparison", f"comparison IN ({comparisons})"),
        ("meaning", f"({' OR '.join(parts)}) IS TRUE"),
    ):
        key = op.f(f"weather_minimums_{name}_check")
        op.drop_constraint(key, TABLE, schema="school")
        op.execute(sa.text(f"ALTER TABLE school.{TABLE} ADD CONSTRAINT {key} CHECK ({condition}) NOT VALID"))
        with suppress(IntegrityError), op.get_bind().begin_nested():  # an old row: each hour looks for it, and names it
            op.execute(sa.text(f"ALTER TABLE school.{TABLE} VALIDATE CONSTRAINT {key}"))


def _comments(comparison: str, product: str) -> None:
    op.alter_column(TABLE, "comparison", existing_type=sa.Text(), comment=comparison, schema="school")
    op.alter_column("raw_weather", "product", existing_type=sa.Text(), comment=product, schema="pipeline")
