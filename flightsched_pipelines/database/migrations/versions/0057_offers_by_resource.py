"""Find the alternatives of an aircraft or an instructor, and the bookings of a student, without reading all of them."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

LOCKS = "school.bookings has hundreds of thousands of rows, school.case_offers fewer: seconds in which nobody books or answers"

BOOKINGS = "bookings_student_id_idx"
RESOURCES = ("aircraft_id", "instructor_id")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(BOOKINGS, "bookings", ["student_id"], schema="school")
    for column in RESOURCES:
        op.create_index(
            f"case_offers_{column}_idx",
            "case_offers",
            [column, "ends_at_utc"],
            schema="school",
            postgresql_where="withdrawn_hour IS NULL",
        )


def downgrade() -> None:
    """Take them away."""
    for column in RESOURCES:
        op.drop_index(f"case_offers_{column}_idx", "case_offers", schema="school")
    op.drop_index(BOOKINGS, "bookings", schema="school")
