"""Tell why the database refused to change a booking: another has its place, or its own row cannot be written."""

import psycopg
from psycopg.errors import CheckViolation, ExclusionViolation, UniqueViolation
from sqlalchemy.exc import IntegrityError

from flightsched_pipelines.database.schema import bookings


def is_taken(error: IntegrityError) -> bool:
    """Return whether another booking has the student, the instructor or the aircraft then."""
    return _is_of_bookings(error, ExclusionViolation, UniqueViolation)


def is_unwritable(error: IntegrityError) -> bool:
    """Return whether an error is that of changing one of the `violating_rows.unwritable_bookings`."""
    return _is_of_bookings(error, CheckViolation)


def _is_of_bookings(error: IntegrityError, *kinds: type[psycopg.IntegrityError]) -> bool:
    """Return whether a constraint of the bookings' own was violated: another table's is an error of ours."""
    if not isinstance(error.orig, kinds):
        return False
    refused = error.orig.diag
    return (refused.schema_name, refused.table_name) == (bookings.schema, bookings.name)
