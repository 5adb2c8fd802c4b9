"""Tell why the database refused a change, by the table of the constraint: a row's own fault, or an error of ours.

To change a booking is refused where another has its place, or its own row cannot be written.
"""

from collections.abc import Collection

import psycopg
from psycopg.errors import CheckViolation, ExclusionViolation, UniqueViolation
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from flightsched_pipelines.database.schema import bookings


def is_taken(error: DBAPIError) -> bool:
    """Return whether another booking has the student, the instructor or the aircraft then."""
    return is_of_tables(error, [bookings], ExclusionViolation, UniqueViolation)


def is_unwritable(error: DBAPIError) -> bool:
    """Return whether an error is that of changing one of the `violating_rows.unwritable_bookings`."""
    return is_of_tables(error, [bookings], CheckViolation)


def is_of_tables(error: DBAPIError, tables: Collection[Table], *kinds: type[psycopg.IntegrityError]) -> bool:
    """Return whether a constraint of these tables was violated: another table's is an error of ours."""
    if not isinstance(error.orig, kinds):
        return False
    refused = error.orig.diag
    if refused.table_name is None:  # school.require_time_zone() has the table in its sentence only
        return (refused.message_primary or "").startswith(tuple(f"time_zone of {table.name} is" for table in tables))
    return (refused.schema_name, refused.table_name) in {(table.schema, table.name) for table in tables}
