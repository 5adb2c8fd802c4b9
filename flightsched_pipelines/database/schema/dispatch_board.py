"""Sign-in of dispatchers: one-time links, and the sessions that they open."""

from sqlalchemy import Index, Table, Text

from flightsched_pipelines.database.schema.base import INSTANT, column, identifier, metadata, optional, reference

sign_in_links = Table(
    "sign_in_links",
    metadata,
    identifier(),
    reference("school_id", "schools", "The school whose dispatchers' address it was sent to.", index=True),
    column("address", Text, "The dispatchers' address that it was mailed to. Personal."),
    column("created_at", INSTANT, "When it was asked for, UTC."),
    column("expires_at", INSTANT, "When it ceases to work, UTC."),
    optional("used_at", INSTANT, "When somebody signed in with it, UTC; null: it was not used."),
    schema="school",
    comment="One-time links by which dispatchers sign in. What a mail contains is signed, and not stored.",
)

dispatcher_sessions = Table(
    "dispatcher_sessions",
    metadata,
    identifier(),
    column("digest", Text, "SHA-256 of the cookie, which is not stored."),
    reference("school_id", "schools", "The school whose board it shows.", index=True),
    column("name", Text, "The dispatcher's name, as given at sign-in. Personal."),
    column("address", Text, "The address that its link was mailed to. Personal."),
    column("signed_in_at", INSTANT, "Time of the sign-in, UTC."),
    column("expires_at", INSTANT, "When it ends by itself, UTC."),
    optional("ended_at", INSTANT, "Time of the sign-out, UTC; null: none."),
    Index("dispatcher_sessions_digest_key", "digest", unique=True),
    schema="school",
    comment="Sessions of dispatchers on the dispatch board.",
)
