"""A rule that takes no limit has none, and no unit of another: a limit there was stored, and never compared."""

from contextlib import suppress

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

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
    ("density_altitude", "'<', '<='", _LENGTH, "1000 AND 20000"),
)
_UNLIMITED = (
    ("aircraft_crosswind", "'<', '<='", "'', 'kt'"),
    *((rule, "'none'", "''") for rule in ("thunderstorm", "icing", "wind_shear")),
    *(
        (f"{area}_area", "'none', 'any'", "''")
        for area in (
            "convection", "severe_turbulence", "severe_icing", "ash", "icing", "turbulence", "wind_shear",
            "surface_wind", "ifr", "mountain_obscuration", "convection_forecast",
        )
    ),
)  # fmt: skip


def upgrade() -> None:
    """Hold every new row to it, and the old ones if all keep to it."""
    _meaning(" AND limit_value IS NULL AND coalesce(unit, '') IN ({})")


def downgrade() -> None:
    """Take any limit and unit of these rules again."""
    _meaning("")


def _meaning(stated: str) -> None:
    limited = (
        f"(rule = '{rule}' AND comparison IN ({allowed}) AND limit_value * {unit} BETWEEN {bounds})"
        for rule, allowed, unit, bounds in _LIMITED
    )
    unlimited = (
        f"(rule = '{rule}' AND comparison IN ({allowed}){stated.format(units)})" for rule, allowed, units in _UNLIMITED
    )
    key = op.f("weather_minimums_meaning_check")
    op.drop_constraint(key, "weather_minimums", schema="school")
    condition = f"({' OR '.join((*limited, *unlimited))}) IS TRUE"
    op.execute(sa.text(f"ALTER TABLE school.weather_minimums ADD CONSTRAINT {key} CHECK ({condition}) NOT VALID"))
    with suppress(IntegrityError), op.get_bind().begin_nested():  # an old row: each hour looks for it, and names it
        op.execute(sa.text(f"ALTER TABLE school.weather_minimums VALIDATE CONSTRAINT {key}"))
