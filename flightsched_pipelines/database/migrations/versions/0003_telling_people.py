"""Telling people: cases with their audit trail and offers, the outbox, contact preferences, written partitions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns."""
    op.create_table(
        "partitions",
        sa.Column("name", sa.Text(), nullable=False, comment="Table that was written, or check that was passed."),
        sa.Column("partition_hour", sa.DateTime(timezone=True), nullable=False, comment="The hour, UTC."),
        sa.Column("rows", sa.Integer(), nullable=False, comment="Rows written, or examined."),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="When."),
        sa.PrimaryKeyConstraint("name", "partition_hour", name=op.f("partitions_pkey")),
        schema="pipeline",
        comment="Which hours of each table were materialised, and which hours' proposals were proven.",
    )
    op.create_index("partitions_hour_idx", "partitions", ["partition_hour"], unique=False, schema="pipeline")
    op.create_table(
        "dispatches",
        sa.Column("partition_hour", sa.DateTime(timezone=True), nullable=False, comment="The hour, UTC."),
        sa.Column(
            "dispatched_at", sa.DateTime(timezone=True), nullable=False, comment="When people began to be told of it."
        ),
        sa.Column(
            "outcome",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="What was opened, updated, cleared, ...; what was queued, held back and suppressed.",
        ),
        sa.PrimaryKeyConstraint("partition_hour", name=op.f("dispatches_pkey")),
        schema="school",
        comment="Hours that were dispatched, each once.",
    )
    op.create_table(
        "contact_preferences",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("student_id", sa.BigInteger(), nullable=True, comment="Whose; this or the instructor."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Whose; this or the student."),
        sa.Column(
            "email", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="Whether to write e-mail."
        ),
        sa.Column(
            "sms",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether to send short messages to the phone.",
        ),
        sa.Column(
            "digest",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether to put an hour's news into one e-mail.",
        ),
        sa.Column(
            "quiet_from",
            sa.Time(),
            nullable=True,
            comment="Begin of the quiet hours, in the person's zone; null for none.",
        ),
        sa.Column(
            "quiet_to",
            sa.Time(),
            nullable=True,
            comment="End of the quiet hours; before their begin when they span midnight.",
        ),
        sa.Column(
            "time_zone", sa.Text(), nullable=True, comment="IANA zone of the quiet hours; null for the school's."
        ),
        sa.CheckConstraint("num_nonnulls(quiet_from, quiet_to) <> 1", name=op.f("contact_preferences_quiet_check")),
        sa.CheckConstraint(
            "num_nonnulls(student_id, instructor_id) = 1", name=op.f("contact_preferences_one_person_check")
        ),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("contact_preferences_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("contact_preferences_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_preferences_pkey")),
        schema="school",
        comment="How people want to be told, a row a person; who has none gets e-mail outside 22:00 to 07:00.",
    )
    op.create_index(
        "contact_preferences_instructor_id_key", "contact_preferences", ["instructor_id"], unique=True, schema="school"
    )
    op.create_index(
        "contact_preferences_student_id_key", "contact_preferences", ["student_id"], unique=True, schema="school"
    )
    op.create_table(
        "reschedule_cases",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="The threatened booking."),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="open (no alternative yet), proposed, student_accepted; or how it ended.",
        ),
        sa.Column(
            "opened_hour", sa.DateTime(timezone=True), nullable=False, comment="The hour whose forecast opened it, UTC."
        ),
        sa.Column(
            "last_hour", sa.DateTime(timezone=True), nullable=False, comment="The newest hour held against it, UTC."
        ),
        sa.Column(
            "starts_at_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Start of the lesson as it was told, UTC.",
        ),
        sa.Column(
            "ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End of the lesson as it was told, UTC."
        ),
        sa.Column(
            "instructor_id",
            sa.BigInteger(),
            nullable=True,
            comment="Instructor of the lesson as it was told; null for a solo flight.",
        ),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft of the lesson as it was told."),
        sa.Column(
            "deadline_utc",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it expires without an answer, UTC.",
        ),
        sa.Column(
            "round",
            sa.Integer(),
            nullable=False,
            comment="Which set of alternatives is held out, from 1; 0 before the first.",
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False, comment="When it was opened."),
        sa.Column(
            "closed_at", sa.DateTime(timezone=True), nullable=True, comment="When it ended; null while it is open."
        ),
        sa.CheckConstraint(
            "(state IN ('open', 'proposed', 'student_accepted')) = (closed_at IS NULL)",
            name=op.f("reschedule_cases_closed_check"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'proposed', 'student_accepted', 'rescheduled', 'cleared', 'expired', 'declined', 'cancelled')",
            name=op.f("reschedule_cases_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["school.bookings.id"], name=op.f("reschedule_cases_booking_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reschedule_cases_pkey")),
        schema="school",
        comment="Threatened bookings and what became of them; at most one open case a booking.",
    )
    op.create_index(
        "reschedule_cases_booking_id_idx", "reschedule_cases", ["booking_id", "id"], unique=False, schema="school"
    )
    op.create_index(
        "reschedule_cases_one_open_idx",
        "reschedule_cases",
        ["booking_id"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("state IN ('open', 'proposed', 'student_accepted')"),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("case_id", sa.BigInteger(), nullable=False, comment="Case."),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When it happened."),
        sa.Column("actor", sa.Text(), nullable=False, comment="Who: platform, student, instructor or dispatcher."),
        sa.Column("actor_id", sa.BigInteger(), nullable=True, comment="Which student or instructor."),
        sa.Column(
            "event",
            sa.Text(),
            nullable=False,
            comment="What: opened, updated, cleared, expired, cancelled, released, ...",
        ),
        sa.Column("from_state", sa.Text(), nullable=True, comment="State before; null for the first."),
        sa.Column("to_state", sa.Text(), nullable=False, comment="State after."),
        sa.Column(
            "partition_hour", sa.DateTime(timezone=True), nullable=True, comment="The hour that it follows from, UTC."
        ),
        sa.Column("why", sa.Text(), nullable=False, comment="Why, in a sentence without personal data."),
        sa.ForeignKeyConstraint(
            ["case_id"], ["school.reschedule_cases.id"], name=op.f("case_events_case_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("case_events_pkey")),
        schema="school",
        comment="The audit trail of cases: who did what, when, from which state to which, and why. Rows are only added.",
    )
    op.create_index(op.f("case_events_case_id_idx"), "case_events", ["case_id"], unique=False, schema="school")
    op.create_table(
        "case_offers",
        sa.Column("case_id", sa.BigInteger(), nullable=False, comment="Case."),
        sa.Column("round", sa.Integer(), nullable=False, comment="Which set of alternatives, from 1."),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 the first choice."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Instructor; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why this one, in words."),
        sa.Column("ranked_by", sa.Text(), nullable=False, comment="Who ranked it: planner or llm."),
        sa.Column(
            "offered_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour whose proposals it comes from, UTC.",
        ),
        sa.Column(
            "withdrawn_hour",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The hour that took it back, UTC; null while it is held out.",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["school.reschedule_cases.id"], name=op.f("case_offers_case_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "round", "number", name=op.f("case_offers_pkey")),
        schema="school",
        comment="The alternatives that people were told of.",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("key", sa.Text(), nullable=False, comment="Idempotency key: case, event, person and channel."),
        sa.Column("channel", sa.Text(), nullable=False, comment="email, sms, sns, sqs, redis or slack."),
        sa.Column("case_id", sa.BigInteger(), nullable=True, comment="Case; null for digests."),
        sa.Column(
            "partition_hour", sa.DateTime(timezone=True), nullable=True, comment="The hour that it tells of, UTC."
        ),
        sa.Column("event", sa.Text(), nullable=False, comment="What it tells: opened, updated, ..., digest, test."),
        sa.Column("role", sa.Text(), nullable=False, comment="Whom: student, instructor, dispatcher, ops or system."),
        sa.Column(
            "person_id", sa.BigInteger(), nullable=True, comment="Which student, instructor or (dispatchers) school."
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The facts that it is made of. Personal.",
        ),
        sa.Column(
            "status",
            sa.Text(),
            server_default=sa.text("'waiting'"),
            nullable=False,
            comment="waiting, sending (leased), sent, suppressed or dead.",
        ),
        sa.Column(
            "obsolete",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether a newer message has replaced it.",
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="How often it was tried."
        ),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False, comment="Not to be sent before."),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=True, comment="Not to be sent after; null for never."
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True, comment="Until when a worker has it."),
        sa.Column(
            "last_error",
            sa.Text(),
            nullable=True,
            comment="What went wrong last, or why it was suppressed; without personal data.",
        ),
        sa.Column("receipt", sa.Text(), nullable=True, comment="What the channel said: its own id of the message."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was queued."),
        sa.Column(
            "settled_at", sa.DateTime(timezone=True), nullable=True, comment="When it was sent, suppressed or given up."
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'sending', 'sent', 'suppressed', 'dead')", name=op.f("outbox_status_check")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["school.reschedule_cases.id"], name=op.f("outbox_case_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("key", name=op.f("outbox_key_key")),
        schema="school",
        comment="What is to be told, a row a message and channel; written with the transition it tells of.",
    )
    op.create_index(op.f("outbox_case_id_idx"), "outbox", ["case_id"], unique=False, schema="school")
    op.create_index(
        "outbox_due_idx",
        "outbox",
        ["channel", "next_attempt_at"],
        unique=False,
        schema="school",
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )
    op.add_column(
        "bookings",
        sa.Column(
            "calendar_sequence",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Version of its calendar entry (RFC 5546 SEQUENCE).",
        ),
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "kind",
        existing_type=sa.TEXT(),
        comment="What it was: llm_answer, or outbox for a message.",
        existing_comment="What it was: llm_answer.",
        existing_nullable=False,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "key",
        existing_type=sa.TEXT(),
        comment="What it was about: the question's digest, or the message's idempotency key.",
        existing_comment="What it was about: the question's digest.",
        existing_nullable=False,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "request",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="What was asked or to be sent. Pseudonymous.",
        existing_comment="What was asked. Pseudonymous.",
        existing_nullable=False,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "settlement",
        existing_type=sa.TEXT(),
        comment="How: answered, superseded by a newer hour, or sent again.",
        existing_comment="How: answered, or superseded by a newer hour.",
        existing_nullable=True,
        schema="school",
    )
    op.add_column(
        "schools",
        sa.Column(
            "dispatch_email",
            sa.Text(),
            nullable=True,
            comment="Where the dispatchers read their mail; null for nowhere.",
        ),
        schema="school",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("schools", "dispatch_email", schema="school")
    op.alter_column(
        "dead_letters",
        "settlement",
        existing_type=sa.TEXT(),
        comment="How: answered, or superseded by a newer hour.",
        existing_comment="How: answered, superseded by a newer hour, or sent again.",
        existing_nullable=True,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "request",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="What was asked. Pseudonymous.",
        existing_comment="What was asked or to be sent. Pseudonymous.",
        existing_nullable=False,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "key",
        existing_type=sa.TEXT(),
        comment="What it was about: the question's digest.",
        existing_comment="What it was about: the question's digest, or the message's idempotency key.",
        existing_nullable=False,
        schema="school",
    )
    op.alter_column(
        "dead_letters",
        "kind",
        existing_type=sa.TEXT(),
        comment="What it was: llm_answer.",
        existing_comment="What it was: llm_answer, or outbox for a message.",
        existing_nullable=False,
        schema="school",
    )
    op.drop_column("bookings", "calendar_sequence", schema="school")
    op.drop_index(
        "outbox_due_idx",
        table_name="outbox",
        schema="school",
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )
    op.drop_index(op.f("outbox_case_id_idx"), table_name="outbox", schema="school")
    op.drop_table("outbox", schema="school")
    op.drop_table("case_offers", schema="school")
    op.drop_index(op.f("case_events_case_id_idx"), table_name="case_events", schema="school")
    op.drop_table("case_events", schema="school")
    op.drop_index(
        "reschedule_cases_one_open_idx",
        table_name="reschedule_cases",
        schema="school",
        postgresql_where=sa.text("state IN ('open', 'proposed', 'student_accepted')"),
    )
    op.drop_index("reschedule_cases_booking_id_idx", table_name="reschedule_cases", schema="school")
    op.drop_table("reschedule_cases", schema="school")
    op.drop_index("contact_preferences_student_id_key", table_name="contact_preferences", schema="school")
    op.drop_index("contact_preferences_instructor_id_key", table_name="contact_preferences", schema="school")
    op.drop_table("contact_preferences", schema="school")
    op.drop_table("dispatches", schema="school")
    op.drop_index("partitions_hour_idx", table_name="partitions", schema="pipeline")
    op.drop_table("partitions", schema="pipeline")
