"""Alerts: how checks, jobs, sensors and schedules stand, what operators were told, and what they silenced."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "standings",
        sa.Column("name", sa.Text(), nullable=False, comment="asset:check, job/name, sensor/name or schedule/name."),
        sa.Column("cause", sa.Text(), nullable=False, comment="The alert it belongs to when it fails."),
        sa.Column("severity", sa.Text(), nullable=False, comment="warn or error."),
        sa.Column("passed", sa.Boolean(), nullable=False, comment="Whether all was well."),
        sa.Column(
            "sentence", sa.Text(), nullable=False, comment="What was found, in a sentence without personal data."
        ),
        sa.Column("todo", sa.Text(), nullable=False, comment="What to do about it."),
        sa.Column("section", sa.Text(), nullable=False, comment="Section of the runbook, its anchor; empty for none."),
        sa.Column("about_utc", sa.DateTime(timezone=True), nullable=False, comment="The hour that was judged, UTC."),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False, comment="When it was judged."),
        sa.PrimaryKeyConstraint("name", name=op.f("standings_pkey")),
        schema="school",
        comment="How each check, job, sensor and schedule stood when it was last looked at.",
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("key", sa.Text(), nullable=False, comment="The cause that its failing checks share."),
        sa.Column("severity", sa.Text(), nullable=False, comment="warn or error: the worst that failed."),
        sa.Column("state", sa.Text(), nullable=False, comment="open or resolved."),
        sa.Column(
            "failing",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="What fails, or failed last: name, severity, sentence, todo, section. No personal data.",
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False, comment="When it was opened."),
        sa.Column(
            "resolved_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When nothing failed any more; null while it is open.",
        ),
        sa.Column(
            "last_told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When operators were last told; null for never.",
        ),
        sa.Column(
            "times_told",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How often they were told that it is open.",
        ),
        sa.Column(
            "next_tell_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Not told again before, unless it gets worse.",
        ),
        sa.CheckConstraint("state IN ('open', 'resolved')", name=op.f("alerts_state_check")),
        sa.CheckConstraint("(state = 'open') = (resolved_at IS NULL)", name=op.f("alerts_resolved_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
        schema="school",
        comment="What operators were alerted to, a row from its opening to its end; at most one open a cause.",
    )
    op.create_index(
        "alerts_one_open_idx",
        "alerts",
        ["key"],
        unique=True,
        schema="school",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("alerts_opened_at_idx", "alerts", ["opened_at"], unique=False, schema="school")
    op.create_table(
        "alert_silences",
        sa.Column("key", sa.Text(), nullable=False, comment="The alerts' cause."),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="Nobody is told before."),
        sa.Column("why", sa.Text(), nullable=False, comment="Why, in the words of whoever silenced it."),
        sa.Column("silenced_at", sa.DateTime(timezone=True), nullable=False, comment="When it was silenced."),
        sa.PrimaryKeyConstraint("key", name=op.f("alert_silences_pkey")),
        schema="school",
        comment="Alerts that operators do not want to hear of for a time.",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alert_silences", schema="school")
    op.drop_index("alerts_opened_at_idx", table_name="alerts", schema="school")
    op.drop_index(
        "alerts_one_open_idx", table_name="alerts", schema="school", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_table("alerts", schema="school")
    op.drop_table("standings", schema="school")
