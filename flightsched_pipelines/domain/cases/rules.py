"""Times and counts that apply to a case: a school's settings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flightsched_pipelines.domain.cases.waking_hours import WakingHours


@dataclass(frozen=True, slots=True)
class CaseRules:
    """The times at which cases without a response end: after the notification, and before the lesson."""

    answer_within: timedelta = timedelta(hours=12)
    closes_before: timedelta = timedelta(minutes=30)

    def deadline(self, starts_at_utc: datetime, told_at_utc: datetime, waking: WakingHours) -> datetime:
        """Return the earlier of the two; if that is at night, the end of the evening before."""
        latest = min(starts_at_utc - self.closes_before, told_at_utc + self.answer_within)
        return waking.deadline(latest, told_at_utc)


@dataclass(frozen=True, slots=True)
class ResponseRules:
    """Durations and counts that apply to responses."""

    hold: timedelta = timedelta(hours=2)
    withdraw_within: timedelta = timedelta(minutes=5)
    closes_before: timedelta = timedelta(minutes=30)
    remind_before: timedelta = timedelta(minutes=60)
    new_rounds: int = 2
