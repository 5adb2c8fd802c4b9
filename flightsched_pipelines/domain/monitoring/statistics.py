"""Compute statistics of recorded facts: bursts, shares, ranges."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import quantiles

from flightsched_pipelines.domain.monitoring.check_definition import Measurement

ENOUGH_HOURS = 24
"""Fewer hours than this are not enough to know the usual range."""

DEFAULT_RANGE = (0.0, 60.0)
"""The usual range, in percent, while it is not known."""


def max_in_window(instants: Sequence[datetime], window: timedelta) -> int:
    """Return the largest number of instants within one window, wherever it begins."""
    ordered = sorted(instants)
    most, first = 0, 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most


def share_percent(part: float, whole: float) -> float:
    """Return a part in percent of a whole; 0 if the whole is 0."""
    return 100 * part / whole if whole else 0.0


def outside_usual_range(percent: float, earlier: Sequence[float]) -> float:
    """Return by how many percentage points a share is outside the range of nine in ten earlier ones; 0 within it."""
    low, high = DEFAULT_RANGE
    if len(earlier) >= ENOUGH_HOURS:
        low, *_, high = quantiles(earlier, n=20, method="inclusive")
    return max(low - percent, percent - high, 0.0)


def worst(of_hours: Sequence[Measurement]) -> Measurement:
    """Combine the measurements of several hours: the worst value; nothing examined if that is so for any hour."""
    if not of_hours:
        return Measurement(0, 0, "hours")
    examined = sum(one.examined for one in of_hours) if all(one.examined for one in of_hours) else 0
    found = [words for one in of_hours for words in one.found]
    return Measurement(max(one.value for one in of_hours), examined, of_hours[0].of, found)
