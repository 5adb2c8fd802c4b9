"""The database's tables, with a comment of meaning and unit on every column.

Three schemas: ``school`` is what a school keeps, ``pipeline`` what each hour materialised (a partition an hour), and
``analytics`` what analysts are promised.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint
from sqlalchemy.types import TypeEngine

SCHEMAS: Mapping[str, str] = MappingProxyType(
    {
        "school": "What a school keeps: people, aircraft, bookings, rules.",
        "pipeline": "What each hour materialised; column partition_hour says which.",
        "analytics": "Views that analysts are promised.",
    }
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

INSTANT = DateTime(timezone=True)
WORDS = ARRAY(Text)

ACTIVE_STATUSES = ("scheduled", "weather_hold")
"""Statuses in which a booking holds its aircraft, instructor and student."""


def _column(name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]], comment: str, **options: Any) -> Column[Any]:  # noqa: ANN401, SQLAlchemy's own options
    options.setdefault("nullable", False)
    return Column(name, type_, comment=comment, **options)


def _optional(name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]], comment: str) -> Column[Any]:
    return Column(name, type_, comment=comment, nullable=True)


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=True, comment="Identifier.")


def _reference(name: str, target: str, comment: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    key = ForeignKey(f"school.{target}.id", ondelete="CASCADE")
    return Column(name, BigInteger, key, nullable=nullable, index=index, comment=comment)


airports = Table(
    "airports",
    metadata,
    Column("ident", Text, primary_key=True, comment="ICAO ident."),
    _column("name", Text, "Name of the field."),
    _column("latitude_deg", Double, "Latitude, degrees north."),
    _column("longitude_deg", Double, "Longitude, degrees east."),
    _column("elevation_ft", Double, "Field elevation above mean sea level, feet."),
    _column("time_zone", Text, "IANA time zone."),
    _column("issues_taf", Boolean, "Whether the field has a TAF of its own."),
    _column("issues_metar", Boolean, "Whether the field has METARs of its own."),
    _optional("approach_ceiling_ft", Double, "Lowest ceiling of the field's approaches, feet above ground."),
    _optional("approach_visibility_sm", Double, "Lowest visibility of the field's approaches, statute miles."),
    CheckConstraint("latitude_deg BETWEEN -90 AND 90 AND longitude_deg BETWEEN -180 AND 180", name="position"),
    schema="school",
    comment="Airports that schools use.",
)

runways = Table(
    "runways",
    metadata,
    Column("airport", Text, ForeignKey("school.airports.ident", ondelete="CASCADE"), comment="ICAO ident."),
    Column("runway", Text, comment="Designator of this runway end, such as 31L."),
    _column("heading_true_deg", Double, "True heading when landing on this end, degrees."),
    _column("length_ft", Double, "Length, feet."),
    _column("closed", Boolean, "Whether it is closed.", server_default=text("false")),
    PrimaryKeyConstraint("airport", "runway"),
    CheckConstraint("heading_true_deg BETWEEN 0 AND 360 AND length_ft > 0", name="sane"),
    schema="school",
    comment="Runway ends, two a runway.",
)

schools = Table(
    "schools",
    metadata,
    _id(),
    _column("name", Text, "Name of the school."),
    Column("base_airport", Text, ForeignKey("school.airports.ident"), nullable=False, comment="Where it is at home."),
    _optional("dispatch_email", Text, "Where the dispatchers read their mail; null for nowhere."),
    schema="school",
    comment="Flight schools.",
)

instructors = Table(
    "instructors",
    metadata,
    _id(),
    _reference("school_id", "schools", "School.", index=True),
    _column("name", Text, "Name. Personal."),
    _column("email", Text, "E-mail address. Personal."),
    _optional("phone", Text, "Phone number. Personal."),
    _column("may_teach", WORDS, "Training levels that this instructor may teach."),
    schema="school",
    comment="Instructors.",
)

students = Table(
    "students",
    metadata,
    _id(),
    _reference("school_id", "schools", "School.", index=True),
    _reference("primary_instructor_id", "instructors", "Whom the student usually flies with.", nullable=True),
    _column("name", Text, "Name. Personal."),
    _column("email", Text, "E-mail address. Personal."),
    _optional("phone", Text, "Phone number. Personal."),
    _column("training_level", Text, "student_pilot, private_pilot or instrument_rated."),
    CheckConstraint("training_level IN ('student_pilot', 'private_pilot', 'instrument_rated')", name="level"),
    schema="school",
    comment="Students and renting pilots.",
)

aircraft = Table(
    "aircraft",
    metadata,
    _id(),
    _reference("school_id", "schools", "School.", index=True),
    _column("tail_number", Text, "Registration.", unique=True),
    _column("type", Text, "Type, such as C172S; lessons move between aircraft of one type."),
    _optional("demonstrated_crosswind_kt", Double, "Demonstrated crosswind, knots: advice, not a limit."),
    schema="school",
    comment="Aircraft.",
)

opening_hours = Table(
    "opening_hours",
    metadata,
    _reference("school_id", "schools", "School."),
    Column("weekday", Integer, comment="0 Monday to 6 Sunday, in the school's local time."),
    _column("opens", Time, "Local time."),
    _column("closes", Time, "Local time."),
    PrimaryKeyConstraint("school_id", "weekday"),
    CheckConstraint("weekday BETWEEN 0 AND 6 AND closes > opens", name="sane"),
    schema="school",
    comment="When a school is open.",
)

availability = Table(
    "availability",
    metadata,
    _id(),
    _reference("student_id", "students", "Whose; this or the instructor.", nullable=True, index=True),
    _reference("instructor_id", "instructors", "Whose; this or the student.", nullable=True, index=True),
    _column("weekday", Integer, "0 Monday to 6 Sunday, in the school's local time."),
    _column("starts", Time, "Local time."),
    _column("ends", Time, "Local time."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint("weekday BETWEEN 0 AND 6 AND ends > starts", name="sane"),
    schema="school",
    comment="When a person can usually fly, week by week.",
)

availability_exceptions = Table(
    "availability_exceptions",
    metadata,
    _id(),
    _reference("student_id", "students", "Whose; this or the instructor.", nullable=True, index=True),
    _reference("instructor_id", "instructors", "Whose; this or the student.", nullable=True, index=True),
    _column("period", TSTZRANGE, "From when to when."),
    _column("available", Boolean, "Whether the person can fly then, against the weekly rule."),
    _optional("reason", Text, "Why. Personal."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
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
        comment="Whose.",
    ),
    _column("days", WORDS, "Days that suit: mon to sun; empty for any.", server_default=text("'{}'")),
    _column("parts_of_day", WORDS, "morning, afternoon, evening; empty for any.", server_default=text("'{}'")),
    _reference("instructor_id", "instructors", "Instructor that the student would rather fly with.", nullable=True),
    _optional("latest_date", Date, "Last local day that is of use, such as the day of a checkride."),
    _optional("notice_hours", Integer, "Notice that the student needs, hours."),
    _optional("note", Text, "In the student's own words. Personal."),
    _column("updated_at", INSTANT, "When they were last changed.", server_default=text("now()")),
    CheckConstraint("days <@ ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']", name="days"),
    CheckConstraint("parts_of_day <@ ARRAY['morning', 'afternoon', 'evening']", name="parts"),
    CheckConstraint("notice_hours BETWEEN 0 AND 336", name="notice"),
    schema="school",
    comment="What students told the school about their time, a row a student.",
)

downtime = Table(
    "downtime",
    metadata,
    _id(),
    _reference("aircraft_id", "aircraft", "Aircraft.", index=True),
    _column("period", TSTZRANGE, "From when to when it cannot fly."),
    _column("reason", Text, "Why: 100-hour, annual, squawk."),
    schema="school",
    comment="When aircraft are in maintenance.",
)

weather_minimums = Table(
    "weather_minimums",
    metadata,
    _id(),
    _reference("school_id", "schools", "Whose rule; null for every school.", nullable=True),
    _column("authority", Text, "regulation (a floor), default, or school (replaces the default)."),
    _optional("training_level", Text, "Level the rule is for; null for any."),
    _optional("solo", Boolean, "Solo or dual; null for both."),
    _optional("lesson_kind", Text, "pattern, local or cross_country; null for any."),
    _optional("night", Boolean, "Night or day; null for both."),
    _column("rule", Text, "What is limited: visibility, ceiling, wind, gust, crosswind, ..."),
    _column("comparison", Text, "What is allowed: >, >=, < or <= the limit; none: no such hazard."),
    _optional("limit_value", Double, "The limit, in the unit; null for hazards and the aircraft's own limit."),
    _optional("unit", Text, "SM, ft, kt or min."),
    _column("effect", Text, "block (below it a lesson is at risk) or warn (to watch)."),
    _column("effective_from", Date, "First day on which the rule holds."),
    _optional("effective_to", Date, "Last day; null for open."),
    _column("reference", Text, "Who says so."),
    CheckConstraint("authority IN ('regulation', 'default', 'school')", name="authority"),
    CheckConstraint("comparison IN ('>', '>=', '<', '<=', 'none')", name="comparison"),
    CheckConstraint("effect IN ('block', 'warn')", name="effect"),
    schema="school",
    comment="Weather minimums as effective-dated data, one row a limit.",
)


def _never_twice(column: str) -> ExcludeConstraint:
    """No two active bookings of one thing at one time. ``int8range(x, x, '[]')`` needs no btree_gist."""
    return ExcludeConstraint(
        (text(f"int8range({column}, {column}, '[]')"), "&&"),
        ("period", "&&"),
        name=f"bookings_no_double_{column.removesuffix('_id')}",
        using="gist",
        where=text(f"{column} IS NOT NULL AND status = ANY (ARRAY['scheduled'::text, 'weather_hold'::text])"),
        deferrable=True,
        initially="IMMEDIATE",
    )


bookings = Table(
    "bookings",
    metadata,
    _id(),
    _column("reference", Text, "Name that people use for the booking.", unique=True),
    _reference("school_id", "schools", "School.", index=True),
    _reference("student_id", "students", "Who flies."),
    _reference("instructor_id", "instructors", "Who teaches; null for a solo flight.", nullable=True),
    _reference("aircraft_id", "aircraft", "Aircraft."),
    _column("lesson_kind", Text, "pattern, local or cross_country."),
    _column("solo", Boolean, "Whether the student flies alone."),
    Column("departure", Text, ForeignKey("school.airports.ident"), nullable=False, comment="ICAO ident."),
    _column("route", WORDS, "Idents after the departure, the last the destination.", server_default=text("'{}'")),
    _column("period", TSTZRANGE, "From when to when, end excluded."),
    _column("status", Text, "scheduled, weather_hold, completed or cancelled.", server_default=text("'scheduled'")),
    _column("times_moved", Integer, "How often weather has moved it.", server_default=text("0")),
    _column(
        "calendar_sequence", Integer, "Version of its calendar entry (RFC 5546 SEQUENCE).", server_default=text("0")
    ),
    _column("created_at", INSTANT, "When it was booked.", server_default=text("now()")),
    _column("updated_at", INSTANT, "When it was last changed.", server_default=text("now()")),
    CheckConstraint("lesson_kind IN ('pattern', 'local', 'cross_country')", name="kind"),
    CheckConstraint("status IN ('scheduled', 'weather_hold', 'completed', 'cancelled')", name="status"),
    CheckConstraint(
        "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period) "
        "AND upper(period) - lower(period) <= interval '24 hours'",
        name="period",
    ),
    CheckConstraint("solo OR instructor_id IS NOT NULL", name="dual_has_instructor"),
    _never_twice("aircraft_id"),
    _never_twice("instructor_id"),
    _never_twice("student_id"),
    Index("bookings_period_idx", "period", postgresql_using="gist"),
    schema="school",
    comment="Bookings. No aircraft, instructor or student is ever booked twice at one time.",
)


llm_calls = Table(
    "llm_calls",
    metadata,
    _id(),
    _column("called_at", INSTANT, "When it was asked.", server_default=text("now()")),
    _column("partition_hour", INSTANT, "The hour that it was asked for, UTC."),
    _column("booking_id", BigInteger, "The booking that the question is about."),
    _column("question_digest", Text, "Digest of prompt version, model and question: the same question has the same."),
    _column("prompt_version", Text, "Version of the prompt."),
    _column("model", Text, "Model that was asked."),
    _column("status", Text, "ok, or what went wrong: refused, truncated, invalid, rate_limited, quota, ..."),
    _optional("problem", Text, "What went wrong, in a sentence."),
    _column("attempts", Integer, "How often it was sent."),
    _column("input_tokens", Integer, "Tokens of the question."),
    _column("cached_tokens", Integer, "Tokens of the question that were cached."),
    _column("output_tokens", Integer, "Tokens of the answer."),
    _column("cost_usd", Numeric(12, 6), "What it cost, US dollars."),
    _column("latency_seconds", Double, "From the first sending to the answer, seconds."),
    _optional("answer", JSONB, "The answer, where it passed every check."),
    Index("llm_calls_question_idx", "question_digest", "called_at"),
    Index("llm_calls_called_at_idx", "called_at"),
    schema="school",
    comment="Every call of the LLM. Pseudonymous: no name, address, number or registration.",
)

dead_letters = Table(
    "dead_letters",
    metadata,
    _id(),
    _column("kind", Text, "What it was: llm_answer, or outbox for a message."),
    _column("key", Text, "What it was about: the question's digest, or the message's idempotency key."),
    _column("partition_hour", INSTANT, "The hour that it belongs to, UTC."),
    _optional("booking_id", BigInteger, "The booking that it is about."),
    _column("problem", Text, "What went wrong, in a sentence."),
    _column("request", JSONB, "What was asked or to be sent. Pseudonymous."),
    _optional("answer", Text, "What came back, cut to 20,000 characters. Pseudonymous."),
    _column("attempts", Integer, "How often it was tried.", server_default=text("1")),
    _column("created_at", INSTANT, "When it first failed.", server_default=text("now()")),
    _column("last_tried_at", INSTANT, "When it was last tried.", server_default=text("now()")),
    _optional("settled_at", INSTANT, "When it was settled; null while it waits."),
    _optional("settlement", Text, "How: answered, superseded by a newer hour, or sent again."),
    Index(
        "dead_letters_waiting_idx", "kind", "key", "partition_hour", unique=True,
        postgresql_where=text("settled_at IS NULL"),
    ),
    schema="school",
    comment="What failed and waits to be tried again.",
)  # fmt: skip

contact_preferences = Table(
    "contact_preferences",
    metadata,
    _id(),
    _reference("student_id", "students", "Whose; this or the instructor.", nullable=True),
    _reference("instructor_id", "instructors", "Whose; this or the student.", nullable=True),
    _column("email", Boolean, "Whether to write e-mail.", server_default=text("true")),
    _column("sms", Boolean, "Whether to send short messages to the phone.", server_default=text("false")),
    _column("digest", Boolean, "Whether to put an hour's news into one e-mail.", server_default=text("false")),
    _optional("quiet_from", Time, "Begin of the quiet hours, in the person's zone; null for none."),
    _optional("quiet_to", Time, "End of the quiet hours; before their begin when they span midnight."),
    _optional("time_zone", Text, "IANA zone of the quiet hours; null for the school's."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint("num_nonnulls(quiet_from, quiet_to) <> 1", name="quiet"),
    Index("contact_preferences_student_id_key", "student_id", unique=True),
    Index("contact_preferences_instructor_id_key", "instructor_id", unique=True),
    schema="school",
    comment="How people want to be told, a row a person; who has none gets e-mail outside 22:00 to 07:00.",
)

CASE_STATES = (
    "open", "proposed", "student_accepted", "rescheduled", "cleared", "expired", "declined", "cancelled",
)  # fmt: skip
OPEN_STATES = CASE_STATES[:3]
"""States in which a case still waits for something."""

reschedule_cases = Table(
    "reschedule_cases",
    metadata,
    _id(),
    _reference("booking_id", "bookings", "The threatened booking."),
    _column("state", Text, "open (no alternative yet), proposed, student_accepted; or how it ended."),
    _column("opened_hour", INSTANT, "The hour whose forecast opened it, UTC."),
    _column("last_hour", INSTANT, "The newest hour held against it, UTC."),
    _column("starts_at_utc", INSTANT, "Start of the lesson as it was told, UTC."),
    _column("ends_at_utc", INSTANT, "End of the lesson as it was told, UTC."),
    _optional("instructor_id", BigInteger, "Instructor of the lesson as it was told; null for a solo flight."),
    _column("aircraft_id", BigInteger, "Aircraft of the lesson as it was told."),
    _column("deadline_utc", INSTANT, "When it expires without an answer, UTC."),
    _column("round", Integer, "Which set of alternatives is held out, from 1; 0 before the first."),
    _column("opened_at", INSTANT, "When it was opened."),
    _optional("closed_at", INSTANT, "When it ended; null while it is open."),
    CheckConstraint(
        "state IN ('open', 'proposed', 'student_accepted', 'rescheduled', 'cleared', 'expired', 'declined', "
        "'cancelled')",
        name="state",
    ),
    CheckConstraint("(state IN ('open', 'proposed', 'student_accepted')) = (closed_at IS NULL)", name="closed"),
    Index(
        "reschedule_cases_one_open_idx", "booking_id", unique=True,
        postgresql_where=text("state IN ('open', 'proposed', 'student_accepted')"),
    ),
    Index("reschedule_cases_booking_id_idx", "booking_id", "id"),
    schema="school",
    comment="Threatened bookings and what became of them; at most one open case a booking.",
)  # fmt: skip

case_events = Table(
    "case_events",
    metadata,
    _id(),
    _reference("case_id", "reschedule_cases", "Case.", index=True),
    _column("at", INSTANT, "When it happened."),
    _column("actor", Text, "Who: platform, student, instructor or dispatcher."),
    _optional("actor_id", BigInteger, "Which student or instructor."),
    _column("event", Text, "What: opened, updated, cleared, expired, cancelled, released, ..."),
    _optional("from_state", Text, "State before; null for the first."),
    _column("to_state", Text, "State after."),
    _optional("partition_hour", INSTANT, "The hour that it follows from, UTC."),
    _column("why", Text, "Why, in a sentence without personal data."),
    schema="school",
    comment="The audit trail of cases: who did what, when, from which state to which, and why. Rows are only added.",
)

case_offers = Table(
    "case_offers",
    metadata,
    _reference("case_id", "reschedule_cases", "Case."),
    Column("round", Integer, comment="Which set of alternatives, from 1."),
    Column("number", Integer, comment="1 the first choice."),
    _column("starts_at_utc", INSTANT, "Start, UTC."),
    _column("ends_at_utc", INSTANT, "End, UTC."),
    _optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
    _column("aircraft_id", BigInteger, "Aircraft."),
    _column("reason", Text, "Why this one, in words."),
    _column("ranked_by", Text, "Who ranked it: planner or llm."),
    _column("offered_hour", INSTANT, "The hour whose proposals it comes from, UTC."),
    _optional("withdrawn_hour", INSTANT, "The hour that took it back, UTC; null while it is held out."),
    PrimaryKeyConstraint("case_id", "round", "number"),
    schema="school",
    comment="The alternatives that people were told of.",
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("partition_hour", INSTANT, primary_key=True, comment="The hour, UTC."),
    _column("dispatched_at", INSTANT, "When people began to be told of it."),
    _column("outcome", JSONB, "What was opened, updated, cleared, ...; what was queued, held back and suppressed."),
    schema="school",
    comment="Hours that were dispatched, each once.",
)

OUTBOX_STATES = ("waiting", "sending", "sent", "suppressed", "dead")

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _column("key", Text, "Idempotency key: case, event, person and channel.", unique=True),
    _column("channel", Text, "email, sms, sns, sqs, redis or slack."),
    _reference("case_id", "reschedule_cases", "Case; null for digests.", nullable=True, index=True),
    _optional("partition_hour", INSTANT, "The hour that it tells of, UTC."),
    _column("event", Text, "What it tells: opened, updated, ..., digest, test."),
    _column("role", Text, "Whom: student, instructor, dispatcher, ops or system."),
    _optional("person_id", BigInteger, "Which student, instructor or (dispatchers) school."),
    _column("payload", JSONB, "The facts that it is made of. Personal."),
    _column("status", Text, "waiting, sending (leased), sent, suppressed or dead.", server_default=text("'waiting'")),
    _column("obsolete", Boolean, "Whether a newer message has replaced it.", server_default=text("false")),
    _column("attempts", Integer, "How often it was tried.", server_default=text("0")),
    _column("next_attempt_at", INSTANT, "Not to be sent before."),
    _optional("expires_at", INSTANT, "Not to be sent after; null for never."),
    _optional("leased_until", INSTANT, "Until when a worker has it."),
    _optional("last_error", Text, "What went wrong last, or why it was suppressed; without personal data."),
    _optional("receipt", Text, "What the channel said: its own id of the message."),
    _column("created_at", INSTANT, "When it was queued."),
    _optional("settled_at", INSTANT, "When it was sent, suppressed or given up."),
    CheckConstraint("status IN ('waiting', 'sending', 'sent', 'suppressed', 'dead')", name="status"),
    Index(
        "outbox_due_idx", "channel", "next_attempt_at", postgresql_where=text("status IN ('waiting', 'sending')"),
    ),
    schema="school",
    comment="What is to be told, a row a message and channel; written with the transition it tells of.",
)  # fmt: skip

partitions = Table(
    "partitions",
    metadata,
    Column("name", Text, comment="Table that was written, or check that was passed."),
    Column("partition_hour", INSTANT, comment="The hour, UTC."),
    _column("rows", Integer, "Rows written, or examined."),
    _column("at", INSTANT, "When.", server_default=text("now()")),
    PrimaryKeyConstraint("name", "partition_hour"),
    Index("partitions_hour_idx", "partition_hour"),
    schema="pipeline",
    comment="Which hours of each table were materialised, and which hours' proposals were proven.",
)


def _hourly(name: str, comment: str, *columns: Column[Any], index: str) -> Table:
    """A materialised table: its hour first, and an index of hour and natural key."""
    hour = _column("partition_hour", INSTANT, "The hour that the row belongs to: what was known then, UTC.")
    return Table(
        name,
        metadata,
        hour,
        *columns,
        Index(f"{name}_partition_hour_idx", "partition_hour", index),
        schema="pipeline",
        comment=comment,
    )


def _conditions() -> list[Column[Any]]:
    """The columns that forecasts and observations share."""
    return [
        _column("airport", Text, "ICAO ident of the field the row is about."),
        _column("hour_utc", INSTANT, "The hour it is about, UTC."),
        _column("layer", Text, "prevailing, or temporary (TEMPO, PROB)."),
        _column("change", Text, "Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR or HOURLY."),
        _optional("probability", Integer, "Percent, of PROB groups."),
        _column("group_from_utc", INSTANT, "Start of the group, UTC."),
        _column("group_to_utc", INSTANT, "End of the group, UTC."),
        _optional("wind_direction_deg", Double, "True direction the wind comes from, degrees; null when variable."),
        _optional("wind_speed_kt", Double, "Sustained wind, knots; null when missing."),
        _optional("wind_gust_kt", Double, "Gusts, knots; null without."),
        _optional("visibility_sm", Double, "Visibility, statute miles; null when missing."),
        _column("visibility_at_least", Boolean, "Whether the report gives only a lower bound (6+, 10+)."),
        _optional("ceiling_ft", Double, "Ceiling above ground, feet; null is unlimited unless missing says otherwise."),
        _column("ceiling_estimated", Boolean, "Whether the ceiling was estimated from temperature and dew point."),
        _optional("temperature_c", Double, "Temperature at the surface, degrees Celsius."),
        _optional("dewpoint_c", Double, "Dew point, degrees Celsius."),
        _optional("weather", Text, "Weather codes as reported."),
        _column("hazards", WORDS, "Hazard codes: TS, FZRA, LLWS, CB, ..."),
        _column("missing", WORDS, "Elements that the report should give and does not, or not legibly."),
        _optional("flight_category", Text, "VFR, MVFR, IFR or LIFR; null when it cannot be known."),
        _column("source", Text, "TAF, METAR or OpenWeatherMap."),
        _column("station", Text, "Whose report it is."),
        _column("station_distance_nm", Double, "How far the station is from the field, nautical miles."),
        _column("issued_at_utc", INSTANT, "When the report was issued or taken, UTC."),
        _optional("age_minutes", Double, "Age of the report at the partition's hour, minutes."),
        _optional("lead_minutes", Double, "From the report's issue to the row's hour, minutes."),
        _column("governs", Boolean, "Whether the row is held against bookings; others stand beside it."),
    ]


raw_weather = _hourly(
    "raw_weather",
    "Weather providers' answers, verbatim, one row a request.",
    _column("provider", Text, "aviation_weather_center or open_weather_map."),
    _column("product", Text, "taf, metar or one_call."),
    _column("request", Text, "Path and query that were asked, without any key."),
    _column("stations", WORDS, "Stations asked for."),
    _column("fetched_at_utc", INSTANT, "When it was fetched, UTC."),
    _optional("status_code", Integer, "HTTP status; null when no answer came."),
    _column(
        "outcome", Text, "ok, empty, rate_limited, rejected, server_error, timeout, unreachable, not_json, too_large."
    ),
    _optional("error", Text, "What went wrong, in a sentence."),
    _optional("etag", Text, "ETag, for the next conditional request."),
    _optional("last_modified", Text, "Last-Modified, likewise."),
    _optional("body", Text, "The answer, verbatim."),
    index="product",
)

observations = _hourly("observations", "METARs, one row a report.", *_conditions(), index="airport")

forecasts = _hourly(
    "forecasts", "One row an airport, hour and forecast group that overlaps it.", *_conditions(), index="airport"
)

booking_snapshot = _hourly(
    "booking_snapshot",
    "The bookings as they stood at the hour.",
    _column("booking_id", BigInteger, "Booking."),
    _column("reference", Text, "Name that people use for the booking."),
    _optional("school_id", BigInteger, "School."),
    _optional("student_id", BigInteger, "Who flies."),
    _optional("instructor_id", BigInteger, "Who teaches; null for a solo flight."),
    _optional("aircraft_id", BigInteger, "Aircraft."),
    _optional("aircraft_type", Text, "Its type."),
    _column("training_level", Text, "Level of the student."),
    _column("solo", Boolean, "Whether the student flies alone."),
    _column("lesson_kind", Text, "pattern, local or cross_country."),
    _column("departure", Text, "ICAO ident."),
    _column("route", WORDS, "Idents after the departure, the last the destination."),
    _column("starts_at_utc", INSTANT, "Start, UTC."),
    _column("ends_at_utc", INSTANT, "End, UTC."),
    _column("status", Text, "scheduled or weather_hold."),
    _optional("aircraft_crosswind_kt", Double, "Demonstrated crosswind of the aircraft, knots."),
    _column("time_zone", Text, "IANA zone of the departure."),
    _optional("preferred_days", WORDS, "Days that suit the student: mon to sun; empty for any."),
    _optional("preferred_parts", WORDS, "morning, afternoon, evening; empty for any."),
    _optional("preferred_instructor_id", BigInteger, "Instructor that the student would rather fly with."),
    _optional("latest_date", Date, "Last local day that is of use to the student."),
    _optional("notice_hours", Integer, "Notice that the student needs, hours."),
    _optional("preference_note", Text, "What the student wrote about it. Personal."),
    _optional("last_lesson_at_utc", INSTANT, "When the student last flew before the hour, UTC."),
    _optional("times_moved", Integer, "How often weather has moved the booking."),
    index="booking_id",
)

availability_snapshot = _hourly(
    "availability_snapshot",
    "When each school, student, instructor and aircraft could be used, as it stood at the hour.",
    _column("school_id", BigInteger, "School."),
    _column("resource", Text, "school, student, instructor or aircraft."),
    _column("resource_id", BigInteger, "Which one."),
    _column("starts_at_utc", INSTANT, "From when, UTC."),
    _column("ends_at_utc", INSTANT, "To when, UTC."),
    _optional("aircraft_type", Text, "Type, of aircraft."),
    _optional("aircraft_crosswind_kt", Double, "Demonstrated crosswind, of aircraft, knots."),
    _column("may_teach", WORDS, "Training levels, of instructors."),
    index="resource_id",
)

at_risk_bookings = _hourly(
    "at_risk_bookings",
    "Lessons that are not ok, one row a lesson, broken rule, airport and layer: the worst hour.",
    _column("booking_id", BigInteger, "Booking."),
    _column("verdict", Text, "watch, unknown or at_risk, of the whole lesson."),
    _column("rule", Text, "What is below the minimum; forecast where there is none that can be read."),
    _optional("effect", Text, "block or warn."),
    _optional("value", Double, "What is forecast, in the unit; null for hazards."),
    _optional("limit_value", Double, "The minimum, in the unit; null for hazards."),
    _optional("margin", Double, "By how much the minimum is met: negative where it is not, in the unit."),
    _optional("unit", Text, "SM, ft, kt or min."),
    _optional("hazard", Text, "Hazard codes, or what is missing."),
    _column("airport", Text, "Where."),
    _column("hour_utc", INSTANT, "When: the worst hour, UTC."),
    _optional("layer", Text, "prevailing or temporary."),
    _optional("change", Text, "Kind of forecast group."),
    _optional("source", Text, "TAF, METAR or OpenWeatherMap."),
    _optional("station", Text, "Whose report."),
    _optional("group_from_utc", INSTANT, "Start of the group, UTC."),
    _optional("group_to_utc", INSTANT, "End of the group, UTC."),
    _optional("reference", Text, "Who says so."),
    _column("explanation", Text, "The lesson's verdict in words."),
    index="booking_id",
)

reschedule_candidates = _hourly(
    "reschedule_candidates",
    "Slots that work for each threatened lesson.",
    _column("booking_id", BigInteger, "Booking."),
    _column("slot", Integer, "Number of the slot, 1 the best."),
    _column("starts_at_utc", INSTANT, "Start, UTC."),
    _column("ends_at_utc", INSTANT, "End, UTC."),
    _optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
    _column("aircraft_id", BigInteger, "Aircraft."),
    _column("verdict", Text, "ok, watch or unforecast (no forecast reaches it yet)."),
    _optional("margin", Double, "Smallest relative margin over the minimums; null where unforecast."),
    _column("same_instructor", Boolean, "Whether the instructor stays."),
    _column("same_aircraft", Boolean, "Whether the aircraft stays."),
    _column("minutes_moved", Integer, "How far the lesson moves, minutes; negative is earlier."),
    _column("score", Double, "The lower the better, in days of waiting."),
    index="booking_id",
)

unplaceable_bookings = _hourly(
    "unplaceable_bookings",
    "Threatened lessons for which no slot was found, and the constraint that took the last one.",
    _column("booking_id", BigInteger, "Booking."),
    _column("reason", Text, "No instructor, no aircraft, no daylight, no weather, school closed, ..."),
    index="booking_id",
)


def _proposal() -> list[Column[Any]]:
    """The columns of an alternative held out to a lesson."""
    return [
        _column("booking_id", BigInteger, "Booking."),
        _column("rank", Integer, "1 the first choice."),
        _column("starts_at_utc", INSTANT, "Start, UTC."),
        _column("ends_at_utc", INSTANT, "End, UTC."),
        _optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
        _column("aircraft_id", BigInteger, "Aircraft."),
        _column("verdict", Text, "ok, watch or unforecast (no forecast reaches it yet)."),
        _optional("margin", Double, "Smallest relative margin over the minimums; null where unforecast."),
        _column("same_instructor", Boolean, "Whether the instructor stays."),
        _column("same_aircraft", Boolean, "Whether the aircraft stays."),
        _column("minutes_moved", Integer, "How far the lesson moves, minutes; negative is earlier."),
        _column("score", Double, "The lower the better, in days of waiting."),
        _column("ranked_by", Text, "Who put the alternatives in this order: planner or llm."),
        _column("reason", Text, "Why this one, in words."),
    ]


reschedule_plan = _hourly(
    "reschedule_plan",
    "Up to three alternatives for each threatened lesson, which could all be held at once, as the planner ranks them.",
    *_proposal(),
    index="booking_id",
)

solver_runs = _hourly(
    "solver_runs",
    "How each part of the joint choice went, a row a component and rank.",
    _column("component", BigInteger, "First booking of those that share people or aircraft, and are chosen together."),
    _column("rank", Integer, "1 for the first alternatives, and so on."),
    _column("lessons", Integer, "Lessons in the component."),
    _column("slots", Integer, "Slots that were open."),
    _column("status", Text, "optimal, feasible, broken (duty hours repaired), none, or not run."),
    _column("chosen_by", Text, "Whose choice was better: solver or greedy."),
    _column("unplaced", Integer, "Lessons that got no alternative of this rank."),
    _column("cost", Double, "What was chosen costs, days of waiting, 200 for each lesson unplaced."),
    _column("greedy_cost", Double, "What the greedy choice costs, likewise."),
    _optional("bound", Double, "No choice costs less, likewise; null where unknown."),
    _optional("gap", Double, "How far the cost lies above the bound, as a share of what the placed lessons cost."),
    _column("seconds", Double, "Time it took, seconds."),
    index="component",
)

reschedule_proposals = _hourly(
    "reschedule_proposals",
    "The plan's alternatives, ranked and explained by the LLM where its answer passed every check.",
    *_proposal(),
    _optional("message", Text, "A short message to the student, of the LLM; the same for all of a booking."),
    _optional("prompt_version", Text, "Version of the prompt that the LLM was given; null for the planner."),
    _optional("model", Text, "Model that ranked; null for the planner."),
    index="booking_id",
)

PIPELINE_TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for table in metadata.tables.values() if table.schema == "pipeline" and table is not partitions}
)
"""The materialised tables by the name of their asset."""
