"""Directories of a transaction, each read once."""

from collections.abc import Sequence

from sqlalchemy import Connection

from flightsched_pipelines.services.notifications.notifications import Directory


class Directories:
    """The directories of sets of bookings, each read when it is first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[tuple[int, ...], Directory] = {}

    def of(self, booking_ids: Sequence[int]) -> Directory:
        """Return everyone and everything that messages about some bookings name."""
        known = tuple(booking_ids)
        if known not in self._read:
            self._read[known] = Directory.read(self._connection, booking_ids)
        return self._read[known]
