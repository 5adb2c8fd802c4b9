"""Availability that hours have in common is stored once; hours stored before keep their rows, in a table of their own."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

BEFORE = "Availability of each school, student, instructor, aircraft and simulator, as known at the hour."
ROWS = "Availability of hours that an older version stored; availability_snapshot has its rows, too."
HOURS = "Which availability each school had at each hour; availability_snapshot has its rows."
SETS = "Availability of schools (school_availability), each stored once for all hours that had it; one row a resource."
PERIODS = (
    "cardinality(starts_at_utc) = cardinality(ends_at_utc) AND array_position(starts_at_utc, NULL) IS NULL "
    "AND array_position(ends_at_utc, NULL) IS NULL"
)
RENAME = (
    "ALTER TABLE pipeline.{0} RENAME TO {1}",
    "ALTER INDEX pipeline.{0}_partition_hour_idx RENAME TO {1}_partition_hour_idx",
)
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Rename the table: no row of it is touched. Make the new ones, and the view of all."""
    for statement in RENAME:
        op.execute(statement.format("availability_snapshot", "availability_periods"))
    op.create_table_comment("availability_periods", ROWS, existing_comment=BEFORE, schema="pipeline")
    op.create_table(
        "school_availability",
        _column("partition_hour", INSTANT, "The hour that the row belongs to: what was known then, UTC."),
        _column("school_id", sa.BigInteger(), "School."),
        _column("digest", sa.LargeBinary(), "Which of availability_sets the school had."),
        sa.PrimaryKeyConstraint("partition_hour", "school_id", name=op.f("school_availability_pkey")),
        schema="pipeline",
        comment=HOURS,
    )
    op.create_index("school_availability_digest_idx", "school_availability", ["digest"], schema="pipeline")
    op.create_table(
        "availability_sets",
        _column("digest", sa.LargeBinary(), "SHA-256 of a school's availability, when it was stored."),
        _column("resource", sa.Text(), "school, student, instructor, aircraft or simulator."),
        _column("resource_id", sa.BigInteger(), "Identifier within that kind of resource."),
        sa.Column("aircraft_type", sa.Text, comment="Type, of aircraft."),
        sa.Column("aircraft_crosswind_kt", sa.Double, comment="Demonstrated crosswind, of aircraft, knots."),
        _column("may_teach", sa.ARRAY(sa.Text), "Training levels, of instructors."),
        _column("starts_at_utc", sa.ARRAY(INSTANT), "Start of each period, UTC."),
        _column("ends_at_utc", sa.ARRAY(INSTANT), "End of each period, UTC."),
        sa.CheckConstraint(PERIODS, name=op.f("availability_sets_periods_check")),
        schema="pipeline",
        comment=SETS,
    )
    op.create_index("availability_sets_digest_idx", "availability_sets", ["digest"], schema="pipeline")
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    """Write the rows of each hour out again."""
    op.execute(
        "INSERT INTO pipeline.availability_periods SELECT s.* FROM pipeline.availability_snapshot s "
        "JOIN pipeline.school_availability h USING (partition_hour, school_id)"
    )
    op.execute("DROP VIEW pipeline.availability_snapshot")
    op.execute("DROP FUNCTION pipeline.add_availability()")
    op.execute("DROP FUNCTION pipeline.remove_availability()")
    op.drop_table("school_availability", schema="pipeline")
    op.drop_table("availability_sets", schema="pipeline")
    for statement in RENAME:
        op.execute(statement.format("availability_periods", "availability_snapshot"))
    op.create_table_comment("availability_snapshot", BEFORE, existing_comment=ROWS, schema="pipeline")


def _column(name: str, kind: sa.types.TypeEngine, meaning: str) -> sa.Column:
    return sa.Column(name, kind, nullable=False, comment=meaning)
