"""Availability at each hour: what hours have in common is stored once, and a view has the rows of each hour."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    WORDS,
    column,
    hour_of_row,
    hourly_table,
    metadata,
    optional,
)


def _resource() -> list[Column[Any]]:
    """Return the columns for whom or what a row is about."""
    return [
        column("resource", Text, "school, student, instructor, aircraft or simulator."),
        column("resource_id", BigInteger, "Identifier within that kind of resource."),
    ]


def _abilities() -> list[Column[Any]]:
    """Return the columns for what an aircraft or instructor may be booked for."""
    return [
        optional("aircraft_type", Text, "Type, of aircraft."),
        optional("aircraft_crosswind_kt", Double, "Demonstrated crosswind, of aircraft, knots."),
        column("may_teach", WORDS, "Training levels, of instructors."),
    ]


def _periods() -> list[Column[Any]]:
    """Return the columns of a period."""
    return [
        column("school_id", BigInteger, "School."),
        *_resource(),
        column("starts_at_utc", INSTANT, "Start, UTC."),
        column("ends_at_utc", INSTANT, "End, UTC."),
        *_abilities(),
    ]


availability_snapshot = Table(
    "availability_snapshot",
    MetaData(),  # a view, which its migration makes
    hour_of_row(),
    *_periods(),
    schema="pipeline",
    comment="Availability of each school, student, instructor, aircraft and simulator, as known at the hour, on whole "
    "UTC days from that of the hour on; one row a period.",
)

school_availability = Table(
    "school_availability",
    metadata,
    hour_of_row(),
    column("school_id", BigInteger, "School."),
    column("digest", LargeBinary, "Which of availability_sets the school had."),
    PrimaryKeyConstraint("partition_hour", "school_id"),
    Index("school_availability_digest_idx", "digest"),
    schema="pipeline",
    comment="Which availability each school had at each hour; availability_snapshot has its rows.",
)

availability_sets = Table(
    "availability_sets",
    metadata,
    column("digest", LargeBinary, "SHA-256 of a school's availability, when it was stored."),
    *_resource(),
    *_abilities(),
    column("starts_at_utc", ARRAY(INSTANT), "Start of each period, UTC."),
    column("ends_at_utc", ARRAY(INSTANT), "End of each period, UTC."),
    CheckConstraint(
        "cardinality(starts_at_utc) = cardinality(ends_at_utc) AND array_position(starts_at_utc, NULL) IS NULL "
        "AND array_position(ends_at_utc, NULL) IS NULL",
        name="periods",
    ),
    Index("availability_sets_digest_idx", "digest"),
    schema="pipeline",
    comment="Availability of schools (school_availability), each stored once for all hours that had it; one row a "
    "resource.",
)

availability_periods = hourly_table(
    "availability_periods",
    "Availability of hours that an older version stored; availability_snapshot has its rows, too.",
    *_periods(),
    index="resource_id",
)
