"""Waking hours: a deadline falls in them, and a wait for an answer counts them alone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flightsched_pipelines.time_zones import zone_of

SHORTEST_NOTICE = timedelta(hours=2)
"""A deadline is not moved to an evening that leaves less than this to answer."""


@dataclass(frozen=True, slots=True)
class WakingHours:
    """The hours on a place's clock in which people can be expected to answer, both ends included."""

    time_zone: str
    begins: time = time(7)
    ends: time = time(22)

    def include(self, instant_utc: datetime) -> bool:
        """Return whether people are awake at an instant."""
        return self.begins <= instant_utc.astimezone(zone_of(self.time_zone)).time() <= self.ends

    def deadline(self, latest_utc: datetime, told_utc: datetime) -> datetime:
        """Return the last waking instant that is not after the latest one.

        It is the latest one itself if people are told too late for an answer on the evening before: a lesson early in
        the morning leaves no other time.
        """
        if self.include(latest_utc):
            return latest_utc
        local = latest_utc.astimezone(zone_of(self.time_zone))
        evening = self._at(self.ends, local.date() - timedelta(days=local.time() < self.begins))
        return evening if told_utc + SHORTEST_NOTICE <= evening < latest_utc else latest_utc

    def end_of_wait(self, since_utc: datetime, wait: timedelta) -> datetime:
        """Return when people have been awake for a time; a night within it does not count."""
        left, at, day = wait, since_utc, since_utc.astimezone(zone_of(self.time_zone)).date()
        while True:
            begins, ends = self._at(self.begins, day), self._at(self.ends, day)
            at = max(at, begins)
            if at + left <= ends:
                return at + left
            left -= max(ends - at, timedelta())
            day += timedelta(days=1)

    def _at(self, clock: time, day: date) -> datetime:
        return datetime.combine(day, clock, zone_of(self.time_zone)).astimezone(UTC)
