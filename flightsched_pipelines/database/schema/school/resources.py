"""A school's data: airports, people, aircraft and the times of each."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE

from flightsched_pipelines.database.schema.base import (
    FIRST_DAY,
    INSTANT,
    LAST_DAY,
    WORDS,
    column,
    ended_at,
    external_id,
    identifier,
    imported,
    metadata,
    one_of,
    optional,
    reference,
    sound,
    sound_period,
    sound_words,
)
from flightsched_pipelines.domain.cases.lifecycle import StandbyRule
from flightsched_pipelines.domain.risk.rules import SLOT_KEPT_AS, TRAINING_LEVELS

airports = Table(
    "airports",
    metadata,
    Column("ident", Text, primary_key=True, comment="ICAO ident."),
    column("name", Text, "Name of the field."),
    column("latitude_deg", Double, "Latitude, degrees north."),
    column("longitude_deg", Double, "Longitude, degrees east."),
    column("elevation_ft", Double, "Field elevation above mean sea level, feet."),
    column("time_zone", Text, "IANA time zone."),
    optional("issues_taf", Boolean, "Whether the field has a TAF of its own; null until one comes or someone says so."),
    optional("issues_metar", Boolean, "Whether it has METARs of its own; null until one comes or someone says so."),
    optional("approach_ceiling_ft", Double, "Lowest ceiling of the field's approaches, feet above ground."),
    optional("approach_visibility_sm", Double, "Lowest visibility of the field's approaches, statute miles."),
    CheckConstraint("latitude_deg BETWEEN -90 AND 90 AND longitude_deg BETWEEN -180 AND 180", name="position"),
    sound(
        "elevation", "elevation_ft", "elevation_ft BETWEEN -2000 AND 20000", "it is not an elevation of a field in feet"
    ),
    sound(
        "approach",
        "approach_ceiling_ft, approach_visibility_sm",
        "(approach_ceiling_ft BETWEEN 0 AND 5000) IS NOT FALSE "
        "AND (approach_visibility_sm BETWEEN 0 AND 10) IS NOT FALSE",
        "an approach minimum is not plausible",
    ),
    schema="school",
    comment="Airports that schools use.",
)


runways = Table(
    "runways",
    metadata,
    Column("airport", Text, ForeignKey("school.airports.ident", ondelete="CASCADE"), comment="ICAO ident."),
    Column("runway", Text, comment="Designator of this runway end, such as 31L."),
    column("heading_true_deg", Double, "True heading when landing on this end, degrees."),
    column("length_ft", Double, "Length, feet."),
    column("closed", Boolean, "Whether it is closed.", server_default=text("false")),
    PrimaryKeyConstraint("airport", "runway"),
    CheckConstraint("heading_true_deg BETWEEN 0 AND 360 AND length_ft > 0", name="sane"),
    sound("length", "length_ft", "length_ft <= 30000", "it is not a length of a runway in feet"),
    schema="school",
    comment="Runway ends, two a runway.",
)


schools = Table(
    "schools",
    metadata,
    identifier(),
    column("name", Text, "Name of the school."),
    Column("base_airport", Text, ForeignKey("school.airports.ident"), nullable=False, comment="Base airport."),
    optional("dispatch_email", Text, "Dispatchers' e-mail address; null for none."),
    optional("phone", Text, "Phone number for questions, as messages give it; null for none."),
    optional(
        "manager_email", Text,
        "E-mail address of the school's manager, who gets the weekly figures; null for none, and no mail.",
    ),
    optional("reply_to", Text, "E-mail address that replies to messages go to; null for dispatch_email."),
    column(
        "standby_rule", Text,
        "Who of those on standby is offered a freed slot first: threatened_first, first_come or "
        "longest_without_lesson; nobody: freed slots are not offered.",
        server_default=text("'threatened_first'"),
    ),
    column(
        "slot_kept_as", Text,
        "What a dual lesson below the minimums can become at its own time: ground, simulator, both or none.",
        server_default=text("'none'"),
    ),
    optional("pattern_altitude_ft", Double, "Highest altitude of pattern lessons above ground, feet; null: 1,000."),
    optional("local_altitude_ft", Double, "Highest altitude of local lessons above ground, feet; null: 3,000."),
    optional(
        "cross_country_altitude_ft", Double, "Highest altitude of cross-countries above ground, feet; null: 6,000."
    ),
    column(
        "missed_move_cost", Double, "As many needless moves cost the school as much as a missed one.",
        server_default=text("2"),
    ),
    external_id(),
    Index("schools_external_id_key", "external_id", unique=True),
    CheckConstraint(one_of("standby_rule", get_args(StandbyRule)), name="standby_rule"),
    CheckConstraint(one_of("slot_kept_as", SLOT_KEPT_AS), name="slot_kept_as"),
    CheckConstraint("missed_move_cost BETWEEN 0.01 AND 100", name="missed_move_cost"),
    sound(
        "altitudes",
        "pattern_altitude_ft, local_altitude_ft, cross_country_altitude_ft",
        "(pattern_altitude_ft BETWEEN 300 AND 18000) IS NOT FALSE "
        "AND (local_altitude_ft BETWEEN 300 AND 18000) IS NOT FALSE "
        "AND (cross_country_altitude_ft BETWEEN 300 AND 18000) IS NOT FALSE",
        "it is not an altitude of a lesson above ground, in feet",
    ),
    schema="school",
    comment="Flight schools.",
)  # fmt: skip


instructors = Table(
    "instructors",
    metadata,
    identifier(),
    reference("school_id", "schools", "School.", index=True),
    column("name", Text, "Name. Personal."),
    column("email", Text, "E-mail address. Personal."),
    optional("phone", Text, "Phone number. Personal."),
    column("may_teach", WORDS, "Training levels that this instructor may teach."),
    column(
        "auto_confirm", Boolean, "Whether a dual lesson moves without asking this instructor.",
        server_default=text("false"),
    ),
    external_id(),
    ended_at(),
    Index("instructors_external_id_key", "school_id", "external_id", unique=True),
    sound(
        "may_teach", "may_teach", f"may_teach <@ ARRAY[{', '.join(map(repr, TRAINING_LEVELS))}]",
        "it holds another word than the training levels",
    ),
    sound_words("may_teach"),
    schema="school",
    comment="Instructors.",
)  # fmt: skip


students = Table(
    "students",
    metadata,
    identifier(),
    reference("school_id", "schools", "School.", index=True),
    reference("primary_instructor_id", "instructors", "Instructor with whom the student usually flies.", nullable=True),
    column("name", Text, "Name. Personal."),
    column("email", Text, "E-mail address. Personal."),
    optional("phone", Text, "Phone number. Personal."),
    column("training_level", Text, "student_pilot, private_pilot or instrument_rated."),
    external_id(),
    ended_at(),
    Index("students_external_id_key", "school_id", "external_id", unique=True),
    CheckConstraint(one_of("training_level", TRAINING_LEVELS), name="level"),
    schema="school",
    comment="Students and renting pilots.",
)


aircraft = Table(
    "aircraft",
    metadata,
    identifier(),
    reference("school_id", "schools", "School.", index=True),
    column("tail_number", Text, "Registration.", unique=True),
    column("type", Text, "Type, such as C172S; lessons move between aircraft of one type."),
    optional("demonstrated_crosswind_kt", Double, "Demonstrated crosswind, knots: advice, not a limit."),
    column("equipment", WORDS, "What it has on board, such as ifr; as in requirements.", server_default=text("'{}'")),
    column("simulator", Boolean, "Whether it is a simulator, which needs no weather.", server_default=text("false")),
    optional("carburettor", Boolean, "Whether its engine has a carburettor; null: not known."),
    external_id(),
    ended_at(),
    Index("aircraft_external_id_key", "school_id", "external_id", unique=True),
    sound(
        "crosswind",
        "demonstrated_crosswind_kt",
        "(demonstrated_crosswind_kt BETWEEN 1 AND 60) IS NOT FALSE",
        "it is not a crosswind in knots",
    ),
    sound_words("equipment"),
    schema="school",
    comment="Aircraft and simulators.",
)


opening_hours = Table(
    "opening_hours",
    metadata,
    reference("school_id", "schools", "School."),
    Column("weekday", Integer, comment="0 Monday to 6 Sunday, in the school's local time."),
    column("opens", Time, "Local time."),
    column("closes", Time, "Local time."),
    PrimaryKeyConstraint("school_id", "weekday"),
    CheckConstraint("weekday BETWEEN 0 AND 6 AND closes > opens", name="sane"),
    schema="school",
    comment="Opening hours of each school.",
)


availability = Table(
    "availability",
    metadata,
    identifier(),
    reference("student_id", "students", "Student; null in an instructor's row.", nullable=True, index=True),
    reference("instructor_id", "instructors", "Instructor; null in a student's row.", nullable=True, index=True),
    column("weekday", Integer, "0 Monday to 6 Sunday, in the school's local time."),
    column("starts", Time, "Local time."),
    column("ends", Time, "Local time."),
    ended_at(),
    imported(),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint("weekday BETWEEN 0 AND 6 AND ends > starts", name="sane"),
    schema="school",
    comment="Weekly availability of students and instructors.",
)


availability_exceptions = Table(
    "availability_exceptions",
    metadata,
    identifier(),
    reference("student_id", "students", "Student; null in an instructor's row.", nullable=True, index=True),
    reference("instructor_id", "instructors", "Instructor; null in a student's row.", nullable=True, index=True),
    column("period", TSTZRANGE, "Period, end excluded."),
    column("available", Boolean, "Whether the person can fly then, against the weekly rule."),
    optional("reason", Text, "Reason. Personal."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    sound_period(),
    schema="school",
    comment="Exceptions to weekly availability.",
)


student_preferences = Table(
    "student_preferences",
    metadata,
    Column(
        "student_id",
        BigInteger,
        ForeignKey("school.students.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="Student.",
    ),
    column("days", WORDS, "Days that suit: mon to sun; empty for any.", server_default=text("'{}'")),
    column("parts_of_day", WORDS, "morning, afternoon, evening; empty for any.", server_default=text("'{}'")),
    reference("instructor_id", "instructors", "Instructor that the student would rather fly with.", nullable=True),
    optional("latest_date", Date, "Last local day that is of use, such as the day of a checkride."),
    optional("notice_hours", Integer, "Notice that the student needs, hours."),
    optional("note", Text, "In the student's own words, for dispatchers. Personal."),
    column("updated_at", INSTANT, "When they were last changed.", server_default=text("now()")),
    CheckConstraint("days <@ ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']", name="days"),
    CheckConstraint("parts_of_day <@ ARRAY['morning', 'afternoon', 'evening']", name="parts"),
    CheckConstraint("notice_hours BETWEEN 0 AND 336", name="notice"),
    sound(
        "latest_date",
        "latest_date",
        f"(latest_date BETWEEN '{FIRST_DAY}'::date AND '{LAST_DAY}'::date) IS NOT FALSE",
        "it does not lie between 2000 and 2200; leave it empty for none",
    ),
    sound_words("days"),
    sound_words("parts_of_day"),
    schema="school",
    comment="Students' preferences of times, one row a student.",
)


downtime = Table(
    "downtime",
    metadata,
    identifier(),
    reference("aircraft_id", "aircraft", "Aircraft.", index=True),
    column("period", TSTZRANGE, "Period in which it cannot fly, end excluded."),
    column("reason", Text, "Reason: 100-hour, annual, squawk."),
    external_id(),
    ended_at(),
    Index("downtime_external_id_key", "aircraft_id", "external_id", unique=True),
    sound_period(),
    schema="school",
    comment="Aircraft downtime.",
)
