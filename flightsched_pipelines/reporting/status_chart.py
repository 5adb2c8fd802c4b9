"""Draw the days of the status page: a bar a day, as high as the share of its hours that were run to their end."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from flightsched_pipelines.formatting import format_day, plural
from flightsched_pipelines.reporting.svg import Canvas, Picture

WIDTH_PX, HEIGHT_PX, FOOT_PX, GAP_PX = 720, 90, 20, 2
BARS = 90


class Day(Protocol):
    """A day with its hours."""

    @property
    def day(self) -> date:
        """The UTC day."""
        ...

    @property
    def good(self) -> int:
        """Number of its hours that were run to their end."""
        ...

    @property
    def due(self) -> int:
        """Number of its hours that have ended."""
        ...


def hours_by_day(days: Sequence[Day]) -> Picture:
    """Draw the days from left to right; days with missing hours have another colour, and the description names them."""
    short = [day for day in days if day.good < day.due]
    named = ", ".join(f"{format_day(day.day)} {day.good} of {day.due}" for day in short[-10:])
    missing = f"Hours are missing on {len(short)}: {named}." if short else "No hour is missing."
    canvas = Canvas(
        HEIGHT_PX,
        f"Hours run to their end, {format_day(days[0].day)} to {format_day(days[-1].day)}",
        f"{plural(len(days), 'day')}, UTC. {missing}",
        WIDTH_PX,
    )
    step, most = WIDTH_PX / BARS, HEIGHT_PX - FOOT_PX
    for number, day in enumerate(days, start=BARS - len(days)):
        share = min(day.good / day.due, 1.0) if day.due else 1.0
        high = max(most * share, 2)
        tip = f"{format_day(day.day)}: {day.good} of {day.due} hours"
        colour = "two" if day.good >= day.due else "at_risk"
        canvas.box(step * number, most - high, step - GAP_PX, high, colour, tip)
    canvas.text(WIDTH_PX, HEIGHT_PX - 5, format_day(days[-1].day), "quiet", "end")
    if len(days) > BARS // 4:
        canvas.text(step * (BARS - len(days)), HEIGHT_PX - 5, format_day(days[0].day), "quiet")
    return canvas.finished()
