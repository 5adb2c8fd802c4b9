"""The first schema: school, pipeline, analytics."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = {
    "school": "What a school keeps: people, aircraft, bookings, rules.",
    "pipeline": "What each hour materialised; column partition_hour says which.",
    "analytics": "Views that analysts are promised.",
}


def upgrade() -> None:
    """Make schemas and tables."""
    for name, comment in SCHEMAS.items():
        op.execute(sa.schema.CreateSchema(name))
        op.execute(f"COMMENT ON SCHEMA {name} IS '{comment}'")
    op.create_table(
        "at_risk_bookings",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column("verdict", sa.Text(), nullable=False, comment="watch, unknown or at_risk, of the whole lesson."),
        sa.Column(
            "rule",
            sa.Text(),
            nullable=False,
            comment="What is below the minimum; forecast where there is none that can be read.",
        ),
        sa.Column("effect", sa.Text(), nullable=True, comment="block or warn."),
        sa.Column("value", sa.Double(), nullable=True, comment="What is forecast, in the unit; null for hazards."),
        sa.Column("limit_value", sa.Double(), nullable=True, comment="The minimum, in the unit; null for hazards."),
        sa.Column(
            "margin",
            sa.Double(),
            nullable=True,
            comment="By how much the minimum is met: negative where it is not, in the unit.",
        ),
        sa.Column("unit", sa.Text(), nullable=True, comment="SM, ft, kt or min."),
        sa.Column("hazard", sa.Text(), nullable=True, comment="Hazard codes, or what is missing."),
        sa.Column("airport", sa.Text(), nullable=False, comment="Where."),
        sa.Column("hour_utc", sa.DateTime(timezone=True), nullable=False, comment="When: the worst hour, UTC."),
        sa.Column("layer", sa.Text(), nullable=True, comment="prevailing or temporary."),
        sa.Column("change", sa.Text(), nullable=True, comment="Kind of forecast group."),
        sa.Column("source", sa.Text(), nullable=True, comment="TAF, METAR or OpenWeatherMap."),
        sa.Column("station", sa.Text(), nullable=True, comment="Whose report."),
        sa.Column("group_from_utc", sa.DateTime(timezone=True), nullable=True, comment="Start of the group, UTC."),
        sa.Column("group_to_utc", sa.DateTime(timezone=True), nullable=True, comment="End of the group, UTC."),
        sa.Column("reference", sa.Text(), nullable=True, comment="Who says so."),
        sa.Column("explanation", sa.Text(), nullable=False, comment="The lesson's verdict in words."),
        schema="pipeline",
        comment="Lessons that are not ok, one row a lesson, broken rule, airport and layer: the worst hour.",
    )
    op.create_index(
        "at_risk_bookings_partition_hour_idx",
        "at_risk_bookings",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "availability_snapshot",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("resource", sa.Text(), nullable=False, comment="school, student, instructor or aircraft."),
        sa.Column("resource_id", sa.BigInteger(), nullable=False, comment="Which one."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="From when, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="To when, UTC."),
        sa.Column("aircraft_type", sa.Text(), nullable=True, comment="Type, of aircraft."),
        sa.Column(
            "aircraft_crosswind_kt", sa.Double(), nullable=True, comment="Demonstrated crosswind, of aircraft, knots."
        ),
        sa.Column("may_teach", sa.ARRAY(sa.Text()), nullable=False, comment="Training levels, of instructors."),
        schema="pipeline",
        comment="When each school, student, instructor and aircraft could be used, as it stood at the hour.",
    )
    op.create_index(
        "availability_snapshot_partition_hour_idx",
        "availability_snapshot",
        ["partition_hour", "resource_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "booking_snapshot",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column("reference", sa.Text(), nullable=False, comment="Name that people use for the booking."),
        sa.Column("school_id", sa.BigInteger(), nullable=True, comment="School."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Who flies."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Who teaches; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=True, comment="Aircraft."),
        sa.Column("aircraft_type", sa.Text(), nullable=True, comment="Its type."),
        sa.Column("training_level", sa.Text(), nullable=False, comment="Level of the student."),
        sa.Column("solo", sa.Boolean(), nullable=False, comment="Whether the student flies alone."),
        sa.Column("lesson_kind", sa.Text(), nullable=False, comment="pattern, local or cross_country."),
        sa.Column("departure", sa.Text(), nullable=False, comment="ICAO ident."),
        sa.Column(
            "route",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="Idents after the departure, the last the destination.",
        ),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column("status", sa.Text(), nullable=False, comment="scheduled or weather_hold."),
        sa.Column(
            "aircraft_crosswind_kt",
            sa.Double(),
            nullable=True,
            comment="Demonstrated crosswind of the aircraft, knots.",
        ),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="IANA zone of the departure."),
        schema="pipeline",
        comment="The bookings as they stood at the hour.",
    )
    op.create_index(
        "booking_snapshot_partition_hour_idx",
        "booking_snapshot",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "forecasts",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("airport", sa.Text(), nullable=False, comment="ICAO ident of the field the row is about."),
        sa.Column("hour_utc", sa.DateTime(timezone=True), nullable=False, comment="The hour it is about, UTC."),
        sa.Column("layer", sa.Text(), nullable=False, comment="prevailing, or temporary (TEMPO, PROB)."),
        sa.Column(
            "change", sa.Text(), nullable=False, comment="Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR or HOURLY."
        ),
        sa.Column("probability", sa.Integer(), nullable=True, comment="Percent, of PROB groups."),
        sa.Column("group_from_utc", sa.DateTime(timezone=True), nullable=False, comment="Start of the group, UTC."),
        sa.Column("group_to_utc", sa.DateTime(timezone=True), nullable=False, comment="End of the group, UTC."),
        sa.Column(
            "wind_direction_deg",
            sa.Double(),
            nullable=True,
            comment="True direction the wind comes from, degrees; null when variable.",
        ),
        sa.Column("wind_speed_kt", sa.Double(), nullable=True, comment="Sustained wind, knots; null when missing."),
        sa.Column("wind_gust_kt", sa.Double(), nullable=True, comment="Gusts, knots; null without."),
        sa.Column("visibility_sm", sa.Double(), nullable=True, comment="Visibility, statute miles; null when missing."),
        sa.Column(
            "visibility_at_least",
            sa.Boolean(),
            nullable=False,
            comment="Whether the report gives only a lower bound (6+, 10+).",
        ),
        sa.Column(
            "ceiling_ft",
            sa.Double(),
            nullable=True,
            comment="Ceiling above ground, feet; null is unlimited unless missing says otherwise.",
        ),
        sa.Column(
            "ceiling_estimated",
            sa.Boolean(),
            nullable=False,
            comment="Whether the ceiling was estimated from temperature and dew point.",
        ),
        sa.Column("temperature_c", sa.Double(), nullable=True, comment="Temperature at the surface, degrees Celsius."),
        sa.Column("dewpoint_c", sa.Double(), nullable=True, comment="Dew point, degrees Celsius."),
        sa.Column("weather", sa.Text(), nullable=True, comment="Weather codes as reported."),
        sa.Column("hazards", sa.ARRAY(sa.Text()), nullable=False, comment="Hazard codes: TS, FZRA, LLWS, CB, ..."),
        sa.Column(
            "missing",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="Elements that the report should give and does not, or not legibly.",
        ),
        sa.Column(
            "flight_category", sa.Text(), nullable=True, comment="VFR, MVFR, IFR or LIFR; null when it cannot be known."
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="TAF, METAR or OpenWeatherMap."),
        sa.Column("station", sa.Text(), nullable=False, comment="Whose report it is."),
        sa.Column(
            "station_distance_nm",
            sa.Double(),
            nullable=False,
            comment="How far the station is from the field, nautical miles.",
        ),
        sa.Column(
            "issued_at_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the report was issued or taken, UTC.",
        ),
        sa.Column(
            "age_minutes", sa.Double(), nullable=True, comment="Age of the report at the partition's hour, minutes."
        ),
        sa.Column(
            "lead_minutes", sa.Double(), nullable=True, comment="From the report's issue to the row's hour, minutes."
        ),
        sa.Column(
            "governs",
            sa.Boolean(),
            nullable=False,
            comment="Whether the row is held against bookings; others stand beside it.",
        ),
        schema="pipeline",
        comment="One row an airport, hour and forecast group that overlaps it.",
    )
    op.create_index(
        "forecasts_partition_hour_idx", "forecasts", ["partition_hour", "airport"], unique=False, schema="pipeline"
    )
    op.create_table(
        "observations",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("airport", sa.Text(), nullable=False, comment="ICAO ident of the field the row is about."),
        sa.Column("hour_utc", sa.DateTime(timezone=True), nullable=False, comment="The hour it is about, UTC."),
        sa.Column("layer", sa.Text(), nullable=False, comment="prevailing, or temporary (TEMPO, PROB)."),
        sa.Column(
            "change", sa.Text(), nullable=False, comment="Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR or HOURLY."
        ),
        sa.Column("probability", sa.Integer(), nullable=True, comment="Percent, of PROB groups."),
        sa.Column("group_from_utc", sa.DateTime(timezone=True), nullable=False, comment="Start of the group, UTC."),
        sa.Column("group_to_utc", sa.DateTime(timezone=True), nullable=False, comment="End of the group, UTC."),
        sa.Column(
            "wind_direction_deg",
            sa.Double(),
            nullable=True,
            comment="True direction the wind comes from, degrees; null when variable.",
        ),
        sa.Column("wind_speed_kt", sa.Double(), nullable=True, comment="Sustained wind, knots; null when missing."),
        sa.Column("wind_gust_kt", sa.Double(), nullable=True, comment="Gusts, knots; null without."),
        sa.Column("visibility_sm", sa.Double(), nullable=True, comment="Visibility, statute miles; null when missing."),
        sa.Column(
            "visibility_at_least",
            sa.Boolean(),
            nullable=False,
            comment="Whether the report gives only a lower bound (6+, 10+).",
        ),
        sa.Column(
            "ceiling_ft",
            sa.Double(),
            nullable=True,
            comment="Ceiling above ground, feet; null is unlimited unless missing says otherwise.",
        ),
        sa.Column(
            "ceiling_estimated",
            sa.Boolean(),
            nullable=False,
            comment="Whether the ceiling was estimated from temperature and dew point.",
        ),
        sa.Column("temperature_c", sa.Double(), nullable=True, comment="Temperature at the surface, degrees Celsius."),
        sa.Column("dewpoint_c", sa.Double(), nullable=True, comment="Dew point, degrees Celsius."),
        sa.Column("weather", sa.Text(), nullable=True, comment="Weather codes as reported."),
        sa.Column("hazards", sa.ARRAY(sa.Text()), nullable=False, comment="Hazard codes: TS, FZRA, LLWS, CB, ..."),
        sa.Column(
            "missing",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="Elements that the report should give and does not, or not legibly.",
        ),
        sa.Column(
            "flight_category", sa.Text(), nullable=True, comment="VFR, MVFR, IFR or LIFR; null when it cannot be known."
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="TAF, METAR or OpenWeatherMap."),
        sa.Column("station", sa.Text(), nullable=False, comment="Whose report it is."),
        sa.Column(
            "station_distance_nm",
            sa.Double(),
            nullable=False,
            comment="How far the station is from the field, nautical miles.",
        ),
        sa.Column(
            "issued_at_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the report was issued or taken, UTC.",
        ),
        sa.Column(
            "age_minutes", sa.Double(), nullable=True, comment="Age of the report at the partition's hour, minutes."
        ),
        sa.Column(
            "lead_minutes", sa.Double(), nullable=True, comment="From the report's issue to the row's hour, minutes."
        ),
        sa.Column(
            "governs",
            sa.Boolean(),
            nullable=False,
            comment="Whether the row is held against bookings; others stand beside it.",
        ),
        schema="pipeline",
        comment="METARs, one row a report.",
    )
    op.create_index(
        "observations_partition_hour_idx",
        "observations",
        ["partition_hour", "airport"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "raw_weather",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("provider", sa.Text(), nullable=False, comment="aviation_weather_center or open_weather_map."),
        sa.Column("product", sa.Text(), nullable=False, comment="taf, metar or one_call."),
        sa.Column("request", sa.Text(), nullable=False, comment="Path and query that were asked, without any key."),
        sa.Column("stations", sa.ARRAY(sa.Text()), nullable=False, comment="Stations asked for."),
        sa.Column("fetched_at_utc", sa.DateTime(timezone=True), nullable=False, comment="When it was fetched, UTC."),
        sa.Column("status_code", sa.Integer(), nullable=True, comment="HTTP status; null when no answer came."),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large.",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="What went wrong, in a sentence."),
        sa.Column("etag", sa.Text(), nullable=True, comment="ETag, for the next conditional request."),
        sa.Column("last_modified", sa.Text(), nullable=True, comment="Last-Modified, likewise."),
        sa.Column("body", sa.Text(), nullable=True, comment="The answer, verbatim."),
        schema="pipeline",
        comment="Weather providers' answers, verbatim, one row a request.",
    )
    op.create_index(
        "raw_weather_partition_hour_idx", "raw_weather", ["partition_hour", "product"], unique=False, schema="pipeline"
    )
    op.create_table(
        "reschedule_candidates",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column("slot", sa.Integer(), nullable=False, comment="Number of the slot, 1 the best."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Instructor; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column(
            "verdict", sa.Text(), nullable=False, comment="ok, watch or unforecast (no forecast reaches it yet)."
        ),
        sa.Column(
            "margin",
            sa.Double(),
            nullable=True,
            comment="Smallest relative margin over the minimums; null where unforecast.",
        ),
        sa.Column("same_instructor", sa.Boolean(), nullable=False, comment="Whether the instructor stays."),
        sa.Column("same_aircraft", sa.Boolean(), nullable=False, comment="Whether the aircraft stays."),
        sa.Column(
            "minutes_moved",
            sa.Integer(),
            nullable=False,
            comment="How far the lesson moves, minutes; negative is earlier.",
        ),
        sa.Column("score", sa.Double(), nullable=False, comment="The lower the better, in days of waiting."),
        schema="pipeline",
        comment="Slots that work for each threatened lesson.",
    )
    op.create_index(
        "reschedule_candidates_partition_hour_idx",
        "reschedule_candidates",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "reschedule_proposals",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column("rank", sa.Integer(), nullable=False, comment="1 the first choice."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Instructor; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column(
            "verdict", sa.Text(), nullable=False, comment="ok, watch or unforecast (no forecast reaches it yet)."
        ),
        sa.Column(
            "margin",
            sa.Double(),
            nullable=True,
            comment="Smallest relative margin over the minimums; null where unforecast.",
        ),
        sa.Column("same_instructor", sa.Boolean(), nullable=False, comment="Whether the instructor stays."),
        sa.Column("same_aircraft", sa.Boolean(), nullable=False, comment="Whether the aircraft stays."),
        sa.Column(
            "minutes_moved",
            sa.Integer(),
            nullable=False,
            comment="How far the lesson moves, minutes; negative is earlier.",
        ),
        sa.Column("score", sa.Double(), nullable=False, comment="The lower the better, in days of waiting."),
        sa.Column("ranked_by", sa.Text(), nullable=False, comment="Who put the alternatives in this order."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why this one, in words."),
        schema="pipeline",
        comment="Up to three alternatives for each threatened lesson, which could all be held at once.",
    )
    op.create_index(
        "reschedule_proposals_partition_hour_idx",
        "reschedule_proposals",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "airports",
        sa.Column("ident", sa.Text(), nullable=False, comment="ICAO ident."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the field."),
        sa.Column("latitude_deg", sa.Double(), nullable=False, comment="Latitude, degrees north."),
        sa.Column("longitude_deg", sa.Double(), nullable=False, comment="Longitude, degrees east."),
        sa.Column("elevation_ft", sa.Double(), nullable=False, comment="Field elevation above mean sea level, feet."),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="IANA time zone."),
        sa.Column("issues_taf", sa.Boolean(), nullable=False, comment="Whether the field has a TAF of its own."),
        sa.Column("issues_metar", sa.Boolean(), nullable=False, comment="Whether the field has METARs of its own."),
        sa.Column(
            "approach_ceiling_ft",
            sa.Double(),
            nullable=True,
            comment="Lowest ceiling of the field's approaches, feet above ground.",
        ),
        sa.Column(
            "approach_visibility_sm",
            sa.Double(),
            nullable=True,
            comment="Lowest visibility of the field's approaches, statute miles.",
        ),
        sa.CheckConstraint(
            "latitude_deg BETWEEN -90 AND 90 AND longitude_deg BETWEEN -180 AND 180",
            name=op.f("airports_position_check"),
        ),
        sa.PrimaryKeyConstraint("ident", name=op.f("airports_pkey")),
        schema="school",
        comment="Airports that schools use.",
    )
    op.create_table(
        "runways",
        sa.Column("airport", sa.Text(), nullable=False, comment="ICAO ident."),
        sa.Column("runway", sa.Text(), nullable=False, comment="Designator of this runway end, such as 31L."),
        sa.Column(
            "heading_true_deg", sa.Double(), nullable=False, comment="True heading when landing on this end, degrees."
        ),
        sa.Column("length_ft", sa.Double(), nullable=False, comment="Length, feet."),
        sa.Column(
            "closed", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="Whether it is closed."
        ),
        sa.CheckConstraint("heading_true_deg BETWEEN 0 AND 360 AND length_ft > 0", name=op.f("runways_sane_check")),
        sa.ForeignKeyConstraint(
            ["airport"], ["school.airports.ident"], name=op.f("runways_airport_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("airport", "runway", name=op.f("runways_pkey")),
        schema="school",
        comment="Runway ends, two a runway.",
    )
    op.create_table(
        "schools",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the school."),
        sa.Column("base_airport", sa.Text(), nullable=False, comment="Where it is at home."),
        sa.ForeignKeyConstraint(["base_airport"], ["school.airports.ident"], name=op.f("schools_base_airport_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("schools_pkey")),
        schema="school",
        comment="Flight schools.",
    )
    op.create_table(
        "aircraft",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("tail_number", sa.Text(), nullable=False, comment="Registration."),
        sa.Column(
            "type", sa.Text(), nullable=False, comment="Type, such as C172S; lessons move between aircraft of one type."
        ),
        sa.Column(
            "demonstrated_crosswind_kt",
            sa.Double(),
            nullable=True,
            comment="Demonstrated crosswind, knots: advice, not a limit.",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("aircraft_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("aircraft_pkey")),
        sa.UniqueConstraint("tail_number", name=op.f("aircraft_tail_number_key")),
        schema="school",
        comment="Aircraft.",
    )
    op.create_index(op.f("aircraft_school_id_idx"), "aircraft", ["school_id"], unique=False, schema="school")
    op.create_table(
        "instructors",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name. Personal."),
        sa.Column("email", sa.Text(), nullable=False, comment="E-mail address. Personal."),
        sa.Column("phone", sa.Text(), nullable=True, comment="Phone number. Personal."),
        sa.Column(
            "may_teach", sa.ARRAY(sa.Text()), nullable=False, comment="Training levels that this instructor may teach."
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("instructors_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("instructors_pkey")),
        schema="school",
        comment="Instructors.",
    )
    op.create_index(op.f("instructors_school_id_idx"), "instructors", ["school_id"], unique=False, schema="school")
    op.create_table(
        "opening_hours",
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("weekday", sa.Integer(), nullable=False, comment="0 Monday to 6 Sunday, in the school's local time."),
        sa.Column("opens", sa.Time(), nullable=False, comment="Local time."),
        sa.Column("closes", sa.Time(), nullable=False, comment="Local time."),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6 AND closes > opens", name=op.f("opening_hours_sane_check")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("opening_hours_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("school_id", "weekday", name=op.f("opening_hours_pkey")),
        schema="school",
        comment="When a school is open.",
    )
    op.create_table(
        "weather_minimums",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=True, comment="Whose rule; null for every school."),
        sa.Column(
            "authority",
            sa.Text(),
            nullable=False,
            comment="regulation (a floor), default, or school (replaces the default).",
        ),
        sa.Column("training_level", sa.Text(), nullable=True, comment="Level the rule is for; null for any."),
        sa.Column("solo", sa.Boolean(), nullable=True, comment="Solo or dual; null for both."),
        sa.Column("lesson_kind", sa.Text(), nullable=True, comment="pattern, local or cross_country; null for any."),
        sa.Column("night", sa.Boolean(), nullable=True, comment="Night or day; null for both."),
        sa.Column(
            "rule",
            sa.Text(),
            nullable=False,
            comment="What is limited: visibility, ceiling, wind, gust, crosswind, ...",
        ),
        sa.Column(
            "comparison",
            sa.Text(),
            nullable=False,
            comment="What is allowed: >, >=, < or <= the limit; none: no such hazard.",
        ),
        sa.Column(
            "limit_value",
            sa.Double(),
            nullable=True,
            comment="The limit, in the unit; null for hazards and the aircraft's own limit.",
        ),
        sa.Column("unit", sa.Text(), nullable=True, comment="SM, ft, kt or min."),
        sa.Column(
            "effect", sa.Text(), nullable=False, comment="block (below it a lesson is at risk) or warn (to watch)."
        ),
        sa.Column("effective_from", sa.Date(), nullable=False, comment="First day on which the rule holds."),
        sa.Column("effective_to", sa.Date(), nullable=True, comment="Last day; null for open."),
        sa.Column("reference", sa.Text(), nullable=False, comment="Who says so."),
        sa.CheckConstraint(
            "authority IN ('regulation', 'default', 'school')", name=op.f("weather_minimums_authority_check")
        ),
        sa.CheckConstraint(
            "comparison IN ('>', '>=', '<', '<=', 'none')", name=op.f("weather_minimums_comparison_check")
        ),
        sa.CheckConstraint("effect IN ('block', 'warn')", name=op.f("weather_minimums_effect_check")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("weather_minimums_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("weather_minimums_pkey")),
        schema="school",
        comment="Weather minimums as effective-dated data, one row a limit.",
    )
    op.create_table(
        "downtime",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False, comment="From when to when it cannot fly."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why: 100-hour, annual, squawk."),
        sa.ForeignKeyConstraint(
            ["aircraft_id"], ["school.aircraft.id"], name=op.f("downtime_aircraft_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("downtime_pkey")),
        schema="school",
        comment="When aircraft are in maintenance.",
    )
    op.create_index(op.f("downtime_aircraft_id_idx"), "downtime", ["aircraft_id"], unique=False, schema="school")
    op.create_table(
        "students",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column(
            "primary_instructor_id", sa.BigInteger(), nullable=True, comment="Whom the student usually flies with."
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="Name. Personal."),
        sa.Column("email", sa.Text(), nullable=False, comment="E-mail address. Personal."),
        sa.Column("phone", sa.Text(), nullable=True, comment="Phone number. Personal."),
        sa.Column(
            "training_level", sa.Text(), nullable=False, comment="student_pilot, private_pilot or instrument_rated."
        ),
        sa.CheckConstraint(
            "training_level IN ('student_pilot', 'private_pilot', 'instrument_rated')",
            name=op.f("students_level_check"),
        ),
        sa.ForeignKeyConstraint(
            ["primary_instructor_id"],
            ["school.instructors.id"],
            name=op.f("students_primary_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("students_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("students_pkey")),
        schema="school",
        comment="Students and renting pilots.",
    )
    op.create_index(op.f("students_school_id_idx"), "students", ["school_id"], unique=False, schema="school")
    op.create_table(
        "availability",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Whose; this or the instructor."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Whose; this or the student."),
        sa.Column("weekday", sa.Integer(), nullable=False, comment="0 Monday to 6 Sunday, in the school's local time."),
        sa.Column("starts", sa.Time(), nullable=False, comment="Local time."),
        sa.Column("ends", sa.Time(), nullable=False, comment="Local time."),
        sa.CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name=op.f("availability_one_person_check")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6 AND ends > starts", name=op.f("availability_sane_check")),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("availability_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("availability_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("availability_pkey")),
        schema="school",
        comment="When a person can usually fly, week by week.",
    )
    op.create_index(
        op.f("availability_instructor_id_idx"), "availability", ["instructor_id"], unique=False, schema="school"
    )
    op.create_index(op.f("availability_student_id_idx"), "availability", ["student_id"], unique=False, schema="school")
    op.create_table(
        "availability_exceptions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Whose; this or the instructor."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Whose; this or the student."),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False, comment="From when to when."),
        sa.Column(
            "available",
            sa.Boolean(),
            nullable=False,
            comment="Whether the person can fly then, against the weekly rule.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why. Personal."),
        sa.CheckConstraint(
            "num_nonnulls(student_id, instructor_id) = 1", name=op.f("availability_exceptions_one_person_check")
        ),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("availability_exceptions_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["school.students.id"],
            name=op.f("availability_exceptions_student_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("availability_exceptions_pkey")),
        schema="school",
        comment="Exceptions to weekly availability.",
    )
    op.create_index(
        op.f("availability_exceptions_instructor_id_idx"),
        "availability_exceptions",
        ["instructor_id"],
        unique=False,
        schema="school",
    )
    op.create_index(
        op.f("availability_exceptions_student_id_idx"),
        "availability_exceptions",
        ["student_id"],
        unique=False,
        schema="school",
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("reference", sa.Text(), nullable=False, comment="Name that people use for the booking."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="School."),
        sa.Column("student_id", sa.BigInteger(), nullable=False, comment="Who flies."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Who teaches; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column("lesson_kind", sa.Text(), nullable=False, comment="pattern, local or cross_country."),
        sa.Column("solo", sa.Boolean(), nullable=False, comment="Whether the student flies alone."),
        sa.Column("departure", sa.Text(), nullable=False, comment="ICAO ident."),
        sa.Column(
            "route",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Idents after the departure, the last the destination.",
        ),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False, comment="From when to when, end excluded."),
        sa.Column(
            "status",
            sa.Text(),
            server_default=sa.text("'scheduled'"),
            nullable=False,
            comment="scheduled, weather_hold, completed or cancelled.",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was booked.",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was last changed.",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(aircraft_id, aircraft_id, '[]')"), "&&"),
            (sa.column("period"), "&&"),
            where=sa.text("aircraft_id IS NOT NULL AND status = ANY (ARRAY['scheduled'::text, 'weather_hold'::text])"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="bookings_no_double_aircraft",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(instructor_id, instructor_id, '[]')"), "&&"),
            (sa.column("period"), "&&"),
            where=sa.text(
                "instructor_id IS NOT NULL AND status = ANY (ARRAY['scheduled'::text, 'weather_hold'::text])"
            ),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="bookings_no_double_instructor",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(student_id, student_id, '[]')"), "&&"),
            (sa.column("period"), "&&"),
            where=sa.text("student_id IS NOT NULL AND status = ANY (ARRAY['scheduled'::text, 'weather_hold'::text])"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="bookings_no_double_student",
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period) AND upper(period) - lower(period) <= interval '24 hours'",
            name=op.f("bookings_period_check"),
        ),
        sa.CheckConstraint("lesson_kind IN ('pattern', 'local', 'cross_country')", name=op.f("bookings_kind_check")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'weather_hold', 'completed', 'cancelled')", name=op.f("bookings_status_check")
        ),
        sa.CheckConstraint("solo OR instructor_id IS NOT NULL", name=op.f("bookings_dual_has_instructor_check")),
        sa.ForeignKeyConstraint(
            ["aircraft_id"], ["school.aircraft.id"], name=op.f("bookings_aircraft_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["departure"], ["school.airports.ident"], name=op.f("bookings_departure_fkey")),
        sa.ForeignKeyConstraint(
            ["instructor_id"], ["school.instructors.id"], name=op.f("bookings_instructor_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("bookings_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("bookings_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("bookings_pkey")),
        sa.UniqueConstraint("reference", name=op.f("bookings_reference_key")),
        schema="school",
        comment="Bookings. No aircraft, instructor or student is ever booked twice at one time.",
    )
    op.create_index(
        "bookings_period_idx", "bookings", ["period"], unique=False, schema="school", postgresql_using="gist"
    )
    op.create_index(op.f("bookings_school_id_idx"), "bookings", ["school_id"], unique=False, schema="school")


def downgrade() -> None:
    """Remove them, with everything in them."""
    for name in SCHEMAS:
        op.execute(sa.schema.DropSchema(name, cascade=True))
