"""The days and parts of the day that students may prefer, by name, and the bounds of what they state."""

from collections.abc import Mapping
from types import MappingProxyType

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS_OF_DAY: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
)
"""Parts of the day by the local hour in which a lesson starts: from, and before."""

MAX_NOTICE_HOURS = 336
MAX_NOTE_CHARACTERS = 500


def part_of_day(hour: int) -> str:
    """Return the part of the day that a local hour belongs to."""
    return next(name for name, (first, before) in PARTS_OF_DAY.items() if first <= hour < before)
