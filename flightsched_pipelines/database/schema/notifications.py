"""Notifications: who wants which, the outbox, what was dispatched; and calls of the LLM and dead letters."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    column,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
)

contact_preferences = Table(
    "contact_preferences",
    metadata,
    identifier(),
    reference("student_id", "students", "Student; null in an instructor's row.", nullable=True),
    reference("instructor_id", "instructors", "Instructor; null in a student's row.", nullable=True),
    column("email", Boolean, "Whether to write e-mail.", server_default=text("true")),
    column("sms", Boolean, "Whether to send short messages to the phone.", server_default=text("false")),
    column("digest", Boolean, "Whether to send one digest e-mail an hour.", server_default=text("false")),
    optional("quiet_from", Time, "Begin of the quiet hours, in the person's zone; null for none."),
    optional("quiet_to", Time, "End of the quiet hours; before their begin when they span midnight."),
    optional("time_zone", Text, "IANA zone of the quiet hours; null for the school's."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint("num_nonnulls(quiet_from, quiet_to) <> 1", name="quiet"),
    CheckConstraint(
        "(quiet_from < '24:00'::time) IS NOT FALSE AND (quiet_to < '24:00'::time) IS NOT FALSE", name="quiet_clock"
    ),
    Index("contact_preferences_student_id_key", "student_id", unique=True),
    Index("contact_preferences_instructor_id_key", "instructor_id", unique=True),
    schema="school",
    comment="Contact preferences, one row a person; people without a row are emailed, except between 22:00 and 07:00.",
)

SETTINGS_KINDS = ("contact", "preferences")
"""The settings that people change themselves."""

settings_changes = Table(
    "settings_changes",
    metadata,
    identifier(),
    reference("student_id", "students", "Student; null in an instructor's row.", nullable=True, index=True),
    reference("instructor_id", "instructors", "Instructor; null in a student's row.", nullable=True, index=True),
    column("changed_at", INSTANT, "Time of the change, UTC."),
    column("kind", Text, "contact (channels, quiet hours) or preferences (days, parts of the day, ...)."),
    column("door", Text, "Entry point of the change: page."),
    column("before", JSONB, "The settings before it. Personal."),
    column("after", JSONB, "The settings after it. Personal."),
    CheckConstraint("num_nonnulls(student_id, instructor_id) = 1", name="one_person"),
    CheckConstraint(one_of("kind", SETTINGS_KINDS), name="kind"),
    schema="school",
    comment="Changes that people made to their own settings. Rows are only added.",
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("partition_hour", INSTANT, primary_key=True, comment="The hour, UTC."),
    column("dispatched_at", INSTANT, "Time of the dispatch, UTC."),
    column("outcome", JSONB, "What was opened, updated, cleared, ...; what was queued, held back and suppressed."),
    schema="school",
    comment="Hours that were dispatched, each once.",
)

OUTBOX_STATES = ("waiting", "sending", "sent", "suppressed", "dead")

outbox = Table(
    "outbox",
    metadata,
    identifier(),
    column("key", Text, "Idempotency key: case, event, person and channel.", unique=True),
    column("channel", Text, "email, sms, sns, sns_alerts, sqs, redis or slack."),
    reference("case_id", "reschedule_cases", "Case; null for digests.", nullable=True, index=True),
    optional("partition_hour", INSTANT, "Hour, UTC."),
    column("event", Text, "Event: opened, updated, ..., digest, test."),
    column("role", Text, "Recipient: student, instructor, dispatcher, manager, ops or system."),
    optional("person_id", BigInteger, "Student, instructor or (dispatchers, manager) school."),
    column("payload", JSONB, "Facts of the message. Personal."),
    column("status", Text, "waiting, sending (leased), sent, suppressed or dead.", server_default=text("'waiting'")),
    column("obsolete", Boolean, "Whether a newer message has replaced it.", server_default=text("false")),
    column("attempts", Integer, "Number of attempts.", server_default=text("0")),
    column("next_attempt_at", INSTANT, "Not to be sent before."),
    column("due_at", INSTANT, "Since when it could have been sent; its attempts do not move it, a redrive does."),
    optional("expires_at", INSTANT, "Not to be sent after; null for never."),
    optional("leased_until", INSTANT, "Until when a worker has it."),
    optional("lease", Text, "The lease that a worker has it by; null while nobody has it."),
    column(
        "perhaps_delivered", Boolean,
        "Whether it was handed over without an answer that says what became of it: it may have been delivered.",
        server_default=text("false"),
    ),
    optional("last_error", Text, "What went wrong last, or why it was suppressed; without personal data."),
    optional("receipt", Text, "The channel's own id of the message."),
    column("created_at", INSTANT, "When it was queued."),
    optional("settled_at", INSTANT, "When it was sent, suppressed or given up."),
    CheckConstraint(one_of("status", OUTBOX_STATES), name="status"),
    Index(
        "outbox_due_idx", "channel", "next_attempt_at", postgresql_where=text("status IN ('waiting', 'sending')"),
    ),
    schema="school",
    comment="Outbox: messages by channel, written in the transaction of the transition they notify of.",
)  # fmt: skip

weather_gaps = Table(
    "weather_gaps",
    metadata,
    identifier(),
    reference("school_id", "schools", "The school whose lessons cannot be judged."),
    column("since_utc", INSTANT, "The first hour from which on the weather of some lesson was missing."),
    column("lessons", Integer, "Number of lessons in the notification."),
    column("told_at", INSTANT, "When dispatchers were notified, UTC."),
    optional(
        "ended_at", INSTANT, "When it ended; null while it lasts. Dispatchers are notified if the weather is back."
    ),
    optional("airport", Text, "The airport whose weather is missing; null if no hour was assessed at all."),
    Index(
        "weather_gaps_one_open_idx",
        "school_id",
        "airport",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    ),
    schema="school",
    comment="Periods of missing weather that dispatchers were notified of; at most one is open for each school and "
    "airport.",
)
llm_calls = Table(
    "llm_calls",
    metadata,
    identifier(),
    column("called_at", INSTANT, "When it was asked.", server_default=text("now()")),
    column("partition_hour", INSTANT, "The hour that it was asked for, UTC."),
    column("booking_id", BigInteger, "The booking that the question is about."),
    column("question_digest", Text, "Digest of prompt version, model and question: the same question has the same."),
    column("prompt_version", Text, "Version of the prompt."),
    column("model", Text, "Model that was asked."),
    column("status", Text, "ok, or what went wrong: refused, truncated, invalid, rate_limited, quota, ..."),
    optional("problem", Text, "What went wrong, in a sentence."),
    column("attempts", Integer, "How often it was sent."),
    column("input_tokens", Integer, "Tokens of the question."),
    column("cached_tokens", Integer, "Tokens of the question that were cached."),
    column("output_tokens", Integer, "Tokens of the answer."),
    column("cost_usd", Numeric(12, 6), "What it cost, US dollars."),
    column("latency_seconds", Double, "From the first sending to the answer, seconds."),
    optional("answer", JSONB, "The answer, where it passed every check."),
    Index("llm_calls_question_idx", "question_digest", "called_at"),
    Index("llm_calls_called_at_idx", "called_at"),
    schema="school",
    comment="Every call of the LLM. Pseudonymous: no name, address, number or registration.",
)

dead_letters = Table(
    "dead_letters",
    metadata,
    identifier(),
    column("kind", Text, "Kind: llm_answer, or outbox for a message."),
    column("key", Text, "Digest of the LLM request, or idempotency key of the message."),
    column("partition_hour", INSTANT, "The hour that it belongs to, UTC."),
    optional("booking_id", BigInteger, "The booking that it is about."),
    column("problem", Text, "What went wrong, in a sentence."),
    column("request", JSONB, "Request or message. Pseudonymous."),
    optional("answer", Text, "Response, cut to 20,000 characters. Pseudonymous."),
    column("attempts", Integer, "Number of attempts.", server_default=text("1")),
    column("created_at", INSTANT, "When it first failed.", server_default=text("now()")),
    column("last_tried_at", INSTANT, "When it was last tried.", server_default=text("now()")),
    optional("settled_at", INSTANT, "When it was settled; null while it waits."),
    optional("settlement", Text, "Settlement: answered, superseded by a newer hour, or sent again."),
    Index(
        "dead_letters_waiting_idx", "kind", "key", "partition_hour", unique=True,
        postgresql_where=text("settled_at IS NULL"),
    ),
    schema="school",
    comment="Failed messages and LLM calls that wait for a redrive.",
)  # fmt: skip
