"""Time zones by their IANA names, as data gives them: a name that is none must not end anything."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC_NAME = "UTC"


@lru_cache(maxsize=1_000)
def is_time_zone(name: str) -> bool:
    """Whether a name is that of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # of no zone, of no path, and of a folder of zones
        return False
    return True


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name, UTC for one that is none: times then say that they are UTC."""
    return ZoneInfo(name if is_time_zone(name) else UTC_NAME)
