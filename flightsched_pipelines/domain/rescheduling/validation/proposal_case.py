"""One proposal with all that it is compared with. Used by ``validation`` alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.validation.credential_validation import CredentialRecords
from flightsched_pipelines.domain.rescheduling.validation.validation_records import Booking, Proposal, Records, Span
from flightsched_pipelines.domain.rescheduling.validation.weather_validation import ForecastRecords


@dataclass(frozen=True, slots=True)
class ProposalCase:
    """One proposal with all that it is compared with."""

    proposal: Proposal
    booking: Booking
    records: Records
    sky: ForecastRecords
    rules: SchedulingRules
    now_utc: datetime
    credentials: CredentialRecords

    @property
    def span(self) -> Span:
        """Return the proposed time."""
        return self.proposal.span

    @property
    def buffer(self) -> timedelta:
        """Return the time between two lessons of one resource."""
        return timedelta(minutes=self.rules.buffer_minutes)

    def needs(self) -> Iterator[tuple[str, int | None]]:
        """Yield the resources of the proposal: student, instructor of a dual lesson, aircraft or simulator."""
        yield "student", self.booking.student_id
        if not self.booking.solo:
            yield "instructor", self.proposal.instructor_id
        if self.proposal.flies:
            yield "aircraft", self.proposal.aircraft_id
        elif self.proposal.aircraft_id is not None:
            yield "simulator", self.proposal.aircraft_id
