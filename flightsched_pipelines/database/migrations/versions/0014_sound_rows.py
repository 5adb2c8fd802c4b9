"""What people enter is held to what can be read; rows from before are kept, and named while they cannot be.

Names of time zones are held to those that PostgreSQL knows, by a trigger.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHECKS = (
    (
        "aircraft",
        "aircraft_crosswind_check",
        "(demonstrated_crosswind_kt BETWEEN 1 AND 60) IS NOT FALSE",
    ),
    (
        "airports",
        "airports_approach_check",
        (
            "(approach_ceiling_ft BETWEEN 0 AND 5000) IS NOT FALSE AND (approach_visibility_sm BETWEEN 0 AND 10) IS NOT "
            "FALSE"
        ),
    ),
    (
        "airports",
        "airports_elevation_check",
        "elevation_ft BETWEEN -2000 AND 20000",
    ),
    (
        "availability_exceptions",
        "availability_exceptions_days_check",
        (
            "NOT isempty(period) AND lower(period) >= '2000-01-01 00:00+00'::timestamptz AND upper(period) <= "
            "'2200-01-01 00:00+00'::timestamptz"
        ),
    ),
    (
        "bookings",
        "bookings_days_check",
        (
            "NOT isempty(period) AND lower(period) >= '2000-01-01 00:00+00'::timestamptz AND upper(period) <= "
            "'2200-01-01 00:00+00'::timestamptz"
        ),
    ),
    (
        "bookings",
        "bookings_route_list_check",
        "CASE WHEN coalesce(array_ndims(route), 1) = 1 THEN array_position(route, NULL) IS NULL ELSE false END",
    ),
    (
        "contact_preferences",
        "contact_preferences_quiet_clock_check",
        "(quiet_from < '24:00'::time) IS NOT FALSE AND (quiet_to < '24:00'::time) IS NOT FALSE",
    ),
    (
        "downtime",
        "downtime_days_check",
        (
            "NOT isempty(period) AND lower(period) >= '2000-01-01 00:00+00'::timestamptz AND upper(period) <= "
            "'2200-01-01 00:00+00'::timestamptz"
        ),
    ),
    (
        "instructors",
        "instructors_may_teach_check",
        "may_teach <@ ARRAY['student_pilot', 'private_pilot', 'instrument_rated']",
    ),
    (
        "instructors",
        "instructors_may_teach_list_check",
        "CASE WHEN coalesce(array_ndims(may_teach), 1) = 1 THEN array_position(may_teach, NULL) IS NULL ELSE false END",
    ),
    (
        "runways",
        "runways_length_check",
        "length_ft <= 30000",
    ),
    (
        "student_preferences",
        "student_preferences_days_list_check",
        "CASE WHEN coalesce(array_ndims(days), 1) = 1 THEN array_position(days, NULL) IS NULL ELSE false END",
    ),
    (
        "student_preferences",
        "student_preferences_latest_date_check",
        "(latest_date BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE",
    ),
    (
        "student_preferences",
        "student_preferences_parts_of_day_list_check",
        (
            "CASE WHEN coalesce(array_ndims(parts_of_day), 1) = 1 THEN array_position(parts_of_day, NULL) IS NULL ELSE "
            "false END"
        ),
    ),
    (
        "weather_minimums",
        "weather_minimums_days_check",
        (
            "effective_from BETWEEN '1900-01-01'::date AND '9999-12-31'::date AND (effective_to BETWEEN effective_from "
            "AND '9999-12-31'::date) IS NOT FALSE"
        ),
    ),
    (
        "weather_minimums",
        "weather_minimums_meaning_check",
        (
            "((rule = 'visibility' AND comparison IN ('>', '>=') AND limit_value * CASE unit WHEN 'SM' THEN 1.0 WHEN 'm' "
            "THEN 0.0006213711922373339 WHEN 'km' THEN 0.621371192237334 END BETWEEN 0.25 AND 20) OR (rule = 'ceiling' "
            "AND comparison IN ('>', '>=') AND limit_value * CASE unit WHEN 'ft' THEN 1.0 WHEN 'm' THEN "
            "3.280839895013123 END BETWEEN 100 AND 20000) OR (rule = 'daylight' AND comparison IN ('>', '>=') AND "
            "limit_value * CASE unit WHEN 'min' THEN 1.0 WHEN 'h' THEN 60.0 END BETWEEN -60 AND 720) OR (rule = 'wind' "
            "AND comparison IN ('<', '<=') AND limit_value * CASE unit WHEN 'kt' THEN 1.0 WHEN 'm/s' THEN "
            "1.9438444924406046 WHEN 'km/h' THEN 0.5399568034557235 WHEN 'mph' THEN 0.8689762419006479 END BETWEEN 1 AND "
            "70) OR (rule = 'gust' AND comparison IN ('<', '<=') AND limit_value * CASE unit WHEN 'kt' THEN 1.0 WHEN "
            "'m/s' THEN 1.9438444924406046 WHEN 'km/h' THEN 0.5399568034557235 WHEN 'mph' THEN 0.8689762419006479 END "
            "BETWEEN 1 AND 80) OR (rule = 'gust_spread' AND comparison IN ('<', '<=') AND limit_value * CASE unit WHEN "
            "'kt' THEN 1.0 WHEN 'm/s' THEN 1.9438444924406046 WHEN 'km/h' THEN 0.5399568034557235 WHEN 'mph' THEN "
            "0.8689762419006479 END BETWEEN 1 AND 40) OR (rule = 'crosswind' AND comparison IN ('<', '<=') AND "
            "limit_value * CASE unit WHEN 'kt' THEN 1.0 WHEN 'm/s' THEN 1.9438444924406046 WHEN 'km/h' THEN "
            "0.5399568034557235 WHEN 'mph' THEN 0.8689762419006479 END BETWEEN 1 AND 40) OR (rule = 'aircraft_crosswind' "
            "AND comparison IN ('<', '<=')) OR (rule = 'thunderstorm' AND comparison IN ('none')) OR (rule = 'icing' AND "
            "comparison IN ('none')) OR (rule = 'wind_shear' AND comparison IN ('none'))) IS TRUE"
        ),
    ),
    (
        "weather_minimums",
        "weather_minimums_whom_check",
        (
            "(training_level IN ('student_pilot', 'private_pilot', 'instrument_rated')) IS NOT FALSE AND (lesson_kind IN "
            "('pattern', 'local', 'cross_country')) IS NOT FALSE"
        ),
    ),
)
"""Table, name and condition."""

ZONED = ("airports", "contact_preferences")
REQUIRE_TIME_ZONE = """
CREATE FUNCTION school.require_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = NEW.time_zone) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = format(
            'time_zone of %s is "%s"; give the IANA name of a time zone, such as America/Denver',
            TG_TABLE_NAME, NEW.time_zone);
    END IF;
    RETURN NEW;
