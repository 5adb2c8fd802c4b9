"""Check statuses, alerts and mutes."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from flightsched_pipelines.database.schema.base import INSTANT, column, identifier, metadata, optional

standings = Table(
    "standings",
    metadata,
    Column("name", Text, primary_key=True, comment="asset:check, job/name, sensor/name or schedule/name."),
    column("cause", Text, "The alert it belongs to when it fails."),
    column("severity", Text, "warn or error."),
    column("passed", Boolean, "Whether all was well."),
    column("sentence", Text, "What was found, in a sentence without personal data."),
    column("todo", Text, "What to do about it."),
    column("section", Text, "Section of the runbook, its anchor; empty for none."),
    column("about_utc", INSTANT, "The hour that was judged, UTC."),
    column("judged_at", INSTANT, "When it was judged."),
    schema="school",
    comment="How each check, job, sensor and schedule stood when it was last looked at.",
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
    optional("last_told_at", INSTANT, "When operators were last told; null for never."),
    column("times_told", Integer, "How often they were told that it is open.", server_default=text("0")),
    column("next_tell_at", INSTANT, "Not told again before, unless it gets worse."),
    CheckConstraint("state IN ('open', 'resolved')", name="state"),
    CheckConstraint("(state = 'open') = (resolved_at IS NULL)", name="resolved"),
    Index("alerts_one_open_idx", "key", unique=True, postgresql_where=text("state = 'open'")),
    Index("alerts_opened_at_idx", "opened_at"),
    schema="school",
    comment="What operators were alerted to, a row from its opening to its end; at most one open a cause.",
)

alert_silences = Table(
    "alert_silences",
    metadata,
    Column("key", Text, primary_key=True, comment="The alerts' cause."),
    column("until", INSTANT, "Nobody is told before."),
    column("why", Text, "Why, in the words of whoever silenced it."),
    column("silenced_at", INSTANT, "When it was silenced."),
    schema="school",
    comment="Alerts that operators do not want to hear of for a time.",
)

queue_waits = Table(
    "queue_waits",
    metadata,
    Column("queue", Text, primary_key=True, comment="The queue's name."),
    column("since_utc", INSTANT, "The first check that found messages in it; since then every check has."),
    schema="school",
    comment="Queues that hold messages now, a row each; a queue that is found empty loses its row.",
)
