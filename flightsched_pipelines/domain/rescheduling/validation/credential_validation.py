"""Compare one lesson with the school's requirements of people and aircraft, record by record.

Used by ``validation``, and wherever people are told what a lesson lacks. Shares nothing with the search.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flightsched_pipelines.domain.rescheduling.requirements import (
    NO_CREDENTIALS,
    REQUIREMENTS,
    CredentialPeriod,
    Credentials,
    SchoolRequirement,
)
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Booking, Span


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """A requirement that a lesson's student, instructor or aircraft does not meet; ``blocks`` or only warns."""

    resource: str
    resource_id: int | None
    requirement: str
    equipment: str | None
    blocks: bool


class CredentialRecords:
    """The requirements of schools, and the periods in which they are met."""

    def __init__(self, credentials: Credentials) -> None:
        self._requirements = credentials.requirements
        self._periods: dict[tuple[str, int], list[CredentialPeriod]] = {}
        for period in credentials.periods:
            self._periods.setdefault((period.resource, period.resource_id), []).append(period)

    def shortcomings(
        self, booking: Booking, span: Span, instructor_id: int | None, aircraft_id: int | None, flown: Iterable[Booking]
    ) -> Iterator[Shortcoming]:
        """Yield what is not met by a lesson at a time with an instructor and an aircraft.

        ``flown`` are the bookings of that aircraft; the lesson's own does not count towards the hours flown.
        """
        resources = {"student": booking.student_id, "instructor": instructor_id, "aircraft": aircraft_id}
        others = [other for other in flown if other.booking_id != booking.booking_id]
        blocking: dict[tuple[str, str | None], bool] = {}
        for one in self._requirements:
            if _concerns(one, booking):
                which = one.requirement, one.equipment
                blocking[which] = blocking.get(which, False) or one.effect != "warn"
        for (name, equipment), blocks in blocking.items():
            kind = REQUIREMENTS[name].resource
            identity = resources[kind]
            if not self._meets(name, equipment, kind, identity, booking, span, others):
                yield Shortcoming(kind, identity, name, equipment, blocks)

    def _meets(
        self, name: str, equipment: str | None, kind: str, identity: int | None, booking: Booking, span: Span,
        others: Sequence[Booking],
    ) -> bool:  # fmt: skip
        if identity is None:
            return False
        periods = [
            period
            for period in self._periods.get((kind, identity), ())
            if period.requirement == name and period.equipment == equipment
        ]
        if REQUIREMENTS[name].by_type:
            periods = [
                period
                for period in periods
                if period.aircraft_type is not None and period.aircraft_type == booking.aircraft_type
            ]
        return _covers(periods, span) and all(_hours_suffice(period, span, others) for period in periods)


NOTHING_REQUIRED = CredentialRecords(NO_CREDENTIALS)


def _concerns(one: SchoolRequirement, booking: Booking) -> bool:
    if one.school_id != booking.school_id or (booking.solo and REQUIREMENTS[one.requirement].resource == "instructor"):
        return False
    return (
        (one.training_level is None or one.training_level == booking.training_level)
        and (one.solo is None or one.solo == booking.solo)
        and (one.lesson_kind is None or one.lesson_kind == booking.lesson_kind)
    )


def _covers(periods: Sequence[CredentialPeriod], span: Span) -> bool:
    """Return whether periods leave no moment of a time out: go on from each to those that begin before its end."""
    reached = span.start
    left = list(periods)
    while left:
        onward = [period for period in left if period.starts_at_utc is None or period.starts_at_utc <= reached]
        if any(period.ends_at_utc is None or period.ends_at_utc >= span.end for period in onward):
            return True
        ends = [period.ends_at_utc for period in onward if period.ends_at_utc is not None]
        if not ends or max(ends) <= reached:
            return False
        reached = max(ends)
        left = [period for period in left if period not in onward]
    return False


def _hours_suffice(period: CredentialPeriod, span: Span, others: Sequence[Booking]) -> bool:
    if period.minutes_left is None:
        return True
    counted = (
        other.span.length
        for other in others
        if other.span.start < span.end
        and (period.counted_from_utc is None or other.span.start >= period.counted_from_utc)
    )
    return sum(counted, start=span.length) <= timedelta(minutes=period.minutes_left)
