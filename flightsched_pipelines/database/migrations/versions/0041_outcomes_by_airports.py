"""Outcomes of forecasts: one row for all airports that share one, 60 times fewer rows."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TABLE = "forecast_verification"
INDEX = f"{TABLE}_partition_hour_idx"
SHARED = "partition_hour, hour_utc, source, lead_hours, part, element, threshold, probability, outcome"
COMMENT = "Outcomes of each source's forecasts of the hour before: one row "
OF_AIRPORTS = "a source, lead, part, threshold, probability and outcome, with its airports."
OF_AN_AIRPORT = "an airport, source, lead, part and threshold."
VIEWS = ("forecast_reliability", "forecast_scores")


def upgrade() -> None:
    """Gather the airports of each outcome, and let the views read them one by one."""
    _take_out(f"{SHARED}, count(*) AS cases, array_agg(airport ORDER BY airport) AS airports", f"GROUP BY {SHARED}")
    for name, kind, comment in (
        ("cases", sa.Integer(), "Number of airports with this outcome."),
        ("airports", ARRAY(sa.Text()), "Airports with this outcome, ICAO idents."),
    ):
        op.add_column(TABLE, sa.Column(name, kind, nullable=False, comment=comment), schema="pipeline")
    _run(Path(__file__).with_suffix(".sql").read_text())
    op.drop_column(TABLE, "airport", schema="pipeline")
    _put_back("cases, airports", OF_AIRPORTS, index="source")


def downgrade() -> None:
    """Give each airport its row again."""
    _take_out(f"{SHARED}, unnest(airports) AS airport")
    column = sa.Column("airport", sa.Text(), nullable=False, comment="Airport, ICAO ident.")
    op.add_column(TABLE, column, schema="pipeline")
    op.drop_index(INDEX, TABLE, schema="pipeline")
    before = Path(__file__).with_name("0039_forecast_scores.sql").read_text()
    for view in before.split("CREATE VIEW ")[1:]:
        if view.startswith(tuple(f"analytics.{name} " for name in VIEWS)):
            _run(f"CREATE OR REPLACE VIEW {view}")
    for name in ("airports", "cases"):
        op.drop_column(TABLE, name, schema="pipeline")
    _put_back("airport", OF_AN_AIRPORT, index="airport")


def _take_out(columns: str, grouped: str = "") -> None:
    """Set the rows aside in their new form."""
    _run(f"CREATE TEMPORARY TABLE taken_out ON COMMIT DROP AS SELECT {columns} FROM pipeline.{TABLE} {grouped}")  # noqa: S608, ours
    _run(f"TRUNCATE pipeline.{TABLE}")


def _put_back(columns: str, what: str, index: str) -> None:
    """Fill the table from the rows that were set aside."""
    _run(f"INSERT INTO pipeline.{TABLE} ({SHARED}, {columns}) SELECT {SHARED}, {columns} FROM taken_out")  # noqa: S608, ours
    _run("DROP TABLE taken_out")
    op.create_index(INDEX, TABLE, ["partition_hour", index], schema="pipeline")
    op.create_table_comment(TABLE, COMMENT + what, schema="pipeline")


def _run(statements: str) -> None:
    op.get_bind().exec_driver_sql(statements)
