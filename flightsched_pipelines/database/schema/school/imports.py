"""Files of a school's scheduler, and their imports."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    column,
    identifier,
    metadata,
    one_of,
    optional,
)

FEED_OUTCOMES = ("imported", "unchanged", "rejected")
"""Outcomes of a file of the feed."""


feed_files = Table(
    "feed_files",
    metadata,
    identifier(),
    column("name", Text, "Name of the file in the feed."),
    column("size_bytes", BigInteger, "Its size."),
    column("modified_at", INSTANT, "When it was last written; written anew, it is another file."),
    column("seen_at", INSTANT, "When it was first seen so: what has not grown until later is whole."),
    optional("kind", Text, "Kind that its name begins with; null for none."),
    optional("outcome", Text, "imported, unchanged or rejected; null: it is still to be taken."),
    optional("taken_at", INSTANT, "When it was taken."),
    Index("feed_files_file_key", "name", "modified_at", "size_bytes", unique=True),
    CheckConstraint(one_of("outcome", FEED_OUTCOMES), name="outcome"),
    CheckConstraint("num_nonnulls(outcome, taken_at) IN (0, 2)", name="taken"),
    schema="school",
    comment="Files that the school's scheduler dropped into the feed, each as it was written.",
)


imports = Table(
    "imports",
    metadata,
    identifier(),
    column("kind", Text, "Kind of the file: bookings, students, ..."),
    column("imported_at", INSTANT, "Time of the write or check, UTC."),
    column("digest", Text, "SHA-256 of the file, by which it is known again; its name is not kept."),
    column("complete", Boolean, "Whether what the file did not name was said to be gone."),
    column("added", Integer, "Rows that were new."),
    column("changed", Integer, "Rows that differed from what was stored."),
    column("unchanged", Integer, "Rows that did not."),
    column("gone", Integer, "Rows that the file no longer had: ended, or cancelled."),
    schema="school",
    comment="Files of the school's that were imported, a row a file.",
)
