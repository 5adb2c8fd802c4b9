"""Calendars that people subscribe to by a secret address."""

from sqlalchemy import CheckConstraint, Index, Table, Text

from flightsched_pipelines.database.schema.base import INSTANT, column, identifier, metadata, optional, reference

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    identifier(),
    column("digest", Text, "SHA-256 of the secret in its address, which is not stored."),
    reference("school_id", "schools", "School.", index=True),
    reference("student_id", "students", "Student whose lessons it has; null: not one's.", nullable=True),
    reference("instructor_id", "instructors", "Instructor whose lessons it has; null: not one's.", nullable=True),
    reference("aircraft_id", "aircraft", "Aircraft whose lessons it has; null: not one's.", nullable=True),
    column("made_at", INSTANT, "When its address was made, UTC."),
    optional("revoked_at", INSTANT, "When its address ceased to work, UTC; null: it works."),
    Index("calendar_feeds_digest_key", "digest", unique=True),
    CheckConstraint("num_nonnulls(student_id, instructor_id, aircraft_id) <= 1", name="owner"),
    schema="school",
    comment="Calendar feeds, a row an address: of a student, an instructor, an aircraft, or else of the whole school.",
)
