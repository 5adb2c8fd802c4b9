"""What facts amount to: bursts, shares, ranges."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import quantiles

from flightsched_pipelines.domain.monitoring.check_definition import Measurement

ENOUGH_HOURS = 24
"""Fewer hours than this tell nothing of what is usual."""

DEFAULT_RANGE = (0.0, 60.0)
"""The usual range, in percent, while it is not known."""


def max_in_window(instants: Sequence[datetime], window: timedelta) -> int:
    """The largest number of instants that lie in one window, wherever it begins."""
    ordered = sorted(instants)
    most, first = 0, 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most


def share_percent(part: float, whole: float) -> float:
    """A part in percent of a whole; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def outside_usual_range(percent: float, earlier: Sequence[float]) -> float:
    """How many percentage points a share lies outside of where nine in ten earlier ones lay; 0 within."""
    low, high = DEFAULT_RANGE
    if len(earlier) >= ENOUGH_HOURS:
        low, *_, high = quantiles(earlier, n=20, method="inclusive")
    return max(low - percent, percent - high, 0.0)


def worst(of_hours: Sequence[Measurement]) -> Measurement:
    """Several hours' measures as one: the worst value; nothing examined where that is so of any hour."""
    if not of_hours:
        return Measurement(0, 0, "hours")
    examined = sum(one.examined for one in of_hours) if all(one.examined for one in of_hours) else 0
    found = [words for one in of_hours for words in one.found]
    return Measurement(max(one.value for one in of_hours), examined, of_hours[0].of, found)
