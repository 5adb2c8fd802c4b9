"""Look up time zones by the IANA names in data: an invalid name must not stop anything."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC_NAME = "UTC"


@lru_cache(maxsize=1_000)
def is_time_zone(name: str) -> bool:
    """Return whether a name is that of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown zone, invalid path, and a folder of zones
        return False
    return True


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of a name, UTC for an invalid one: times then show that they are UTC."""
    return ZoneInfo(name if is_time_zone(name) else UTC_NAME)


def instant_in(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a time on a zone's clock, in UTC.

    Raises:
        ValueError: the clocks change then, and the time does not exist, or exists twice.
    """
    earlier, later = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier.astimezone(UTC)
    exists = earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
    what = "exists twice" if exists else "does not exist"
    raise ValueError(f"the clocks change then in {zone.key}, and this time {what}; give it with its offset")
