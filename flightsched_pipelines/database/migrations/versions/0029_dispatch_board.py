"""Dispatchers sign in to the dispatch board, and each of their responses has their name."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COMMENTS = {
    "action": (
        "accept, none_suit, withdraw, confirm, decline, keep, swap, cancel, hold or release.",
        (
            "accept, none_suit, withdraw, confirm, decline, keep, swap, cancel, hold, release, note, join_standby or "
            "leave_standby."
        ),
    ),
    "door": (
        "Channel of the response: terminal, job, queue, page or platform.",
        "Channel of the response: terminal, job, queue, page, board or platform.",
    ),
}


def upgrade() -> None:
    """Add links, sessions, and the name beside a response."""
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column(
            "school_id",
            sa.BigInteger(),
            nullable=False,
            comment="The school whose dispatchers' address it was sent to.",
        ),
        sa.Column("created_at", INSTANT, nullable=False, comment="When it was asked for, UTC."),
        sa.Column("expires_at", INSTANT, nullable=False, comment="When it ceases to work, UTC."),
        sa.Column(
            "used_at", INSTANT, nullable=True, comment="When somebody signed in with it, UTC; null: it was not used."
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("sign_in_links_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_links_pkey")),
        schema="school",
        comment="One-time links by which dispatchers sign in. What a mail contains is signed, and not stored.",
    )
    op.create_table(
        "dispatcher_sessions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False, comment="Identifier."),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the cookie, which is not stored."),
        sa.Column("school_id", sa.BigInteger(), nullable=False, comment="The school whose board it shows."),
        sa.Column("name", sa.Text(), nullable=False, comment="The dispatcher's name, as given at sign-in. Personal."),
        sa.Column("signed_in_at", INSTANT, nullable=False, comment="Time of the sign-in, UTC."),
        sa.Column("expires_at", INSTANT, nullable=False, comment="When it ends by itself, UTC."),
        sa.Column("ended_at", INSTANT, nullable=True, comment="Time of the sign-out, UTC; null: none."),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.schools.id"], name=op.f("dispatcher_sessions_school_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("dispatcher_sessions_pkey")),
        schema="school",
        comment="Sessions of dispatchers on the dispatch board.",
    )
    for table in ("sign_in_links", "dispatcher_sessions"):
        op.create_index(op.f(f"{table}_school_id_idx"), table, ["school_id"], unique=False, schema="school")
    op.create_index("dispatcher_sessions_digest_key", "dispatcher_sessions", ["digest"], unique=True, schema="school")
    op.add_column(
        "responses",
        sa.Column(
            "dispatcher",
            sa.Text(),
            nullable=True,
            comment="Name of the dispatcher who entered it on the dispatch board; null elsewhere. Personal.",
        ),
        schema="school",
    )
    _comment({name: comment for name, (_, comment) in COMMENTS.items()})


def downgrade() -> None:
    """Drop them; responses lose the name."""
    _comment({name: was for name, (was, _) in COMMENTS.items()})
    op.drop_column("responses", "dispatcher", schema="school")
    for table in ("dispatcher_sessions", "sign_in_links"):
        op.drop_table(table, schema="school")


def _comment(comments: dict[str, str]) -> None:
    for name, comment in comments.items():
        op.alter_column("responses", name, comment=comment, schema="school")
