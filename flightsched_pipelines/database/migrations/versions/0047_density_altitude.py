"""Density altitude: what it follows from, minimums about it and for types of aircraft, and which have a carburettor."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TABLE = "weather_minimums"
RULE = "density_altitude"
AIR = (
    (
        "outside_air_temperature_c",
        "Temperature of the hour, by the source that is due for it, degrees Celsius.",
    ),
    ("outside_air_dewpoint_c", "Dew point of the hour, by the same source, degrees Celsius."),
    ("altimeter_hpa", "Last altimeter setting reported, hectopascals."),
)
DEFAULT = {
    "authority": "default",
    "rule": RULE,
    "comparison": "<=",
    "limit_value": 8_000.0,
    "unit": "ft",
    "effect": "warn",
    "effective_from": date(2020, 1, 1),
    "reference": "FAA-P-8740-2: thin air takes power, lift and climb; take-off tables of trainers end at 8,000 ft "
    "(C172S, section 5)",
}

_SPEED = (
    "CASE unit WHEN 'kt' THEN 1.0 WHEN 'm/s' THEN 1.9438444924406046 WHEN 'km/h' THEN 0.5399568034557235 "
    "WHEN 'mph' THEN 0.8689762419006479 END"
)
_LENGTH = "CASE unit WHEN 'ft' THEN 1.0 WHEN 'm' THEN 3.280839895013123 END"
_LIMITED = (
    (
        "visibility",
        "'>', '>='",
        "CASE unit WHEN 'SM' THEN 1.0 WHEN 'm' THEN 0.0006213711922373339 WHEN 'km' THEN 0.621371192237334 END",
        "0.25 AND 20",
    ),
    ("ceiling", "'>', '>='", _LENGTH, "100 AND 20000"),
    ("daylight", "'>', '>='", "CASE unit WHEN 'min' THEN 1.0 WHEN 'h' THEN 60.0 END", "-60 AND 720"),
    ("wind", "'<', '<='", _SPEED, "1 AND 70"),
    ("gust", "'<', '<='", _SPEED, "1 AND 80"),
    ("gust_spread", "'<', '<='", _SPEED, "1 AND 40"),
    ("crosswind", "'<', '<='", _SPEED, "1 AND 40"),
)
_DENSITY_ALTITUDE = (RULE, "'<', '<='", _LENGTH, "1000 AND 20000")
_UNLIMITED = (
    ("aircraft_crosswind", "'<', '<='"),
    ("thunderstorm", "'none'"),
    ("icing", "'none'"),
    ("wind_shear", "'none'"),
)
_AREA_RULES = (
    "convection_area", "severe_turbulence_area", "severe_icing_area", "ash_area", "icing_area", "turbulence_area",
    "wind_shear_area", "surface_wind_area", "ifr_area", "mountain_obscuration_area", "convection_forecast_area",
)  # fmt: skip


def upgrade() -> None:
    """Add the columns, let minimums be about density altitude and types of aircraft, and enter the default."""
    for table in ("forecasts", "observations"):
        for name, comment in AIR:
            op.add_column(table, sa.Column(name, sa.Double(), comment=comment), schema="pipeline")
    op.add_column(
        TABLE,
        sa.Column("aircraft_type", sa.Text(), comment="Type of aircraft the rule is for; null for any."),
        schema="school",
    )
    op.add_column(
        "aircraft",
        sa.Column("carburettor", sa.Boolean(), comment="Whether its engine has a carburettor; null: not known."),
        schema="school",
    )
    _meaning((*_LIMITED, _DENSITY_ALTITUDE))
    minimums = sa.table(TABLE, *(sa.column(name) for name in DEFAULT), schema="school")
    # A database without defaults gets them all with its first school.
    has_defaults = sa.text(f"SELECT 1 FROM school.{TABLE} WHERE authority = 'default' LIMIT 1")  # noqa: S608, a constant
    if op.get_bind().execute(has_defaults).scalar():
        op.get_bind().execute(sa.insert(minimums), [DEFAULT])


def downgrade() -> None:
    """Take away what the version before cannot read.

    A minimum for a type of aircraft would count for every aircraft there, so it goes too.
    """
    op.execute(f"DELETE FROM school.{TABLE} WHERE rule = '{RULE}' OR aircraft_type IS NOT NULL")  # noqa: S608, constants
    _meaning(_LIMITED)
    op.drop_column("aircraft", "carburettor", schema="school")
    op.drop_column(TABLE, "aircraft_type", schema="school")
    for table in ("forecasts", "observations"):
        for name, _ in AIR:
            op.drop_column(table, name, schema="pipeline")


def _meaning(limited: Sequence[tuple[str, str, str, str]]) -> None:
    parts = [
        *(
            f"(rule = '{rule}' AND comparison IN ({allowed}) AND limit_value * {unit} BETWEEN {bounds})"
            for rule, allowed, unit, bounds in limited
        ),
        *(f"(rule = '{rule}' AND comparison IN ({allowed}))" for rule, allowed in _UNLIMITED),
        *(f"(rule = '{rule}' AND comparison IN ('none', 'any'))" for rule in _AREA_RULES),
    ]
    key = op.f("weather_minimums_meaning_check")
    op.drop_constraint(key, TABLE, schema="school")
    condition = f"({' OR '.join(parts)}) IS TRUE"
    op.execute(sa.text(f"ALTER TABLE school.{TABLE} ADD CONSTRAINT {key} CHECK ({condition}) NOT VALID"))
    with suppress(IntegrityError), op.get_bind().begin_nested():  # an old row: each hour looks for it, and names it
        op.execute(sa.text(f"ALTER TABLE school.{TABLE} VALIDATE CONSTRAINT {key}"))
