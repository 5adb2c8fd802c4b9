"""Students' own limits among the minimums; what hours depended on moves to where personal data is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLE, KEY = "weather_minimums", "weather_minimums_external_id_key"
COMMENT = "Weather minimums of schools and students as effective-dated data, one row a limit."
COMMENT_BEFORE = "Weather minimums as effective-dated data, one row a limit."
AUTHORITY = "regulation (a floor), default, school (replaces the default), or student (own limit)."
AUTHORITY_BEFORE = "regulation (a floor), default, or school (replaces the default)."
SM = "limit_value * CASE unit WHEN 'SM' THEN 1.0 WHEN 'm' THEN 0.0006213711922373339 WHEN 'km' THEN 0.621371192237334 END"
FT = "limit_value * CASE unit WHEN 'ft' THEN 1.0 WHEN 'm' THEN 3.280839895013123 END"
_STUDENT = "coalesce(training_level, 'student_pilot') = 'student_pilot'"
_PRIVATE = "coalesce(training_level, 'private_pilot') = 'private_pilot'"
_SOLO = "coalesce(solo, True) = True"
BELOW = " OR ".join(
    f"({condition})"
    for condition in (
        f"rule = 'visibility' AND {_STUDENT} AND {_SOLO} AND coalesce(night, False) = False AND {SM} < 3.0",
        f"rule = 'visibility' AND {_STUDENT} AND {_SOLO} AND coalesce(night, True) = True AND {SM} < 5.0",
        f"rule = 'visibility' AND {_STUDENT} AND {SM} < 3.0",
        f"rule = 'ceiling' AND {_STUDENT} AND {FT} < 1000.0",
        f"rule = 'visibility' AND {_PRIVATE} AND {SM} < 3.0",
        f"rule = 'ceiling' AND {_PRIVATE} AND {FT} < 1000.0",
    )
)
FLOOR = f"(authority = 'school' AND effective_to IS NULL AND ({BELOW})) IS NOT TRUE"
WHOSE = "(authority = 'student') = (student_id IS NOT NULL) AND (authority <> 'student' OR school_id IS NOT NULL)"


def upgrade() -> None:
    """Add the column and its conditions, and move the contents."""
    op.add_column(
        TABLE,
        sa.Column(
            "student_id",
            sa.BigInteger(),
            nullable=True,
            comment="Student of the school whose own limit it is; null: not one.",
        ),
        schema="school",
    )
    op.create_foreign_key(
        op.f("weather_minimums_student_id_fkey"),
        TABLE,
        "students",
        ["student_id"],
        ["id"],
        source_schema="school",
        referent_schema="school",
        ondelete="CASCADE",
    )
    _allow("'regulation', 'default', 'school', 'student'")
    op.create_check_constraint(op.f("weather_minimums_student_check"), TABLE, WHOSE, schema="school")
    _hold_to_the_floor()
    _key("school_id", "authority", "external_id")
    op.alter_column(TABLE, "authority", schema="school", comment=AUTHORITY, existing_comment=AUTHORITY_BEFORE)
    op.create_table_comment(TABLE, COMMENT, schema="school", existing_comment=COMMENT_BEFORE)
    op.execute("ALTER TABLE pipeline.reference_contents SET SCHEMA school")


def downgrade() -> None:
    """Drop students' limits: the version before would hold everybody to them."""
    op.execute("ALTER TABLE school.reference_contents SET SCHEMA pipeline")
    op.create_table_comment(TABLE, COMMENT_BEFORE, schema="school", existing_comment=COMMENT)
    op.alter_column(TABLE, "authority", schema="school", comment=AUTHORITY_BEFORE, existing_comment=AUTHORITY)
    op.execute("DELETE FROM school.weather_minimums WHERE authority = 'student'")
    _key("school_id", "external_id")
    op.drop_constraint(op.f("weather_minimums_floor_check"), TABLE, schema="school")
    op.drop_constraint(op.f("weather_minimums_student_check"), TABLE, schema="school")
    _allow("'regulation', 'default', 'school'")
    op.drop_column(TABLE, "student_id", schema="school")


def _hold_to_the_floor() -> None:
    name = "weather_minimums_floor_check"
    op.execute(sa.text(f"ALTER TABLE school.{TABLE} ADD CONSTRAINT {name} CHECK ({FLOOR}) NOT VALID"))
    try:
        with op.get_bind().begin_nested():
            op.execute(sa.text(f"ALTER TABLE school.{TABLE} VALIDATE CONSTRAINT {name}"))
    except IntegrityError:
        return  # an old row below it, which nobody is held to: the regulation counts beside it


def _allow(authorities: str) -> None:
    name = op.f("weather_minimums_authority_check")
    op.drop_constraint(name, TABLE, schema="school")
    op.create_check_constraint(name, TABLE, f"authority IN ({authorities})", schema="school")


def _key(*columns: str) -> None:
    op.drop_index(KEY, TABLE, schema="school")
    op.create_index(KEY, TABLE, list(columns), unique=True, schema="school")
