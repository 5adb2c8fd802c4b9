"""Events of verification in words for people."""

from collections.abc import Mapping
from types import MappingProxyType

_THRESHOLDS: Mapping[str, str] = MappingProxyType(
    {
        "ceiling": "below {:,g} ft",
        "visibility": "below {:g} SM",
        "wind": "beyond {:g} kt",
        "crosswind": "beyond {:g} kt",
        "thunderstorm": "",
    }
)


def event_words(element: str, threshold: float) -> str:
    """Return an event as people name it, such as "ceiling below 1,000 ft"."""
    return f"{element} {_THRESHOLDS[element].format(threshold)}".strip()
