"""The evening before a day of lessons, and the standing of each of its lessons."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from flightsched_pipelines.time_zones import zone_of

LEAST_REACH = timedelta(hours=18)
"""A TAF of 24 h that is issued every 6 h reaches at least this far at any time (ICAO Annex 3, 6.2)."""


class LessonStanding(StrEnum):
    """The standing of a lesson of tomorrow: as booked, uncertain and why, below the minimums, or on hold."""

    STANDS = "stands"
    WARNED = "warned"
    NOT_FLOWN = "not_flown"
    BEYOND_REACH = "beyond_reach"
    FORECAST_MISSING = "forecast_missing"
    NOT_ASSESSED = "not_assessed"
    BELOW = "below"
    ON_HOLD = "on_hold"


@dataclass(frozen=True, slots=True)
class NextDay:
    """The day after an evening, on a place's clock, and its bounds; the end is not part of it."""

    day: date
    begins_utc: datetime
    ends_utc: datetime

    def has(self, instant_utc: datetime) -> bool:
        """Return whether an instant is on that day."""
        return self.begins_utc <= instant_utc < self.ends_utc


def day_after(now_utc: datetime, time_zone: str, evening_begins: time) -> NextDay | None:
    """Return tomorrow, if it is evening at a place: from a local time until midnight; else ``None``."""
    zone = zone_of(time_zone)
    local = now_utc.astimezone(zone)
    if local.time() < evening_begins:
        return None
    return local_day(local.date() + timedelta(days=1), time_zone)


def local_day(day: date, time_zone: str) -> NextDay:
    """Return a day on a place's clock, with its bounds."""
    zone = zone_of(time_zone)
    begins, ends = (datetime.combine(at, time(), zone).astimezone(UTC) for at in (day, day + timedelta(days=1)))
    return NextDay(day, begins, ends)


def standing_of(
    verdict: str | None, *, flies: bool, on_hold: bool, beyond_reach: bool, may_be_cleared: bool
) -> LessonStanding:
    """Return how a lesson stands.

    Args:
        verdict: ok, watch, unknown or at_risk of the newest hour; ``None`` if that hour did not assess the lesson as it
            is now.
        flies: whether it is a flight.
        on_hold: whether it is on weather hold.
        beyond_reach: whether an unknown verdict is so because the forecast ends before the lesson.
        may_be_cleared: whether the hour is recent enough to say that a lesson is not below the minimums.
    """
    if not flies:
        return LessonStanding.NOT_FLOWN
    if verdict == "at_risk":
        return LessonStanding.BELOW
    if on_hold:
        return LessonStanding.ON_HOLD
    if verdict is None or not may_be_cleared:
        return LessonStanding.NOT_ASSESSED
    if verdict == "unknown":
        return LessonStanding.BEYOND_REACH if beyond_reach else LessonStanding.FORECAST_MISSING
    return {"ok": LessonStanding.STANDS, "watch": LessonStanding.WARNED}[verdict]


def reached_by(ends_at_utc: datetime) -> datetime:
    """Return when a forecast reaches the end of a lesson at the latest, if it is issued in time."""
    return ends_at_utc - LEAST_REACH
