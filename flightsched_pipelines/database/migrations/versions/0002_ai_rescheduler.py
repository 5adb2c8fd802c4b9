"""The AI rescheduler: student preferences, the plan, solver runs, LLM calls and dead letters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns."""
    op.create_table(
        "reschedule_plan",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column("rank", sa.Integer(), nullable=False, comment="1 the first choice."),
        sa.Column("starts_at_utc", sa.DateTime(timezone=True), nullable=False, comment="Start, UTC."),
        sa.Column("ends_at_utc", sa.DateTime(timezone=True), nullable=False, comment="End, UTC."),
        sa.Column("instructor_id", sa.BigInteger(), nullable=True, comment="Instructor; null for a solo flight."),
        sa.Column("aircraft_id", sa.BigInteger(), nullable=False, comment="Aircraft."),
        sa.Column(
            "verdict", sa.Text(), nullable=False, comment="ok, watch or unforecast (no forecast reaches it yet)."
        ),
        sa.Column(
            "margin",
            sa.Double(),
            nullable=True,
            comment="Smallest relative margin over the minimums; null where unforecast.",
        ),
        sa.Column("same_instructor", sa.Boolean(), nullable=False, comment="Whether the instructor stays."),
        sa.Column("same_aircraft", sa.Boolean(), nullable=False, comment="Whether the aircraft stays."),
        sa.Column(
            "minutes_moved",
            sa.Integer(),
            nullable=False,
            comment="How far the lesson moves, minutes; negative is earlier.",
        ),
        sa.Column("score", sa.Double(), nullable=False, comment="The lower the better, in days of waiting."),
        sa.Column(
            "ranked_by", sa.Text(), nullable=False, comment="Who put the alternatives in this order: planner or llm."
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why this one, in words."),
        schema="pipeline",
        comment="Up to three alternatives for each threatened lesson, which could all be held at once, as the planner ranks them.",
    )
    op.create_index(
        "reschedule_plan_partition_hour_idx",
        "reschedule_plan",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "solver_runs",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column(
            "component",
            sa.BigInteger(),
            nullable=False,
            comment="First booking of those that share people or aircraft, and are chosen together.",
        ),
        sa.Column("rank", sa.Integer(), nullable=False, comment="1 for the first alternatives, and so on."),
        sa.Column("lessons", sa.Integer(), nullable=False, comment="Lessons in the component."),
        sa.Column("slots", sa.Integer(), nullable=False, comment="Slots that were open."),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="optimal, feasible, broken (duty hours repaired), none, or not run.",
        ),
        sa.Column("chosen_by", sa.Text(), nullable=False, comment="Whose choice was better: solver or greedy."),
        sa.Column("unplaced", sa.Integer(), nullable=False, comment="Lessons that got no alternative of this rank."),
        sa.Column(
            "cost",
            sa.Double(),
            nullable=False,
            comment="What was chosen costs, days of waiting, 200 for each lesson unplaced.",
        ),
        sa.Column("greedy_cost", sa.Double(), nullable=False, comment="What the greedy choice costs, likewise."),
        sa.Column("bound", sa.Double(), nullable=True, comment="No choice costs less, likewise; null where unknown."),
        sa.Column(
            "gap",
            sa.Double(),
            nullable=True,
            comment="How far the cost lies above the bound, as a share of what the placed lessons cost.",
        ),
        sa.Column("seconds", sa.Double(), nullable=False, comment="Time it took, seconds."),
        schema="pipeline",
        comment="How each part of the joint choice went, a row a component and rank.",
    )
    op.create_index(
        "solver_runs_partition_hour_idx",
        "solver_runs",
        ["partition_hour", "component"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "unplaceable_bookings",
        sa.Column(
            "partition_hour",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="The hour that the row belongs to: what was known then, UTC.",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="Booking."),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="No instructor, no aircraft, no daylight, no weather, school closed, ...",
        ),
        schema="pipeline",
        comment="Threatened lessons for which no slot was found, and the constraint that took the last one.",
    )
    op.create_index(
        "unplaceable_bookings_partition_hour_idx",
        "unplaceable_bookings",
        ["partition_hour", "booking_id"],
        unique=False,
        schema="pipeline",
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("kind", sa.Text(), nullable=False, comment="What it was: llm_answer."),
        sa.Column("key", sa.Text(), nullable=False, comment="What it was about: the question's digest."),
        sa.Column(
            "partition_hour", sa.DateTime(timezone=True), nullable=False, comment="The hour that it belongs to, UTC."
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=True, comment="The booking that it is about."),
        sa.Column("problem", sa.Text(), nullable=False, comment="What went wrong, in a sentence."),
        sa.Column(
            "request", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="What was asked. Pseudonymous."
        ),
        sa.Column(
            "answer", sa.Text(), nullable=True, comment="What came back, cut to 20,000 characters. Pseudonymous."
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="How often it was tried."
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it first failed.",
        ),
        sa.Column(
            "last_tried_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was last tried.",
        ),
        sa.Column(
            "settled_at", sa.DateTime(timezone=True), nullable=True, comment="When it was settled; null while it waits."
        ),
        sa.Column("settlement", sa.Text(), nullable=True, comment="How: answered, or superseded by a newer hour."),
        sa.PrimaryKeyConstraint("id", name=op.f("dead_letters_pkey")),
        schema="school",
        comment="What failed and waits to be tried again.",
    )
    op.create_index(
        "dead_letters_waiting_idx",
        "dead_letters",
        ["kind", "key", "partition_hour"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "called_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was asked.",
        ),
        sa.Column(
            "partition_hour", sa.DateTime(timezone=True), nullable=False, comment="The hour that it was asked for, UTC."
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False, comment="The booking that the question is about."),
        sa.Column(
            "question_digest",
            sa.Text(),
            nullable=False,
            comment="Digest of prompt version, model and question: the same question has the same.",
        ),
        sa.Column("prompt_version", sa.Text(), nullable=False, comment="Version of the prompt."),
        sa.Column("model", sa.Text(), nullable=False, comment="Model that was asked."),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="ok, or what went wrong: refused, truncated, invalid, rate_limited, quota, ...",
        ),
        sa.Column("problem", sa.Text(), nullable=True, comment="What went wrong, in a sentence."),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="How often it was sent."),
        sa.Column("input_tokens", sa.Integer(), nullable=False, comment="Tokens of the question."),
        sa.Column("cached_tokens", sa.Integer(), nullable=False, comment="Tokens of the question that were cached."),
        sa.Column("output_tokens", sa.Integer(), nullable=False, comment="Tokens of the answer."),
        sa.Column("cost_usd", sa.Numeric(precision=12, scale=6), nullable=False, comment="What it cost, US dollars."),
        sa.Column(
            "latency_seconds", sa.Double(), nullable=False, comment="From the first sending to the answer, seconds."
        ),
        sa.Column(
            "answer",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="The answer, where it passed every check.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("llm_calls_pkey")),
        schema="school",
        comment="Every call of the LLM. Pseudonymous: no name, address, number or registration.",
    )
    op.create_index("llm_calls_called_at_idx", "llm_calls", ["called_at"], unique=False, schema="school")
    op.create_index(
        "llm_calls_question_idx", "llm_calls", ["question_digest", "called_at"], unique=False, schema="school"
    )
    op.create_table(
        "student_preferences",
        sa.Column("student_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Whose."),
        sa.Column(
            "days",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Days that suit: mon to sun; empty for any.",
        ),
        sa.Column(
            "parts_of_day",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="morning, afternoon, evening; empty for any.",
        ),
        sa.Column(
            "instructor_id",
            sa.BigInteger(),
            nullable=True,
            comment="Instructor that the student would rather fly with.",
        ),
        sa.Column(
            "latest_date",
            sa.Date(),
            nullable=True,
            comment="Last local day that is of use, such as the day of a checkride.",
        ),
        sa.Column("notice_hours", sa.Integer(), nullable=True, comment="Notice that the student needs, hours."),
        sa.Column("note", sa.Text(), nullable=True, comment="In the student's own words. Personal."),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When they were last changed.",
        ),
        sa.CheckConstraint(
            "days <@ ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']",
            name=op.f("student_preferences_days_check"),
        ),
        sa.CheckConstraint(
            "parts_of_day <@ ARRAY['morning', 'afternoon', 'evening']", name=op.f("student_preferences_parts_check")
        ),
        sa.CheckConstraint("notice_hours BETWEEN 0 AND 336", name=op.f("student_preferences_notice_check")),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["school.instructors.id"],
            name=op.f("student_preferences_instructor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["school.students.id"], name=op.f("student_preferences_student_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("student_id", name=op.f("student_preferences_pkey")),
        schema="school",
        comment="What students told the school about their time, a row a student.",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "preferred_days",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="Days that suit the student: mon to sun; empty for any.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "preferred_parts", sa.ARRAY(sa.Text()), nullable=True, comment="morning, afternoon, evening; empty for any."
        ),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "preferred_instructor_id",
            sa.BigInteger(),
            nullable=True,
            comment="Instructor that the student would rather fly with.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column("latest_date", sa.Date(), nullable=True, comment="Last local day that is of use to the student."),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column("notice_hours", sa.Integer(), nullable=True, comment="Notice that the student needs, hours."),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column("preference_note", sa.Text(), nullable=True, comment="What the student wrote about it. Personal."),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column(
            "last_lesson_at_utc",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the student last flew before the hour, UTC.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "booking_snapshot",
        sa.Column("times_moved", sa.Integer(), nullable=True, comment="How often weather has moved the booking."),
        schema="pipeline",
    )
    op.add_column(
        "reschedule_proposals",
        sa.Column(
            "message",
            sa.Text(),
            nullable=True,
            comment="A short message to the student, of the LLM; the same for all of a booking.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "reschedule_proposals",
        sa.Column(
            "prompt_version",
            sa.Text(),
            nullable=True,
            comment="Version of the prompt that the LLM was given; null for the planner.",
        ),
        schema="pipeline",
    )
    op.add_column(
        "reschedule_proposals",
        sa.Column("model", sa.Text(), nullable=True, comment="Model that ranked; null for the planner."),
        schema="pipeline",
    )
    op.alter_column(
        "reschedule_proposals",
        "ranked_by",
        existing_type=sa.TEXT(),
        comment="Who put the alternatives in this order: planner or llm.",
        existing_comment="Who put the alternatives in this order.",
        existing_nullable=False,
        schema="pipeline",
    )
    op.create_table_comment(
        "reschedule_proposals",
        "The plan's alternatives, ranked and explained by the LLM where its answer passed every check.",
        existing_comment="Up to three alternatives for each threatened lesson, which could all be held at once.",
        schema="pipeline",
    )
    op.add_column(
        "bookings",
        sa.Column(
            "times_moved",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How often weather has moved it.",
        ),
        schema="school",
    )


def downgrade() -> None:
    """Remove them, with everything in them."""
    op.drop_column("bookings", "times_moved", schema="school")
    op.create_table_comment(
        "reschedule_proposals",
        "Up to three alternatives for each threatened lesson, which could all be held at once.",
        existing_comment="The plan's alternatives, ranked and explained by the LLM where its answer passed every check.",
        schema="pipeline",
    )
    op.alter_column(
        "reschedule_proposals",
        "ranked_by",
        existing_type=sa.TEXT(),
        comment="Who put the alternatives in this order.",
        existing_comment="Who put the alternatives in this order: planner or llm.",
        existing_nullable=False,
        schema="pipeline",
    )
    op.drop_column("reschedule_proposals", "model", schema="pipeline")
    op.drop_column("reschedule_proposals", "prompt_version", schema="pipeline")
    op.drop_column("reschedule_proposals", "message", schema="pipeline")
    op.drop_column("booking_snapshot", "times_moved", schema="pipeline")
    op.drop_column("booking_snapshot", "last_lesson_at_utc", schema="pipeline")
    op.drop_column("booking_snapshot", "preference_note", schema="pipeline")
    op.drop_column("booking_snapshot", "notice_hours", schema="pipeline")
    op.drop_column("booking_snapshot", "latest_date", schema="pipeline")
    op.drop_column("booking_snapshot", "preferred_instructor_id", schema="pipeline")
    op.drop_column("booking_snapshot", "preferred_parts", schema="pipeline")
    op.drop_column("booking_snapshot", "preferred_days", schema="pipeline")
    op.drop_table("student_preferences", schema="school")
    op.drop_index("llm_calls_question_idx", table_name="llm_calls", schema="school")
    op.drop_index("llm_calls_called_at_idx", table_name="llm_calls", schema="school")
    op.drop_table("llm_calls", schema="school")
    op.drop_index(
        "dead_letters_waiting_idx",
        table_name="dead_letters",
        schema="school",
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_table("dead_letters", schema="school")
    op.drop_index("unplaceable_bookings_partition_hour_idx", table_name="unplaceable_bookings", schema="pipeline")
    op.drop_table("unplaceable_bookings", schema="pipeline")
    op.drop_index("solver_runs_partition_hour_idx", table_name="solver_runs", schema="pipeline")
    op.drop_table("solver_runs", schema="pipeline")
    op.drop_index("reschedule_plan_partition_hour_idx", table_name="reschedule_plan", schema="pipeline")
    op.drop_table("reschedule_plan", schema="pipeline")
