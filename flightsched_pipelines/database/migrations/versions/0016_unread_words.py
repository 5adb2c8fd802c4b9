"""Words of reports that were not understood, and the directions between which a wind varies."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("observations", "forecasts")
UNREAD = "Words of the report that were not understood, and what is missing for them."
KINDS_BEFORE = "Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR or HOURLY."
KINDS = "Kind of group: BASE, FM, BECMG, TEMPO, PROB, METAR, HOURLY; UNREAD where it cannot be read."
SECTOR = {
    "wind_varies_from_deg": "Where the wind varies between two directions, the first, degrees.",
    "wind_varies_to_deg": "The second, clockwise from the first.",
}


def upgrade() -> None:
    """Add the columns; of hours that are stored no word is known to be unread."""
    for table in TABLES:
        for name, comment in SECTOR.items():
            op.add_column(table, sa.Column(name, sa.Double(), nullable=True, comment=comment), schema="pipeline")
        unread = sa.Column("unread", sa.ARRAY(sa.Text()), nullable=False, server_default="{}", comment=UNREAD)
        op.add_column(table, unread, schema="pipeline")
        op.alter_column(table, "unread", server_default=None, schema="pipeline")
        op.alter_column(table, "change", comment=KINDS, existing_comment=KINDS_BEFORE, schema="pipeline")


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.alter_column(table, "change", comment=KINDS_BEFORE, existing_comment=KINDS, schema="pipeline")
        for name in ("unread", *SECTOR):
            op.drop_column(table, name, schema="pipeline")
