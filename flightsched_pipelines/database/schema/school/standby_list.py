"""The standby list, and the slots that lessons left."""

from typing import get_args

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Table, Text, text

from flightsched_pipelines.database.schema.base import (
    FIRST_DAY,
    INSTANT,
    LAST_DAY,
    column,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
)
from flightsched_pipelines.domain.cases.lifecycle import HoldSetter

standby = Table(
    "standby",
    metadata,
    identifier(),
    reference("booking_id", "bookings", "The lesson that would take a freed slot; its aircraft's type is the list's."),
    column("since", INSTANT, "Since when: first come, first served within the school's rule."),
    optional("until", Date, "Last local day on which a slot is of use; null for any."),
    column("put_by", Text, "platform, when a case ended and the lesson stayed on weather hold; or dispatcher."),
    optional("ended_at", INSTANT, "When the waiting ended; null while it lasts."),
    optional("how", Text, "How it ended: moved, withdrawn or lapsed; null while it lasts."),
    CheckConstraint(one_of("put_by", get_args(HoldSetter)), name="put_by"),
    CheckConstraint("how IN ('moved', 'withdrawn', 'lapsed')", name="how"),
    CheckConstraint("num_nonnulls(ended_at, how) <> 1", name="ended"),
    CheckConstraint(f"(until BETWEEN '{FIRST_DAY}'::date AND '{LAST_DAY}'::date) IS NOT FALSE", name="until"),
    Index("standby_one_place_idx", "booking_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    schema="school",
    comment="Standby list: lessons that wait for a freed slot.",
)

freed_slots = Table(
    "freed_slots",
    metadata,
    identifier(),
    reference("school_id", "schools", "School.", index=True),
    reference("booking_id", "bookings", "The lesson that left it."),
    column("why", Text, "Reason: moved, cancelled, or changed by the school."),
    column("starts_at_utc", INSTANT, "Start, UTC."),
    column("ends_at_utc", INSTANT, "End, UTC."),
    optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
    column("aircraft_id", BigInteger, "Aircraft."),
    column("freed_at", INSTANT, "When it was freed, UTC."),
    optional("looked_at", INSTANT, "When the standby list was last compared with it; null for never."),
    CheckConstraint("why IN ('moved', 'cancelled', 'changed')", name="why"),
    Index("freed_slots_once_idx", "booking_id", "starts_at_utc", "aircraft_id", unique=True),
    Index("freed_slots_starts_at_idx", "starts_at_utc"),
    schema="school",
    comment="Freed slots; a case points to the slot that it offers to a lesson on standby.",
)
