"""Check statuses, alerts and mutes."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from flightsched_pipelines.database.schema.base import INSTANT, column, identifier, metadata, optional

standings = Table(
    "standings",
    metadata,
    Column("name", Text, primary_key=True, comment="asset:check, job/name, sensor/name or schedule/name."),
    column("cause", Text, "The alert it belongs to when it fails."),
    column("severity", Text, "warn or error."),
    column("passed", Boolean, "Whether it passed."),
    column("sentence", Text, "Finding, in a sentence without personal data."),
    column("todo", Text, "Action for operators."),
    column("section", Text, "Section of the runbook, its anchor; empty for none."),
    column("about_utc", INSTANT, "The hour that was checked, UTC."),
    column("judged_at", INSTANT, "Time of the check, UTC."),
    schema="school",
    comment="Latest status of each check, job, sensor and schedule.",
)

alerts = Table(
    "alerts",
    metadata,
    identifier(),
    column("key", Text, "The cause that its failing checks share."),
    column("severity", Text, "warn or error: the worst that failed."),
    column("state", Text, "open or resolved."),
    column("failing", JSONB, "What fails, or failed last: name, severity, sentence, todo, section. No personal data."),
    column("opened_at", INSTANT, "When it was opened."),
    optional("resolved_at", INSTANT, "When nothing failed any more; null while it is open."),
    optional("last_told_at", INSTANT, "Last notification of operators; null for never."),
    column("times_told", Integer, "Number of notifications that it is open.", server_default=text("0")),
    column("next_tell_at", INSTANT, "Next notification, unless it gets worse before."),
    CheckConstraint("state IN ('open', 'resolved')", name="state"),
    CheckConstraint("(state = 'open') = (resolved_at IS NULL)", name="resolved"),
    Index("alerts_one_open_idx", "key", unique=True, postgresql_where=text("state = 'open'")),
    Index("alerts_opened_at_idx", "opened_at"),
    schema="school",
    comment="Alerts, one row from opening to resolution; at most one is open for each cause.",
)

alert_silences = Table(
    "alert_silences",
    metadata,
    Column("key", Text, primary_key=True, comment="The alerts' cause."),
    column("until", INSTANT, "End of the mute, UTC."),
    column("why", Text, "Reason, in the operator's words."),
    column("silenced_at", INSTANT, "Start of the mute, UTC."),
    schema="school",
    comment="Muted alerts.",
)

queue_waits = Table(
    "queue_waits",
    metadata,
    Column("queue", Text, primary_key=True, comment="The queue's name."),
    column("since_utc", INSTANT, "The first check that found messages in it; since then every check has."),
    schema="school",
    comment="Queues that hold messages now, a row each; a queue that is found empty loses its row.",
)

erasures = Table(
    "erasures",
    metadata,
    identifier(),
    column("role", Text, "student, instructor, dispatcher or manager."),
    column(
        "person_id",
        BigInteger,
        "Number of the person, whose row no longer names anybody; of a dispatcher's first sign-in (0: none is kept), "
        "of a manager's school.",
    ),
    column("erased_at", INSTANT, "Time of the erasure, UTC."),
    column("changed", JSONB, "Number of rows that were deleted or changed, by table. No personal data."),
    CheckConstraint("role IN ('student', 'instructor', 'dispatcher', 'manager')", name="role"),
    Index(
        "erasures_person_key",
        "role",
        "person_id",
        unique=True,
        postgresql_where=text("role IN ('student', 'instructor')"),
    ),
    schema="school",
    comment="People who were erased on request, without personal data: after a restore, they are erased again.",
)
