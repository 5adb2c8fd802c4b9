"""Look up time zones by the IANA names in data: an invalid name must not stop anything."""

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
