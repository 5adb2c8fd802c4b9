"""Changes of the schedule that a school's own scheduler is to enter."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import TSTZRANGE

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    column,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
)
from flightsched_pipelines.domain.schedule_changes.lifecycle import ChangeKind, ChangeState

schedule_changes = Table(
    "schedule_changes",
    metadata,
    identifier(),
    reference("booking_id", "bookings", "Lesson.", index=True),
    Column(
        "case_id", BigInteger, ForeignKey("school.reschedule_cases.id", ondelete="CASCADE"),
        comment="Case that led to it; null for none.",
    ),
    column("kind", Text, "move, swap, cancellation or ground."),
    column("from_period", TSTZRANGE, "Time at which the school's scheduler has the lesson."),
    optional("from_instructor_id", BigInteger, "Instructor that the scheduler has; null for a solo flight."),
    optional("from_aircraft_id", BigInteger, "Aircraft that the scheduler has; null for a ground lesson."),
    optional("to_period", TSTZRANGE, "Time that the platform gave it; null: cancelled."),
    optional("to_instructor_id", BigInteger, "Instructor that the platform gave it."),
    optional("to_aircraft_id", BigInteger, "Aircraft that the platform gave it; null for a ground lesson."),
    column("made_at", INSTANT, "When the platform made it."),
    column(
        "state", Text,
        "waiting (until the scheduler has it), entered, overruled (the scheduler has a third time), superseded (by the "
        "platform's next change) or taken_back.",
        server_default=text("'waiting'"),
    ),
    optional("not_entered_at", INSTANT, "When an import last had the old time; null: none since."),
    optional("settled_at", INSTANT, "When it ceased to wait."),
    CheckConstraint(one_of("kind", [kind.value for kind in ChangeKind]), name="kind"),
    CheckConstraint(one_of("state", [state.value for state in ChangeState]), name="state"),
    CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
    Index("schedule_changes_waiting_key", "booking_id", unique=True, postgresql_where=text("state = 'waiting'")),
    schema="school",
    comment="Changes of the schedule that the platform made. One waits for each lesson at most, until a file has it.",
)  # fmt: skip