END $$
"""
UNIT = "Unit of the limit: SM, m or km; ft or m; kt, m/s, km/h or mph; min or h."


def upgrade() -> None:
    """Hold every new row to the conditions, and the old ones wherever all of a table's keep to them."""
    for table, name, condition in CHECKS:
        op.execute(sa.text(f"ALTER TABLE school.{table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"))
        try:
            with op.get_bind().begin_nested():
                op.execute(sa.text(f"ALTER TABLE school.{table} VALIDATE CONSTRAINT {name}"))
        except IntegrityError:
            continue  # an old row: each hour looks for it, and names it
    op.execute(sa.text(REQUIRE_TIME_ZONE))
    for table in ZONED:
        op.execute(
            sa.text(
                f"CREATE TRIGGER {table}_time_zone BEFORE INSERT OR UPDATE OF time_zone ON school.{table} FOR EACH ROW "
                "WHEN (NEW.time_zone IS NOT NULL) EXECUTE FUNCTION school.require_time_zone()"
            )
        )
    op.alter_column("weather_minimums", "unit", schema="school", comment=UNIT)


def downgrade() -> None:
    """Drop them."""
    op.alter_column("weather_minimums", "unit", schema="school", comment="SM, ft, kt or min.")
    for table in ZONED:
        op.execute(sa.text(f"DROP TRIGGER {table}_time_zone ON school.{table}"))
    op.execute(sa.text("DROP FUNCTION school.require_time_zone()"))
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(name), table, schema="school", type_="check")
