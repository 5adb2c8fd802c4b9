"""Dispatchers and managers who were erased on request: the manager of a school may be erased, and the next one too."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

LOCKS = "school.erasures has a row an erased person; nobody but the erasure writes to it"

TABLE, INDEX = "erasures", "erasures_person_key"
FLYING = "role IN ('student', 'instructor')"
ALL = "role IN ('student', 'instructor', 'dispatcher', 'manager')"
PERSON = "Number of the person, whose row no longer names anybody"
OF_STAFF = "of a dispatcher''s first sign-in (0: none is kept), of a manager''s school"


def upgrade() -> None:
    """Let the record have them; the table has a row a person."""
    _restate(ALL, f"WHERE {FLYING}", "student, instructor, dispatcher or manager.", f"{PERSON}; {OF_STAFF}.")


def downgrade() -> None:
    """Keep the record of students and instructors alone."""
    op.execute(f"DELETE FROM school.{TABLE} WHERE NOT {FLYING}")  # noqa: S608, the words are above
    _restate(FLYING, "", "student or instructor.", f"{PERSON}.")


def _restate(roles: str, unique_where: str, role: str, person: str) -> None:
    op.execute(f"ALTER TABLE school.{TABLE} DROP CONSTRAINT {TABLE}_role_check")
    op.execute(f"ALTER TABLE school.{TABLE} ADD CONSTRAINT {TABLE}_role_check CHECK ({roles})")
    op.execute(f"DROP INDEX school.{INDEX}")
    op.execute(f"CREATE UNIQUE INDEX {INDEX} ON school.{TABLE} (role, person_id) {unique_where}")
    op.execute(f"COMMENT ON COLUMN school.{TABLE}.role IS '{role}'")
    op.execute(f"COMMENT ON COLUMN school.{TABLE}.person_id IS '{person}'")
