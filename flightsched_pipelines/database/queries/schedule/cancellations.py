"""The causes of cancelled lessons as rows."""

from sqlalchemy import Connection, update

from flightsched_pipelines.database.schema import bookings


def store_cause(connection: Connection, booking_id: int, cause: str | None) -> bool:
    """Store the cause of a cancelled lesson, ``None`` for unknown; return false if the lesson is not cancelled."""
    b = bookings.c
    stored = update(bookings).where(b.id == booking_id, b.status == "cancelled").values(cancellation_cause=cause)
    return connection.execute(stored).rowcount == 1
