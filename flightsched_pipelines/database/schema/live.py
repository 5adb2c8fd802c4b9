"""The live stream: its events, and the tokens of those who may listen."""

from sqlalchemy import BigInteger, CheckConstraint, Index, Sequence, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    WORDS,
    column,
    identifier,
    metadata,
    optional,
    reference,
)

live_positions = Sequence("live_positions", schema="school", metadata=metadata)
"""Positions of events in the stream, given to those that are committed."""

live_events = Table(
    "live_events",
    metadata,
    identifier(),
    optional(
        "position", BigInteger,
        "Place in the stream, given after the commit, so that none is added before one that was read; null: not yet.",
    ),
    reference("school_id", "schools", "School.", index=False),
    column("people", WORDS, "Whom it concerns besides the school's applications: student-ID, instructor-ID."),
    column("at", INSTANT, "When it happened, UTC."),
    column("payload", JSONB, "The event, as other systems get it. Without personal data."),
    Index("live_events_position_key", "position", unique=True),
    Index("live_events_school_id_idx", "school_id", "position"),
    Index("live_events_new_idx", "id", postgresql_where=text("position IS NULL")),
    schema="school",
    comment="Events of the live stream, written in the transaction of what they tell of. Rows are only added.",
)  # fmt: skip

api_tokens = Table(
    "api_tokens",
    metadata,
    identifier(),
    column("digest", Text, "SHA-256 of the token, which is not stored."),
    column("name", Text, "Its purpose, in the words of whoever made it."),
    reference("school_id", "schools", "School whose events it reads.", index=True),
    reference("student_id", "students", "The student whose events alone it reads; null: not a student's.",
              nullable=True),
    reference(
        "instructor_id", "instructors", "The instructor whose events alone it reads; null: not an instructor's.",
        nullable=True,
    ),
    column("made_at", INSTANT, "When it was made, UTC."),
    optional("revoked_at", INSTANT, "When it was revoked, UTC; null while it is valid."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) <= 1", name="one_person"),
    Index("api_tokens_digest_key", "digest", unique=True),
    schema="school",
    comment="Tokens of people and of schools' applications for the live stream.",
)  # fmt: skip
