"""Sign-in of dispatchers bound to the address that the link was mailed to."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ADDRESSES = {
    "sign_in_links": "The dispatchers' address that it was mailed to. Personal.",
    "dispatcher_sessions": "The address that its link was mailed to. Personal.",
}
EARLIER = "not recorded"
NAME = "Name of the dispatcher who entered it on the dispatch board; null elsewhere. Personal."
WHO = (
    "Who entered it on the dispatch board: the name given at sign-in, and the address that the link was mailed to; "
    "null elsewhere. Personal."
)


def upgrade() -> None:
    """Add the addresses; links and sessions of before have their school's, as it is now."""
    for table, comment in ADDRESSES.items():
        op.add_column(table, sa.Column("address", sa.Text(), nullable=True, comment=comment), schema="school")
        op.execute(
            f"UPDATE school.{table} AS t SET address = coalesce(btrim(s.dispatch_email), '{EARLIER}') "  # noqa: S608
            "FROM school.schools AS s WHERE s.id = t.school_id"
        )
        op.alter_column(table, "address", nullable=False, schema="school")
    _comment(NAME, WHO)


def downgrade() -> None:
    """Remove them."""
    for table in ADDRESSES:
        op.drop_column(table, "address", schema="school")
    _comment(WHO, NAME)


def _comment(before: str, after: str) -> None:
    op.alter_column("responses", "dispatcher", comment=after, existing_comment=before, schema="school")
