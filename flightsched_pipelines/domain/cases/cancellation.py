"""The causes for which a school cancels lessons. A cause is what the school states; without one it stays unknown."""

from collections.abc import Mapping
from types import MappingProxyType

CANCELLATION_CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "student": "the student asked for it or is ill",
        "no_show": "the student did not come",
        "instructor": "the instructor is not available",
        "aircraft": "the aircraft is not available",
        "airfield": "the field or its airspace is closed",
        "school": "the school changed its plans",
        "weather": "the weather",
        "other": "another cause",
    }
)
"""Each cause, and its meaning in words."""
