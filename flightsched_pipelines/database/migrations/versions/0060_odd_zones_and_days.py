"""No old row stops what is read for all schools: an unknown time zone reads as UTC, and a last day is finite."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

NAME, CONDITION = "standby_until_check", "(until BETWEEN '2000-01-01'::date AND '2200-01-01'::date) IS NOT FALSE"

DEFINITIONS = sa.text("""
SELECT c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS body
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'analytics' AND c.relkind = 'v' ORDER BY c.relname
""")
PLAIN = re.compile(r"AT TIME ZONE ((?:\w+\.)?time_zone)\b")
GUARDED = re.compile(
    r"AT TIME ZONE\s+CASE\s+WHEN \(?((?:\w+\.)?time_zone) IN \( SELECT .*?pg_timezone_names.*?ELSE 'UTC'::text\s+END",
    re.DOTALL,
)
KNOWN = r"AT TIME ZONE CASE WHEN \1 IN (SELECT pg_timezone_names.name FROM pg_timezone_names) THEN \1 ELSE 'UTC' END"


def upgrade() -> None:
    """Let the views show UTC where a zone is unknown; hold new rows to the condition, old ones if all keep to it."""
    _rewrite(PLAIN, KNOWN)
    op.execute(sa.text(f"ALTER TABLE school.standby ADD CONSTRAINT {NAME} CHECK ({CONDITION}) NOT VALID"))
    try:
        with op.get_bind().begin_nested():
            op.execute(sa.text(f"ALTER TABLE school.standby VALIDATE CONSTRAINT {NAME}"))
    except IntegrityError:
        pass  # an old row, which reads as any day


def downgrade() -> None:
    """Let the views fail of an unknown zone again; drop the condition."""
    op.drop_constraint(op.f(NAME), "standby", schema="school", type_="check")
    _rewrite(GUARDED, r"AT TIME ZONE \1")


def _rewrite(found: re.Pattern[str], by: str) -> None:
    """Replace an expression in all views for analysts; their columns stay as they are."""
    for name, body in op.get_bind().execute(DEFINITIONS).all():
        changed = found.sub(by, body)
        if changed != body:
            op.get_bind().exec_driver_sql(f"CREATE OR REPLACE VIEW {name} AS {changed.replace('%', '%%')}")
