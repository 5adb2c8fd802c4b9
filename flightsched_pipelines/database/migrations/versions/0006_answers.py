"""Answers: slots held for lessons, responses, the override of an instructor, auto-confirmation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CONTENDS = (
    "(CASE WHEN holds_for IS NULL "
    "THEN int8multirange(int8range('-1'::integer, '-1'::integer, '[]'::text), int8range(id, id, '[]'::text)) "
    "ELSE int8multirange(int8range(0, holds_for), int8range(holds_for, NULL, '()'::text)) END)"
)
STATES = "'open', 'proposed', 'student_accepted', 'rescheduled', 'cleared', 'expired', 'declined', 'cancelled'"


def _exclude(statuses: str, contends: str) -> None:
    """Make the constraints that nothing is taken twice anew."""
    for thing in ("aircraft", "instructor", "student"):
        column, name = f"{thing}_id", f"bookings_no_double_{thing}"
        op.drop_constraint(name, "bookings", schema="school")
        # Names and words of our own: there are no parameters in this.
        op.execute(
            f"ALTER TABLE school.bookings ADD CONSTRAINT {name} EXCLUDE USING gist "
            f"(int8range({column}, {column}, '[]') WITH &&, period WITH &&{contends}) "
            f"WHERE ({column} IS NOT NULL AND status IN ({statuses})) DEFERRABLE INITIALLY IMMEDIATE"
        )


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(name), table, schema="school")
    op.create_check_constraint(op.f(name), table, condition, schema="school")


def upgrade() -> None:
    """Make the table and columns, and let the constraints know of held slots."""
    op.create_table(
        "responses",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="The sender's idempotency key: an answer that comes twice is applied once.",
        ),
        sa.Column(
            "case_id", sa.BigInteger(), nullable=True, comment="The case that it names, whether or not there is one."
        ),
        sa.Column(
            "booking_id",
            sa.BigInteger(),
            nullable=True,
            comment="The booking that it names, or that its case is about.",
        ),
        sa.Column(
            "action",
            sa.Text(),
            nullable=False,
            comment="accept, none_suit, withdraw, confirm, decline, keep, swap, cancel, hold or release.",
        ),
        sa.Column("number", sa.Integer(), nullable=True, comment="Which alternative it takes; null for other answers."),
        sa.Column(
            "round",
            sa.Integer(),
            nullable=True,
            comment="Of which set of alternatives; null for those held out when it came.",
        ),
        sa.Column("role", sa.Text(), nullable=False, comment="Who answers: student, instructor or dispatcher."),
        sa.Column(
            "person_id",
            sa.BigInteger(),
            nullable=True,
            comment="Which student or instructor; null for dispatchers, or where nobody was named.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="The reason that was given; null for none. Personal."),
        sa.Column("door", sa.Text(), nullable=False, comment="How it came: terminal, job, queue, page or platform."),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="When it was taken up."),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="applied, or why it was refused: unknown_case, ended, wrong_person, taken, ...",
        ),
        sa.Column("sentence", sa.Text(), nullable=False, comment="What its sender was told. Without personal data."),
        sa.PrimaryKeyConstraint("id", name=op.f("responses_pkey")),
        sa.UniqueConstraint("key", name=op.f("responses_key_key")),
        schema="school",
        comment="Every answer, also those that were refused. Rows are only added.",
    )
    op.create_index(op.f("responses_booking_id_idx"), "responses", ["booking_id"], unique=False, schema="school")
    op.create_index(op.f("responses_case_id_idx"), "responses", ["case_id"], unique=False, schema="school")
    op.add_column(
        "bookings",
        sa.Column(
            "holds_for", sa.BigInteger(), nullable=True, comment="The lesson that a held slot is for; null for lessons."
        ),
        schema="school",
    )
    op.add_column(
        "bookings",
        sa.Column(
            "held_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a held slot is given up; null for lessons.",
        ),
        schema="school",
    )
    op.alter_column(
        "bookings",
        "status",
        existing_type=sa.TEXT(),
        comment="scheduled, weather_hold, completed or cancelled; held: a slot held for a lesson, no lesson.",
        existing_comment="scheduled, weather_hold, completed or cancelled.",
        existing_nullable=False,
        existing_server_default=sa.text("'scheduled'::text"),
        schema="school",
    )
    op.create_index("bookings_holds_for_key", "bookings", ["holds_for"], unique=True, schema="school")
    op.create_foreign_key(
        op.f("bookings_holds_for_fkey"),
        "bookings",
        "bookings",
        ["holds_for"],
        ["id"],
        source_schema="school",
        referent_schema="school",
        ondelete="CASCADE",
    )
    op.create_table_comment(
        "bookings",
        "Lessons, and slots held for lessons. No aircraft, instructor or student is ever taken twice at one time.",
        existing_comment="Bookings. No aircraft, instructor or student is ever booked twice at one time.",
        schema="school",
    )
    op.alter_column(
        "case_events",
        "event",
        existing_type=sa.TEXT(),
        comment="What: opened, updated, accepted, confirmed, moved, cleared, expired, cancelled, ...",
        existing_comment="What: opened, updated, cleared, expired, cancelled, released, ...",
        existing_nullable=False,
        schema="school",
    )
    op.add_column(
        "case_offers",
        sa.Column(
            "refused_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When somebody said that it does not suit; null otherwise.",
        ),
        schema="school",
    )
    op.add_column(
        "instructors",
        sa.Column(
            "auto_confirm",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether a dual lesson moves without asking this instructor.",
        ),
        schema="school",
    )
    op.add_column(
        "reschedule_cases",
        sa.Column(
            "accepted_number",
            sa.Integer(),
            nullable=True,
            comment="Which alternative of the round the student took; null before.",
        ),
        schema="school",
    )
    op.add_column(
        "reschedule_cases",
        sa.Column(
            "accepted_at", sa.DateTime(timezone=True), nullable=True, comment="When the student took it; null before."
        ),
        schema="school",
    )
    op.add_column(
        "reschedule_cases",
        sa.Column(
            "reminded_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When whoever is to answer was reminded; null before, and for each new question.",
        ),
        schema="school",
    )
    _check(
        "bookings", "bookings_status_check", "status IN ('scheduled', 'weather_hold', 'completed', 'cancelled', 'held')"
    )
    op.create_check_constraint(
        op.f("bookings_hold_check"),
        "bookings",
        "num_nonnulls(holds_for, held_until) = CASE WHEN status = 'held' THEN 2 ELSE 0 END",
        schema="school",
    )
    _exclude("'scheduled', 'weather_hold', 'held'", f", {CONTENDS} WITH &&")
    _check("reschedule_cases", "reschedule_cases_state_check", f"state IN ({STATES}, 'kept')")


def downgrade() -> None:
    """Give held slots up; cases that an instructor's override ended read as cancelled."""
    op.execute("DELETE FROM school.bookings WHERE status = 'held'")
    op.execute("UPDATE school.reschedule_cases SET state = 'cancelled' WHERE state = 'kept'")
    _check("reschedule_cases", "reschedule_cases_state_check", f"state IN ({STATES})")
    _exclude("'scheduled', 'weather_hold'", "")
    op.drop_constraint(op.f("bookings_hold_check"), "bookings", schema="school")
    _check("bookings", "bookings_status_check", "status IN ('scheduled', 'weather_hold', 'completed', 'cancelled')")
    op.drop_column("reschedule_cases", "reminded_at", schema="school")
    op.drop_column("reschedule_cases", "accepted_at", schema="school")
    op.drop_column("reschedule_cases", "accepted_number", schema="school")
    op.drop_column("instructors", "auto_confirm", schema="school")
    op.drop_column("case_offers", "refused_at", schema="school")
    op.alter_column(
        "case_events",
        "event",
        existing_type=sa.TEXT(),
        comment="What: opened, updated, cleared, expired, cancelled, released, ...",
        existing_comment="What: opened, updated, accepted, confirmed, moved, cleared, expired, cancelled, ...",
        existing_nullable=False,
        schema="school",
    )
    op.create_table_comment(
        "bookings",
        "Bookings. No aircraft, instructor or student is ever booked twice at one time.",
        existing_comment="Lessons, and slots held for lessons. No aircraft, instructor or student is ever taken twice at one time.",
        schema="school",
    )
    op.drop_constraint(op.f("bookings_holds_for_fkey"), "bookings", schema="school", type_="foreignkey")
    op.drop_index("bookings_holds_for_key", table_name="bookings", schema="school")
    op.alter_column(
        "bookings",
        "status",
        existing_type=sa.TEXT(),
        comment="scheduled, weather_hold, completed or cancelled.",
        existing_comment="scheduled, weather_hold, completed or cancelled; held: a slot held for a lesson, no lesson.",
        existing_nullable=False,
        existing_server_default=sa.text("'scheduled'::text"),
        schema="school",
    )
    op.drop_column("bookings", "held_until", schema="school")
    op.drop_column("bookings", "holds_for", schema="school")
    op.drop_index(op.f("responses_case_id_idx"), table_name="responses", schema="school")
    op.drop_index(op.f("responses_booking_id_idx"), table_name="responses", schema="school")
    op.drop_table("responses", schema="school")
