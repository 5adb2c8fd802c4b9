"""Schools' phone number and the address to which people's replies go."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COLUMNS = {
    "phone": "Phone number for questions, as messages give it; null for none.",
    "reply_to": "E-mail address that replies to messages go to; null for dispatch_email.",
}


def upgrade() -> None:
    """Add both; no school has either yet."""
    for name, comment in COLUMNS.items():
        op.add_column("schools", sa.Column(name, sa.Text(), nullable=True, comment=comment), schema="school")


def downgrade() -> None:
    """Drop both."""
    for name in reversed(COLUMNS):
        op.drop_column("schools", name, schema="school")
