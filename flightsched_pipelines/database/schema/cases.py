"""Cases of at-risk bookings: their states, events, offers and responses."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from flightsched_pipelines.database.schema.base import (
    INSTANT,
    column,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
)
from flightsched_pipelines.domain.cases import lifecycle
from flightsched_pipelines.domain.cases.lifecycle import CaseState

CASE_STATES = tuple(state.value for state in CaseState)
OPEN_STATES = tuple(state.value for state in CaseState if state in lifecycle.OPEN_STATES)
"""States in which a case is open."""

_IS_OPEN = one_of("state", OPEN_STATES)

reschedule_cases = Table(
    "reschedule_cases",
    metadata,
    identifier(),
    reference("booking_id", "bookings", "The at-risk booking, or the one on standby."),
    column("state", Text, "open (no alternative yet), proposed, student_accepted; or how it ended."),
    column("opened_hour", INSTANT, "The hour whose forecast opened it, UTC."),
    column("last_hour", INSTANT, "The latest hour compared with it, UTC."),
    column("starts_at_utc", INSTANT, "Start of the lesson as notified, UTC."),
    column("ends_at_utc", INSTANT, "End of the lesson as notified, UTC."),
    optional("instructor_id", BigInteger, "Instructor of the lesson as notified; null for a solo flight."),
    column("aircraft_id", BigInteger, "Aircraft of the lesson as notified."),
    column("deadline_utc", INSTANT, "When it expires without a response, UTC."),
    column("round", Integer, "Number of the set of alternatives offered, from 1; 0 before the first."),
    column("opened_at", INSTANT, "When it was opened."),
    optional("closed_at", INSTANT, "When it ended; null while it is open."),
    optional("accepted_number", Integer, "Which alternative of the round the student took; null before."),
    optional("accepted_at", INSTANT, "When the student took it; null before."),
    optional("reminded_at", INSTANT, "When a reminder was sent; null before, and again for each new question."),
    reference(
        "freed_slot_id", "freed_slots", "The freed slot it offers to a lesson on standby; null for an at-risk lesson.",
        nullable=True,
    ),
    optional("student_id", BigInteger, "Student of the lesson as notified; null in a case of an earlier release."),
    CheckConstraint(one_of("state", CASE_STATES), name="state"),
    CheckConstraint(f"({_IS_OPEN}) = (closed_at IS NULL)", name="closed"),
    Index(
        "reschedule_cases_one_open_idx", "booking_id", unique=True,
        postgresql_where=text(_IS_OPEN),
    ),
    Index("reschedule_cases_booking_id_idx", "booking_id", "id"),
    Index(
        "reschedule_cases_one_offer_idx", "freed_slot_id", unique=True,
        postgresql_where=text(_IS_OPEN),
    ),
    Index("reschedule_cases_freed_slot_id_idx", "freed_slot_id", postgresql_where=text("freed_slot_id IS NOT NULL")),
    schema="school",
    comment="Cases of at-risk bookings and of bookings on standby with a freed slot; at most one open case a booking, "
    "and one a freed slot.",
)  # fmt: skip

case_events = Table(
    "case_events",
    metadata,
    identifier(),
    reference("case_id", "reschedule_cases", "Case.", index=True),
    column("at", INSTANT, "When it happened."),
    column("actor", Text, "Actor: platform, student, instructor or dispatcher."),
    optional("actor_id", BigInteger, "Student or instructor."),
    column("event", Text, "Event: opened, updated, accepted, confirmed, moved, cleared, expired, cancelled, ..."),
    optional("from_state", Text, "State before; null for the first."),
    column("to_state", Text, "State after."),
    optional("partition_hour", INSTANT, "The hour that it follows from, UTC."),
    column("why", Text, "Reason, in a sentence without personal data."),
    schema="school",
    comment="The audit trail of cases: who did what, when, from which state to which, and why. Rows are only added.",
)

case_offers = Table(
    "case_offers",
    metadata,
    reference("case_id", "reschedule_cases", "Case."),
    Column("round", Integer, comment="Number of the set of alternatives, from 1."),
    Column("number", Integer, comment="1 the first choice."),
    column("starts_at_utc", INSTANT, "Start, UTC."),
    column("ends_at_utc", INSTANT, "End, UTC."),
    optional("instructor_id", BigInteger, "Instructor; null for a solo flight."),
    optional("aircraft_id", BigInteger, "Aircraft or simulator; null for a ground lesson."),
    column("reason", Text, "Reason for this alternative, in words."),
    column("ranked_by", Text, "Origin of the rank: planner or llm."),
    column("offered_hour", INSTANT, "The hour whose proposals it comes from, UTC."),
    optional("withdrawn_hour", INSTANT, "The hour that withdrew it, UTC; null while it is offered."),
    optional("refused_at", INSTANT, "When somebody said that it does not suit; null otherwise."),
    PrimaryKeyConstraint("case_id", "round", "number"),
    *(
        Index(f"case_offers_{column}_idx", column, "ends_at_utc", postgresql_where=text("withdrawn_hour IS NULL"))
        for column in ("aircraft_id", "instructor_id")
    ),
    schema="school",
    comment="The alternatives that were offered.",
)

responses = Table(
    "responses",
    metadata,
    identifier(),
    column("key", Text, "The sender's idempotency key: an answer that comes twice is applied once.", unique=True),
    optional("case_id", BigInteger, "The case that it names, whether or not there is one.", index=True),
    optional("booking_id", BigInteger, "The booking that it names, or that its case is about.", index=True),
    column(
        "action", Text,
        "accept, none_suit, withdraw, confirm, decline, keep, swap, cancel, hold, release, note, join_standby or "
        "leave_standby.",
    ),
    optional("number", Integer, "Which alternative it takes; null for other answers."),
    optional("round", Integer, "Of which set of alternatives; null for those held out when it came."),
    column("role", Text, "Who answers: student, instructor or dispatcher."),
    optional("person_id", BigInteger, "Student or instructor; null for dispatchers, or where nobody was named."),
    optional("reason", Text, "The reason that was given; null for none. Personal."),
    optional(
        "dispatcher", Text,
        "Who entered it on the dispatch board: the name given at sign-in, and the address that the link was mailed to; "
        "null elsewhere. Personal.",
    ),
    column("door", Text, "Channel of the response: terminal, job, queue, page, board or platform."),
    column("received_at", INSTANT, "When it was received, UTC."),
    column("outcome", Text, "applied, or why it was refused: unknown_case, ended, wrong_person, taken, ..."),
    column("sentence", Text, "Sentence returned to the sender. Without personal data."),
    schema="school",
    comment="Every answer, also those that were refused. Rows are only added.",
)  # fmt: skip
