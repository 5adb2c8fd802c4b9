"""Lessons, and slots held for lessons."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    WORDS,
    column,
    external_id,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
    sound_period,
    sound_words,
)
from flightsched_pipelines.domain.cases.cancellation import CANCELLATION_CAUSES
from flightsched_pipelines.domain.cases.lifecycle import HoldSetter
from flightsched_pipelines.domain.risk.rules import LESSON_KINDS

ACTIVE_STATUSES = ("scheduled", "weather_hold")
"""Statuses of lessons that are, or were, to be flown."""


TAKING_STATUSES = (*ACTIVE_STATUSES, "held")
"""Statuses in which a row occupies its aircraft, instructor and student: lessons, and slots held for a lesson."""


CONTENDS = (
    "(CASE WHEN holds_for IS NULL "
    "THEN int8multirange(int8range('-1'::integer, '-1'::integer, '[]'::text), int8range(id, id, '[]'::text)) "
    "ELSE int8multirange(int8range(0, holds_for), int8range(holds_for, NULL, '()'::text)) END)"
)
"""The rows with which a row contends, as sets of which any two overlap, except a lesson and its own hold.

A lesson is -1 and its id; a hold is every id but its lesson's. So a held slot may overlap the time that the lesson has
now, and nothing else may overlap either. Two holds always overlap here: a lesson has at most one hold.
"""


def _never_twice(column: str) -> ExcludeConstraint:
    """No two rows use one resource at one time. ``int8range(x, x, '[]')`` needs no btree_gist."""
    return ExcludeConstraint(
        (text(f"int8range({column}, {column}, '[]')"), "&&"),
        ("period", "&&"),
        (text(CONTENDS), "&&"),
        name=f"bookings_no_double_{column.removesuffix('_id')}",
        using="gist",
        where=text(
            f"{column} IS NOT NULL AND status = ANY (ARRAY['scheduled'::text, 'weather_hold'::text, 'held'::text])"
        ),
        deferrable=True,
        initially="IMMEDIATE",
    )


bookings = Table(
    "bookings",
    metadata,
    identifier(),
    column("reference", Text, "Booking reference, as people use it.", unique=True),
    reference("school_id", "schools", "School.", index=True),
    reference("student_id", "students", "Student.", index=True),
    reference("instructor_id", "instructors", "Instructor; null for a solo flight.", nullable=True),
    reference("aircraft_id", "aircraft", "Aircraft or simulator; null for a ground lesson.", nullable=True),
    column("ground", Boolean, "Whether it is a ground lesson, without an aircraft.", server_default=text("false")),
    column("lesson_kind", Text, "pattern, local or cross_country."),
    column("solo", Boolean, "Whether the student flies alone."),
    Column("departure", Text, ForeignKey("school.airports.ident"), nullable=False, comment="ICAO ident."),
    column("route", WORDS, "Idents after the departure, the last the destination.", server_default=text("'{}'")),
    column("period", TSTZRANGE, "Period, end excluded."),
    column(
        "status", Text, "scheduled, weather_hold, completed or cancelled; held: a slot held for a lesson, no lesson.",
        server_default=text("'scheduled'"),
    ),
    reference("holds_for", "bookings", "The lesson that a held slot is for; null for lessons.", nullable=True),
    optional("held_until", INSTANT, "When a held slot is released; null for lessons."),
    optional(
        "weather_hold_by", Text,
        "Origin of the weather hold, which also lifts it: platform (its case) or dispatcher; null: neither.",
    ),
    column("times_moved", Integer, "Number of moves because of weather.", server_default=text("0")),
    column(
        "calendar_sequence", Integer, "Version of its calendar entry (RFC 5546 SEQUENCE).", server_default=text("0")
    ),
    column("created_at", INSTANT, "When it was booked.", server_default=text("now()")),
    column("updated_at", INSTANT, "When it was last changed.", server_default=text("now()")),
    external_id(),
    optional("imported_period", TSTZRANGE, "Time that the school's file last had; null: never imported."),
    optional("imported_instructor_id", BigInteger, "Instructor that the school's file last had."),
    optional(
        "cancellation_cause", Text,
        "Cause of the cancellation, as the school states it; null: not cancelled, or unknown.",
    ),
    optional("imported_aircraft_id", BigInteger, "Aircraft that the school's file last had; null for a ground lesson."),
    Index("bookings_external_id_key", "school_id", "external_id", unique=True),
    CheckConstraint(one_of("lesson_kind", LESSON_KINDS), name="kind"),
    CheckConstraint("status IN ('scheduled', 'weather_hold', 'completed', 'cancelled', 'held')", name="status"),
    CheckConstraint("num_nonnulls(holds_for, held_until) = CASE WHEN status = 'held' THEN 2 ELSE 0 END", name="hold"),
    CheckConstraint(one_of("cancellation_cause", tuple(CANCELLATION_CAUSES)), name="cancellation_cause"),
    CheckConstraint("cancellation_cause IS NULL OR status = 'cancelled'", name="cancellation"),
    CheckConstraint(one_of("weather_hold_by", get_args(HoldSetter)), name="weather_hold_by"),
    CheckConstraint("weather_hold_by IS NULL OR status = 'weather_hold'", name="weather_hold"),
    CheckConstraint(
        "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period) "
        "AND upper(period) - lower(period) <= interval '24 hours'",
        name="period",
    ),
    CheckConstraint("solo OR instructor_id IS NOT NULL", name="dual_has_instructor"),
    CheckConstraint("ground = (aircraft_id IS NULL)", name="ground_has_no_aircraft"),
    CheckConstraint("NOT (ground AND solo)", name="ground_is_dual"),
    sound_period(),
    sound_words("route"),
    _never_twice("aircraft_id"),
    _never_twice("instructor_id"),
    _never_twice("student_id"),
    Index("bookings_period_idx", "period", postgresql_using="gist"),
    Index("bookings_holds_for_key", "holds_for", unique=True),
    schema="school",
    comment="Lessons, and slots held for lessons. No aircraft, instructor or student is ever taken twice at one time.",
)  # fmt: skip
