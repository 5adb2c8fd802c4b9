"""Look up whether slots are still free in the schedule."""

from collections.abc import Sequence
from datetime import datetime

from flightsched_pipelines.database.queries.cases.cases import LiveBooking
from flightsched_pipelines.domain.cases.lifecycle import Slot


class TakenSlots:
    """The taken times by student, instructor and aircraft."""

    def __init__(self, schedule: Sequence[LiveBooking]) -> None:
        self._by_resource: dict[tuple[str, int], list[tuple[datetime, datetime, int]]] = {}
        for booking in schedule:
            for resource in _resources(booking.slot, booking.student_id):
                self._by_resource.setdefault(resource, []).append(
                    (booking.slot.starts_at_utc, booking.slot.ends_at_utc, booking.booking_id)
                )

    def is_free(self, slot: Slot, student_id: int, booking_id: int) -> bool:
        """Return whether no other booking has any resource of the slot."""
        return not any(
            starts < slot.ends_at_utc and slot.starts_at_utc < ends and other != booking_id
            for resource in _resources(slot, student_id)
            for starts, ends, other in self._by_resource.get(resource, ())
        )


def _resources(slot: Slot, student_id: int) -> list[tuple[str, int]]:
    needed = ("student", student_id), ("aircraft", slot.aircraft_id), ("instructor", slot.instructor_id)
    return [(kind, identity) for kind, identity in needed if identity is not None]
